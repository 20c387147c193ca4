//! The built library as a C program meets it: its SONAME and symbols, and answers through `dlopen`.
//!
//! Without device nodes it can only refuse; what it shows when there are some is tested inside a
//! simulated host.
#![expect(clippy::disallowed_methods, reason = "reads the built library and writes a filled copy of it")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(unsafe_code, reason = "calls C functions of a loaded library")]

use libloading::Library;
use sim_facts::{Facts, NvmlFault, carrier};
use std::ffi::{CStr, c_char};
use std::path::PathBuf;
use tempfile::TempDir;

/// Functions that programs ask for: those of `nvidia-smi`, of the container toolkit and of Longshore.
const FUNCTIONS: &[&str] = &[
    "nvmlInit",
    "nvmlInit_v2",
    "nvmlInitWithFlags",
    "nvmlShutdown",
    "nvmlErrorString",
    "nvmlSystemGetDriverVersion",
    "nvmlSystemGetNVMLVersion",
    "nvmlSystemGetCudaDriverVersion",
    "nvmlSystemGetCudaDriverVersion_v2",
    "nvmlDeviceGetCount_v2",
    "nvmlDeviceGetHandleByIndex_v2",
    "nvmlDeviceGetHandleByUUID",
    "nvmlDeviceGetHandleByPciBusId_v2",
    "nvmlDeviceGetName",
    "nvmlDeviceGetUUID",
    "nvmlDeviceGetPciInfo_v3",
    "nvmlDeviceGetMinorNumber",
    "nvmlDeviceGetMemoryInfo_v2",
    "nvmlDeviceGetCudaComputeCapability",
    "nvmlDeviceGetMigMode",
    "nvmlDeviceGetMaxMigDeviceCount",
    "nvmlDeviceGetMigDeviceHandleByIndex",
    "nvmlDeviceGetDeviceHandleFromMigDeviceHandle",
    "nvmlDeviceGetAttributes_v2",
];

/// The library that cargo built for this test, beside the test's own directory.
fn built() -> Vec<u8> {
    let test = std::env::current_exe().unwrap();
    let directory = test.parent().unwrap();
    let places = [directory, directory.parent().unwrap()].map(|place| place.join("libnvidia_ml_sim.so"));
    let place = places.iter().find(|place| place.exists()).expect("cargo builds the library with its tests");
    std::fs::read(place).unwrap()
}

/// A copy with facts in it; the directory must outlive the library.
fn filled(facts: &Facts) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("libnvidia-ml.so.1");
    std::fs::write(&path, carrier::fill(built(), facts).unwrap()).unwrap();
    (directory, path)
}

fn load(facts: &Facts) -> (TempDir, Library) {
    let (directory, path) = filled(facts);
    // SAFETY: the library has no initialisers of its own.
    let library = unsafe { Library::new(path) }.unwrap();
    (directory, library)
}

fn call(library: &Library, function: &str) -> u32 {
    // SAFETY: every function that the tests call this way takes nothing and returns a code.
    unsafe { library.get::<extern "C" fn() -> u32>(function.as_bytes()).unwrap()() }
}

fn system_text(library: &Library, function: &str) -> Result<String, u32> {
    type Function = extern "C" fn(*mut c_char, u32) -> u32;
    let mut buffer = [0_u8; 80];
    // SAFETY: the signature is that of `nvml.h`, and the length is the buffer's.
    let code =
        unsafe { library.get::<Function>(function.as_bytes()).unwrap()(buffer.as_mut_ptr().cast(), 80) };
    let text = CStr::from_bytes_until_nul(&buffer).unwrap().to_str().unwrap().to_owned();
    if code == 0 { Ok(text) } else { Err(code) }
}

fn host() -> Facts {
    Facts {
        driver_version: "580.95.05".into(),
        module_version: Some("580.95.05".into()),
        cuda: (13, 0),
        ..Facts::default()
    }
}

#[test]
fn the_file_is_called_and_exports_what_programs_look_for() {
    let bytes = built();
    let file = elf::ElfBytes::<elf::endian::AnyEndian>::minimal_parse(&bytes).unwrap();
    let common = file.find_common_data().unwrap();
    let strings = common.dynsyms_strs.unwrap();
    let soname = common.dynamic.unwrap().iter().find(|entry| entry.d_tag == elf::abi::DT_SONAME).unwrap();
    assert_eq!(strings.get(usize::try_from(soname.d_val()).unwrap()).unwrap(), "libnvidia-ml.so.1");
    let symbols = common.dynsyms.unwrap();
    let names: Vec<&str> = symbols
        .iter()
        .filter(|symbol| !symbol.is_undefined())
        .map(|symbol| strings.get(usize::try_from(symbol.st_name).unwrap()).unwrap())
        .collect();
    let missing: Vec<&&str> = FUNCTIONS.iter().filter(|name| !names.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn without_nodes_there_is_no_driver() {
    let (_directory, library) = load(&host());
    assert_eq!(call(&library, "nvmlInit_v2"), 9);
    assert_eq!(call(&library, "nvmlShutdown"), 1);
    assert_eq!(system_text(&library, "nvmlSystemGetDriverVersion"), Err(1));
    assert_eq!(system_text(&library, "nvmlSystemGetNVMLVersion").as_deref(), Ok("13.580.95.05"));
}

#[test]
fn a_fault_of_the_description_comes_before_all_else() {
    let (_directory, library) = load(&Facts { fault: NvmlFault::Error(15), ..host() });
    assert_eq!(call(&library, "nvmlInit_v2"), 15);
}

#[test]
fn a_library_without_facts_answers_nothing() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("libnvidia-ml.so.1");
    std::fs::write(&path, built()).unwrap();
    // SAFETY: as in `load`.
    let library = unsafe { Library::new(path) }.unwrap();
    assert_eq!(call(&library, "nvmlInit_v2"), 999);
}
