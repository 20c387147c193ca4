//! The GPUs, from procfs and sysfs.

use crate::codes;
use crate::mig;
use crate::nodes;
use crate::survey::Survey;
use diag::{Finding, Severity};
use driver::{Gpu, Link, Node};
use formats::procfs::{self, GpuInformation};

/// One directory for each GPU, named by its PCI address.
pub(crate) const GPUS: &str = "/proc/driver/nvidia/gpus";

/// Finds the GPUs in PCI bus order. One that does not tell about itself does not cost the others.
pub(crate) fn find(survey: &Survey<'_>) -> (Vec<Gpu>, Vec<Finding>) {
    let entries = survey.machine.list_optional(GPUS).ok().flatten().unwrap_or_default();
    let mut addresses: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
    addresses.sort_by_cached_key(|address| pci_order(address));
    let (mut gpus, mut findings) = (Vec::new(), Vec::new());
    for address in &addresses {
        match find_one(survey, address) {
            Ok(gpu) => gpus.push(gpu),
            Err(finding) => findings.push(*finding),
        }
    }
    (gpus, findings)
}

fn find_one(survey: &Survey<'_>, address: &str) -> Result<Gpu, Box<Finding>> {
    let path = format!("{GPUS}/{address}/information");
    let unreadable = |evidence: String| {
        let message = format!("the driver does not tell about the GPU at `{address}`; it is left out");
        let finding = Finding::new(codes::GPU_UNREADABLE, Severity::Error, message).evidence(evidence);
        Box::new(finding.help("look for `NVRM` and `Xid` messages in `dmesg`; a GPU that fell off the bus needs a reset or a reboot"))
    };
    let text = survey.machine.read_text(&path).map_err(|failure| unreadable(failure.chain()))?;
    let information = procfs::gpu_information(&text);
    let Some(minor) = information.minor else {
        return Err(unreadable(format!("{path} has no `Device Minor`")));
    };
    if information.excluded {
        return Err(Box::new(excluded(address)));
    }
    Ok(describe(survey, address, minor, information))
}

fn excluded(address: &str) -> Finding {
    let message = format!("the GPU at `{address}` is excluded by the administrator");
    Finding::new(codes::GPU_LEFT_OUT, Severity::Note, message)
        .evidence(format!("{GPUS}/{address}/information says `GPU Excluded: Yes`"))
}

fn describe(survey: &Survey<'_>, address: &str, minor: u32, information: GpuInformation) -> Gpu {
    let instances = mig::find(survey, minor);
    Gpu {
        uuid: information.uuid,
        name: information.model,
        mig_enabled: !instances.is_empty(),
        mig: instances,
        ..at(survey, address, minor)
    }
}

/// What files tell about the GPU at a PCI address: its nodes.
pub(crate) fn at(survey: &Survey<'_>, address: &str, minor: u32) -> Gpu {
    let drm = drm_nodes(survey, address);
    Gpu {
        bus_id: address.to_owned(),
        minor,
        node: nodes::read(survey, &format!("/dev/nvidia{minor}")),
        drm_links: drm_links(survey, address, &drm),
        drm,
        ..Gpu::default()
    }
}

fn drm_nodes(survey: &Survey<'_>, address: &str) -> Vec<Node> {
    let directory = format!("/sys/bus/pci/devices/{address}/drm");
    let entries = survey.machine.list_optional(&directory).ok().flatten().unwrap_or_default();
    let names = entries.iter().map(|entry| &entry.name);
    names
        .filter(|name| name.starts_with("card") || name.starts_with("renderD"))
        .filter_map(|name| nodes::read(survey, &format!("/dev/dri/{name}")))
        .collect()
}

fn drm_links(survey: &Survey<'_>, address: &str, nodes: &[Node]) -> Vec<Link> {
    let link = |kind: &&str| {
        let path = format!("/dev/dri/by-path/pci-{address}-{kind}");
        let target = survey.dev.read_link(&path).ok()??;
        let name = target.rsplit('/').next().unwrap_or_default();
        let known = nodes.iter().any(|node| node.path == format!("/dev/dri/{name}"));
        known.then_some(Link { target, path })
    };
    ["card", "render"].iter().filter_map(link).collect()
}

/// The order of PCI addresses: domain, bus, device, function as numbers. What is no address comes
/// last, by its text.
pub(crate) fn pci_order(address: &str) -> (Option<[u32; 4]>, String) {
    let mut parts = address.split([':', '.']).map(|part| u32::from_str_radix(part, 16).ok());
    let mut next = || parts.next().flatten();
    let numbers = (|| Some([next()?, next()?, next()?, next()?]))();
    (numbers.or(Some([u32::MAX; 4])), address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::pci_order;

    #[test]
    fn addresses_sort_as_numbers() {
        let mut addresses =
            ["10000:01:00.0", "0000:bd:00.0", "0000:0f:00.0", "rubbish", "0000:07:00.1", "0000:07:00.0"];
        addresses.sort_by_key(|address| pci_order(address));
        let sorted =
            ["0000:07:00.0", "0000:07:00.1", "0000:0f:00.0", "0000:bd:00.0", "10000:01:00.0", "rubbish"];
        assert_eq!(addresses, sorted);
    }
}
