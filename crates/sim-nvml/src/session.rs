//! One initialised NVML: which of the facts this process may see, and the device handles.

use crate::codes::Code;
use crate::nodes::{self, Access};
use rustix::io::Errno;
use sim_facts::{Facts, GpuFacts, MigDeviceFacts};

/// The facts, and the part of them that is visible.
pub(crate) struct Session {
    pub(crate) facts: Facts,
    visible: Vec<VisibleGpu>,
}

struct VisibleGpu {
    /// Position in the facts.
    gpu: usize,
    /// Positions of its visible MIG devices.
    mig: Vec<usize>,
}

/// What a device handle stands for.
#[derive(Clone, Copy)]
pub(crate) enum Device<'a> {
    Gpu(&'a GpuFacts),
    Mig(&'a GpuFacts, &'a MigDeviceFacts),
}

/// A device handle as a number: the visible GPU's index and one more in the high part, the visible
/// MIG device's index and one more in the low byte. Zero, C's null, is no handle.
pub(crate) type Handle = usize;

impl Session {
    /// Starts a session: the faults that are not about time are decided here.
    pub(crate) fn start(
        facts: Facts,
        open_node: impl Fn(&str, Access) -> Result<(), Errno>,
    ) -> Result<Self, Code> {
        nodes::driver(facts.only_node.as_deref(), &open_node)?;
        if facts.versions_differ() {
            return Err(Code::LIB_RM_VERSION_MISMATCH);
        }
        let visible = facts
            .gpus
            .iter()
            .enumerate()
            .filter(|(_, gpu)| nodes::gpu(facts.only_node.as_deref(), gpu, &open_node))
            .map(|(position, gpu)| VisibleGpu { gpu: position, mig: visible_mig(gpu, &open_node) })
            .collect();
        Ok(Self { facts, visible })
    }

    /// How many GPUs are visible.
    pub(crate) fn count(&self) -> u32 {
        number(self.visible.len())
    }

    /// The handle of the GPU at an index.
    pub(crate) fn handle_by_index(&self, index: u32) -> Result<Handle, Code> {
        let index = position(index);
        self.visible.get(index).map(|_| gpu_handle(index)).ok_or(Code::INVALID_ARGUMENT)
    }

    /// The handle of the GPU or MIG device with a UUID.
    pub(crate) fn handle_by_uuid(&self, uuid: &str) -> Result<Handle, Code> {
        self.handles()
            .find(|handle| self.device(*handle).is_ok_and(|device| device.uuid().eq_ignore_ascii_case(uuid)))
            .ok_or(Code::NOT_FOUND)
    }

    /// The handle of the GPU at a PCI address, in either of the forms that NVML itself gives.
    pub(crate) fn handle_by_bus_id(&self, text: &str) -> Result<Handle, Code> {
        let wanted = bus_id(text).ok_or(Code::INVALID_ARGUMENT)?;
        let here = |visible: &VisibleGpu| {
            self.facts.gpus.get(visible.gpu).is_some_and(|gpu| bus_id(&gpu.bus_id) == Some(wanted))
        };
        self.visible.iter().position(here).map(gpu_handle).ok_or(Code::NOT_FOUND)
    }

    /// The handle of the GPU with a board serial number.
    pub(crate) fn handle_by_serial(&self, serial: &str) -> Result<Handle, Code> {
        let here = |visible: &VisibleGpu| {
            self.facts.gpus.get(visible.gpu).is_some_and(|gpu| gpu.serial.as_deref() == Some(serial))
        };
        self.visible.iter().position(here).map(gpu_handle).ok_or(Code::NOT_FOUND)
    }

    /// The handle of a GPU's MIG device at an index.
    pub(crate) fn mig_handle(&self, gpu: Handle, index: u32) -> Result<Handle, Code> {
        let (visible, mig) = self.parts(gpu)?;
        if mig.is_some() {
            return Err(Code::INVALID_ARGUMENT);
        }
        let Device::Gpu(facts) = self.device(gpu)? else { return Err(Code::INVALID_ARGUMENT) };
        let able = facts.mig.as_ref().ok_or(Code::NOT_SUPPORTED)?;
        if index >= able.max_devices {
            return Err(Code::INVALID_ARGUMENT);
        }
        let index = position(index);
        visible.mig.get(index).map(|_| gpu + index + 1).ok_or(Code::NOT_FOUND)
    }

