//! The preset `conformance` against the recorded machine of the conformance cases, and what faults do
//! to a layout.

use super::*;
use std::collections::BTreeSet;
use std::fmt::Write;

const FILES: &str = include_str!("../../tests/data/conformance/files.tsv");
const PCI: &str = include_str!("../../tests/data/conformance/pci.tsv");
/// Paths of the recording that a simulated host leaves out: the toolkit's own configuration belongs to
/// whoever installs it, and `/lib` is a link to `/usr/lib`.
const LEFT_OUT: &[&str] = &["/etc/nvidia-container-runtime/config.toml", "/lib/"];
/// The recording's size of nvidia-smi; the simulation brings its own.
const SMI: &str = "/usr/bin/nvidia-smi\tfile\t755\t0:0\t682696 bytes";

fn layout(text: &str) -> Layout {
    let description = Description::parse("test.toml", text).unwrap();
    Layout::of(&description, &Machine::new("Character devices:\n  1 mem\n\nBlock devices:\n"))
}

fn conformance() -> Layout {
    layout("inherits = \"conformance\"")
}

fn text<'a>(layout: &'a Layout, path: &str) -> &'a str {
    match layout.entries.get(path).map(|entry| &entry.kind) {
        Some(Kind::File { head, .. }) => std::str::from_utf8(head).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

/// An entry as a line of the recording.
fn line(path: &str, entry: &Entry) -> String {
    let (kind, detail) = match &entry.kind {
        Kind::Directory => ("dir", String::new()),
        Kind::Link(text) => ("link", format!("-> {text}")),
        Kind::Device { major, minor } => ("char", format!("{major}:{minor}")),
        Kind::Socket => ("socket", String::new()),
        Kind::Nvml => ("file", "SONAME libnvidia-ml.so.1".into()),
        Kind::Smi => return SMI.into(),
        Kind::File { head, size } => ("file", file_detail(path, head, *size)),
    };
    format!("{path}\t{kind}\t{:o}\t0:{}\t{detail}", entry.mode, entry.gid)
}

fn file_detail(path: &str, head: &[u8], size: u64) -> String {
    if !path.contains(".so") || path.ends_with(".json") {
        return format!("{size} bytes");
    }
    let file = elf::ElfBytes::<elf::endian::AnyEndian>::minimal_parse(head).unwrap();
    let common = file.find_common_data().unwrap();
    let soname = common.dynamic.unwrap().iter().find(|entry| entry.d_tag == elf::abi::DT_SONAME);
    let strings = common.dynsyms_strs.unwrap();
    let soname = soname.map(|entry| strings.get(usize::try_from(entry.d_val()).unwrap()).unwrap());
    format!("SONAME {}", soname.unwrap_or("(none)"))
}

#[test]
fn conformance_has_exactly_the_recorded_files() {
    let recorded: BTreeSet<String> = FILES
        .lines()
        .skip(1)
        .filter(|line| !LEFT_OUT.iter().any(|path| line.starts_with(path)))
        .map(str::to_owned)
        .collect();
    let layout = conformance();
    let kernel = |path: &str| path.starts_with("/proc/") || path.starts_with("/sys/");
    let made: BTreeSet<String> =
        layout.entries().filter(|(path, _)| !kernel(path)).map(|(path, entry)| line(path, entry)).collect();
    let missing: Vec<&String> = recorded.difference(&made).collect();
    let extra: Vec<&String> = made.difference(&recorded).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing {missing:#?}\nextra {extra:#?}");
}

#[test]
fn conformance_has_exactly_the_recorded_procfs() {
    let layout = conformance();
    let cases = [
        ("/proc/devices", include_str!("../../tests/data/conformance/devices")),
        ("/proc/driver/nvidia/params", include_str!("../../tests/data/conformance/params")),
        ("/proc/driver/nvidia/version", include_str!("../../tests/data/conformance/version")),
        (
            "/proc/driver/nvidia/gpus/0000:47:00.0/information",
            include_str!("../../tests/data/conformance/gpu-0000-47-00.0-information"),
        ),
    ];
    for (path, expected) in cases {
        assert_eq!(text(&layout, path), expected, "{path}");
    }
    let minors = text(&layout, "/proc/driver/nvidia-caps/mig-minors");
    assert!(minors.starts_with(include_str!("../../tests/data/conformance/mig-minors-head")));
    assert_eq!(minors.lines().count(), 4322);
    assert_eq!(layout.below("/proc/driver/nvidia").count(), 2 + 8);
}

#[test]
fn conformance_has_exactly_the_recorded_pci_devices() {
    let layout = conformance();
    let mut made = String::from("address\tvendor\tdevice\tclass\tdrm\tdriver\n");
    for (address, _) in layout.below("/sys/bus/pci/drivers/nvidia") {
        let device = format!("/sys/bus/pci/devices/{address}");
        let file = |name: &str| text(&layout, &format!("{device}/{name}")).trim_end().to_owned();
        let drm: Vec<String> =
            layout.below(&format!("{device}/drm")).map(|(name, _)| name.to_owned()).collect();
        let driver = &layout.entries.get(&format!("{device}/driver")).unwrap().kind;
        assert_eq!(*driver, Kind::Link("../../drivers/nvidia".into()));
        let _ = writeln!(
            made,
            "{address}\t{}\t{}\t{}\t{}\t/sys/bus/pci/drivers/nvidia",
            file("vendor"),
            file("device"),
            file("class"),
            drm.join(",")
        );
    }
    assert_eq!(made, PCI);
}

#[test]
fn the_recorded_nvml_knows_what_was_recorded() {
    let facts = Description::preset("conformance").unwrap().facts();
    assert_eq!((facts.driver_version.as_str(), facts.cuda), ("580.95.05", (13, 0)));
    let gpu = &facts.gpus[7];
    assert_eq!(gpu.uuid, "GPU-f0a10007-aaaa-4bbb-8ccc-000000001007");
    assert_eq!((gpu.minor, gpu.bus_id.as_str(), gpu.pci_id), (7, "0000:bd:00.0", 0x2330_10de));
    assert_eq!((gpu.brand, gpu.architecture, gpu.numa_node), (14, 9, Some(0)));
    assert_eq!(gpu.serial.as_deref(), Some("1650023000007"));
    let mig = gpu.mig.as_ref().unwrap();
    assert!(!mig.enabled);
    let device = &mig.devices[6];
    assert_eq!((device.gpu_instance, device.compute_instance), (13, 0));
    assert_eq!(device.uuid, "MIG-b1a00007-1111-5222-8333-00065eed0076");
    let nodes = [device.caps.0, device.caps.1].map(|minor| format!("/dev/nvidia-caps/nvidia-cap{minor}"));
    let layout = conformance();
    assert!(nodes.iter().all(|node| layout.entries.contains_key(node)), "{nodes:?}");
}

#[test]
fn faults_show_in_the_layout() {
    let with = |faults: &str| layout(&format!("inherits = \"dgx-h100\"\n[faults]\n{faults}\n"));
    let has = |layout: &Layout, path: &str| layout.entries.contains_key(path);

    let absent = with("nvml = \"absent\"");
    assert!(absent.entries().all(|(path, _)| !path.contains("libnvidia-ml")));
    assert!(has(&absent, "/usr/bin/nvidia-smi"));

    let unloaded = with("module = \"absent\"");
    let kernel = ["/dev/", "/proc/", "/sys/module/", "/sys/bus/pci/drivers/"];
    assert!(unloaded.entries().all(|(path, _)| !kernel.iter().any(|start| path.starts_with(start))));
    let device = "/sys/bus/pci/devices/0000:1b:00.0";
    assert!(has(&unloaded, &format!("{device}/vendor")), "the hardware is there without its driver");
    assert!(!has(&unloaded, &format!("{device}/driver")));

    let no_uvm = with("missing_nodes = [\"/dev/nvidia-uvm\"]");
    assert!(!has(&no_uvm, "/dev/nvidia-uvm") && has(&no_uvm, "/dev/nvidia-uvm-tools"));
}

#[test]
fn version_skew_shows_on_both_sides() {
    let skewed = "inherits = \"dgx-h100\"\n[driver]\nmodule_version = \"570.86.15\"\n";
    let files = layout(skewed);
    assert_eq!(text(&files, "/sys/module/nvidia/version"), "570.86.15\n");
    assert!(text(&files, "/proc/driver/nvidia/version").contains("  570.86.15  "));
    assert!(files.entries.contains_key("/usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05"));
    assert!(Description::parse("test.toml", skewed).unwrap().facts().versions_differ());
}

#[test]
fn mig_devices_bring_their_capabilities() {
    let text =
        "inherits = \"conformance\"\n[proc]\ncapabilities = true\n[gpu_defaults.mig]\nenabled = true\n";
    let layout = layout(text);
    let path = "/proc/driver/nvidia/capabilities/gpu0/mig/gi7/access";
    assert_eq!(self::text(&layout, path), "DeviceFileMinor: 66\nDeviceFileMode: 292\nDeviceFileModify: 1\n");
    assert!(layout.entries.contains_key("/dev/nvidia-caps/nvidia-cap66"));
}
