//! Edits out of CDI specification files.

use cdi::{ContainerEdits, HostNode, Registry, SourceFile};
use diag::{Failure, Result, ResultExt};
use host::{Host, Kind};

/// The edits of the named devices.
///
/// # Errors
/// A device cannot be resolved, or a node that it needs is not on the host.
pub(super) fn edits(host: &Host, directories: &[String], names: &[String]) -> Result<ContainerEdits> {
    let failed = "failed to inject CDI devices";
    let mut edits = Registry::new(files(host, directories)).resolve(names).context(failed)?;
    cdi::complete_nodes(&mut edits, |path| node(host, path)).context(failed)?;
    Ok(edits)
}

/// All specification files of the directories; those that cannot be read count as absent, the devices
/// in them will be missed by name.
fn files(host: &Host, directories: &[String]) -> Vec<SourceFile> {
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
    let stat = host.stat(path)?.ok_or_else(missing)?;
    let kind = match stat.kind {
        Kind::CharDevice => 'c',
        Kind::BlockDevice => 'b',
        Kind::Fifo => 'p',
        _ => return Err(missing()),
    };
    Ok(HostNode { kind, major: stat.major.into(), minor: stat.minor.into() })
}
