//! What a container asks for: annotations, volume mounts, environment variables.

use crate::codes;
use diag::{Failure, Result};
use oci::Config;
use settings::Settings;
use std::collections::{BTreeMap, HashSet};

/// The kind of devices that are made just in time: `runtime.nvidia.com/gpu=0` is GPU 0 of this machine.
pub const JIT_KIND: &str = "runtime.nvidia.com/gpu";

/// Mounts of `/dev/null` below this directory ask for devices.
const VOLUME_MOUNTS: &str = "/var/run/nvidia-container-devices/";

/// Which devices a container asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ask {
    /// No GPU handling at all: unset, empty or `void`.
    #[default]
    Nothing,
    /// `none`: the driver's files without a GPU.
    DriverOnly,
    /// `all`.
    All,
    /// Indices, UUIDs, PCI addresses, MIG devices or CDI names, each once, in the order of the request.
    Devices(Vec<String>),
}

/// Where the devices were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Nowhere.
    #[default]
    Nowhere,
    /// Annotations of the engine.
    Annotations,
    /// Mounts of `/dev/null`.
    VolumeMounts,
    /// `NVIDIA_VISIBLE_DEVICES` or the variables of `swarm-resource`.
    Environment,
}

/// What a container asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The devices.
    pub ask: Ask,
    /// Where they were asked for.
    pub source: Source,
    /// Whether the container has `CAP_SYS_ADMIN`.
    pub privileged: bool,
    /// What is asked for beside GPUs: `gds`, `mofed`, `gdrcopy`, `nvswitch`, in this order.
    pub extras: Vec<&'static str>,
    /// IMEX channels as they were asked for: `0`, `channel0`, `all`; each once.
    pub imex_channels: Vec<String>,
    /// What was asked for and is left out, one line each, for the log.
    pub notes: Vec<String>,
}

/// Names of devices, each once, in their order. An image can list a hundred thousand of them.
#[derive(Default)]
struct Names {
    known: HashSet<String>,
    listed: Vec<String>,
}

impl Names {
    fn add(&mut self, name: &str) {
        if !name.is_empty() && self.known.insert(name.to_owned()) {
            self.listed.push(name.to_owned());
        }
    }

    fn ask(self) -> Ask {
        if self.listed.is_empty() { Ask::Nothing } else { Ask::Devices(self.listed) }
    }
}

impl Ask {
    /// Understands a list as it stands in `NVIDIA_VISIBLE_DEVICES`: the first of `all` and `none`
    /// decides for the whole list, `void` anywhere means nothing.
    #[must_use]
    pub fn of_list<S: AsRef<str>>(ids: impl IntoIterator<Item = S>) -> Self {
        let mut devices = Names::default();
        let mut whole = None;
        for id in ids {
            match id.as_ref().trim() {
                "" => {}
                "void" => return Self::Nothing,
                "all" => whole = whole.or(Some(Self::All)),
                "none" => whole = whole.or(Some(Self::DriverOnly)),
                id => devices.add(id),
            }
        }
        whole.unwrap_or_else(|| devices.ask())
    }

    /// The devices of these names, each once: `all` and `none` are names like others.
    #[must_use]
    pub fn of_names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut devices = Names::default();
        names.into_iter().for_each(|name| devices.add(name.as_ref().trim()));
        devices.ask()
    }

    /// The same for names of devices, among which nothing is not one: `void` is looked for, and not found.
    fn of_devices(ids: Vec<&str>) -> Self {
        match Self::of_list(ids.iter().copied()) {
            Self::Nothing => Self::of_names(ids),
            ask => ask,
        }
    }

    /// The fully qualified CDI names of the request; names without a kind get `default_kind`.
    #[must_use]
    pub fn qualified(&self, default_kind: &str) -> Vec<String> {
        let name =
            |id: &str| if cdi::is_qualified(id) { id.to_owned() } else { format!("{default_kind}={id}") };
        match self {
            Self::Nothing => Vec::new(),
            Self::DriverOnly => vec![name("none")],
            Self::All => vec![name("all")],
            Self::Devices(ids) => ids.iter().map(|id| name(id)).collect(),
        }
    }

    /// Whether devices are asked for and all of them by fully qualified CDI names.
    #[must_use]
    pub fn is_all_qualified(&self) -> bool {
        matches!(self, Self::Devices(ids) if ids.iter().all(|id| cdi::is_qualified(id)))
    }

    /// The request for devices of [`JIT_KIND`] among fully qualified names, or `None` when none of
    /// them is of that kind.
    ///
    /// # Errors
    /// Some are of that kind and others not.
    pub fn just_in_time<S: AsRef<str>>(qualified: &[S]) -> Result<Option<Self>> {
        let ids: Vec<&str> = qualified
            .iter()
            .filter_map(|name| name.as_ref().strip_prefix(JIT_KIND)?.strip_prefix('='))
            .collect();
        match ids.len() {
            0 => Ok(None),
            some if some == qualified.len() => Ok(Some(Self::of_devices(ids))),
            _ => Err(Failure::coded(
                codes::MIXED_KINDS,
                "requesting a CDI device with vendor 'runtime.nvidia.com' is not supported when requesting other CDI devices",
            )
            .hint("ask for all devices by names of one kind")),
        }
    }
}

