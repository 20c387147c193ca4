//! Programs beside the driver: the fabric manager, the persistence daemon, and the switches that need the first.

use super::{Reason, look};
use host::Host;
use serde::{Deserialize, Serialize};

const PCI: &str = "/sys/bus/pci/devices";

/// What serves the driver from user space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Services {
    /// How many NVSwitches are on the PCI bus.
    pub switches: usize,
    /// Whether `nv-fabricmanager` runs; `None` when processes of others cannot be seen.
    pub fabric_manager: Option<bool>,
    /// Where the program of the fabric manager is installed.
    pub fabric_manager_program: Option<String>,
    /// Whether the socket of `nvidia-persistenced` is there.
    pub persistence: bool,
}

pub(super) fn read(host: &Host) -> Result<Services, Reason> {
    let switches = switches(host)?;
    let (fabric_manager, program) =
        if switches > 0 { (running(host, "nv-fabricmanager")?, program(host)?) } else { (None, None) };
    let persistence = look::exists(host, "/run/nvidia-persistenced/socket").unwrap_or(false);
    Ok(Services { switches, fabric_manager, fabric_manager_program: program, persistence })
}

/// Bridges (class 0680) of NVIDIA.
fn switches(host: &Host) -> Result<usize, Reason> {
    let mut count = 0;
    for address in look::names(host, PCI)? {
        let value = |attribute: &str| look::text(host, &format!("{PCI}/{address}/{attribute}"));
        let vendor = value("vendor")?.unwrap_or_default();
        let class = value("class")?.unwrap_or_default();
        count += usize::from(vendor.trim() == "0x10de" && class.trim().starts_with("0x0680"));
    }
    Ok(count)
}

fn program(host: &Host) -> Result<Option<String>, Reason> {
    for path in ["/usr/bin/nv-fabricmanager", "/usr/sbin/nv-fabricmanager", "/usr/local/bin/nv-fabricmanager"]
    {
        if look::exists(host, path)? {
            return Ok(Some(path.to_owned()));
        }
    }
    Ok(None)
}

/// The kernel keeps 15 bytes of a name.
fn running(host: &Host, name: &str) -> Result<Option<bool>, Reason> {
    let short = name.get(..15).unwrap_or(name);
    let pids = look::names(host, "/proc")?;
    let mut others = false;
    for pid in pids.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        // A process that ends while it is looked at is none.
        let text = look::text(host, &format!("/proc/{pid}/comm")).ok().flatten().unwrap_or_default();
        if text.trim() == short {
            return Ok(Some(true));
        }
        others |= pid == "1" && !text.is_empty();
    }
    Ok(others.then_some(false))
}
