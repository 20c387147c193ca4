//! The C interface: each exported function turns C's arguments into values, asks, and writes the
//! answer where the caller wants it. The only file of this crate with unsafe code: it dereferences
//! the caller's pointers, inside the three pointer types below, and exports symbols.
#![expect(unsafe_code, reason = "the C interface of NVML: exported symbols and the caller's pointers")]

use crate::answers::{self, Answer};
use crate::codes::Code;
use crate::instances;
use crate::library::{initialize, open_device, query, query_device, shutdown};
use crate::session::Handle;
use crate::structs::{
    AddressingMode, Attributes, ComputeInstanceInfo, ComputeInstanceProfile, GpuInstanceInfo,
    GpuInstanceProfile, Memory, MemoryV2, PciInfo, PciInfoV2, Utilization,
};
use sim_facts::carrier;
use std::ffi::{CStr, c_char, c_int, c_uint, c_ulonglong, c_void};
use std::sync::atomic::{AtomicU8, Ordering};

/// Where the caller wants a value written. Only C makes one, so a value of this type is a pointer
/// for which NVML's contract holds: null, or valid and unshared for the call.
#[repr(transparent)]
pub(crate) struct Out<T>(*mut T);

impl<T> Out<T> {
    fn give(self, answer: Answer<T>) -> c_uint {
        match answer {
            _ if self.0.is_null() => Code::INVALID_ARGUMENT.0,
            Err(code) => code.0,
            Ok(value) => {
                // SAFETY: not null, and by the type's contract valid for writing one `T`.
                unsafe { self.0.write(value) };
                Code::SUCCESS.0
            }
        }
    }
}

impl Out<MemoryV2> {
    /// The structure version that the caller wrote into the structure.
    fn asked_version(&self) -> u32 {
        // SAFETY: when not null, by the type's contract valid; the caller initialised the version.
        if self.0.is_null() { 0 } else { unsafe { (&raw const (*self.0).version).read() } }
    }
}

impl Out<AddressingMode> {
    /// The structure version that the caller wrote into the structure.
    fn asked_version(&self) -> u32 {
        // SAFETY: when not null, by the type's contract valid; the caller initialised the version.
        if self.0.is_null() { 0 } else { unsafe { (&raw const (*self.0).version).read() } }
    }
}

/// Where the caller wants text written; its length comes beside it.
#[repr(transparent)]
pub(crate) struct OutText(*mut c_char);

impl OutText {
    fn give(self, length: c_uint, answer: Answer<impl AsRef<str>>) -> c_uint {
        if self.0.is_null() {
            return Code::INVALID_ARGUMENT.0;
        }
        let text = match &answer {
            Ok(text) => text.as_ref(),
            Err(code) => return code.0,
        };
        if usize::try_from(length).is_ok_and(|length| text.len() >= length) {
            return Code::INSUFFICIENT_SIZE.0;
        }
        // SAFETY: not null, and by the type's contract valid for `length` bytes, which is more than
        // the text and its final zero take.
        unsafe {
            self.0.copy_from_nonoverlapping(text.as_ptr().cast(), text.len());
            self.0.add(text.len()).write(0);
        }
        Code::SUCCESS.0
    }
}

/// Text from the caller: null, or a C string that lives for the call.
#[repr(transparent)]
pub(crate) struct Text(*const c_char);

impl Text {
    fn read(&self) -> Answer<&str> {
        if self.0.is_null() {
            return Err(Code::INVALID_ARGUMENT);
        }
        // SAFETY: not null, and by the type's contract a C string that outlives `self`.
        unsafe { CStr::from_ptr(self.0) }.to_str().or(Err(Code::INVALID_ARGUMENT))
    }
}

/// `nvmlDevice_t`: an opaque pointer to the caller, a number to us, never dereferenced.
#[repr(transparent)]
pub(crate) struct DeviceHandle(*mut c_void);

impl DeviceHandle {
    pub(crate) fn from_number(handle: Handle) -> Self {
        Self(std::ptr::without_provenance_mut(handle))
    }

    fn number(&self) -> Handle {
        self.0.addr()
    }
}

