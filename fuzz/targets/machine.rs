//! A whole machine: the sweep over its tables, lists, loader cache and libraries, merged with what NVML
//! says, and the specification of what was found.
//!
//! The input is a recorded host's table of nodes, then the contents of the files below, then what NVML
//! answered, with a line `%%` between each two.
#![no_main]

use cdi::Format;
use discover::Options;
use driver::{Driver, NvmlSnapshot};
use host::Host;
use inject::{Ask, HookStyle, Policy, SpecOptions};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;

const FILES: &[&str] = &[
    "proc/driver/nvidia/version",
    "proc/driver/nvidia/params",
    "proc/devices",
    "proc/driver/nvidia/gpus/0000:07:00.0/information",
    "proc/driver/nvidia/gpus/0000:47:00.0/information",
    "proc/driver/nvidia/capabilities/gpu0/mig/gi1/access",
    "proc/driver/nvidia/capabilities/gpu0/mig/gi1/ci0/access",
    "proc/driver/nvidia-caps/mig-minors",
    "sys/firmware/devicetree/base/compatible",
    "etc/nvidia-container-runtime/host-files-for-container.d/devices.csv",
    "etc/nvidia-container-runtime/host-files-for-container.d/drivers.csv",
    "etc/ld.so.cache",
    "usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05",
];

/// In memory where that is possible: it is written anew for each input.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let in_memory = Path::new("/dev/shm");
    let made = if in_memory.is_dir() { tempfile::tempdir_in(in_memory) } else { tempfile::tempdir() };
    made.expect("a temporary folder")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut sections = split(bytes).into_iter();
    let tree = FOLDER.path().join("tree");
    fs::write(FOLDER.path().join("nodes.tsv"), sections.next().unwrap_or_default()).expect("the nodes");
    for name in FILES {
        write(&tree.join(name), sections.next());
    }
    let snapshot: Option<NvmlSnapshot> = sections.next().and_then(|json| serde_json::from_slice(json).ok());
    let Ok(host) = Host::recorded(FOLDER.path()) else { return };
    let (driver, _) = discover::sweep(&host, &Options::default(), snapshot.as_ref());
    let again = discover::sweep(&host, &Options::default(), snapshot.as_ref()).0;
    assert_eq!(driver, again);
    stored(&driver);
    for style in [HookStyle::Separate, HookStyle::Fused] {
        specify(&driver, style);
    }
});

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    const MARK: &[u8] = b"\n%%\n";
    let mut sections = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(MARK.len()).position(|part| part == MARK) {
        sections.push(&rest[..at]);
        rest = &rest[at + MARK.len()..];
    }
    sections.push(rest);
    sections
}

fn write(path: &Path, content: Option<&[u8]>) {
    match content.filter(|content| !content.is_empty()) {
        Some(content) => {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, content).expect("a file");
        }
        // The folder goes too: a GPU without its file is another case than no GPU.
        None => drop(fs::remove_file(path).and_then(|()| fs::remove_dir(path.parent().expect("a folder")))),
    }
}

/// What the inventory keeps comes back.
fn stored(driver: &Driver) {
    let json = serde_json::to_vec(driver).expect("a driver is JSON");
    assert_eq!(&serde_json::from_slice::<Driver>(&json).expect("it reads back"), driver);
}

/// A specification that is made is valid, and both formats say the same.
fn specify(driver: &Driver, style: HookStyle) {
    let policy = Policy { hook_style: style, ..Policy::new("/usr/bin/nvidia-cdi-hook") };
    let options = SpecOptions { devices: Ask::All, ..SpecOptions::new(policy) };
    let Ok(spec) = inject::spec(driver, &options) else { return };
    if spec.validate().is_err() {
        return;
    }
    let yaml = cdi::parse(spec.to_yaml().as_bytes(), Format::Yaml).expect("its YAML is read");
    let json = cdi::parse(spec.to_json().as_bytes(), Format::Json).expect("its JSON is read");
    assert_eq!(yaml, spec);
    assert_eq!(json, spec);
}