/// Reads what a container asks for. Annotations count only where `with_annotations` says so (the mode
/// `cdi`, and to find out whether `auto` means `cdi`).
#[must_use]
pub fn request(config: &Config, settings: &Settings, with_annotations: bool) -> Request {
    let variables = Variables::of(config);
    let privileged = config.bounding_capabilities().iter().any(|name| name == "CAP_SYS_ADMIN");
    let mut request = Request { privileged, ..Request::default() };
    let annotated = if with_annotations { annotations(config, settings) } else { Ask::Nothing };
    let mounts = if settings.accept_volume_mounts { Mounted::of(config) } else { Mounted::default() };
    request.notes.extend(mounts.notes);
    let (ask, source) = match mounts.devices {
        _ if annotated != Ask::Nothing => (annotated, Source::Annotations),
        Some(devices) => (devices, Source::VolumeMounts),
        None => (environment(&variables, settings, &mut request), Source::Environment),
    };
    if ask != Ask::Nothing {
        request.source = source;
        request.extras = variables.extras();
        request.imex_channels = imex_channels(&variables, mounts.imex_channels, settings, &mut request);
    }
    request.ask = ask;
    request
}

/// Annotations whose key has one of the prefixes, by key; values are comma lists.
fn annotations(config: &Config, settings: &Settings) -> Ask {
    let prefixes = &settings.runtime.modes.cdi_annotation_prefixes;
    let wanted = |key: &str| prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()));
    let found: BTreeMap<String, String> =
        config.annotations().into_iter().filter(|(key, _)| wanted(key)).collect();
    Ask::of_names(found.values().flat_map(|value| value.split(',')))
}

/// What mounts of `/dev/null` ask for.
#[derive(Default)]
struct Mounted {
    /// `None`: no such mount.
    devices: Option<Ask>,
    imex_channels: Vec<String>,
    notes: Vec<String>,
}

impl Mounted {
    fn of(config: &Config) -> Self {
        let mut mounted = Self::default();
        let mut ids = Vec::new();
        for mount in config.mounts() {
            let destination = plain(&mount.destination);
            let name = destination.strip_prefix(VOLUME_MOUNTS).unwrap_or_default();
            if name.is_empty() || mount.source.as_deref().map(plain).as_deref() != Some("/dev/null") {
                continue;
            }
            match (name.strip_prefix("imex/"), name.strip_prefix("cdi/").map(cdi_mount)) {
                (Some(channel), _) => mounted.imex_channels.push(channel.to_owned()),
                (None, None) => ids.push(name.to_owned()),
                (None, Some(Some(qualified))) => ids.push(qualified),
                (None, Some(None)) => {
                    mounted.notes.push(format!("ignoring invalid CDI device mount {destination}"));
                }
            }
        }
        mounted.devices = (!ids.is_empty()).then(|| Self::ask(ids));
        mounted
    }

    /// `all` beside devices of other kinds does not mean them: it is a name like theirs.
    fn ask(ids: Vec<String>) -> Ask {
        match Ask::of_list(&ids) {
            Ask::All | Ask::DriverOnly if ids.iter().any(|id| cdi::is_qualified(id)) => Ask::of_names(ids),
            ask => ask,
        }
    }
}

