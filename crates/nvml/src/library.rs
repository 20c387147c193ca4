//! The C library: the one place with foreign calls. Names, types and return codes are those of
//! `nvml.h`; a function that this driver does not have answers [`Code::FUNCTION_NOT_FOUND`].
#![expect(unsafe_code, reason = "calls into a C library that is loaded at run time")]

use libloading::os::unix::{Library as Handle, RTLD_LAZY, RTLD_LOCAL};
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};

/// `nvmlReturn_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u32);

impl Code {
    pub(crate) const INVALID_ARGUMENT: Self = Self(2);
    pub(crate) const NOT_SUPPORTED: Self = Self(3);
    pub(crate) const NO_PERMISSION: Self = Self(4);
    pub(crate) const NOT_FOUND: Self = Self(6);
    pub(crate) const FUNCTION_NOT_FOUND: Self = Self(13);
    pub(crate) const GPU_IS_LOST: Self = Self(15);
}

/// `nvmlDevice_t`, valid until the session ends.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Device(*mut c_void);

/// `nvmlPciInfo_t`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct PciInfo {
    bus_id_legacy: [c_char; 16],
    pub(crate) domain: u32,
    pub(crate) bus: u32,
    pub(crate) device: u32,
    pci_device_id: u32,
    pci_subsystem_id: u32,
    bus_id: [c_char; 32],
}

/// `nvmlMemory_t`, in bytes.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Memory {
    pub(crate) total: u64,
    free: u64,
    used: u64,
}

/// `nvmlDeviceAttributes_t` of a MIG device.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Attributes {
    multiprocessors: u32,
    shared_copy_engines: u32,
    shared_decoders: u32,
    shared_encoders: u32,
    shared_jpegs: u32,
    shared_ofas: u32,
    pub(crate) gpu_slices: u32,
    pub(crate) compute_slices: u32,
    pub(crate) memory_mib: u64,
}

/// `nvmlDeviceAddressingMode_v1_t`.
#[repr(C)]
struct AddressingMode {
    version: u32,
    value: u32,
}

/// `NVML_STRUCT_VERSION(DeviceAddressingMode, 1)`: size and version.
const ADDRESSING_MODE_V1: u32 = 8 | 1 << 24;
/// `NVML_DEVICE_ADDRESSING_MODE_ATS`.
const ADDRESSING_MODE_ATS: u32 = 2;

impl Default for AddressingMode {
    fn default() -> Self {
        Self { version: ADDRESSING_MODE_V1, value: 0 }
    }
}

/// Room for a text. The longest that NVML documents is 96 bytes (`NVML_DEVICE_NAME_V2_BUFFER_SIZE`,
/// `NVML_DEVICE_UUID_V2_BUFFER_SIZE`).
const TEXT: usize = 96;

/// A loaded NVML.
#[derive(Debug)]
pub(crate) struct Library(Handle);

type Get<T> = unsafe extern "C" fn(*mut T) -> u32;
type GetOf<T> = unsafe extern "C" fn(Device, *mut T) -> u32;
type GetTwoOf = unsafe extern "C" fn(Device, *mut c_int, *mut c_int) -> u32;
type GetAt = unsafe extern "C" fn(u32, *mut Device) -> u32;
type GetAtOf = unsafe extern "C" fn(Device, u32, *mut Device) -> u32;
type GetText = unsafe extern "C" fn(*mut c_char, u32) -> u32;
type GetTextOf = unsafe extern "C" fn(Device, *mut c_char, u32) -> u32;

impl Library {
    /// Loads the library; on failure gives the loader's text.
    pub(crate) fn open(name: &OsStr) -> Result<Self, String> {
        // SAFETY: initializers of the library run; this process exists to run them and nothing else.
        let handle = unsafe { Handle::open(Some(name), RTLD_LAZY | RTLD_LOCAL) };
        handle.map(Self).map_err(|error| error.to_string())
    }

    pub(crate) fn init(&self) -> Result<(), Code> {
        let call: unsafe extern "C" fn() -> u32 =
            self.find(c"nvmlInit_v2").or_else(|_| self.find(c"nvmlInit"))?;
        // SAFETY: `nvmlInit_v2(void)`.
        check(unsafe { call() })
    }

