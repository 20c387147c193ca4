//! `nvidia-cdi-hook provide-driver`: the one hook of a live CDI specification.
//!
//! A live specification names device nodes and this hook, but no file of the driver. At the start of
//! each container the files are taken from the inventory, which is made anew when the driver changed:
//! an upgrade cannot make such a specification stale. Like every `createContainer` hook it runs in the
//! container's namespaces before the root is pivoted to, where the host's files are still in sight.

use crate::codes;
use crate::configuration;
use crate::prestart::container::Container;
use cdi::{ContainerEdits, Mount};
use diag::{Failure, Result};
use driver::Driver;
use hooks::{HostTables, Preparation};
use host::Host;
use inject::{Ask, Capabilities, HOOK_NAMES, Policy, Request, explicit_capabilities};
use oci::Config;
use rootfs::process::{Keep, harden};
use rootfs::{ContainerRoot, keep_mounts_inside};
use settings::Settings;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// The hook's name on the command line of `nvidia-cdi-hook`.
pub const PROVIDE_DRIVER: &str = "provide-driver";

const SETTINGS: &str = "/etc/nvidia-container-runtime/config.toml";

/// What the hook was told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    settings: Option<String>,
    driver_root: Option<String>,
    dev_root: Option<String>,
    disabled_hooks: Vec<String>,
}

