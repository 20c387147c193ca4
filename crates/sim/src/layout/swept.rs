//! Every preset, swept as `discover` sweeps a machine.

use super::{Kind, Layout};
use crate::{Description, Machine};
use discover::{Options, sweep};
use driver::{Driver, NvmlGpu, NvmlMig, NvmlSnapshot, Platform};
use host::Host;
use inject::{HookStyle, Policy, SpecOptions};
use sim_facts::Facts;
use std::fmt::Write;

/// The layout of a preset as a recorded host.
fn recorded(preset: &str) -> (tempfile::TempDir, Host, Description) {
    let description = Description::preset(preset).unwrap();
    let layout = Layout::of(&description, &Machine::new("Character devices:\n  1 mem\n\nBlock devices:\n"));
    let folder = tempfile::tempdir().unwrap();
    let mut nodes = "/lib\tlink\t777\t0:0\tusr/lib\n/bin\tlink\t777\t0:0\tusr/bin\n".to_owned();
    for (path, entry) in layout.entries() {
        let path = path.strip_prefix("/lib/").map_or(path.to_owned(), |rest| format!("/usr/lib/{rest}"));
        let (kind, detail) = match &entry.kind {
            Kind::Directory => ("dir", String::new()),
            Kind::Link(text) => ("link", text.clone()),
            Kind::Device { major, minor } => ("char", format!("{major}:{minor}")),
            Kind::Socket => ("socket", String::new()),
            Kind::Smi => ("file", String::new()),
            Kind::Nvml => ("elf64", "libnvidia-ml.so.1".to_owned()),
            // A recorded tree has no modes: only the table can make a file a program.
            Kind::File { .. } if entry.mode & 0o111 != 0 && !path.contains(".so") => ("file", String::new()),
            Kind::File { head, .. } => {
                write_file(&folder.path().join("tree").join(path.trim_start_matches('/')), head, entry.mode);
                continue;
            }
        };
        let _ = writeln!(nodes, "{path}\t{kind}\t{:o}\t0:{}\t{detail}", entry.mode, entry.gid);
    }
    write_file(&folder.path().join("nodes.tsv"), nodes.as_bytes(), 0o644);
    let host = Host::recorded(folder.path()).unwrap();
    (folder, host, description)
}

