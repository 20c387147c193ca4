//! `list`: paths of what belongs to the driver, for programs that make mounts of their own.

use super::argp::Line;
use super::log::Log;
use super::machine;
use super::options::{Invocation, input_error};
use crate::session::Session;
use diag::{Failure, Result};
use driver::families::{self, Family};
use driver::{Driver, Gpu, Library};
use host::Host;
use inject::{Ask, Target};

const CAPABILITIES: &str = "/proc/driver/nvidia/capabilities";

/// Control nodes in the order in which they are listed.
const CONTROL: [&str; 5] =
    ["/dev/dxg", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset"];

pub(super) fn list(session: &mut Session, invocation: &Invocation, log: &Log) -> Result<String> {
    let line = &everything_if_nothing(&invocation.line);
    let places = machine::places(session, invocation, log)?;
    let mut driver = machine::driver(session, &places, log)?;
    if driver.gpus.iter().any(|gpu| gpu.mig_enabled) {
        // Only NVML knows which MIG device has which number and UUID.
        driver = machine::driver_with_nvml(session, &places, log)?;
    }
    paths(&session.host, &driver, line).map(|paths| paths.iter().map(|path| format!("{path}\n")).collect())
}

fn everything_if_nothing(line: &Line) -> Line {
    let mut line = line.clone();
    if line.options.iter().all(|(name, _)| *name == "imex-channel") {
        for name in ["device", "mig-config", "mig-monitor"] {
            line.options.push((name, Some("all".to_owned())));
        }
        for name in ["compat32", "libraries", "binaries", "ipcs", "firmwares"] {
            line.options.push((name, None));
        }
    }
    line
}

fn paths(host: &Host, driver: &Driver, line: &Line) -> Result<Vec<String>> {
    let selected = select(driver, line)?;
    let mut paths = Vec::new();
    if line.has("device") {
        paths.extend(control_nodes(driver));
        paths.extend(selected.gpus(driver).map(|gpu| format!("/dev/nvidia{}", gpu.minor)));
        if !line.has("mig-config") && !line.has("mig-monitor") || selected.all {
            paths.extend(selected.mig_files(driver));
        }
    }
    for channel in channels(line)? {
        paths.push(format!("/dev/nvidia-caps-imex-channels/channel{channel}"));
    }
    for (option, file) in [("mig-config", "config"), ("mig-monitor", "monitor")] {
        if mig_right(line, option, &selected)? {
            paths.extend(mig_right_files(host, driver, &selected, file));
        }
    }
    if line.has("binaries") {
        paths.extend(binaries(driver));
    }
    if line.has("libraries") {
        paths.extend(libraries(driver, 64));
        if line.has("compat32") {
            paths.extend(libraries(driver, 32));
        }
    }
    if line.has("ipcs") {
        let left_out = |path: &str| {
            (line.has("no-persistenced") && path.contains("/nvidia-persistenced/"))
                || (line.has("no-fabricmanager") && path.contains("/nvidia-fabricmanager/"))
        };
        let sockets = driver.sockets.iter().map(|socket| socket.container_path.clone());
        paths.extend(sockets.filter(|path| !left_out(path)));
    }
    if line.has("firmwares") {
        paths.extend(driver.firmware.iter().map(|file| file.container_path.clone()));
    }
    Ok(paths)
}

/// The GPUs and MIG devices of `--device`.
struct Selected {
    all: bool,
    targets: Vec<Target>,
}

fn select(driver: &Driver, line: &Line) -> Result<Selected> {
    let items = line.items("device");
    let named = ask(&items);
    let mut targets = targets(driver, &named)?;
    let all = wants_all(&items);
    if all && named != Ask::All {
        targets.extend(self::targets(driver, &Ask::All)?);
    }
    Ok(Selected { all, targets })
}

/// Fails with the first device that there is not.
pub(super) fn check_devices(driver: &Driver, ask: &Ask) -> Result<()> {
    targets(driver, ask).map(drop)
}

fn targets(driver: &Driver, ask: &Ask) -> Result<Vec<Target>> {
    Ok(match ask {
        Ask::Devices(ids) => {
            let mut targets = Vec::new();
            for id in ids {
                let one = inject::select(&Ask::Devices(vec![id.clone()]), driver);
                targets.extend(one.map_err(|failure| unknown(id, &failure))?);
            }
            targets
        }
        // A GPU whose node is missing is listed too: its node can be made.
        Ask::All => (0..driver.gpus.len()).map(|gpu| Target { gpu, mig: None }).collect(),
        Ask::Nothing | Ask::DriverOnly => Vec::new(),
    })
}

/// The devices of a list in which `all` may have any case; what follows it is not looked at, and what
/// stands in front of it must be there all the same.
pub(super) fn ask(ids: &[String]) -> Ask {
    match ids.iter().position(|id| id.eq_ignore_ascii_case("all")) {
        Some(0) => Ask::All,
        Some(position) => Ask::Devices(ids.get(..position).unwrap_or_default().to_vec()),
        None => Ask::of_names(ids),
    }
}

/// Whether a list names every device, once those in front of that word have been found.
pub(super) fn wants_all(ids: &[String]) -> bool {
    ids.iter().any(|id| id.eq_ignore_ascii_case("all"))
}

/// A device that there is not, in the original's words.
fn unknown(id: &str, failure: &Failure) -> Failure {
    let code = failure.code().unwrap_or(inject::codes::NO_SUCH_DEVICE);
    Failure::coded(code, format!("device error: {id}: unknown device")).hint(failure.chain())
}

impl Selected {
    /// Each GPU once.
    fn gpus<'a>(&'a self, driver: &'a Driver) -> impl Iterator<Item = &'a Gpu> {
        let first = |position: &usize| {
            let gpu = self.targets.get(*position).map(|target| target.gpu);
            self.targets.iter().position(|target| Some(target.gpu) == gpu) == Some(*position)
        };
        (0..self.targets.len())
            .filter(first)
            .filter_map(|position| driver.gpus.get(self.targets.get(position)?.gpu))
    }

    /// Files by which MIG devices are used: of the selected ones, with `all` of every one.
    fn mig_files(&self, driver: &Driver) -> Vec<String> {
        let mut files = Vec::new();
        for (position, gpu) in driver.gpus.iter().enumerate() {
            for (number, mig) in gpu.mig.iter().enumerate() {
                let target = Target { gpu: position, mig: Some(number) };
                if self.all || self.targets.contains(&target) {
                    let instance = format!("{CAPABILITIES}/gpu{}/mig/gi{}", gpu.minor, mig.gpu_instance);
                    files.push(format!("{instance}/access"));
                    files.push(format!("{instance}/ci{}/access", mig.compute_instance));
                    files.extend(mig.caps.iter().map(|node| node.path.clone()));
                }
            }
        }
        // The capability of a GPU instance belongs to all of its compute instances.
        let mut unique = Vec::new();
        for file in files {
            if !unique.contains(&file) {
                unique.push(file);
            }
        }
        unique
    }
}

/// Whether the right on MIG is asked for, which only goes with all devices.
pub(super) fn wants_mig_right(line: &Line, option: &str) -> Result<bool> {
    let items = line.items(option);
    match items.iter().find(|id| !id.eq_ignore_ascii_case("all")) {
        Some(id) => Err(Failure::coded(
            inject::codes::INVALID_DEVICE_ID,
            format!("{option} error: {id}: only 'all' devices are currently supported"),
        )
        .hint(format!("--{option}=all"))),
        None => Ok(!items.is_empty()),
    }
}

fn mig_right(line: &Line, option: &str, selected: &Selected) -> Result<bool> {
    let wanted = wants_mig_right(line, option)?;
    if wanted && !selected.all && selected.targets.iter().any(|target| target.mig.is_some()) {
        let text = format!("{option} error: all: cannot enable {option} with specific MIG devices selected");
        return Err(Failure::coded(inject::codes::INVALID_DEVICE_ID, text).hint("select whole GPUs, or all"));
    }
    Ok(wanted)
}

fn mig_right_files(host: &Host, driver: &Driver, selected: &Selected, file: &str) -> Vec<String> {
    let gpus = selected.gpus(driver).map(|gpu| format!("{CAPABILITIES}/gpu{}/mig", gpu.minor));
    std::iter::once(format!("{CAPABILITIES}/mig/{file}"))
        .chain(gpus)
        .filter(|path| host.exists(path))
        .collect()
}

fn control_nodes(driver: &Driver) -> Vec<String> {
    let is_there = |path: &&str| driver.control_nodes.iter().any(|node| node.path == **path);
    CONTROL.iter().filter(|path| is_there(path)).map(|path| (*path).to_owned()).collect()
}

/// In the order of the table of families; programs of other families are not listed.
fn binaries(driver: &Driver) -> Vec<String> {
    let is_wanted = |family: &Family| matches!(family, Family::Utility | Family::Compute);
    let wanted = families::BINARIES.iter().filter(|(family, _)| is_wanted(family));
    let names = wanted.flat_map(|(_, names)| names.iter());
    let found = |name: &&str| {
        let file = driver.binaries.iter().find(|file| file.container_path.ends_with(&format!("/{name}")));
        file.map(|file| file.container_path.clone())
    };
    names.filter_map(found).collect()
}

fn libraries(driver: &Driver, bits: u8) -> Vec<String> {
    let stems = families::LIBRARIES.iter().flat_map(|(_, stems)| stems.iter());
    let of_stem = |stem: &&'static str| -> Vec<String> {
        let is_wanted = |library: &&Library| {
            let name = library.file.container_path.rsplit('/').next().unwrap_or_default();
            library.bits == bits
                && library.versioned
                && name.strip_prefix(*stem).is_some_and(|rest| rest.starts_with(".so"))
        };
        driver.libraries.iter().filter(is_wanted).map(|library| library.file.container_path.clone()).collect()
    };
    stems.flat_map(of_stem).collect()
}

/// Numbers of IMEX channels.
pub(super) fn channels(line: &Line) -> Result<Vec<u32>> {
    let number = |text: &String| {
        text.parse().ok().ok_or_else(|| {
            input_error(&format!("invalid imex channel: {text}"))
                .hint("--imex-channel takes a comma list of numbers")
        })
    };
    line.items("imex-channel").iter().map(number).collect()
}
