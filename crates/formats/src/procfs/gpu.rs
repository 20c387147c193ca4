//! `/proc/driver/nvidia/gpus/<address>/information`: one GPU.

use super::key_value;

/// What the kernel module says about one GPU. Fields that it leaves out are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuInformation {
    /// Model name, for example `NVIDIA H100 80GB HBM3`.
    pub model: Option<String>,
    /// UUID; `None` while the driver shows question marks because the GPU was not initialised yet.
    pub uuid: Option<String>,
    /// PCI address as sysfs writes it, `0000:07:00.0`.
    pub bus_location: Option<String>,
    /// Minor of its node: `/dev/nvidia<minor>`.
    pub minor: Option<u32>,
    /// Version of the GSP firmware, `N/A` when it runs without.
    pub firmware: Option<String>,
    /// Version of the video BIOS.
    pub video_bios: Option<String>,
    /// Whether an administrator excluded the GPU from use.
    pub excluded: bool,
}

/// Reads the `information` of one GPU.
#[must_use]
pub fn gpu_information(text: &str) -> GpuInformation {
    let value = |wanted: &str| {
        let found = text.lines().filter_map(key_value).find(|(key, _)| *key == wanted);
        found.map(|(_, value)| value.to_owned()).filter(|value| !value.is_empty())
    };
    GpuInformation {
        model: value("Model"),
        uuid: value("GPU UUID").filter(|uuid| !uuid.contains('?')),
        bus_location: value("Bus Location").map(|address| address.to_ascii_lowercase()),
        minor: value("Device Minor").and_then(|minor| minor.parse().ok()),
        firmware: value("GPU Firmware"),
        video_bios: value("Video BIOS"),
        excluded: value("GPU Excluded")
            .or_else(|| value("Blacklisted"))
            .is_some_and(|answer| answer == "Yes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: &str = "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 500\nGPU UUID: \t GPU-5d3a8c10-0000-4bbb-8ccc-000000000001\n\
        Video BIOS: \t 96.00.89.00.01\nBus Type: \t PCIe\nBus Location: \t 0000:0F:00.0\nDevice Minor: \t 3\n\
        GPU Firmware: \t 580.95.05\nGPU Excluded:\t No\n";

    #[test]
    fn a_ready_gpu_tells_everything() {
        let expected = GpuInformation {
            model: Some("NVIDIA H100 80GB HBM3".to_owned()),
            uuid: Some("GPU-5d3a8c10-0000-4bbb-8ccc-000000000001".to_owned()),
            bus_location: Some("0000:0f:00.0".to_owned()),
            minor: Some(3),
            firmware: Some("580.95.05".to_owned()),
            video_bios: Some("96.00.89.00.01".to_owned()),
            excluded: false,
        };
        assert_eq!(gpu_information(READY), expected);
    }

    #[test]
    fn what_the_driver_does_not_know_is_none() {
        let text = "Model: NVIDIA T4\nGPU UUID: GPU-????????-????-????-????-????????????\nDevice Minor: x\nGPU Excluded: Yes\n";
        let expected = GpuInformation {
            model: Some("NVIDIA T4".to_owned()),
            excluded: true,
            ..GpuInformation::default()
        };
        assert_eq!(gpu_information(text), expected);
        assert_eq!(gpu_information("\u{0}:::\n\n"), GpuInformation::default());
    }
}
