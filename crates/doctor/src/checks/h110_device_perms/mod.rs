//! H110: may the device nodes be opened by this user and by containers?

use crate::codes::DEVICE_MODE;
use crate::facts::{Caller, DeviceNode, Platform};
use crate::serving;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    if facts.machine.known().is_some_and(|machine| machine.platform == Platform::Wsl2) {
        return Outcome::DoesNotApply("WSL2 has one node, /dev/dxg, for everybody".to_owned());
    }
    let nodes = match facts.nodes.as_result() {
        Ok(nodes) => nodes,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    if nodes.nodes.is_empty() {
        return Outcome::DoesNotApply("there are no nodes".to_owned());
    }
    let closed: Vec<&DeviceNode> = nodes
        .nodes
        .iter()
        // What is no device at all is another matter (H109).
        .filter(|node| node.major.is_some() && node.mode & 0o006 != 0o006)
        .collect();
    if closed.is_empty() {
        return Outcome::Fine("everybody may open them (0666)".to_owned());
    }
    Outcome::Found(vec![finding(facts, &closed)])
}

/// Root in a container of a rootful engine may open anything; others need the group.
fn finding(facts: &Facts, closed: &[&DeviceNode]) -> Finding {
    let names: Vec<&str> = closed.iter().map(|node| node.path.as_str()).collect();
    let severity = if may_not(facts, closed) { Severity::Error } else { Severity::Warning };
    let message = format!(
        "{} cannot be opened by everybody: containers whose user is not root do not get the GPU",
        names.join(", ")
    );
    let proof =
        closed.iter().map(|node| format!("{} has mode {:04o} and group {}", node.path, node.mode, node.gid));
    proof.fold(Finding::new(DEVICE_MODE, severity, message), Finding::evidence)
}

/// Whether an engine of this very user is asked about, who is neither root nor in the nodes' group.
fn may_not(facts: &Facts, closed: &[&DeviceNode]) -> bool {
    let rootless = serving::is_rootless(facts);
    let in_group =
        |caller: &Caller, node: &DeviceNode| caller.groups.contains(&node.gid) && node.mode & 0o060 == 0o060;
    rootless
        && facts
            .caller
            .known()
            .is_some_and(|caller| !caller.is_root() && closed.iter().any(|node| !in_group(caller, node)))
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::asking(
            "sudo chmod 0666 /dev/nvidia[0-9]* /dev/nvidiactl /dev/nvidia-uvm /dev/nvidia-uvm-tools",
            "the nodes until the next boot; for good: `options nvidia NVreg_DeviceFileMode=0666` and no udev rule that says otherwise",
        )
        .as_root(),
    )
}
