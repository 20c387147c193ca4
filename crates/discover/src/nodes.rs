//! Device nodes.

use crate::codes;
use crate::places;
use crate::survey::Survey;
use diag::{Finding, Severity};
use driver::{Driver, Node};
use formats::procfs::Majors;
use host::Kind;

/// The character device at `path` below the dev root; `None` when there is none.
pub(crate) fn read(survey: &Survey<'_>, path: &str) -> Option<Node> {
    let stat = survey.dev.lstat(path).ok().flatten().filter(|stat| stat.kind == Kind::CharDevice)?;
    let prefix = survey.options.dev_prefix();
    Some(Node {
        path: path.to_owned(),
        host_path: (!prefix.is_empty()).then(|| format!("{prefix}{path}")),
        major: stat.major,
        minor: stat.minor,
        mode: stat.mode & 0o777,
        gid: stat.gid,
    })
}

/// The control nodes that are there.
pub(crate) fn control(survey: &Survey<'_>) -> Vec<Node> {
    places::CONTROL_NODES.iter().filter_map(|path| read(survey, path)).collect()
}

/// A finding if nodes have other majors than the kernel gave their drivers: they are left from
/// before a reload and open nothing.
pub(crate) fn stale(driver: &Driver, majors: &Majors) -> Option<Finding> {
    let gpus = driver.gpus.iter().filter_map(|gpu| gpu.node.as_ref());
    let wrong: Vec<String> =
        driver.control_nodes.iter().chain(gpus).filter_map(|node| mismatch(node, majors)).collect();
    if wrong.is_empty() {
        return None;
    }
    let message = "device nodes are left from an earlier load of the kernel module and open nothing";
    let finding =
        wrong.into_iter().fold(Finding::new(codes::STALE_NODE, Severity::Error, message), Finding::evidence);
    Some(finding.help("remove these nodes, then run `nvidia-modprobe -c 0 -u` or `nvidia-smi` on the host to make them anew"))
}

fn mismatch(node: &Node, majors: &Majors) -> Option<String> {
    let driver = if node.path.contains("nvidia-uvm") { "nvidia-uvm" } else { "nvidia" };
    let expected = majors.get(driver).filter(|expected| *expected != node.major)?;
    Some(format!("`{}` has major {}, but /proc/devices gives {driver} {expected}", node.path, node.major))
}
