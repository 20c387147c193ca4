//! Edits made from the machine as it is at this moment.

use super::executables;
use crate::{codes, configuration, kernel_modules, mps};
use cdi::ContainerEdits;
use diag::{Failure, Result};
use discover::{Mode as Look, Special};
use driver::families::Family;
use driver::{Driver, Node, Platform};
use host::{Host, Kind};
use inject::requirement::{check, requirements};
use inject::{Ask, Policy, Request, explicit_capabilities, select, special_device};
use settings::{Mode, Settings};
use std::collections::{BTreeMap, BTreeSet};

/// Who makes edits, and after which settings.
pub(super) struct Maker<'a> {
    pub(super) host: &'a Host,
    pub(super) settings: &'a Settings,
    pub(super) settings_file: &'a str,
    pub(super) mode: Mode,
    /// The path by which the shim was called.
    pub(super) called_as: &'a str,
}

/// Edits, and what there is to say of them.
#[derive(Default)]
pub(super) struct Made {
    pub(super) edits: ContainerEdits,
    /// What went wrong without standing in the way.
    pub(super) warnings: Vec<String>,
    /// What was decided although the container might expect something else.
    pub(super) remarks: Vec<String>,
}

impl Maker<'_> {
    /// The edits that give a container these GPUs, and what it asks for besides that is there.
    ///
    /// # Errors
    /// What is asked for is not on this machine or must not be asked for; a requirement of the image is
    /// not met; our hook program is missing.
    pub(super) fn edits(&self, ask: &Ask, request: &Request, config: &oci::Config) -> Result<Made> {
        let mut warnings = Vec::new();
        let mut driver = self.awake_driver(config, ask, &mut warnings)?;
        if self.has_flag("disable-ipc-discoverer") {
            driver.sockets.clear();
        } else if self.wants_compute(config)? {
            driver.sockets.extend(mps::folder(self.host));
        }
        let policy = self.policy()?;
        let mut edits = self
            .of_driver(ask, &driver, policy.clone(), config)
            .map_err(|failure| self.with_nvml(failure, config))?;
        edits.append(&self.extras(request, &policy)?);
        if !self.is_csv(&driver) {
            edits.append(&self.imex_channels(request, &policy)?);
        }
        self.must_be_there(&edits)?;
        let remarks = about_compat(ask, &driver).into_iter().collect();
        Ok(Made { edits, warnings, remarks })
    }

    fn wants_compute(&self, config: &oci::Config) -> Result<bool> {
        let asked =
            if is_silent(self.settings) { None } else { explicit_capabilities(config, self.settings)? };
        Ok(asked.is_none_or(|capabilities| capabilities.has(Family::Compute)))
    }

    /// The edits that give a container these GPUs of this driver.
    pub(super) fn of_driver(
        &self,
        ask: &Ask,
        driver: &Driver,
        mut policy: Policy,
        config: &oci::Config,
    ) -> Result<ContainerEdits> {
        self.must_have_files(driver)?;
        let is_tegra = self.mode == Mode::Csv || driver.platform == Platform::Tegra;
        let is_silent = is_silent(self.settings);
        if is_tegra || !is_silent {
            let needs = requirements(config, self.settings, is_tegra)?;
            if !needs.is_empty() {
                check(&needs, driver, &select(ask, driver)?)?;
            }
        }
        if !is_silent && driver.platform == Platform::Pci {
            policy.capabilities = explicit_capabilities(config, self.settings)?;
        }
        inject::edits(&Request { ask: ask.clone(), ..Request::default() }, driver, &policy)
    }

    /// Device nodes without a single library are no driver: it is elsewhere, or another kind of machine.
    fn must_have_files(&self, driver: &Driver) -> Result<()> {
        let has_some = !driver.libraries.is_empty() || !driver.others.is_empty();
        if has_some || (driver.version.is_none() && driver.gpus.is_empty() && self.mode != Mode::Csv) {
            return Ok(());
        }
        let hint = match self.mode {
            Mode::Csv => format!(
                "mode \"csv\" takes them from the mount lists (*.csv) in {}, as Tegra systems have; elsewhere \
                 nvidia-container-runtime.mode is \"auto\"",
                self.settings.runtime.modes.csv_mount_spec_path
            ),
            _ => "a driver in a container of its own needs nvidia-container-cli.root in config.toml, for example \
                  \"/run/nvidia/driver\""
                .to_owned(),
        };
        Err(Failure::coded(
            inject::codes::NO_DRIVER,
            format!("GPUs are asked for, but the driver's libraries were not found below {}", driver.root),
        )
        .hint(hint))
    }

    /// What a container asks for besides GPUs, in legacy mode: the prestart hook brings the GPUs.
    pub(super) fn legacy_edits(&self, request: &Request) -> Result<ContainerEdits> {
        let policy = self.policy()?;
        let mut edits = self.extras(request, &policy)?;
        if adds_compat_hook(self.settings) {
            let places = configuration::places(self.settings, self.settings_file);
            let driver = discover::inventory::load_for(self.host, &places, request.ask.ids())?;
            let targets = select(&request.ask, &driver)?;
            edits.hooks.extend(inject::compat_hook(&driver, &targets, &policy));
        }
        Ok(edits)
    }

    /// MIG devices, and GPUs that nothing has used since boot, have UUIDs that only NVML knows.
    fn with_nvml(&self, failure: Failure, config: &oci::Config) -> Failure {
        if failure.code() != Some(inject::codes::NO_SUCH_DEVICE) || !failure.message().contains("UUID") {
            return failure;
        }
        match discover::inventory::nvml_failure(self.host, &self.places(config)) {
            Some(cause) => {
                failure.hint(format!("only NVML knows UUIDs of MIG devices, and could not be asked: {cause}"))
            }
            None => failure,
        }
    }

    /// The driver of this machine, as the mode and the container want it looked at.
    pub(super) fn driver(&self, config: &oci::Config, ask: &Ask) -> Result<Driver> {
        discover::inventory::load_for(self.host, &self.places(config), ask.ids())
    }

    fn places(&self, config: &oci::Config) -> discover::Options {
        let mut places = configuration::places(self.settings, self.settings_file);
        if self.mode == Mode::Csv {
            places.mode = Look::Csv;
        }
        places.mount_lists.all =
            config.env().iter().any(|entry| entry == "NVIDIA_REQUIRE_JETPACK=csv-mounts=all");
        places.mount_lists.single_device = self.has_flag("disable-multiple-csv-devices");
        places
    }

    /// The same, with modules and nodes where nobody used the driver since the machine started.
    fn awake_driver(&self, config: &oci::Config, ask: &Ask, warnings: &mut Vec<String>) -> Result<Driver> {
        let load = || self.driver(config, ask);
        if !self.settings.cli.load_kmods {
            return load();
        }
        let mut tell = |line: &str| warnings.push(line.to_owned());
        kernel_modules::awake(self.host, &self.settings.cli.root, load, &mut tell)
    }

    fn policy(&self) -> Result<Policy> {
        let hook_path = executables::cdi_hook(self.host, self.called_as)?;
        Ok(policy(self.settings, hook_path))
    }

    /// Devices of the drivers beside the GPU's, where this machine has them. They leave the variables alone:
    /// that the GPUs are there is said by the edits that bring them, not to the prestart hook that will.
    fn extras(&self, request: &Request, policy: &Policy) -> Result<ContainerEdits> {
        let places = configuration::places(self.settings, self.settings_file);
        let mut edits = ContainerEdits::default();
        for special in request.extras.iter().filter_map(|name| Special::from_name(name)) {
            let found = discover::special(self.host, &places, special)?;
            if !found.nodes.is_empty() {
                edits.append(&special_device("all", &found.nodes, &found.files, policy).container_edits);
            }
        }
        Ok(edits)
    }

    /// Tegra systems have no IMEX: there the variable asks for nothing, as in mode `csv` elsewhere.
    fn is_csv(&self, driver: &Driver) -> bool {
        self.mode == Mode::Csv || (self.mode == Mode::Auto && driver.platform == Platform::Tegra)
    }

    fn imex_channels(&self, request: &Request, policy: &Policy) -> Result<ContainerEdits> {
        if request.imex_channels.is_empty() {
            return Ok(ContainerEdits::default());
        }
        let wanted = numbers(&request.imex_channels)?;
        if self.settings.features.disable_imex_channel_creation != Some(true) {
            kernel_modules::make_imex_channels(self.host, wanted.as_deref().unwrap_or_default())?;
        }
        let places = configuration::places(self.settings, self.settings_file);
        let there = discover::special(self.host, &places, Special::Imex)?.nodes;
        let nodes = match wanted {
            None => there,
            Some(wanted) => channels(&wanted, &there)?,
        };
        Ok(special_device("all", &nodes, &[], policy).container_edits)
    }

    /// What the edits name is there still: a driver that is being exchanged at this moment gives no
    /// half of the old one to a container.
    fn must_be_there(&self, edits: &ContainerEdits) -> Result<()> {
        let nodes = edits.device_nodes.iter().map(|node| {
            let path = node.host_path.as_ref().unwrap_or(&node.path);
            (path, Some((node.major, node.minor)))
        });
        for (path, device) in nodes.chain(edits.mounts.iter().map(|mount| (&mount.host_path, None))) {
            let stat = self.host.stat(path)?;
            let is_same = stat.is_some_and(|stat| match device {
                Some(device) => {
                    stat.kind == Kind::CharDevice && device == (stat.major.into(), stat.minor.into())
                }
                None => true,
            });
            if !is_same {
                return Err(Failure::coded(
                    codes::MACHINE_CHANGED,
                    format!("the driver changed while this container was started: {path} is gone or another"),
                )
                .hint("start the container again when the driver's installation is through"));
            }
        }
        Ok(())
    }

    /// Whether `nvcdi-feature-flags` has that flag.
    fn has_flag(&self, name: &str) -> bool {
        has_flag(self.settings, name)
    }
}