/// The hook; `args` are those after its name, the container's state is on standard input.
#[must_use]
pub fn provide_driver(args: &[OsString]) -> ExitCode {
    // The environment may be that of the image's process.
    match harden(Keep::Nothing).and_then(|()| run(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody can be told when standard error is closed.
            let _ = std::io::stderr().write_all(format!("{}\n", failure.line()).as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[OsString]) -> Result<()> {
    let options = Options::parse(args)?;
    let container = Container::load()?;
    let host = Host::live();
    let path = options.settings.as_deref().unwrap_or(SETTINGS);
    let settings = configuration::load_settings(&host, path)?;
    let driver = discover::inventory::load(&host, &options.places(configuration::places(&settings, path)))?;
    let policy = Policy {
        disabled_hooks: options.disabled_hooks,
        capabilities: capabilities(&container.config, &settings)?,
        ..Policy::new("nvidia-cdi-hook")
    };
    let edits = edits(&driver, &policy)?;
    let nodes: Vec<String> = container.config.devices().into_iter().map(|device| device.path).collect();
    keep_mounts_inside(&container.root)?;
    let root = ContainerRoot::open(&container.root)?;
    preparation(&edits)?.run(&root, &HostTables::read()?, &nodes)
}

/// What `NVIDIA_DRIVER_CAPABILITIES` asks for, as in the modes of the shim that read specifications.
fn capabilities(config: &Config, settings: &Settings) -> Result<Option<Capabilities>> {
    if settings.features.original_cdi_modes == Some(true) {
        return Ok(None);
    }
    explicit_capabilities(config, settings)
}

/// Everything that does not depend on which GPUs the container has.
fn edits(driver: &Driver, policy: &Policy) -> Result<ContainerEdits> {
    let request = Request { ask: Ask::DriverOnly, ..Request::default() };
    if driver.libraries.is_empty() {
        let text = "the driver's libraries are not on this machine any more";
        return Err(Failure::coded(codes::UNSUITED, text).hint("`longshore doctor` finds the cause"));
    }
    inject::edits(&request, driver, policy)
}

/// The edits' mounts, and what the fused hook among them does.
fn preparation(edits: &ContainerEdits) -> Result<Preparation> {
    let mounts = edits.mounts.iter().flat_map(|mount| ["--mount".into(), host_mount(mount).into()]);
    let fused = edits.hooks.iter().flat_map(|hook| {
        let after = hook.args.iter().skip_while(|argument| *argument != "prepare-container").skip(1);
        after.map(OsString::from)
    });
    Preparation::parse(&mounts.chain(fused).collect::<Vec<OsString>>())
}

/// `HOST::PATH::OPTIONS`, with the options that restrict.
fn host_mount(mount: &Mount) -> String {
    const RESTRICTING: &[&str] = &["ro", "nosuid", "nodev", "noexec"];
    let options: Vec<&str> =
        mount.options.iter().map(String::as_str).filter(|option| RESTRICTING.contains(option)).collect();
    format!("{}::{}::{}", mount.host_path, mount.container_path, options.join(","))
}

impl Options {
    /// Where the driver is: as the settings say, unless the hook was told otherwise.
    fn places(&self, mut places: discover::Options) -> discover::Options {
        if let Some(root) = &self.driver_root {
            (places.driver_root, places.dev_root) = (root.clone(), root.clone());
        }
        if let Some(root) = &self.dev_root {
            places.dev_root.clone_from(root);
        }
        places
    }

    fn parse(args: &[OsString]) -> Result<Self> {
        let mut options = Self::default();
        let mut words = args.iter().map(|word| word.to_string_lossy().into_owned());
        while let Some(word) = words.next() {
            let wrong =
                |what: &str| Failure::coded(codes::UNSUITED, format!("{PROVIDE_DRIVER}: {what} {word:?}"));
            let flag = word.strip_prefix("--").ok_or_else(|| wrong("unexpected argument"))?;
            let (name, given) =
                flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
            let given = given.map(str::to_owned);
            let mut value = || given.clone().or_else(|| words.next()).ok_or_else(|| wrong("no value for"));
            match name {
                "config" => options.settings = Some(value()?).filter(|path| !path.is_empty()),
                "driver-root" => options.driver_root = Some(value()?),
                "dev-root" => options.dev_root = Some(value()?),
                "disable-hook" => {
                    let hook = value()?;
                    if hook != "all" && !HOOK_NAMES.contains(&hook.as_str()) {
                        return Err(wrong("no such hook in"));
                    }
                    options.disabled_hooks.push(hook);
                }
                _ => return Err(wrong("unknown flag")),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driver::{File, Library};

    fn parse(line: &str) -> Result<Options> {
        Options::parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn flags_are_few_and_checked() {
        assert_eq!(parse("").unwrap(), Options::default());
        let options = parse("--config=/c --disable-hook chmod --disable-hook=all").unwrap();
        assert_eq!(options.settings.as_deref(), Some("/c"));
        assert_eq!(options.disabled_hooks, ["chmod", "all"]);
        let places = parse("--driver-root=/drv").unwrap().places(discover::Options::default());
        assert_eq!((places.driver_root.as_str(), places.dev_root.as_str()), ("/drv", "/drv"));
        let places = parse("--driver-root=/drv --dev-root /").unwrap().places(discover::Options::default());
        assert_eq!((places.driver_root.as_str(), places.dev_root.as_str()), ("/drv", "/"));
        for bad in ["word", "--config", "--bogus=1", "--disable-hook=none"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    fn policy(disabled_hooks: &[&str]) -> Policy {
        let disabled_hooks = disabled_hooks.iter().map(|name| (*name).to_owned()).collect();
        Policy { disabled_hooks, ..Policy::new("nvidia-cdi-hook") }
    }

    #[test]
    fn the_container_chooses_the_kinds_of_files() {
        let library = |name: &str| {
            let path = format!("/usr/lib/{name}");
            Library {
                file: File { host_path: path.clone(), container_path: path },
                bits: 64,
                family: driver::families::of_library(name),
                ..Library::default()
            }
        };
        let libraries =
            ["libcuda.so.1.2", "libnvidia-ml.so.1.2", "libnvidia-encode.so.1.2", "libEGL_nvidia.so.1.2"];
        let version = Some("1.2".into());
        let driver = Driver { version, libraries: libraries.map(library).into(), ..Driver::default() };
        for (variables, features, expected) in [
            ("", "", 4),
            ("NVIDIA_DRIVER_CAPABILITIES=utility", "", 1),
            ("NVIDIA_DRIVER_CAPABILITIES=compute,utility", "", 2),
            ("NVIDIA_DRIVER_CAPABILITIES=video", "", 2),
            ("NVIDIA_DRIVER_CAPABILITIES=all", "", 4),
            ("NVIDIA_DRIVER_CAPABILITIES=flying", "", 4),
            ("NVIDIA_DRIVER_CAPABILITIES=utility,flying", "", 1),
            ("NVIDIA_DRIVER_CAPABILITIES=utility", "[features]\noriginal-cdi-modes = true\n", 4),
        ] {
            let json = format!("{{\"ociVersion\":\"1.0.0\",\"process\":{{\"env\":[{variables:?}]}}}}");
            let config = Config::parse(json.as_bytes()).unwrap();
            let (settings, _) = Settings::parse(features).unwrap();
            let capabilities = capabilities(&config, &settings).unwrap();
            let made = edits(&driver, &Policy { capabilities, ..policy(&[]) }).unwrap();
            assert_eq!(made.mounts.len(), expected, "{variables} {features}");
        }
        let config = Config::parse(br#"{"process":{"env":["NVIDIA_DRIVER_CAPABILITIES=video"]}}"#).unwrap();
        let (settings, _) = Settings::parse("supported-driver-capabilities = \"compute,utility\"\n").unwrap();
        assert!(capabilities(&config, &settings).is_err());
    }

    #[test]
    fn the_driver_becomes_mounts_and_links() {
        let path = "/usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05";
        let file = File { host_path: format!("/drv{path}"), container_path: path.into() };
        let library = Library {
            file,
            soname: Some("libcuda.so.1".into()),
            bits: 64,
            versioned: true,
            ..Library::default()
        };
        let driver =
            Driver { version: Some("580.95.05".into()), libraries: vec![library], ..Driver::default() };
        let made = preparation(&edits(&driver, &policy(&[])).unwrap()).unwrap();
        assert_eq!(made.mounts.len(), 1);
        assert_eq!(made.folders, ["/usr/lib/x86_64-linux-gnu"]);
        assert_eq!(made.host_driver_version.as_deref(), Some("580.95.05"));
        let bare = preparation(&edits(&driver, &policy(&["all"])).unwrap()).unwrap();
        assert_eq!((bare.mounts.len(), bare.folders.len()), (1, 0));
    }

    #[test]
    fn a_driver_without_files_stops_the_container() {
        assert!(edits(&Driver::default(), &policy(&[])).is_err());
    }

    #[test]
    fn mounts_keep_what_restricts_them() {
        let mount = Mount {
            host_path: "/run/s".into(),
            container_path: "/run/s".into(),
            options: ["nosuid", "nodev", "rbind", "rprivate", "noexec"].map(str::to_owned).into(),
            ..Mount::default()
        };
        assert_eq!(host_mount(&mount), "/run/s::/run/s::nosuid,nodev,noexec");
    }
}
