//! Nodes of MIG capabilities. The driver makes none; its programs do when somebody uses them, so after a boot
//! a MIG device cannot be given to a container although it is there.

use crate::kernel_modules::Wanted;
use driver::Driver;
use formats::procfs;
use host::Host;

const TREE: &str = "/proc/driver/nvidia/capabilities";
/// Directory of the nodes.
pub(crate) const NODES: &str = "/dev/nvidia-caps";

/// Whether nodes of this driver's MIG devices, or of MIG as a whole, were not found.
pub(crate) fn lacks_some(driver: &Driver) -> bool {
    let mut devices = driver.gpus.iter().flat_map(|gpu| &gpu.mig).peekable();
    devices.peek().is_some()
        && (driver.mig_config.is_none()
            || driver.mig_monitor.is_none()
            || devices.any(|device| device.caps.len() < CAPABILITIES_OF_A_DEVICE))
}

/// That of the GPU instance and that of the compute instance.
const CAPABILITIES_OF_A_DEVICE: usize = 2;

/// The nodes that the capabilities of this machine have and `/dev` has not. Each capability is looked at: after a new partition the nodes of the old one are still there,
/// so their number says nothing.
pub(crate) fn missing(host: &Host) -> Vec<Wanted> {
    let instances = instances(host);
    if instances.is_empty() {
        return Vec::new();
    }
    let table = host.read_text_optional("/proc/devices").ok().flatten().unwrap_or_default();
    let Some(major) = procfs::devices(&table).get("nvidia-caps") else { return Vec::new() };
    let of_system = ["config", "monitor"].map(|name| format!("{TREE}/mig/{name}"));
    let wanted = of_system.iter().chain(&instances).filter_map(|file| wanted(host, file, major));
    wanted.filter(|node| !host.exists(&node.path)).collect()
}

/// The files of GPU instances and compute instances.
fn instances(host: &Host) -> Vec<String> {
    let mut files = Vec::new();
    for gpu in names(host, TREE, "gpu") {
        let mig = format!("{TREE}/{gpu}/mig");
        for instance in names(host, &mig, "gi") {
            let instance = format!("{mig}/{instance}");
            let compute = names(host, &instance, "ci");
            files.push(format!("{instance}/access"));
            files.extend(compute.iter().map(|compute| format!("{instance}/{compute}/access")));
        }
    }
    files
}

fn names(host: &Host, directory: &str, start: &str) -> Vec<String> {
    let entries = host.list_optional(directory).ok().flatten().unwrap_or_default();
    entries.into_iter().map(|entry| entry.name).filter(|name| name.starts_with(start)).collect()
}

/// What the driver says of a node, unless it leaves the node to the administrator.
fn wanted(host: &Host, file: &str, major: u32) -> Option<Wanted> {
    let text = host.read_text_optional(file).ok()??;
    let value = |key: &str| -> Option<u32> {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        line.trim().parse().ok()
    };
    let minor = value("DeviceFileMinor").filter(|_| value("DeviceFileModify") != Some(0))?;
    let mode = value("DeviceFileMode").unwrap_or(0o444) & 0o777;
    Some(Wanted::of(format!("{NODES}/nvidia-cap{minor}"), major, minor, mode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel_modules::machine;

    const DEVICES: (&str, &str) = ("proc/devices", "Character devices:\n510 nvidia-caps\n");
    const CONFIG: (&str, &str) = (
        "proc/driver/nvidia/capabilities/mig/config",
        "DeviceFileMinor: 1\nDeviceFileMode: 256\nDeviceFileModify: 1\n",
    );
    const INSTANCE: (&str, &str) = (
        "proc/driver/nvidia/capabilities/gpu0/mig/gi5/access",
        "DeviceFileMinor: 48\nDeviceFileMode: 292\nDeviceFileModify: 1\n",
    );
    const COMPUTE: (&str, &str) = (
        "proc/driver/nvidia/capabilities/gpu0/mig/gi5/ci0/access",
        "DeviceFileMinor: 49\nDeviceFileMode: 292\nDeviceFileModify: 1\n",
    );

    fn paths(files: &[(&str, &str)]) -> Vec<String> {
        let (_root, host) = machine(files);
        missing(&host)
            .into_iter()
            .map(|node| format!("{} {}:{}", node.path, node.major, node.minor))
            .collect()
    }

    #[test]
    fn what_is_missing_is_told_and_nothing_else() {
        let all = [
            "/dev/nvidia-caps/nvidia-cap1 510:1",
            "/dev/nvidia-caps/nvidia-cap48 510:48",
            "/dev/nvidia-caps/nvidia-cap49 510:49",
        ];
        assert_eq!(paths(&[DEVICES, CONFIG, INSTANCE, COMPUTE]), all);
        let one = ("dev/nvidia-caps/nvidia-cap48", "");
        assert_eq!(paths(&[DEVICES, CONFIG, INSTANCE, COMPUTE, one]), [all[0], all[2]]);
        // No MIG device, no table of majors, an administrator who makes them, text that says nothing.
        assert_eq!(paths(&[DEVICES, CONFIG]), [""; 0]);
        assert_eq!(paths(&[CONFIG, INSTANCE]), [""; 0]);
        let by_hand = (INSTANCE.0, "DeviceFileMinor: 48\nDeviceFileModify: 0\n");
        assert_eq!(paths(&[DEVICES, by_hand]), [""; 0]);
        assert_eq!(paths(&[DEVICES, (INSTANCE.0, "?")]), [""; 0]);
    }

    #[test]
    fn only_a_driver_that_lacks_a_node_is_looked_at_again() {
        let node = || Some(driver::Node::default());
        let caps = |count| vec![driver::Node::default(); count];
        let of = |caps, mig_config, mig_monitor| Driver {
            gpus: vec![driver::Gpu {
                mig: vec![driver::Mig { caps, ..driver::Mig::default() }],
                ..driver::Gpu::default()
            }],
            mig_config,
            mig_monitor,
            ..Driver::default()
        };
        assert!(!lacks_some(&Driver::default()));
        assert!(!lacks_some(&of(caps(2), node(), node())));
        assert!(lacks_some(&of(caps(1), node(), node())));
        assert!(lacks_some(&of(caps(2), None, node())));
        assert!(lacks_some(&of(caps(2), node(), None)));
    }

    #[test]
    fn nodes_of_an_earlier_partition_hide_nothing() {
        let old = ["3", "12", "13", "21", "22"].map(|minor| format!("dev/nvidia-caps/nvidia-cap{minor}"));
        let mut files = vec![DEVICES, CONFIG, INSTANCE, COMPUTE];
        files.extend(old.iter().map(|path| (path.as_str(), "")));
        assert_eq!(paths(&files).len(), 3);
    }
}
