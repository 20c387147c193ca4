//! `configure`: gives a container its GPUs, with the same code as the prestart hook.

use super::argp::Line;
use super::log::Log;
use super::options::{Invocation, input_error, pid};
use super::{list, machine};
use crate::session::Session;
use diag::Result;
use driver::families::Family;
use inject::requirement::Requirement;
use inject::{Ask, Capabilities};
use runtime::{Claim, Configuration, Without};

/// As many requirements as the original takes.
const REQUIREMENTS_LIMIT: usize = 32;

const FAMILIES: [(&str, &[Family]); 6] = [
    ("compute", &[Family::Compute]),
    ("utility", &[Family::Utility]),
    ("video", &[Family::Video, Family::Compute]),
    ("graphics", &[Family::Graphics]),
    ("display", &[Family::Display, Family::Graphics]),
    ("ngx", &[Family::Ngx]),
];

pub(super) fn configure(session: &mut Session, invocation: &Invocation, log: &Log) -> Result<()> {
    let mut wanted = wanted(invocation)?;
    wanted.places = machine::places(session, invocation, log)?;
    if list::wants_all(&invocation.line.items("device")) && wanted.ask != Ask::All {
        let driver = discover::inventory::load_for(&session.host, &wanted.places, wanted.ask.ids())?;
        list::check_devices(&driver, &wanted.ask)?;
        wanted.ask = Ask::All;
    }
    runtime::configure(&session.host, &wanted, &|step| log.info(step))
}

fn wanted(invocation: &Invocation) -> Result<Configuration> {
    let (global, line) = (&invocation.global, &invocation.line);
    let root = line.arguments.first().map(std::path::PathBuf::from).unwrap_or_default();
    if !root.is_absolute() || root == std::path::Path::new("/") {
        return Err(input_error("invalid rootfs directory")
            .hint("ROOTFS is the absolute path of the container's root directory on the host"));
    }
    let (mig_config, mig_monitor) =
        (list::wants_mig_right(line, "mig-config")?, list::wants_mig_right(line, "mig-monitor")?);
    Ok(Configuration {
        pid: line.last("pid").map(pid).transpose()?.flatten(),
        root,
        ask: ask(&line.items("device")),
        capabilities: capabilities(line),
        requirements: requirements(line)?,
        cuda_compat: cuda_compat(line)?,
        mig_config,
        mig_monitor,
        imex_channels: list::channels(line)?,
        make_imex_channels: !global.has("no-create-imex-channels"),
        load_kernel_modules: global.has("load-kmods"),
        without: Without {
            cgroups: line.has("no-cgroups"),
            devices: line.has("no-devbind"),
            persistenced: line.has("no-persistenced"),
            fabricmanager: line.has("no-fabricmanager"),
            firmware: line.has("no-gsp-firmware"),
        },
        claim: Claim::Caller,
        ..Configuration::default()
    })
}

/// Without devices the container gets the driver's files and no GPU.
fn ask(ids: &[String]) -> Ask {
    match list::ask(ids) {
        Ask::Nothing => Ask::DriverOnly,
        other => other,
    }
}

fn capabilities(line: &Line) -> Capabilities {
    let wanted = FAMILIES.iter().filter(|(name, _)| line.has(name));
    Capabilities {
        families: wanted.flat_map(|(_, families)| families.iter().copied()).collect(),
        compat32: line.has("compat32"),
    }
}

fn requirements(line: &Line) -> Result<Vec<Requirement>> {
    let given = line.all("require");
    if given.len() > REQUIREMENTS_LIMIT {
        return Err(input_error("too many requirements").hint(format!("{REQUIREMENTS_LIMIT} are taken")));
    }
    // Of Tegra systems: which mount lists count.
    let of_gpus = given.iter().filter(|expression| !["csv-mounts=all", "base-only"].contains(expression));
    let requirement = |expression: &&str| Requirement {
        source: "--require".to_owned(),
        expression: (*expression).to_owned(),
    };
    Ok(of_gpus.map(requirement).collect())
}

fn cuda_compat(line: &Line) -> Result<bool> {
    match line.last("cuda-compat-mode") {
        _ if line.has("no-cntlibs") => Ok(false),
        None | Some("mount" | "ldconfig") => Ok(true),
        Some("disabled") => Ok(false),
        Some(other) => Err(input_error(&format!("invalid cuda-compat-mode: {other}"))
            .hint("mount, ldconfig and disabled are known")),
    }
}