/// The path without empty and `.` parts, and without what `..` takes back.
fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// `vendor/class/device` or `vendor/class=device`. A name with such parts counts as one that is asked for
/// whatever stands in it: one that cannot be is told as that, not taken for no request.
fn cdi_mount(path: &str) -> Option<String> {
    if cdi::is_qualified(path) {
        return Some(path.to_owned());
    }
    let mut parts = path.splitn(3, '/').filter(|part| !part.is_empty());
    Some(format!("{}/{}={}", parts.next()?, parts.next()?, parts.next()?))
}

/// IMEX channels; those of mounts take the place of the variable, for which the same gate stands as for
/// GPUs. `all` is only for mounts.
fn imex_channels(
    variables: &Variables,
    mounted: Vec<String>,
    settings: &Settings,
    request: &mut Request,
) -> Vec<String> {
    const VARIABLE: &str = "NVIDIA_IMEX_CHANNELS";
    if settings.features.ignore_imex_channel_requests == Some(true) {
        return Vec::new();
    }
    if let Ask::Devices(channels) = Ask::of_names(mounted) {
        return channels;
    }
    match Ask::of_list(variables.get(VARIABLE).unwrap_or_default().split(',')) {
        Ask::Devices(channels) if request.privileged || settings.accept_envvar_when_unprivileged => channels,
        Ask::Devices(_) => {
            request.notes.push(refused(&[VARIABLE]));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn environment(variables: &Variables, settings: &Settings, request: &mut Request) -> Ask {
    let names = variables.names(&settings.swarm_resource);
    let ask = variables.devices(&names);
    if ask == Ask::Nothing || request.privileged || settings.accept_envvar_when_unprivileged {
        return ask;
    }
    request.notes.push(refused(&names));
    Ask::Nothing
}

fn refused(names: &[&str]) -> String {
    format!(
        "Ignoring devices requested by environment variable(s) in unprivileged container: [{}]",
        names.join(" ")
    )
}

/// The container's environment; of a name that stands twice the last one counts, as for the programs
/// in the container.
pub(crate) struct Variables(Vec<String>);

impl Variables {
    pub(crate) fn of(config: &Config) -> Self {
        Self(config.env())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))
    }

    /// The variables whose names are wanted, each once, by name.
    pub(crate) fn named(&self, wanted: impl Fn(&str) -> bool) -> BTreeMap<&str, &str> {
        self.0.iter().filter_map(|entry| entry.split_once('=')).filter(|(name, _)| wanted(name)).collect()
    }

    /// An image made before CUDA 9 asks for all GPUs by its `CUDA_VERSION` alone.
    pub(crate) fn is_legacy_image(&self) -> bool {
        let set = |name| self.get(name).is_some_and(|value| !value.is_empty());
        set("CUDA_VERSION") && !set("NVIDIA_REQUIRE_CUDA")
    }

    /// The variables that ask for devices: those of `swarm-resource` that are set, else the usual one.
    fn names<'a>(&self, swarm_resource: &'a str) -> Vec<&'a str> {
        let swarm: Vec<&str> = swarm_resource
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty() && self.get(name).is_some())
            .collect();
        if swarm.is_empty() { vec!["NVIDIA_VISIBLE_DEVICES"] } else { swarm }
    }

    fn devices(&self, names: &[&str]) -> Ask {
        let values: Vec<&str> = names.iter().filter_map(|name| self.get(name)).collect();
        match values.is_empty() {
            true if self.is_legacy_image() => Ask::All,
            _ => Ask::of_list(values.iter().flat_map(|value| value.split(','))),
        }
    }

    /// Drivers beside the GPU's whose devices are asked for.
    fn extras(&self) -> Vec<&'static str> {
        const GATED: &[(&str, &str)] = &[
            ("NVIDIA_GDS", "gds"),
            ("NVIDIA_MOFED", "mofed"),
            ("NVIDIA_GDRCOPY", "gdrcopy"),
            ("NVIDIA_NVSWITCH", "nvswitch"),
        ];
        let enabled = GATED.iter().filter(|(name, _)| self.get(name) == Some("enabled"));
        enabled.map(|(_, extra)| *extra).collect()
    }
}