    /// The handle of the GPU that holds a MIG device.
    pub(crate) fn parent(&self, mig: Handle) -> Result<Handle, Code> {
        match self.device(mig)? {
            Device::Mig(..) => Ok(mig & !0xff),
            Device::Gpu(_) => Err(Code::NOT_FOUND),
        }
    }

    /// The index by which NVML counts the device: a MIG device's is that among its GPU's.
    pub(crate) fn index(&self, handle: Handle) -> Result<u32, Code> {
        self.parts(handle)?;
        let index = if handle & 0xff == 0 { handle >> 8 } else { handle & 0xff };
        Ok(number(index - 1))
    }

    /// What a handle stands for.
    pub(crate) fn device(&self, handle: Handle) -> Result<Device<'_>, Code> {
        let (visible, mig) = self.parts(handle)?;
        let gpu = self.facts.gpus.get(visible.gpu).ok_or(Code::INVALID_ARGUMENT)?;
        let Some(mig) = mig else { return Ok(Device::Gpu(gpu)) };
        let facts = gpu.mig.as_ref().and_then(|able| able.devices.get(mig));
        facts.map(|device| Device::Mig(gpu, device)).ok_or(Code::INVALID_ARGUMENT)
    }

    fn parts(&self, handle: Handle) -> Result<(&VisibleGpu, Option<usize>), Code> {
        let gpu = (handle >> 8).checked_sub(1).and_then(|gpu| self.visible.get(gpu));
        let gpu = gpu.ok_or(Code::INVALID_ARGUMENT)?;
        let Some(mig) = (handle & 0xff).checked_sub(1) else { return Ok((gpu, None)) };
        let mig = gpu.mig.get(mig).ok_or(Code::INVALID_ARGUMENT)?;
        Ok((gpu, Some(*mig)))
    }

    fn handles(&self) -> impl Iterator<Item = Handle> {
        self.visible
            .iter()
            .enumerate()
            .flat_map(|(gpu, visible)| (0..=visible.mig.len()).map(move |mig| gpu_handle(gpu) + mig))
    }
}

impl<'a> Device<'a> {
    /// The GPU, also for a MIG device of it.
    pub(crate) fn gpu(self) -> &'a GpuFacts {
        match self {
            Self::Gpu(gpu) | Self::Mig(gpu, _) => gpu,
        }
    }

    /// The MIG device, or that the question makes no sense for a whole GPU.
    pub(crate) fn mig(self) -> Result<&'a MigDeviceFacts, Code> {
        match self {
            Self::Gpu(_) => Err(Code::INVALID_ARGUMENT),
            Self::Mig(_, mig) => Ok(mig),
        }
    }

    /// The device's own UUID.
    pub(crate) fn uuid(self) -> &'a str {
        match self {
            Self::Gpu(gpu) => &gpu.uuid,
            Self::Mig(_, mig) => &mig.uuid,
        }
    }
}

