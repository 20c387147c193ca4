//! Edits out of CDI specification files.

use super::just_in_time::Maker;
use cdi::{ContainerEdits, HostNode, Registry, SourceFile};
use diag::{Failure, Result, ResultExt};
use host::{Host, Kind};
use inject::requirement::{check, requirements};
use inject::{Ask, explicit_capabilities, restrict, select};

/// The edits of the named devices, without what belongs to driver capabilities that the container does
/// not ask for.
///
/// # Errors
/// A device cannot be resolved, or a node that it needs is not on the host; a requirement of the image is
/// not met.
pub(super) fn edits(maker: &Maker, names: &[String], config: &oci::Config) -> Result<ContainerEdits> {
    let failed = "failed to inject CDI devices";
    let directories = &maker.settings.runtime.modes.cdi_spec_dirs;
    let mut edits = Registry::new(files(maker.host, directories)).resolve(names).context(failed)?;
    if maker.settings.features.original_cdi_modes != Some(true) {
        check_requirements(maker, names, config)?;
        if let Some(capabilities) = explicit_capabilities(config, maker.settings)? {
            restrict(&mut edits, &capabilities);
        }
    }
    cdi::complete_nodes(&mut edits, |path| node(maker.host, path)).context(failed)?;
    Ok(edits)
}

/// Requirements speak of NVIDIA's driver and GPUs: other vendors' devices have none of them.
fn check_requirements(maker: &Maker, names: &[String], config: &oci::Config) -> Result<()> {
    let ids: Vec<&str> = names
        .iter()
        .filter_map(|name| name.split_once("nvidia.com/")?.1.split_once('='))
        .map(|(_, id)| id)
        .collect();
    let needs = requirements(config, maker.settings, false)?;
    if needs.is_empty() || ids.is_empty() {
        return Ok(());
    }
    let driver = maker.driver(config, &Ask::All)?;
    // A device of a specification may have any name: then the driver alone counts.
    let targets = select(&Ask::of_list(ids), &driver).unwrap_or_default();
    check(&needs, &driver, &targets)
}

/// All specification files of the directories; those that cannot be read count as absent, the devices
/// in them will be missed by name.
pub(super) fn files(host: &Host, directories: &[String]) -> Vec<SourceFile> {
    let mut files = Vec::new();
    for (directory, folder) in directories.iter().enumerate() {
        for entry in host.list_optional(folder).ok().flatten().unwrap_or_default() {
            let path = format!("{}/{}", folder.trim_end_matches('/'), entry.name);
            let is_spec = entry.name.ends_with(".json") || entry.name.ends_with(".yaml");
            if is_spec && let Ok(bytes) = host.read(&path) {
                files.push(SourceFile { directory, path, bytes });
            }
        }
    }
    files
}

fn node(host: &Host, path: &str) -> Result<HostNode> {
    let missing = || {
        Failure::coded(cdi::codes::EDITS_NOT_APPLICABLE, format!("failed to stat CDI host device {path:?}: no such device node"))
            .hint("the CDI specification is older than the machine's state; make it anew with `nvidia-ctk cdi generate`")
    };
    // A link is no device node: it may lead to another device tomorrow.
    let stat = host.lstat(path)?.ok_or_else(missing)?;
    let kind = match stat.kind {
        Kind::CharDevice => 'c',
        Kind::BlockDevice => 'b',
        Kind::Fifo => 'p',
        _ => return Err(missing()),
    };
    Ok(HostNode { kind, major: stat.major.into(), minor: stat.minor.into(), mode: stat.mode })
}
