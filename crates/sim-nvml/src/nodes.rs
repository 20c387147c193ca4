//! What this process may open. With no driver behind the nodes, opening one tells exactly what the
//! device cgroup and the file system allow: `ENXIO` means that nothing stood in the way.

use crate::codes::Code;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use sim_facts::{GpuFacts, MigDeviceFacts};

/// The outcome of opening a device node.
type Opened = Result<(), Errno>;

/// How a node is opened: the driver's nodes for both, capability nodes, which are read-only for
/// everybody, for reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    ReadWrite,
}

/// Whether the driver can be asked at all: the control node decides, as with the real library.
///
/// `EPERM` comes from the device cgroup, and the real library then knows no better than "Unknown
/// Error"; `EACCES` comes from the node's mode.
pub(crate) fn driver(only: Option<&str>, open_node: impl Fn(&str, Access) -> Opened) -> Result<(), Code> {
    match open_node(only.unwrap_or("/dev/nvidiactl"), Access::ReadWrite) {
        Ok(()) => Ok(()),
        Err(Errno::ACCESS) => Err(Code::NO_PERMISSION),
        Err(Errno::PERM) => Err(Code::UNKNOWN),
        Err(_) => Err(Code::DRIVER_NOT_LOADED),
    }
}

/// Whether the GPU's node can be used.
pub(crate) fn gpu(only: Option<&str>, gpu: &GpuFacts, open_node: impl Fn(&str, Access) -> Opened) -> bool {
    let own = format!("/dev/nvidia{}", gpu.minor);
    open_node(only.unwrap_or(&own), Access::ReadWrite).is_ok()
}

/// Whether both capability nodes of the MIG device can be used.
pub(crate) fn mig(device: &MigDeviceFacts, open_node: impl Fn(&str, Access) -> Opened) -> bool {
    let usable = |minor: u32| open_node(&format!("/dev/nvidia-caps/nvidia-cap{minor}"), Access::Read);
    usable(device.caps.0).is_ok() && usable(device.caps.1).is_ok()
}

/// Opens a node of this process's file system: `Ok` exactly if only the missing driver stood in the
/// way. A node that opens belongs to something real, which is not ours to show.
pub(crate) fn open_live(path: &str, access: Access) -> Opened {
    let flags = match access {
        Access::Read => OFlags::RDONLY,
        Access::ReadWrite => OFlags::RDWR,
    };
    match open(path, flags | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty()) {
        Err(Errno::NXIO) => Ok(()),
        Err(errno) => Err(errno),
        Ok(_) => Err(Errno::EXIST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_node_decides_whether_there_is_a_driver() {
        let cases = [
            (Ok(()), Ok(())),
            (Err(Errno::NOENT), Err(Code::DRIVER_NOT_LOADED)),
            (Err(Errno::ACCESS), Err(Code::NO_PERMISSION)),
            (Err(Errno::PERM), Err(Code::UNKNOWN)),
            (Err(Errno::EXIST), Err(Code::DRIVER_NOT_LOADED)),
        ];
        for (opened, expected) in cases {
            assert_eq!(driver(None, |_, _| opened), expected, "{opened:?}");
        }
    }

    #[test]
    fn one_node_may_stand_for_all() {
        let only_dxg = |path: &str, _| if path == "/dev/dxg" { Ok(()) } else { Err(Errno::NOENT) };
        assert_eq!(driver(Some("/dev/dxg"), only_dxg), Ok(()));
        assert!(gpu(Some("/dev/dxg"), &GpuFacts::default(), only_dxg));
        assert!(!gpu(None, &GpuFacts::default(), only_dxg));
    }

    #[test]
    fn a_mig_device_needs_both_capabilities() {
        let device = MigDeviceFacts { caps: (66, 67), ..MigDeviceFacts::default() };
        let only = |allowed: &'static [u32]| {
            move |path: &str, _| {
                let known = allowed.iter().any(|minor| path == format!("/dev/nvidia-caps/nvidia-cap{minor}"));
                if known { Ok(()) } else { Err(Errno::PERM) }
            }
        };
        assert!(mig(&device, only(&[66, 67])));
        assert!(!mig(&device, only(&[66])));
        assert!(!mig(&device, only(&[67])));
    }

    #[test]
    fn something_real_is_not_a_simulated_node() {
        assert_eq!(open_live("/dev/null", Access::Read), Err(Errno::EXIST));
        assert_eq!(open_live("/dev/no-such-node", Access::ReadWrite), Err(Errno::NOENT));
    }
}
