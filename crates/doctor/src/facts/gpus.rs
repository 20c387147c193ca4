//! NVIDIA GPUs on the PCI bus, as sysfs shows them.

use super::Reason;
use super::look;
use host::Host;
use serde::{Deserialize, Serialize};

const PCI: &str = "/sys/bus/pci/devices";
const NVIDIA: &str = "0x10de";

/// One NVIDIA display or 3D controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PciGpu {
    /// PCI address, for example `0000:07:00.0`.
    pub address: String,
    /// PCI device id, for example `0x2330`.
    pub device: String,
    /// Kernel driver that is bound to it, for example `nvidia`, `nouveau`, `vfio-pci`.
    pub bound_to: Option<String>,
    /// Whether it answers on the bus: a device that has fallen off reads as all ones. `None`: its
    /// configuration space cannot be read.
    #[serde(default)]
    pub answers: Option<bool>,
}

/// In PCI bus order.
pub(super) fn read(host: &Host) -> Result<Vec<PciGpu>, Reason> {
    let mut gpus = Vec::new();
    for address in look::names(host, PCI)? {
        let device = format!("{PCI}/{address}");
        if is_gpu(&value(host, &device, "vendor")?, &value(host, &device, "class")?) {
            let bound_to = look::link(host, &format!("{device}/driver")).ok();
            gpus.push(PciGpu {
                device: value(host, &device, "device")?,
                answers: answers(host, &device),
                bound_to: bound_to.and_then(|link| link.rsplit('/').next().map(str::to_owned)),
                address,
            });
        }
    }
    Ok(gpus)
}

fn answers(host: &Host, device: &str) -> Option<bool> {
    let head = host.read_range(&format!("{device}/config"), 0, 4).ok().filter(|head| head.len() == 4)?;
    Some(head.iter().any(|byte| *byte != 0xff))
}

fn value(host: &Host, device: &str, attribute: &str) -> Result<String, Reason> {
    Ok(look::text(host, &format!("{device}/{attribute}"))?.unwrap_or_default().trim().to_owned())
}

/// Base class 03 of the PCI code list: VGA (0300) and 3D controllers (0302).
fn is_gpu(vendor: &str, class: &str) -> bool {
    vendor == NVIDIA && class.starts_with("0x03")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_display_controllers_of_nvidia_count() {
        assert!(is_gpu("0x10de", "0x030200"));
        assert!(is_gpu("0x10de", "0x030000"));
        assert!(!is_gpu("0x10de", "0x040300"), "the audio function of a GPU");
        assert!(!is_gpu("0x10de", "0x068000"), "an NVSwitch");
        assert!(!is_gpu("0x1002", "0x030000"));
    }
}