    pub(crate) fn shutdown(&self) {
        let call: Result<unsafe extern "C" fn() -> u32, Code> = self.find(c"nvmlShutdown");
        if let Ok(call) = call {
            // SAFETY: `nvmlShutdown(void)`; no handle of the session is used after it.
            unsafe { call() };
        }
    }

    /// The library's own text for a return code.
    pub(crate) fn error_text(&self, code: Code) -> String {
        let call: Result<unsafe extern "C" fn(u32) -> *const c_char, Code> = self.find(c"nvmlErrorString");
        // SAFETY: `nvmlErrorString(nvmlReturn_t)` takes any code.
        let text = call.map(|call| unsafe { call(code.0) }).ok().filter(|text| !text.is_null());
        match text {
            // SAFETY: the function returns a constant string that ends in zero.
            Some(text) => unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned(),
            None => format!("NVML error {}", code.0),
        }
    }

    pub(crate) fn driver_version(&self) -> Result<String, Code> {
        let call: GetText = self.find(c"nvmlSystemGetDriverVersion")?;
        // SAFETY: `nvmlSystemGetDriverVersion(char *, unsigned)`, called with a buffer and its length.
        text(|buffer, length| unsafe { call(buffer, length) })
    }

    pub(crate) fn cuda_driver_version(&self) -> Result<u32, Code> {
        let names = [c"nvmlSystemGetCudaDriverVersion_v2", c"nvmlSystemGetCudaDriverVersion"];
        let number: c_int = self.get(names[0]).or_else(|_| self.get(names[1]))?;
        u32::try_from(number).map_err(|_negative| Code::NOT_SUPPORTED)
    }

    pub(crate) fn device_count(&self) -> Result<u32, Code> {
        self.get(c"nvmlDeviceGetCount_v2")
    }

    pub(crate) fn device(&self, index: u32) -> Result<Device, Code> {
        let call: GetAt = self.find(c"nvmlDeviceGetHandleByIndex_v2")?;
        let mut device = Device(std::ptr::null_mut());
        // SAFETY: `nvmlDeviceGetHandleByIndex_v2(unsigned, nvmlDevice_t *)`.
        check(unsafe { call(index, &raw mut device) })?;
        Ok(device)
    }

    pub(crate) fn name(&self, device: Device) -> Result<String, Code> {
        self.text_of(c"nvmlDeviceGetName", device)
    }

    pub(crate) fn uuid(&self, device: Device) -> Result<String, Code> {
        self.text_of(c"nvmlDeviceGetUUID", device)
    }

    pub(crate) fn pci_info(&self, device: Device) -> Result<PciInfo, Code> {
        self.get_of(c"nvmlDeviceGetPciInfo_v3", device)
    }

    pub(crate) fn minor(&self, device: Device) -> Result<u32, Code> {
        self.get_of(c"nvmlDeviceGetMinorNumber", device)
    }

    pub(crate) fn memory(&self, device: Device) -> Result<Memory, Code> {
        self.get_of(c"nvmlDeviceGetMemoryInfo", device)
    }

    pub(crate) fn compute_capability(&self, device: Device) -> Result<(u32, u32), Code> {
        let (major, minor) = self.two_of(c"nvmlDeviceGetCudaComputeCapability", device)?;
        Ok((major.unsigned_abs(), minor.unsigned_abs()))
    }

    /// Whether MIG is enabled now (the mode pending after a reset is left out).
    pub(crate) fn mig_mode(&self, device: Device) -> Result<bool, Code> {
        self.two_of(c"nvmlDeviceGetMigMode", device).map(|(current, _)| current != 0)
    }

    /// Whether the GPU shares the address space of the CPU; no where the driver cannot tell.
    pub(crate) fn is_coherent(&self, device: Device) -> Result<bool, Code> {
        let mode: Result<AddressingMode, Code> = self.get_of(c"nvmlDeviceGetAddressingMode", device);
        match mode {
            Ok(mode) => Ok(mode.value == ADDRESSING_MODE_ATS),
            Err(Code::NOT_SUPPORTED | Code::FUNCTION_NOT_FOUND) => Ok(false),
            Err(code) => Err(code),
        }
    }

