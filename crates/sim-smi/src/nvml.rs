//! NVML, opened as every program opens it: by its bare SONAME, so that the loader's cache must know
//! it. The only file of this crate with unsafe code: calls through the library's symbols.
#![expect(unsafe_code, reason = "NVML is reached by dlopen and called through C function pointers")]

use libloading::{Library, Symbol};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr::null_mut;

/// A return code of NVML other than success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u32);

/// `NVML_ERROR_FUNCTION_NOT_FOUND`: the library lacks a function.
const FUNCTION_NOT_FOUND: Code = Code(13);
/// `NVML_ERROR_UNKNOWN`.
const UNKNOWN: Code = Code(999);
/// `NVML_SYSTEM_*_VERSION_BUFFER_SIZE` and the like: 96 is the largest that NVML's functions name.
const TEXT_SIZE: usize = 96;

/// A value or NVML's code.
pub(crate) type Answer<T> = Result<T, Code>;

/// A GPU or MIG device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device(*mut c_void);

/// The library.
#[derive(Debug)]
pub(crate) struct Nvml(Library);

/// `nvmlMemory_t`, in bytes.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Memory {
    pub(crate) total: u64,
    pub(crate) free: u64,
    pub(crate) used: u64,
}

/// `nvmlUtilization_t`, in percent.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Utilization {
    pub(crate) gpu: u32,
    pub(crate) memory: u32,
}

/// `nvmlPciInfo_t`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct PciInfo {
    bus_id_legacy: [c_char; 16],
    pub(crate) domain: u32,
    pub(crate) bus: u32,
    pub(crate) device: u32,
    pub(crate) pci_device_id: u32,
    pub(crate) pci_subsystem_id: u32,
    bus_id: [c_char; 32],
}

/// `nvmlDeviceAttributes_t`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Attributes {
    pub(crate) multiprocessors: u32,
    pub(crate) copy_engines: u32,
    pub(crate) decoders: u32,
    pub(crate) encoders: u32,
    pub(crate) jpegs: u32,
    pub(crate) ofas: u32,
    gpu_slices: u32,
    compute_slices: u32,
    memory_mib: u64,
}

impl Nvml {
    /// Opens the library; `None` when the loader does not find it.
    pub(crate) fn open() -> Option<Self> {
        // SAFETY: the library's initialisers are those of NVML, which programs load in just this way.
        unsafe { Library::new("libnvidia-ml.so.1") }.ok().map(Self)
    }

    /// Starts NVML.
    pub(crate) fn start(&self) -> Answer<()> {
        let function = self.symbol::<unsafe extern "C" fn() -> c_uint>("nvmlInit_v2")?;
        // SAFETY: the signature is that of `nvml.h`.
        check(unsafe { function() })
    }

    /// Ends NVML.
    pub(crate) fn end(&self) -> Answer<()> {
        let function = self.symbol::<unsafe extern "C" fn() -> c_uint>("nvmlShutdown")?;
        // SAFETY: the signature is that of `nvml.h`.
        check(unsafe { function() })
    }