/// Why CUDA libraries of the image that are newer than the driver's own will not be used.
fn about_compat(ask: &Ask, driver: &Driver) -> Option<String> {
    let targets = select(ask, driver).ok()?;
    let name = targets.iter().find_map(|target| inject::refuses_compat(driver.gpus.get(target.gpu)?))?;
    Some(format!(
        "CUDA compatibility libraries of the image are left alone: {name} refuses them (error 804), the driver's \
         own are used"
    ))
}

/// Channel numbers; `None` is all of them.
fn numbers(channels: &[String]) -> Result<Option<Vec<u32>>> {
    const MOST: u32 = (1 << 20) - 1;
    let mut numbers = BTreeSet::new();
    for id in channels {
        let plain = id.strip_prefix("channel").unwrap_or(id);
        if plain == "all" {
            return Ok(None);
        }
        let number = plain.parse().ok().filter(|number| *number <= MOST).ok_or_else(|| {
            Failure::coded(codes::NO_SUCH_CHANNEL, format!("invalid IMEX channel {id:?}"))
                .hint(format!("NVIDIA_IMEX_CHANNELS is a comma list of numbers from 0 to {MOST}"))
        })?;
        numbers.insert(number);
    }
    Ok(Some(numbers.into_iter().collect()))
}

/// The nodes of these channels.
fn channels(wanted: &[u32], there: &[Node]) -> Result<Vec<Node>> {
    let name = |node: &Node| node.path.rsplit('/').next().unwrap_or_default().to_owned();
    let by_name: BTreeMap<String, &Node> = there.iter().map(|node| (name(node), node)).collect();
    let node = |number: &u32| by_name.get(&format!("channel{number}")).map(|node| (*node).clone());
    wanted.iter().map(|number| node(number).ok_or_else(|| no_channel(*number, there))).collect()
}