    /// How many places for MIG devices the GPU has.
    pub(crate) fn mig_count(&self, device: Device) -> Result<u32, Code> {
        self.get_of(c"nvmlDeviceGetMaxMigDeviceCount", device)
    }

    pub(crate) fn mig_device(&self, parent: Device, index: u32) -> Result<Device, Code> {
        let call: GetAtOf = self.find(c"nvmlDeviceGetMigDeviceHandleByIndex")?;
        let mut device = Device(std::ptr::null_mut());
        // SAFETY: `nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t, unsigned, nvmlDevice_t *)`.
        check(unsafe { call(parent, index, &raw mut device) })?;
        Ok(device)
    }

    pub(crate) fn gpu_instance(&self, device: Device) -> Result<u32, Code> {
        self.get_of(c"nvmlDeviceGetGpuInstanceId", device)
    }

    pub(crate) fn compute_instance(&self, device: Device) -> Result<u32, Code> {
        self.get_of(c"nvmlDeviceGetComputeInstanceId", device)
    }

    pub(crate) fn attributes(&self, device: Device) -> Result<Attributes, Code> {
        self.get_of(c"nvmlDeviceGetAttributes_v2", device)
    }

    fn find<F: Copy>(&self, name: &CStr) -> Result<F, Code> {
        // SAFETY: each caller names a function type that is the declaration of `name` in `nvml.h`.
        let symbol = unsafe { self.0.get::<F>(name.to_bytes_with_nul()) };
        symbol.map(|symbol| *symbol).map_err(|_absent| Code::FUNCTION_NOT_FOUND)
    }

    fn get<T: Default>(&self, name: &CStr) -> Result<T, Code> {
        let call: Get<T> = self.find(name)?;
        let mut value = T::default();
        // SAFETY: the caller's `T` is the type that the function writes.
        check(unsafe { call(&raw mut value) })?;
        Ok(value)
    }

    fn get_of<T: Default>(&self, name: &CStr, device: Device) -> Result<T, Code> {
        let call: GetOf<T> = self.find(name)?;
        let mut value = T::default();
        // SAFETY: the caller's `T` is the type that the function writes; the handle is of this session.
        check(unsafe { call(device, &raw mut value) })?;
        Ok(value)
    }

    fn two_of(&self, name: &CStr, device: Device) -> Result<(c_int, c_int), Code> {
        let call: GetTwoOf = self.find(name)?;
        let (mut first, mut second) = (0, 0);
        // SAFETY: both functions of this shape write two 32-bit numbers; the handle is of this session.
        check(unsafe { call(device, &raw mut first, &raw mut second) })?;
        Ok((first, second))
    }

    fn text_of(&self, name: &CStr, device: Device) -> Result<String, Code> {
        let call: GetTextOf = self.find(name)?;
        // SAFETY: functions of this shape write at most `length` bytes; the handle is of this session.
        text(|buffer, length| unsafe { call(device, buffer, length) })
    }
}

fn check(code: u32) -> Result<(), Code> {
    if code == 0 { Ok(()) } else { Err(Code(code)) }
}

/// Has a buffer filled. It is one byte longer than told, so that it always ends in zero.
fn text(fill: impl FnOnce(*mut c_char, u32) -> u32) -> Result<String, Code> {
    let mut buffer = [0_u8; TEXT + 1];
    check(fill(buffer.as_mut_ptr().cast(), TEXT as u32))?;
    let text = CStr::from_bytes_until_nul(&buffer).unwrap_or_default();
    Ok(text.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_are_as_large_as_in_the_header() {
        assert_eq!(size_of::<PciInfo>(), 68);
        assert_eq!(size_of::<Memory>(), 24);
        assert_eq!(size_of::<Attributes>(), 40);
        assert_eq!(size_of::<AddressingMode>(), 8);
    }

    #[test]
    fn absent_libraries_and_functions_are_answers() {
        assert!(Library::open(OsStr::new("libnot-there.so.1")).is_err());
        let not_nvml = Library::open(OsStr::new("libc.so.6")).unwrap();
        assert_eq!(not_nvml.init(), Err(Code::FUNCTION_NOT_FOUND));
        assert_eq!(not_nvml.device_count(), Err(Code::FUNCTION_NOT_FOUND));
        assert_eq!(not_nvml.error_text(Code(9)), "NVML error 9");
    }
}
