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
    // A link is none: an engine would make the node under the link's name, from what the link leads to.
    let stat = host.lstat(path)?.ok_or_else(missing)?;
    let kind = match stat.kind {
        Kind::CharDevice => 'c',
        Kind::BlockDevice => 'b',
        Kind::Fifo => 'p',
        _ => return Err(no_node(path)),
    };
    Ok(HostNode { kind, major: stat.major.into(), minor: stat.minor.into(), mode: stat.mode })
}

fn no_node(path: &str) -> Failure {
    let what = format!("failed to stat CDI host device {path:?}: not a device node");
    Failure::coded(cdi::codes::EDITS_NOT_APPLICABLE, what)
        .hint("a CDI specification names device nodes themselves, not links to them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test writes the host that it looks at")]
    fn a_link_is_no_device_node() {
        let folder = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(folder.path().join("tree")).expect("made");
        let table =
            "path\ttype\tmode\towner\tdetail\n/dev/x\tchar\t666\t0:0\t195:3\n/dev/y\tlink\t777\t0:0\tx\n";
        std::fs::write(folder.path().join("nodes.tsv"), table).expect("written");
        let host = Host::recorded(folder.path()).expect("a host");
        let found = node(&host, "/dev/x").expect("a node");
        assert_eq!((found.kind, found.major, found.minor, found.mode), ('c', 195, 3, 0o666));
        assert!(node(&host, "/dev/y").expect_err("a link").message().ends_with("not a device node"));
        assert!(node(&host, "/dev/z").expect_err("nothing").message().ends_with("no such device node"));
    }
}