fn no_channel(number: u32, there: &[Node]) -> Failure {
    let known: Vec<&str> = there.iter().filter_map(|node| node.path.rsplit('/').next()).collect();
    let known = if known.is_empty() { "no channel".to_owned() } else { known.join(", ") };
    Failure::coded(codes::NO_SUCH_CHANNEL, format!("no IMEX channel {number}: this machine has {known}"))
        .hint("the channels' nodes are in /dev/nvidia-caps-imex-channels; `nvidia-modprobe -i` makes them")
}

/// What the settings say of edits, for the test of all of them.
#[cfg(test)]
pub(super) fn choices(settings: &Settings) -> String {
    let (policy, compat) = (policy(settings, String::new()), adds_compat_hook(settings));
    format!("{policy:?} {compat} {}", is_silent(settings))
}

/// In mode `legacy`: the prestart hook leaves it to this one.
fn adds_compat_hook(settings: &Settings) -> bool {
    settings.runtime.modes.legacy_cuda_compat_mode == "hook"
        && settings.features.disable_cuda_compat_lib_hook != Some(true)
}

/// Whether capabilities and requirements have no effect in the modes of CDI, as with the original.
fn is_silent(settings: &Settings) -> bool {
    settings.features.original_cdi_modes == Some(true)
}

fn policy(settings: &Settings, hook_path: String) -> Policy {
    let without_gids = settings.features.no_additional_gids_for_device_nodes == Some(true)
        || has_flag(settings, "no-additional-gids-for-device-nodes");
    Policy {
        additional_gids: !without_gids,
        disabled_hooks: settings.runtime.modes.jit_disable_hooks.clone(),
        ..Policy::new(hook_path)
    }
}