/// A PCI address as numbers: domain, bus, device. `0000:07:00.0` and `00000000:07:00.0` are the same.
pub(crate) fn bus_id(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.splitn(3, ':');
    let (domain, bus, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str| u32::from_str_radix(text, 16).ok();
    Some((hex(domain)?, hex(bus)?, hex(rest.split('.').next()?)?))
}

fn visible_mig(gpu: &GpuFacts, open_node: impl Fn(&str, Access) -> Result<(), Errno>) -> Vec<usize> {
    let Some(mig) = gpu.mig.as_ref().filter(|mig| mig.enabled) else { return Vec::new() };
    let seen = |(_, device): &(usize, &MigDeviceFacts)| nodes::mig(device, &open_node);
    mig.devices.iter().enumerate().filter(seen).map(|(position, _)| position).collect()
}

fn gpu_handle(index: usize) -> Handle {
    (index + 1) << 8
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn position(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_facts::MigFacts;

    fn facts() -> Facts {
        let gpu = |minor: u32| GpuFacts {
            uuid: format!("GPU-{minor}"),
            bus_id: format!("0000:0{minor}:00.0"),
            minor,
            mig: Some(MigFacts {
                enabled: true,
                max_devices: 7,
                devices: vec![mig(minor, 7), mig(minor, 8)],
            }),
            ..GpuFacts::default()
        };
        Facts { gpus: vec![gpu(0), gpu(1), gpu(2)], ..Facts::default() }
    }

    fn mig(gpu: u32, gpu_instance: u32) -> MigDeviceFacts {
        let base = 3 + gpu * 135 + gpu_instance * 9;
        MigDeviceFacts {
            uuid: format!("MIG-{gpu}-{gpu_instance}"),
            gpu_instance,
            caps: (base, base + 1),
            ..MigDeviceFacts::default()
        }
    }

    fn session(refused: &'static [&'static str]) -> Session {
        let open = |path: &str, _| if refused.contains(&path) { Err(Errno::PERM) } else { Ok(()) };
        Session::start(facts(), open).map_err(|code| code.0).unwrap()
    }

    #[test]
    fn one_node_less_is_one_gpu_less() {
        let session = session(&["/dev/nvidia1"]);
        assert_eq!(session.count(), 2);
        let second = session.handle_by_index(1).unwrap();
        assert_eq!(session.device(second).unwrap().uuid(), "GPU-2");
        assert_eq!(session.index(second), Ok(1));
        assert_eq!(session.handle_by_index(2), Err(Code::INVALID_ARGUMENT));
        assert_eq!(session.handle_by_uuid("GPU-1"), Err(Code::NOT_FOUND));
        assert_eq!(session.handle_by_uuid("MIG-1-7"), Err(Code::NOT_FOUND));
    }

    #[test]
    fn one_capability_less_is_one_mig_device_less() {
        let session = session(&["/dev/nvidia-caps/nvidia-cap66"]);
        let gpu = session.handle_by_index(0).unwrap();
        let first = session.mig_handle(gpu, 0).unwrap();
        assert_eq!(session.device(first).unwrap().uuid(), "MIG-0-8");
        assert_eq!(session.mig_handle(gpu, 1), Err(Code::NOT_FOUND));
        assert_eq!(session.mig_handle(gpu, 7), Err(Code::INVALID_ARGUMENT));
        assert_eq!(session.parent(first), Ok(gpu));
        assert_eq!(session.index(first), Ok(0));
        assert_eq!(session.handle_by_uuid("mig-0-8"), Ok(first));
    }

    #[test]
    fn handles_that_were_never_given_are_refused() {
        let session = session(&[]);
        for handle in [0, 1, 0x100 + 3, 0x400, usize::MAX] {
            assert_eq!(session.device(handle).map(Device::uuid), Err(Code::INVALID_ARGUMENT), "{handle:#x}");
        }
    }

    #[test]
    fn both_forms_of_a_pci_address_are_found() {
        let session = session(&[]);
        let expected = session.handle_by_index(1);
        assert_eq!(session.handle_by_bus_id("0000:01:00.0"), expected);
        assert_eq!(session.handle_by_bus_id("00000000:01:00.0"), expected);
        assert_eq!(session.handle_by_bus_id("0000:09:00.0"), Err(Code::NOT_FOUND));
        assert_eq!(session.handle_by_bus_id("seven"), Err(Code::INVALID_ARGUMENT));
    }

    #[test]
    fn a_module_of_another_version_is_refused() {
        let skewed = Facts {
            driver_version: "580.95.05".into(),
            module_version: Some("570.1".into()),
            ..Facts::default()
        };
        let code = Session::start(skewed, |_, _| Ok(())).err();
        assert_eq!(code, Some(Code::LIB_RM_VERSION_MISMATCH));
    }
}