/// The place in this file that `sim` fills with the host's facts. Atomic, so that the compiler
/// cannot take the built value for granted.
#[used]
static FACTS: [AtomicU8; carrier::SIZE] = place();

const fn place() -> [AtomicU8; carrier::SIZE] {
    let bytes = carrier::empty();
    let mut place = [const { AtomicU8::new(0) }; carrier::SIZE];
    let mut index = 0;
    while index < carrier::SIZE {
        place[index] = AtomicU8::new(bytes[index]);
        index += 1;
    }
    place
}

/// The facts carried in this file; `None` when nobody filled them in.
pub(crate) fn facts() -> Option<sim_facts::Facts> {
    let place: Vec<u8> =
        FACTS.iter().skip(carrier::MAGIC.len()).map(|byte| byte.load(Ordering::Relaxed)).collect();
    carrier::read(&place)
}

fn code<T>(answer: &Answer<T>) -> c_uint {
    answer.as_ref().map_or_else(|code| code.0, |_| Code::SUCCESS.0)
}

/// Exports functions under one or more names: NVML keeps the older names of a function when a newer
/// one with the same arguments arrives.
macro_rules! export {
    ($($(#[$doc:meta])* $($name:ident)|+ ($($argument:ident: $type:ty),*) -> $result:ty { $body:expr })*) => {
        $(export!(@each [$(#[$doc])*] [$($name)+] ($($argument: $type),*) $result, $body);)*
    };
    (@each $docs:tt [$($name:ident)+] $arguments:tt $result:ty, $body:expr) => {
        $(export!(@one $docs $name $arguments $result, $body);)+
    };
    (@one [$(#[$doc:meta])*] $name:ident ($($argument:ident: $type:ty),*) $result:ty, $body:expr) => {
        $(#[$doc])*
        // SAFETY: no other symbol of this name is linked into this library, and the arguments have
        // the layout that `nvml.h` declares.
        #[unsafe(no_mangle)]
        pub(crate) extern "C" fn $name($($argument: $type),*) -> $result { $body }
    };
}

export! {
    /// Starts NVML.
    nvmlInit | nvmlInit_v2() -> c_uint { code(&initialize()) }
    /// Starts NVML; the flags (no GPUs needed, attach nothing) change nothing here.
    nvmlInitWithFlags(_flags: c_uint) -> c_uint { code(&initialize()) }
    /// Ends what the matching start began.
    nvmlShutdown() -> c_uint { code(&shutdown()) }
    /// The text of a return code; it lives as long as the library.
    nvmlErrorString(result: c_uint) -> *const c_char { Code(result).text().as_ptr() }

    /// Version of the driver.
    nvmlSystemGetDriverVersion(version: OutText, length: c_uint) -> c_uint {
        version.give(length, query(|session| Ok(session.facts.driver_version.clone())))
    }
    /// Version of NVML itself, which it also tells before it is started.
    nvmlSystemGetNVMLVersion(version: OutText, length: c_uint) -> c_uint {
        version.give(length, facts().ok_or(Code::UNKNOWN).map(|facts| answers::nvml_version(&facts)))
    }
    /// CUDA version that the driver supports.
    nvmlSystemGetCudaDriverVersion | nvmlSystemGetCudaDriverVersion_v2(version: Out<c_int>) -> c_uint {
        version.give(query(|session| Ok(answers::cuda_version(session))))
    }

    /// How many GPUs this process sees.
    nvmlDeviceGetCount | nvmlDeviceGetCount_v2(count: Out<c_uint>) -> c_uint {
        count.give(query(|session| Ok(session.count())))
    }
    /// The GPU at an index.
    nvmlDeviceGetHandleByIndex | nvmlDeviceGetHandleByIndex_v2(index: c_uint, device: Out<DeviceHandle>) -> c_uint {
        device.give(open_device(|session| session.handle_by_index(index)))
    }
    /// The GPU or MIG device with a UUID.
    nvmlDeviceGetHandleByUUID(uuid: Text, device: Out<DeviceHandle>) -> c_uint {
        device.give(open_device(|session| session.handle_by_uuid(uuid.read()?)))
    }
    /// The GPU at a PCI address.
    nvmlDeviceGetHandleByPciBusId | nvmlDeviceGetHandleByPciBusId_v2(address: Text, device: Out<DeviceHandle>) -> c_uint {
        device.give(open_device(|session| session.handle_by_bus_id(address.read()?)))
    }
    /// The GPU with a serial number.
    nvmlDeviceGetHandleBySerial(serial: Text, device: Out<DeviceHandle>) -> c_uint {
        device.give(open_device(|session| session.handle_by_serial(serial.read()?)))
    }

    /// Model name.
    nvmlDeviceGetName(device: DeviceHandle, name: OutText, length: c_uint) -> c_uint {
        name.give(length, query_device(device.number(), |device| Ok(answers::name(device))))
    }
    /// UUID.
    nvmlDeviceGetUUID(device: DeviceHandle, uuid: OutText, length: c_uint) -> c_uint {
        uuid.give(length, query_device(device.number(), |device| Ok(device.uuid().to_owned())))
    }
    /// Board serial number.
    nvmlDeviceGetSerial(device: DeviceHandle, serial: OutText, length: c_uint) -> c_uint {
        serial.give(length, query_device(device.number(), answers::serial))
    }
    /// PCI address and ids.
    nvmlDeviceGetPciInfo_v3(device: DeviceHandle, pci: Out<PciInfo>) -> c_uint {
        pci.give(query_device(device.number(), answers::pci_info))
    }
    /// PCI address and ids in the older structure.
    nvmlDeviceGetPciInfo | nvmlDeviceGetPciInfo_v2(device: DeviceHandle, pci: Out<PciInfoV2>) -> c_uint {
        pci.give(query_device(device.number(), answers::pci_info_v2))
    }
    /// The number in the name of the GPU's device node.
    nvmlDeviceGetMinorNumber(device: DeviceHandle, minor: Out<c_uint>) -> c_uint {
        minor.give(query_device(device.number(), |device| Ok(device.gpu().minor)))
    }
    /// The index by which NVML counts the device.
    nvmlDeviceGetIndex(device: DeviceHandle, index: Out<c_uint>) -> c_uint {
        index.give(query(|session| session.index(device.number())))
    }
    /// NUMA node.
    nvmlDeviceGetNumaNodeId(device: DeviceHandle, node: Out<c_uint>) -> c_uint {
        node.give(query_device(device.number(), |device| device.gpu().numa_node.ok_or(Code::NOT_SUPPORTED)))
    }

    /// Memory.
    nvmlDeviceGetMemoryInfo(device: DeviceHandle, memory: Out<Memory>) -> c_uint {
        memory.give(query_device(device.number(), |device| Ok(answers::memory(device))))
    }
    /// Memory, with what the driver keeps told apart.
    nvmlDeviceGetMemoryInfo_v2(device: DeviceHandle, memory: Out<MemoryV2>) -> c_uint {{
        let asked = memory.asked_version();
        memory.give(query_device(device.number(), |device| answers::memory_v2(device, asked)))
    }}
    /// Compute capability.
    nvmlDeviceGetCudaComputeCapability(device: DeviceHandle, major: Out<c_int>, minor: Out<c_int>) -> c_uint {
        give_both(query_device(device.number(), |device| Ok(answers::compute_capability(device))), major, minor)
    }
    /// `nvmlBrandType_t`.
    nvmlDeviceGetBrand(device: DeviceHandle, brand: Out<c_uint>) -> c_uint {
        brand.give(query_device(device.number(), |device| Ok(device.gpu().brand)))
    }
    /// `nvmlDeviceArchitecture_t`.
    nvmlDeviceGetArchitecture(device: DeviceHandle, architecture: Out<c_uint>) -> c_uint {
        architecture.give(query_device(device.number(), |device| Ok(device.gpu().architecture)))
    }

    /// How the GPU shares addresses with the CPU.
    nvmlDeviceGetAddressingMode(device: DeviceHandle, mode: Out<AddressingMode>) -> c_uint {{
        let asked = mode.asked_version();
        mode.give(query_device(device.number(), |device| answers::addressing_mode(device, asked)))
    }}
    /// MIG mode, now and after the next reset.
    nvmlDeviceGetMigMode(device: DeviceHandle, current: Out<c_uint>, pending: Out<c_uint>) -> c_uint {
        give_both(query_device(device.number(), answers::mig_mode), current, pending)
    }
    /// The most MIG devices that the GPU can hold.
    nvmlDeviceGetMaxMigDeviceCount(device: DeviceHandle, count: Out<c_uint>) -> c_uint {
        count.give(query_device(device.number(), answers::max_mig_devices))
    }
    /// A GPU's MIG device at an index.
    nvmlDeviceGetMigDeviceHandleByIndex(gpu: DeviceHandle, index: c_uint, mig: Out<DeviceHandle>) -> c_uint {
        mig.give(query(|session| session.mig_handle(gpu.number(), index).map(DeviceHandle::from_number)))
    }
    /// Whether a handle is that of a MIG device.
    nvmlDeviceIsMigDeviceHandle(device: DeviceHandle, mig: Out<c_uint>) -> c_uint {
        mig.give(query(|session| answers::is_mig(session, device.number())))
    }
    /// The GPU that holds a MIG device.
    nvmlDeviceGetDeviceHandleFromMigDeviceHandle(mig: DeviceHandle, gpu: Out<DeviceHandle>) -> c_uint {
        gpu.give(query(|session| session.parent(mig.number()).map(DeviceHandle::from_number)))
    }
    /// GPU instance id of a MIG device.
    nvmlDeviceGetGpuInstanceId(mig: DeviceHandle, id: Out<c_uint>) -> c_uint {
        id.give(query_device(mig.number(), |device| Ok(device.mig()?.gpu_instance)))
    }
    /// Compute instance id of a MIG device.
    nvmlDeviceGetComputeInstanceId(mig: DeviceHandle, id: Out<c_uint>) -> c_uint {
        id.give(query_device(mig.number(), |device| Ok(device.mig()?.compute_instance)))
    }
    /// The GPU instance with an id.
    nvmlDeviceGetGpuInstanceById(gpu: DeviceHandle, id: c_uint, instance: Out<DeviceHandle>) -> c_uint {
        instance.give(query(|session| instances::gpu_instance(session, gpu.number(), id).map(DeviceHandle::from_number)))
    }
    /// What a GPU instance is.
    nvmlGpuInstanceGetInfo(instance: DeviceHandle, info: Out<GpuInstanceInfo>) -> c_uint {
        info.give(query(|session| instances::gpu_instance_info(session, instance.number())))
    }
    /// The compute instance with an id.
    nvmlGpuInstanceGetComputeInstanceById(instance: DeviceHandle, id: c_uint, compute: Out<DeviceHandle>) -> c_uint {
        compute.give(query(|session| instances::compute_instance(session, instance.number(), id).map(DeviceHandle::from_number)))
    }
    /// What a compute instance is.
    nvmlComputeInstanceGetInfo_v2(instance: DeviceHandle, info: Out<ComputeInstanceInfo>) -> c_uint {
        info.give(query(|session| instances::compute_instance_info(session, instance.number())))
    }
    /// What a GPU can be cut into.
    nvmlDeviceGetGpuInstanceProfileInfo(gpu: DeviceHandle, profile: c_uint, info: Out<GpuInstanceProfile>) -> c_uint {
        info.give(query_device(gpu.number(), |device| instances::gpu_instance_profile(device, profile)))
    }
    /// What a GPU instance can be cut into.
    nvmlGpuInstanceGetComputeInstanceProfileInfo(instance: DeviceHandle, profile: c_uint, engine: c_uint, info: Out<ComputeInstanceProfile>) -> c_uint {
        info.give(query(|session| instances::compute_instance_profile(session, instance.number(), profile, engine)))
    }
    /// Slices and shared engines of a MIG device.
    nvmlDeviceGetAttributes | nvmlDeviceGetAttributes_v2(mig: DeviceHandle, attributes: Out<Attributes>) -> c_uint {
        attributes.give(query_device(mig.number(), answers::attributes))
    }

    /// Degrees Celsius; there is one sensor, number 0.
    nvmlDeviceGetTemperature(device: DeviceHandle, sensor: c_uint, degrees: Out<c_uint>) -> c_uint {
        degrees.give(query_device(device.number(), |device| match sensor {
            0 => Ok(answers::measured(device)?.readings.temperature_c),
            _ => Err(Code::INVALID_ARGUMENT),
        }))
    }
    /// Power draw in milliwatts.
    nvmlDeviceGetPowerUsage(device: DeviceHandle, milliwatts: Out<c_uint>) -> c_uint {
        milliwatts.give(query_device(device.number(), |device| Ok(answers::measured(device)?.readings.power_mw)))
    }
    /// Power limit in milliwatts.
    nvmlDeviceGetEnforcedPowerLimit | nvmlDeviceGetPowerManagementLimit(device: DeviceHandle, milliwatts: Out<c_uint>) -> c_uint {
        milliwatts.give(query_device(device.number(), |device| Ok(answers::measured(device)?.readings.power_limit_mw)))
    }
    /// Performance state.
    nvmlDeviceGetPerformanceState | nvmlDeviceGetPowerState(device: DeviceHandle, state: Out<c_uint>) -> c_uint {
        state.give(query_device(device.number(), |device| Ok(device.gpu().readings.performance_state)))
    }
    /// Fan speed in percent.
    nvmlDeviceGetFanSpeed(device: DeviceHandle, percent: Out<c_uint>) -> c_uint {
        percent.give(query_device(device.number(), answers::fan))
    }
    /// Utilisation in percent.
    nvmlDeviceGetUtilizationRates(device: DeviceHandle, rates: Out<Utilization>) -> c_uint {
        rates.give(query_device(device.number(), answers::utilization))
    }
    /// Whether persistence mode is on.
    nvmlDeviceGetPersistenceMode(device: DeviceHandle, mode: Out<c_uint>) -> c_uint {
        mode.give(query_device(device.number(), |device| Ok(u32::from(device.gpu().readings.persistence_mode))))
    }
    /// Compute mode: always the default one, shared.
    nvmlDeviceGetComputeMode(device: DeviceHandle, mode: Out<c_uint>) -> c_uint {
        mode.give(query_device(device.number(), |_| Ok(0)))
    }
    /// Whether a display is attached: never.
    nvmlDeviceGetDisplayActive | nvmlDeviceGetDisplayMode(device: DeviceHandle, display: Out<c_uint>) -> c_uint {
        display.give(query_device(device.number(), |device| answers::measured(device).map(|_| 0)))
    }
    /// Error correction, now and after the next reset.
    nvmlDeviceGetEccMode(device: DeviceHandle, current: Out<c_uint>, pending: Out<c_uint>) -> c_uint {
        give_both(query_device(device.number(), answers::ecc), current, pending)
    }
    /// Uncorrected memory errors: none, where they are counted at all.
    nvmlDeviceGetTotalEccErrors(device: DeviceHandle, _kind: c_uint, _counter: c_uint, count: Out<c_ulonglong>) -> c_uint {
        count.give(query_device(device.number(), |device| answers::ecc(device).map(|_| 0)))
    }
    /// Processes that use the GPU: none. The caller's room for them is left as it is.
    nvmlDeviceGetComputeRunningProcesses | nvmlDeviceGetComputeRunningProcesses_v2 | nvmlDeviceGetComputeRunningProcesses_v3
    | nvmlDeviceGetGraphicsRunningProcesses | nvmlDeviceGetGraphicsRunningProcesses_v2 | nvmlDeviceGetGraphicsRunningProcesses_v3
    (device: DeviceHandle, count: Out<c_uint>, _processes: *mut c_void) -> c_uint {
        count.give(query_device(device.number(), |_| Ok(0)))
    }
}

fn give_both<T>(answer: Answer<(T, T)>, first: Out<T>, second: Out<T>) -> c_uint {
    match answer {
        Ok((one, two)) if !second.0.is_null() => match first.give(Ok(one)) {
            0 => second.give(Ok(two)),
            failed => failed,
        },
        Ok(_) => Code::INVALID_ARGUMENT.0,
        Err(code) => code.0,
    }
}
