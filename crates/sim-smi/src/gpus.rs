//! What NVML tells about each GPU, collected once and then only shown.

use crate::nvml::{Answer, Attributes, Code, Device, Memory, Nvml, PciInfo, Utilization};

/// The system and its GPUs.
#[derive(Debug, Default)]
pub(crate) struct System {
    pub(crate) driver_version: String,
    pub(crate) nvml_version: String,
    /// `major.minor`.
    pub(crate) cuda_version: String,
    /// How many GPUs there are, also when fewer are shown.
    pub(crate) count: u32,
    pub(crate) gpus: Vec<Gpu>,
}

/// One GPU. What is `None` was answered by "not supported".
#[derive(Debug, Default)]
pub(crate) struct Gpu {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) uuid: String,
    pub(crate) serial: Option<String>,
    /// `00000000:07:00.0`.
    pub(crate) bus_id: String,
    pub(crate) pci: Option<(u32, u32, u32)>,
    pub(crate) pci_device_id: Option<u32>,
    pub(crate) minor: Option<u32>,
    pub(crate) memory: Option<Memory>,
    pub(crate) compute_capability: Option<(i32, i32)>,
    pub(crate) utilization: Option<Utilization>,
    pub(crate) temperature: Option<u32>,
    pub(crate) power_mw: Option<u32>,
    pub(crate) power_limit_mw: Option<u32>,
    pub(crate) performance_state: Option<u32>,
    pub(crate) fan: Option<u32>,
    pub(crate) persistence: Option<bool>,
    pub(crate) compute_mode: Option<u32>,
    pub(crate) display: Option<bool>,
    pub(crate) ecc: Option<bool>,
    /// MIG mode now and after the next reset.
    pub(crate) mig_mode: Option<(bool, bool)>,
    pub(crate) mig: Vec<Mig>,
}

/// One MIG device.
#[derive(Debug, Default)]
pub(crate) struct Mig {
    /// Position among the MIG devices of its GPU.
    pub(crate) index: u32,
    pub(crate) uuid: String,
    /// `1g.10gb`.
    pub(crate) profile: String,
    pub(crate) gpu_instance: u32,
    pub(crate) compute_instance: u32,
    pub(crate) memory: Memory,
    pub(crate) attributes: Attributes,
}

impl Gpu {
    /// Whether a word given with `-i` means this GPU: its index, UUID or PCI address.
    pub(crate) fn is(&self, id: &str) -> bool {
        let address = |text: &str| text.trim_start_matches('0').to_ascii_uppercase();
        self.index.to_string() == id
            || self.uuid.eq_ignore_ascii_case(id)
            || address(&self.bus_id) == address(id)
    }
}

/// Versions alone, for `--version` and the table's head.
pub(crate) fn system(nvml: &Nvml) -> Answer<System> {
    let cuda = nvml.system_number("nvmlSystemGetCudaDriverVersion_v2")?;
    Ok(System {
        driver_version: nvml.system_text("nvmlSystemGetDriverVersion")?,
        nvml_version: nvml.system_text("nvmlSystemGetNVMLVersion")?,
        cuda_version: format!("{}.{}", cuda / 1000, cuda % 1000 / 10),
        count: nvml.system_number("nvmlDeviceGetCount_v2")?,
        gpus: Vec::new(),
    })
}

/// All GPUs.
pub(crate) fn gpus(nvml: &Nvml, count: u32) -> Answer<Vec<Gpu>> {
    (0..count).map(|index| gpu(nvml, index)).collect()
}

fn gpu(nvml: &Nvml, index: u32) -> Answer<Gpu> {
    let device = nvml.gpu(index)?;
    let number = |function: &str| nvml.number(function, device).ok();
    let flag = |function: &str| number(function).map(|value| value != 0);
    // A GPU that is a part of a chip has no PCI address.
    let pci = nvml.pci(device).ok();
    let mig_mode = nvml.pair("nvmlDeviceGetMigMode", device).ok();
    Ok(Gpu {
        index,
        name: nvml.text("nvmlDeviceGetName", device)?,
        uuid: nvml.text("nvmlDeviceGetUUID", device)?,
        serial: nvml.text("nvmlDeviceGetSerial", device).ok(),
        bus_id: pci.as_ref().map_or_else(|| "N/A".to_owned(), PciInfo::address),
        pci: pci.as_ref().map(|pci| (pci.domain, pci.bus, pci.device)),
        pci_device_id: pci.as_ref().map(|pci| pci.pci_device_id),
        minor: number("nvmlDeviceGetMinorNumber"),
        memory: nvml.memory(device).ok(),
        compute_capability: nvml.pair("nvmlDeviceGetCudaComputeCapability", device).ok(),
        utilization: nvml.utilization(device).ok(),
        temperature: nvml.temperature(device).ok(),
        power_mw: number("nvmlDeviceGetPowerUsage"),
        power_limit_mw: number("nvmlDeviceGetEnforcedPowerLimit"),
        performance_state: number("nvmlDeviceGetPerformanceState"),
        fan: number("nvmlDeviceGetFanSpeed"),
        persistence: flag("nvmlDeviceGetPersistenceMode"),
        compute_mode: number("nvmlDeviceGetComputeMode"),
        display: flag("nvmlDeviceGetDisplayActive"),
        ecc: nvml.pair("nvmlDeviceGetEccMode", device).ok().map(|(now, _)| now != 0),
        mig_mode: mig_mode.map(|(now, pending)| (now != 0, pending != 0)),
        mig: mig_devices(nvml, device)?,
    })
}

fn mig_devices(nvml: &Nvml, gpu: Device) -> Answer<Vec<Mig>> {
    let most = nvml.number("nvmlDeviceGetMaxMigDeviceCount", gpu).unwrap_or(0);
    let devices = (0..most).filter_map(|index| match nvml.mig(gpu, index) {
        Err(Code(6)) => None,
        found => Some(found.and_then(|device| mig(nvml, index, device))),
    });
    devices.collect()
}

fn mig(nvml: &Nvml, index: u32, device: Device) -> Answer<Mig> {
    let name = nvml.text("nvmlDeviceGetName", device)?;
    let profile = name.rsplit_once(" MIG ").map_or("", |(_, profile)| profile);
    Ok(Mig {
        index,
        uuid: nvml.text("nvmlDeviceGetUUID", device)?,
        profile: profile.to_owned(),
        gpu_instance: nvml.number("nvmlDeviceGetGpuInstanceId", device)?,
        compute_instance: nvml.number("nvmlDeviceGetComputeInstanceId", device)?,
        memory: nvml.memory(device)?,
        attributes: nvml.attributes(device)?,
    })
}