    /// The text of a code.
    pub(crate) fn error_text(&self, code: Code) -> String {
        type Function = unsafe extern "C" fn(c_uint) -> *const c_char;
        let Ok(function) = self.symbol::<Function>("nvmlErrorString") else { return "Unknown Error".into() };
        // SAFETY: the signature is that of `nvml.h`.
        let text = unsafe { function(code.0) };
        if text.is_null() {
            return "Unknown Error".into();
        }
        // SAFETY: `nvmlErrorString` gives a C string that lives as long as the library.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    }

    /// A text about the system: driver or NVML version.
    pub(crate) fn system_text(&self, function: &str) -> Answer<String> {
        type Function = unsafe extern "C" fn(*mut c_char, c_uint) -> c_uint;
        let function = self.symbol::<Function>(function)?;
        // SAFETY: the signature is that of `nvml.h`; the buffer has the length that is passed.
        text(|buffer, length| unsafe { function(buffer, length) })
    }

    /// A number about the system: GPU count, CUDA version.
    pub(crate) fn system_number(&self, function: &str) -> Answer<u32> {
        let function = self.symbol::<unsafe extern "C" fn(*mut c_uint) -> c_uint>(function)?;
        // SAFETY: the signature is that of `nvml.h`, a signed and an unsigned number alike.
        value(0, |target| unsafe { function(target) })
    }

    /// The GPU at an index.
    pub(crate) fn gpu(&self, index: u32) -> Answer<Device> {
        type Function = unsafe extern "C" fn(c_uint, *mut *mut c_void) -> c_uint;
        let function = self.symbol::<Function>("nvmlDeviceGetHandleByIndex_v2")?;
        // SAFETY: the signature is that of `nvml.h`.
        value(null_mut(), |target| unsafe { function(index, target) }).map(Device)
    }

    /// The MIG device of a GPU at an index.
    pub(crate) fn mig(&self, gpu: Device, index: u32) -> Answer<Device> {
        type Function = unsafe extern "C" fn(*mut c_void, c_uint, *mut *mut c_void) -> c_uint;
        let function = self.symbol::<Function>("nvmlDeviceGetMigDeviceHandleByIndex")?;
        // SAFETY: the signature is that of `nvml.h`; the handle came from this library.
        value(null_mut(), |target| unsafe { function(gpu.0, index, target) }).map(Device)
    }

    /// A text about a device: name, UUID, serial number.
    pub(crate) fn text(&self, function: &str, device: Device) -> Answer<String> {
        type Function = unsafe extern "C" fn(*mut c_void, *mut c_char, c_uint) -> c_uint;
        let function = self.symbol::<Function>(function)?;
        // SAFETY: the signature is that of `nvml.h`; the buffer has the length that is passed.
        text(|buffer, length| unsafe { function(device.0, buffer, length) })
    }

    /// A number about a device.
    pub(crate) fn number(&self, function: &str, device: Device) -> Answer<u32> {
        self.structure(function, device, 0)
    }

    /// Two numbers about a device: now and pending, or major and minor.
    pub(crate) fn pair(&self, function: &str, device: Device) -> Answer<(c_int, c_int)> {
        type Function = unsafe extern "C" fn(*mut c_void, *mut c_int, *mut c_int) -> c_uint;
        let function = self.symbol::<Function>(function)?;
        let mut second = 0;
        // SAFETY: the signature is that of `nvml.h`, signed and unsigned numbers alike.
        let first = value(0, |target| unsafe { function(device.0, target, &raw mut second) })?;
        Ok((first, second))
    }

    /// Degrees Celsius of the GPU's sensor.
    pub(crate) fn temperature(&self, device: Device) -> Answer<u32> {
        type Function = unsafe extern "C" fn(*mut c_void, c_uint, *mut c_uint) -> c_uint;
        let function = self.symbol::<Function>("nvmlDeviceGetTemperature")?;
        // SAFETY: the signature is that of `nvml.h`; sensor 0 is the GPU.
        value(0, |target| unsafe { function(device.0, 0, target) })
    }

    /// Memory.
    pub(crate) fn memory(&self, device: Device) -> Answer<Memory> {
        self.structure("nvmlDeviceGetMemoryInfo", device, Memory::default())
    }

    /// Utilisation.
    pub(crate) fn utilization(&self, device: Device) -> Answer<Utilization> {
        self.structure("nvmlDeviceGetUtilizationRates", device, Utilization::default())
    }

    /// Attributes of a MIG device.
    pub(crate) fn attributes(&self, mig: Device) -> Answer<Attributes> {
        self.structure("nvmlDeviceGetAttributes_v2", mig, Attributes::default())
    }

    /// PCI address and ids.
    pub(crate) fn pci(&self, device: Device) -> Answer<PciInfo> {
        let empty = PciInfo {
            bus_id_legacy: [0; 16],
            domain: 0,
            bus: 0,
            device: 0,
            pci_device_id: 0,
            pci_subsystem_id: 0,
            bus_id: [0; 32],
        };
        self.structure("nvmlDeviceGetPciInfo_v3", device, empty)
    }

    fn structure<T>(&self, function: &str, device: Device, empty: T) -> Answer<T> {
        let function = self.symbol::<unsafe extern "C" fn(*mut c_void, *mut T) -> c_uint>(function)?;
        // SAFETY: all callers pair a function with the structure that `nvml.h` gives it.
        value(empty, |target| unsafe { function(device.0, target) })
    }

    fn symbol<T>(&self, name: &str) -> Answer<Symbol<'_, T>> {
        // SAFETY: all callers pair a name with the signature that `nvml.h` gives it.
        unsafe { self.0.get::<T>(name.as_bytes()) }.or(Err(FUNCTION_NOT_FOUND))
    }
}

impl PciInfo {
    /// The address as NVML writes it: `00000000:07:00.0`.
    pub(crate) fn address(&self) -> String {
        let bytes = self.bus_id.map(c_char::cast_unsigned);
        CStr::from_bytes_until_nul(&bytes).unwrap_or_default().to_string_lossy().into_owned()
    }
}

fn check(code: c_uint) -> Answer<()> {
    if code == 0 { Ok(()) } else { Err(Code(code)) }
}

fn value<T>(mut target: T, call: impl FnOnce(*mut T) -> c_uint) -> Answer<T> {
    check(call(&raw mut target)).map(|()| target)
}

fn text(call: impl FnOnce(*mut c_char, c_uint) -> c_uint) -> Answer<String> {
    let mut buffer = [0_u8; TEXT_SIZE];
    let length = c_uint::try_from(TEXT_SIZE).or(Err(UNKNOWN))?;
    check(call(buffer.as_mut_ptr().cast(), length))?;
    let text = CStr::from_bytes_until_nul(&buffer).or(Err(UNKNOWN))?;
    Ok(text.to_string_lossy().into_owned())
}
