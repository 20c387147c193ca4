//! The GPUs of a Tegra system: the one in the chip, and one in a slot beside it.

use super::lists::Lists;
use crate::nodes;
use crate::pattern::expand;
use crate::places;
use crate::platform;
use crate::survey::Survey;
use driver::{Driver, Gpu, Node, NvmlSnapshot};

/// Where the chip's own GPU is on systems whose driver lists it like others.
const CHIP_ADDRESS: &str = "0000:01:00.0";
/// Of a GPU in a slot beside the chip's own.
const SLOT_NODE: &str = "/dev/nvidia1";
/// The chip's display, which lists leave out.
const DISPLAY_NODE: &str = "/dev/nvidia2";

/// The GPUs with the nodes that the lists give them. Paths without a node are noted in `missing`.
pub(super) fn gpus(
    survey: &Survey<'_>,
    lists: &Lists,
    driver: &Driver,
    snapshot: Option<&NvmlSnapshot>,
    missing: &mut Vec<String>,
) -> Vec<Gpu> {
    let listed = listed(survey, lists, missing);
    let single = survey.options.mount_lists.single_device;
    match driver.gpus.as_slice() {
        [chip, slot, rest @ ..] if !single && rest.is_empty() && is_chip(chip) && !is_chip(slot) => {
            vec![chip_beside(survey, chip, &listed), slot_beside(driver, slot, &listed)]
        }
        known => {
            let name = known.first().and_then(|gpu| gpu.name.clone());
            let reported = snapshot.and_then(|snapshot| snapshot.gpus.first());
            if listed.is_empty() {
                return Vec::new();
            }
            vec![Gpu {
                name: name.or_else(|| reported.map(|gpu| gpu.name.clone())),
                memory_mib: reported.map(|gpu| gpu.memory_mib).filter(|memory| *memory > 0),
                compute_capability: reported.and_then(|gpu| gpu.compute_capability),
                integrated: true,
                companions: listed,
                ..Gpu::default()
            }]
        }
    }
}

fn is_chip(gpu: &Gpu) -> bool {
    gpu.bus_id == CHIP_ADDRESS || gpu.name.as_deref().is_some_and(platform::is_integrated_name)
}

/// All nodes of the lists.
fn listed(survey: &Survey<'_>, lists: &Lists, missing: &mut Vec<String>) -> Vec<Node> {
    let mut found: Vec<Node> = Vec::new();
    for pattern in &lists.devices {
        let nodes: Vec<Node> =
            expand(&survey.dev, pattern).iter().filter_map(|path| nodes::read(survey, path)).collect();
        super::note_missing(missing, pattern, nodes.is_empty());
        for node in nodes {
            if !found.contains(&node) {
                found.push(node);
            }
        }
    }
    found
}

fn chip_beside(survey: &Survey<'_>, gpu: &Gpu, listed: &[Node]) -> Gpu {
    let mut companions: Vec<Node> = listed.iter().filter(|node| node.path != SLOT_NODE).cloned().collect();
    if !companions.iter().any(|node| node.path == DISPLAY_NODE) {
        companions.extend(nodes::read(survey, DISPLAY_NODE));
    }
    Gpu { integrated: true, companions, node: None, drm: Vec::new(), drm_links: Vec::new(), ..gpu.clone() }
}

/// A GPU of its own in a slot: its nodes, the control nodes, and those of the lists that are no GPU's.
fn slot_beside(driver: &Driver, gpu: &Gpu, listed: &[Node]) -> Gpu {
    let is_gpu = |path: &str| {
        path.strip_prefix("/dev/nvidia")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let others = listed
        .iter()
        .filter(|node| !is_gpu(&node.path) && !places::CONTROL_NODES.contains(&node.path.as_str()));
    Gpu { companions: driver.control_nodes.iter().chain(others).cloned().collect(), ..gpu.clone() }
}
