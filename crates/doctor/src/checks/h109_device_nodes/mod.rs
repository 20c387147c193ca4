//! H109: are the device nodes there, with the numbers that the kernel has given out?

use crate::codes::DEVICE_NODES;
use crate::facts::{Nodes, PciGpu, Platform};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    if facts.machine.known().is_some_and(|machine| machine.platform != Platform::Native) {
        return Outcome::DoesNotApply("this platform has no /dev/nvidia* of its own kind".to_owned());
    }
    if facts.driver.known().is_some_and(|driver| !driver.loaded) {
        return Outcome::DoesNotApply("without a module there are no nodes".to_owned());
    }
    let nodes = match facts.nodes.as_result() {
        Ok(nodes) => nodes,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    // A GPU that another driver has got (vfio-pci) has no node of this one.
    let ours = |gpu: &&PciGpu| gpu.bound_to.as_deref().is_none_or(|driver| driver == "nvidia");
    let gpus = facts.gpus.known().map(|gpus| gpus.iter().filter(ours).count());
    let problems = problems(nodes, gpus);
    if problems.is_empty() {
        return Outcome::Fine(format!("nvidiactl, nvidia-uvm and {} GPU node(s)", nodes.gpus().count()));
    }
    let message = format!("{}: CUDA cannot start", problems.join("; "));
    let finding = Finding::new(DEVICE_NODES, Severity::Error, message).evidence(majors(nodes));
    Outcome::Found(vec![finding])
}

fn problems(nodes: &Nodes, gpus: Option<usize>) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, major) in [("/dev/nvidiactl", nodes.frontend_major), ("/dev/nvidia-uvm", nodes.uvm_major)] {
        problems.extend(problem(nodes, path, major));
    }
    if nodes.gpus().count() < gpus.unwrap_or(0) {
        problems.push(format!("only {} of {} /dev/nvidia<N> exist", nodes.gpus().count(), gpus.unwrap_or(0)));
    }
    problems
}

fn problem(nodes: &Nodes, path: &str, major: Option<u32>) -> Option<String> {
    match (nodes.get(path), major) {
        (None, _) => Some(format!("`{path}` is missing")),
        (Some(node), Some(major)) if node.major != Some(major) => {
            let has = node.major.map_or("is no device".to_owned(), |has| format!("has major {has}"));
            Some(format!("`{path}` {has}, the driver's is {major}"))
        }
        (Some(_), None) if path == "/dev/nvidia-uvm" => Some("module `nvidia-uvm` is not loaded".to_owned()),
        _ => None,
    }
}

fn majors(nodes: &Nodes) -> String {
    let show = |major: Option<u32>| major.map_or("none".to_owned(), |major| major.to_string());
    format!(
        "majors in /proc/devices: nvidia {}, nvidia-uvm {}",
        show(nodes.frontend_major),
        show(nodes.uvm_major)
    )
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let nodes = facts.nodes.known().map(|nodes| nodes.nodes.as_slice()).unwrap_or_default();
    // An engine makes a folder of what it is told to mount and does not find.
    let others: Vec<&str> =
        nodes.iter().filter(|node| node.major.is_none()).map(|node| node.path.as_str()).collect();
    let removal =
        if others.is_empty() { String::new() } else { format!("sudo rm -d {} && ", others.join(" ")) };
    let changes = "loads nvidia-uvm and makes the nodes; nothing that runs is disturbed";
    Some(
        Remedy::asking(format!("{removal}sudo nvidia-modprobe -c 0 -u"), changes)
            .as_root()
            .on_the_host(facts, GIVEN),
    )
}

/// How a guest gets a node: lxc.container.conf(5).
const GIVEN: &str = "; then give it the nodes: lxc.mount.entry = /dev/nvidia-uvm dev/nvidia-uvm none bind,optional,create=file, and lxc.cgroup2.devices.allow = c MAJOR:* rwm for each major";