#[expect(clippy::disallowed_methods, reason = "the test writes the host that it looks at")]
fn write_file(path: &std::path::Path, bytes: &[u8], mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// What the described NVML would tell.
fn snapshot(facts: &Facts) -> NvmlSnapshot {
    let mig = |device: &sim_facts::MigDeviceFacts| NvmlMig {
        uuid: device.uuid.clone(),
        profile: device.profile.clone(),
        gpu_instance: device.gpu_instance,
        compute_instance: device.compute_instance,
        memory_mib: device.memory_mib,
    };
    let gpu = |gpu: &sim_facts::GpuFacts| NvmlGpu {
        name: gpu.name.clone(),
        uuid: gpu.uuid.clone(),
        bus_id: if gpu.integrated { String::new() } else { gpu.bus_id.clone() },
        minor: gpu.minor,
        memory_mib: gpu.memory_mib,
        compute_capability: Some(gpu.compute_capability),
        mig_enabled: gpu.mig.as_ref().is_some_and(|mig| mig.enabled),
        mig: gpu.mig.iter().filter(|mig| mig.enabled).flat_map(|able| able.devices.iter().map(mig)).collect(),
        coherent: Some(gpu.coherent),
    };
    NvmlSnapshot {
        driver_version: facts.driver_version.clone(),
        cuda: Some(facts.cuda),
        gpus: facts.gpus.iter().map(gpu).collect(),
    }
}

/// Platform, version, count of GPUs, count of MIG devices, count of libraries, findings.
fn summary(driver: &Driver, findings: &[diag::Finding]) -> String {
    let mig: usize = driver.gpus.iter().map(|gpu| gpu.mig.len()).sum();
    let codes: Vec<String> = findings.iter().map(|finding| finding.code.to_string()).collect();
    format!(
        "{:?} {} {} {mig} {} [{}]",
        driver.platform,
        driver.version.as_deref().unwrap_or("-"),
        driver.gpus.len(),
        driver.libraries.len(),
        codes.join(" ")
    )
}

#[test]
fn every_preset_is_swept_as_what_it_is() {
    for (preset, without_nvml, with_nvml) in [
        ("workstation", "Pci 580.95.05 2 0 45 []", "Pci 580.95.05 2 0 45 []"),
        ("dgx-h100", "Pci 580.95.05 8 0 37 []", "Pci 580.95.05 8 0 37 []"),
        ("dgx-mig", "Pci 580.95.05 8 56 37 [D111]", "Pci 580.95.05 8 56 37 []"),
        ("dgx-mig-mixed", "Pci 580.95.05 8 19 37 [D111]", "Pci 580.95.05 8 19 37 []"),
        ("hgx-fabric", "Pci 580.95.05 8 0 37 []", "Pci 580.95.05 8 0 37 []"),
        ("gb200", "Pci 580.95.05 4 0 37 []", "Pci 580.95.05 4 0 37 []"),
        ("vgpu-guest", "Pci 580.95.05 1 0 37 []", "Pci 580.95.05 1 0 37 []"),
        ("debian", "Pci 535.247.01 1 0 37 []", "Pci 535.247.01 1 0 37 []"),
        ("nixos", "Pci 580.95.05 1 0 37 []", "Pci 580.95.05 1 0 37 []"),
        ("orin", "Tegra - 1 0 5 []", "Tegra 540.3.0 1 0 5 []"),
        ("wsl2", "Wsl - 1 0 7 []", "Wsl 580.95.05 1 0 7 []"),
        ("half-upgraded", "Pci 580.95.05 2 0 45 [D103]", "Pci 580.95.05 2 0 45 [D103]"),
        ("no-driver", "Pci - 0 0 0 [D101 D102]", "Pci - 0 0 0 [D101 D102]"),
    ] {
        let (_folder, host, description) = recorded(preset);
        let (driver, findings) = sweep(&host, &Options::default(), None);
        assert_eq!(summary(&driver, &findings), without_nvml, "{preset}: {findings:#?}");
        // NVML of a driver that is not there tells nothing.
        let told = snapshot(&description.facts());
        let told = Some(&told).filter(|_| preset != "no-driver");
        let (driver, findings) = sweep(&host, &Options::default(), told);
        assert_eq!(summary(&driver, &findings), with_nvml, "{preset} with NVML: {findings:#?}");
    }
}

#[test]
fn a_driver_container_is_found_below_its_root() {
    let (_folder, host, _) = recorded("driver-container");
    let below = Options { driver_root: "/run/nvidia/driver".into(), ..Options::default() };
    let (driver, findings) = sweep(&host, &below, None);
    assert_eq!(summary(&driver, &findings), "Pci 580.95.05 1 0 37 []");
    let file = &driver.libraries.first().unwrap().file;
    assert_eq!(file.host_path, format!("/run/nvidia/driver{}", file.container_path));
    assert_eq!(driver.firmware.len(), 2);
    let (driver, findings) = sweep(&host, &Options::default(), None);
    assert_eq!(summary(&driver, &findings), "Pci - 1 0 0 [D102]");
}

#[test]
fn mig_devices_have_their_own_capability_nodes() {
    let (_folder, host, description) = recorded("dgx-mig-mixed");
    let (driver, _) = sweep(&host, &Options::default(), Some(&snapshot(&description.facts())));
    assert_eq!(driver.platform, Platform::Pci);
    let of = |gpu: usize, mig: usize| {
        let device = &driver.gpus[gpu].mig[mig];
        let caps: Vec<u32> = device.caps.iter().map(|node| node.minor).collect();
        (device.profile.clone().unwrap(), device.gpu_instance, device.compute_instance, caps)
    };
    assert_eq!(of(0, 0), ("3g.40gb".into(), 1, 0, vec![12, 13]));
    // GPU 3: two compute instances share the capability of their GPU instance.
    let start = 3 + (3 * 15 + 1) * 9;
    assert_eq!(of(3, 0), ("2c.4g.40gb".into(), 1, 0, vec![start, start + 1]));
    assert_eq!(of(3, 1), ("2c.4g.40gb".into(), 1, 1, vec![start, start + 2]));
    assert_eq!(driver.gpus.iter().map(|gpu| gpu.mig.len()).collect::<Vec<_>>(), [4, 1, 2, 3, 0, 0, 7, 2]);
    let modes: Vec<bool> = driver.gpus.iter().map(|gpu| gpu.mig_enabled).collect();
    assert_eq!(modes, [true, true, true, true, false, true, true, true]);
    assert_eq!(driver.mig_config.as_ref().map(|node| node.minor), Some(1));
    assert_eq!(driver.mig_monitor.as_ref().map(|node| node.minor), Some(2));
}

/// Specifications as the original (1.20) made them on these hosts, with `--nvidia-cdi-hook-path` alone
/// (`wsl2`: with a `libdxcore.so` that names the driver store; `driver-container`: with its roots).
const ORIGINAL: &[(&str, &str)] = &[
    ("dgx-mig-mixed", include_str!("../../tests/data/original/dgx-mig-mixed.yaml")),
    ("gb200", include_str!("../../tests/data/original/gb200.yaml")),
    ("debian", include_str!("../../tests/data/original/debian.yaml")),
    ("driver-container", include_str!("../../tests/data/original/driver-container.yaml")),
    ("orin", include_str!("../../tests/data/original/orin.yaml")),
    ("wsl2", include_str!("../../tests/data/original/wsl2.yaml")),
];

#[test]
fn specifications_are_those_of_the_original() {
    for (preset, expected) in ORIGINAL {
        let (_folder, host, description) = recorded(preset);
        let root = if *preset == "driver-container" { "/run/nvidia/driver" } else { "/" };
        let places = Options { driver_root: root.into(), ..Options::default() };
        let (driver, _) = sweep(&host, &places, Some(&snapshot(&description.facts())));
        let policy = Policy { hook_style: HookStyle::Separate, ..Policy::new("/usr/bin/nvidia-cdi-hook") };
        let ours = inject::spec(&driver, &SpecOptions::new(policy)).unwrap().to_yaml();
        let differing = ours.lines().zip(expected.lines()).find(|(ours, theirs)| ours != theirs);
        assert!(ours == *expected, "{preset}: first difference {differing:?}");
    }
}

#[test]
fn one_hook_does_the_same_on_machines_without_pci_gpus() {
    for (preset, expected) in
        [("orin", &["enable-cuda-compat", "prepare-container"][..]), ("wsl2", &["prepare-container"][..])]
    {
        let (_folder, host, description) = recorded(preset);
        let (driver, _) = sweep(&host, &Options::default(), Some(&snapshot(&description.facts())));
        let policy = Policy::new("/usr/bin/nvidia-cdi-hook");
        let spec = inject::spec(&driver, &SpecOptions::new(policy)).unwrap();
        let names: Vec<&str> = spec.container_edits.hooks.iter().map(|hook| hook.args[1].as_str()).collect();
        assert_eq!(names, expected, "{preset}");
        let arguments = &spec.container_edits.hooks.last().unwrap().args;
        let has = |start: &str| arguments.iter().any(|argument| argument.starts_with(start));
        assert!(has("--link") && has("--folder") && has("--library"), "{preset}: {arguments:?}");
        assert!(!has("--disable-device-node") && !has("--host-driver-version"), "{preset}: {arguments:?}");
    }
}