fn has_flag(settings: &Settings, name: &str) -> bool {
    settings.runtime.modes.jit_feature_flags.iter().any(|flag| flag == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_decide_on_groups_and_hooks() {
        let of = |text: &str| policy(&Settings::parse(text).expect("valid").0, "/h".into());
        assert!(of("").additional_gids);
        assert!(!of("features.no-additional-gids-for-device-nodes = true").additional_gids);
        let jit = "[nvidia-container-runtime.modes.jit-cdi]\n";
        assert!(
            !of(&format!("{jit}nvcdi-feature-flags = [\"no-additional-gids-for-device-nodes\"]"))
                .additional_gids
        );
        let flags = format!("{jit}nvcdi-feature-flags = [\"a\", \"disable-ipc-discoverer\"]");
        let settings = Settings::parse(&flags).expect("valid").0;
        assert!(has_flag(&settings, "disable-ipc-discoverer") && !has_flag(&settings, "b"));
        assert_eq!(of(&format!("{jit}nvcdi-disable-hooks = [\"chmod\"]")).disabled_hooks, ["chmod"]);
    }

    #[test]
    fn a_tegra_system_has_no_channels() {
        let (host, settings) = (Host::at("/nonexistent"), Settings::default());
        let is_csv = |mode, platform| {
            let driver = Driver { platform, ..Driver::default() };
            Maker { host: &host, settings: &settings, settings_file: "", mode, called_as: "" }.is_csv(&driver)
        };
        assert!(is_csv(Mode::Auto, Platform::Tegra) && is_csv(Mode::Csv, Platform::Pci));
        assert!(!is_csv(Mode::JitCdi, Platform::Tegra) && !is_csv(Mode::Auto, Platform::Pci));
    }

    #[test]
    fn a_machine_that_changed_under_a_start_is_told() {
        let (host, settings) = (Host::live(), Settings::default());
        let maker =
            Maker { host: &host, settings: &settings, settings_file: "", mode: Mode::Auto, called_as: "" };
        let node = |path: &str, minor| ContainerEdits {
            device_nodes: vec![cdi::DeviceNode { path: path.into(), major: 1, minor, ..Default::default() }],
            ..ContainerEdits::default()
        };
        let mount = |path: &str| ContainerEdits {
            mounts: vec![cdi::Mount { host_path: path.into(), ..Default::default() }],
            ..ContainerEdits::default()
        };
        assert!(
            maker.must_be_there(&node("/dev/null", 3)).is_ok() && maker.must_be_there(&mount("/")).is_ok()
        );
        for changed in [node("/dev/null", 5), node("/dev/none", 3), node("/", 3), mount("/none")] {
            let line = maker.must_be_there(&changed).expect_err("changed").line();
            assert!(line.starts_with("the driver changed while this container was started: /"), "{line}");
        }
    }

    #[test]
    fn what_is_decided_on_compat_libraries_is_told() {
        let gpu = |name: &str| driver::Gpu {
            name: Some(name.into()),
            node: Some(Node::default()),
            ..driver::Gpu::default()
        };
        let gpus = vec![gpu("NVIDIA H100 80GB HBM3"), gpu("NVIDIA GeForce RTX 4090")];
        let driver = Driver { version: Some("580.95.05".into()), gpus, ..Driver::default() };
        let of = |ids: &[&str]| about_compat(&Ask::of_list(ids), &driver);
        assert_eq!(of(&["0"]), None);
        assert!(of(&["all"]).is_some_and(|text| text.contains("GeForce RTX 4090 refuses")));
        assert!(of(&["1"]).is_some_and(|text| text.contains("error 804")));
    }

    #[test]
    fn channels_are_numbers() {
        let of = |ids: &[&str]| numbers(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["0", "channel7", "7", "1048575"]).expect("numbers"), Some(vec![0, 7, 1_048_575]));
        assert_eq!(of(&["0", "all"]).expect("all"), None);
        for bad in ["1048576", "-1", "channel", "x", "chan0"] {
            assert!(of(&[bad]).expect_err(bad).line().contains(bad), "{bad}");
        }
    }

    #[test]
    fn a_missing_channel_is_told_with_those_that_are_there() {
        let node = |number| Node {
            path: format!("/dev/nvidia-caps-imex-channels/channel{number}"),
            minor: number,
            ..Node::default()
        };
        let there = [node(0), node(10)];
        assert_eq!(channels(&[10], &there).expect("there")[0].minor, 10);
        let failure = channels(&[1], &there).expect_err("missing");
        assert!(failure.line().contains("no IMEX channel 1: this machine has channel0, channel10"));
    }
}
