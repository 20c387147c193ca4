//! Sweeps of recorded hosts against what is expected of them.
#![expect(clippy::disallowed_methods, reason = "the test reads its tables and writes hosts made from others")]

use discover::{Options, sweep};
use driver::{Driver, NvmlGpu, NvmlMig, NvmlSnapshot};
use formats::ldcache::{LdCache, NewEntry};
use host::Host;
use std::fs;
use std::path::PathBuf;

const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu";

fn folder(machine: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/hosts").join(machine)
}

fn machine(name: &str) -> Host {
    Host::recorded(folder(name)).expect(name)
}

/// The driver, and its findings as `code severity`.
fn look(host: &Host, options: &Options, snapshot: Option<&NvmlSnapshot>) -> (Driver, Vec<String>) {
    let (driver, findings) = sweep(host, options, snapshot);
    let findings =
        findings.iter().map(|finding| format!("{} {:?}", finding.code, finding.severity)).collect();
    (driver, findings)
}

fn table(name: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(folder("conformance-dgx/expected").join(name)).expect(name);
    let pair =
        |line: &str| line.split_once('\t').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("two columns");
    text.lines().skip(1).map(pair).collect()
}

/// All files that go into containers, sorted.
fn files(driver: &Driver) -> Vec<(String, String)> {
    let plain = [&driver.binaries, &driver.firmware, &driver.sockets, &driver.configs, &driver.xorg];
    let libraries = driver.libraries.iter().map(|library| &library.file);
    let all = libraries.chain(plain.into_iter().flatten());
    let mut files: Vec<_> = all.map(|file| (file.host_path.clone(), file.container_path.clone())).collect();
    files.sort();
    files
}

/// Links of the libraries that carry the driver's version, in their order.
fn links(driver: &Driver) -> Vec<(String, String)> {
    let versioned = driver.libraries.iter().filter(|library| library.versioned);
    versioned
        .flat_map(|library| &library.links)
        .map(|link| (link.target.clone(), link.path.clone()))
        .collect()
}

#[test]
fn the_dgx_is_found_whole_and_fine() {
    let (driver, findings) = look(&machine("conformance-dgx"), &Options::default(), None);
    assert_eq!(findings, [""; 0]);
    assert_eq!(files(&driver), table("files.tsv"));
    assert_eq!(links(&driver), table("links.tsv"));
    assert_eq!(driver.version.as_deref(), Some("580.95.05"));
    assert_eq!(driver.module_version.as_deref(), Some("580.95.05"));
    assert!(driver.modifies_device_files);
    let control: Vec<_> =
        driver.control_nodes.iter().map(|node| (node.path.as_str(), node.major, node.minor)).collect();
    let expected =
        [("/dev/nvidia-modeset", 195, 254), ("/dev/nvidia-uvm-tools", 507, 1), ("/dev/nvidia-uvm", 507, 0)];
    assert_eq!(control, [expected.as_slice(), &[("/dev/nvidiactl", 195, 255)]].concat());
}

#[test]
fn the_gpus_of_the_dgx_come_in_bus_order_with_their_nodes() {
    let (driver, _) = look(&machine("conformance-dgx"), &Options::default(), None);
    let buses: Vec<_> = driver.gpus.iter().map(|gpu| gpu.bus_id.get(5..7).expect("a bus")).collect();
    assert_eq!(buses, ["07", "0f", "47", "4e", "87", "90", "b7", "bd"]);
    for (index, gpu) in driver.gpus.iter().enumerate() {
        assert_eq!(
            gpu.uuid.as_deref(),
            Some(&*format!("GPU-f0a1000{index}-aaaa-4bbb-8ccc-00000000100{index}"))
        );
        assert_eq!(gpu.name.as_deref(), Some("NVIDIA H100 80GB HBM3"));
        assert_eq!(
            gpu.node.as_ref().map(|node| (&*node.path, node.mode)),
            Some((&*format!("/dev/nvidia{index}"), 0o666))
        );
        let drm: Vec<_> =
            gpu.drm.iter().map(|node| (node.path.clone(), node.major, node.mode, node.gid)).collect();
        let render = format!("/dev/dri/renderD{}", 128 + index);
        assert_eq!(drm, [(format!("/dev/dri/card{index}"), 226, 0o660, 44), (render, 226, 0o660, 106)]);
        let links: Vec<_> =
            gpu.drm_links.iter().map(|link| (link.target.clone(), link.path.clone())).collect();
        let by_path = |kind: &str| format!("/dev/dri/by-path/pci-{}-{kind}", gpu.bus_id);
        let expected = [
            (format!("../card{index}"), by_path("card")),
            (format!("../renderD{}", 128 + index), by_path("render")),
        ];
        assert_eq!(links, expected);
        assert!(!gpu.mig_enabled && gpu.mig.is_empty());
    }
}

/// The DGX with its driver's files below another root.
fn moved_driver() -> (tempfile::TempDir, Host) {
    moved(&["/usr", "/etc", "/lib", "/bin", "/sbin"])
}

/// The DGX with these of its folders below `/run/nvidia/driver`.
fn moved(tops: &[&str]) -> (tempfile::TempDir, Host) {
    let root = tempfile::tempdir().expect("temporary directory");
    let nodes = fs::read_to_string(folder("conformance-dgx").join("nodes.tsv")).expect("nodes");
    let moves = |line: &&str| tops.iter().any(|top| line.starts_with(top));
    let moved: Vec<_> = nodes
        .lines()
        .map(|line| if moves(&line) { format!("/run/nvidia/driver{line}") } else { line.into() })
        .collect();
    fs::write(root.path().join("nodes.tsv"), moved.join("\n")).expect("nodes");
    std::os::unix::fs::symlink(folder("conformance-dgx").join("tree"), root.path().join("tree"))
        .expect("tree");
    let host = Host::recorded(root.path()).expect("moved");
    (root, host)
}

#[test]
fn a_driver_below_another_root_appears_at_the_same_paths() {
    let (_root, host) = moved_driver();
    let options = Options { driver_root: "/run/nvidia/driver".into(), ..Options::default() };
    let (driver, findings) = look(&host, &options, None);
    assert_eq!(findings, [""; 0]);
    assert_eq!(files(&driver), table("files-below-driver-root.tsv"));
    assert_eq!(links(&driver), table("links.tsv"));
    assert_eq!(driver.gpus.len(), 8);
    assert_eq!(
        driver.control_nodes.first().and_then(|node| node.host_path.clone()),
        None,
        "the dev root is /"
    );
    let (_, findings) = look(&host, &Options::default(), None);
    assert_eq!(findings, ["D102 Error"], "nothing below /");
}

#[test]
fn links_to_nodes_below_another_root_appear_at_the_usual_paths() {
    let (_root, host) = moved(&["/usr", "/etc", "/lib", "/bin", "/sbin", "/dev"]);
    let root = "/run/nvidia/driver";
    let options = Options { driver_root: root.into(), dev_root: root.into(), ..Options::default() };
    let (driver, _) = look(&host, &options, None);
    let gpu = &driver.gpus[0];
    let paths: Vec<_> = gpu.drm_links.iter().map(|link| link.path.clone()).collect();
    assert_eq!(paths, ["card", "render"].map(|kind| format!("/dev/dri/by-path/pci-{}-{kind}", gpu.bus_id)));
    assert_eq!(gpu.drm[0].host_path.as_deref(), Some("/run/nvidia/driver/dev/dri/card0"));
}

#[test]
fn faults_are_told_once_and_by_their_cause() {
    for (name, expected) in [
        ("no-driver", vec!["D101 Error", "D102 Error"]),
        ("version-skew", vec!["D103 Error"]),
        ("uvm-missing", vec!["D107 Error"]),
        ("debian-alternatives", vec![]),
    ] {
        assert_eq!(look(&machine(name), &Options::default(), None).1, expected, "{name}");
    }
}

#[test]
fn one_bad_gpu_does_not_cost_the_others() {
    let (driver, findings) = look(&machine("broken-gpu"), &Options::default(), None);
    let expected = [
        "D112 Error",
        "D108 Error",
        "D110 Warning",
        "D115 Warning",
        "D109 Error",
        "D105 Error",
        "D114 Note",
        "D111 Warning",
    ];
    assert_eq!(findings, expected);
    let gpus: Vec<_> = driver
        .gpus
        .iter()
        .map(|gpu| (gpu.minor, gpu.node.is_some(), gpu.uuid.is_some(), gpu.mig_enabled))
        .collect();
    assert_eq!(gpus, [(0, true, true, true), (2, false, false, false)]);
    let caps: Vec<_> = driver
        .gpus
        .iter()
        .flat_map(|gpu| &gpu.mig)
        .flat_map(|mig| &mig.caps)
        .map(|node| &*node.path)
        .collect();
    assert_eq!(caps, ["/dev/nvidia-caps/nvidia-cap12", "/dev/nvidia-caps/nvidia-cap13"]);
    assert_eq!(driver.version.as_deref(), Some("580.95.05"), "that of the module, though libcuda is older");
}

#[test]
fn alternatives_are_followed_and_32_bit_libraries_kept_apart() {
    let (driver, _) = look(&machine("debian-alternatives"), &Options::default(), None);
    let libraries: Vec<_> =
        driver.libraries.iter().map(|library| (&*library.file.container_path, library.bits)).collect();
    let current = format!("{LIBRARIES}/nvidia/current");
    let names = ["libcuda", "libnvidia-glcore", "libnvidia-ml", "libnvidia-ptxjitcompiler"];
    let mut expected: Vec<_> =
        names.iter().map(|name| (format!("{current}/{name}.so.535.247.01"), 64)).collect();
    expected.push(("/usr/lib/i386-linux-gnu/nvidia/current/libcuda.so.535.247.01".into(), 32));
    assert_eq!(libraries, expected.iter().map(|(path, bits)| (&**path, *bits)).collect::<Vec<_>>());
    let pairs = |files: &[driver::File]| {
        files.iter().map(|file| (file.host_path.clone(), file.container_path.clone())).collect::<Vec<_>>()
    };
    assert_eq!(pairs(&driver.binaries), [("/usr/bin/nvidia-smi".into(), "/usr/bin/nvidia-smi".into())]);
    let vulkan = (
        "/usr/share/vulkan/icd.d/nvidia_icd.json".to_owned(),
        "/etc/vulkan/icd.d/nvidia_icd.json".to_owned(),
    );
    assert!(pairs(&driver.configs).contains(&vulkan));
}

/// A machine with the nodes and kernel of `uvm-missing` and the libraries of the caller.
fn machine_with(lines: &[&str], cache: &[NewEntry]) -> (tempfile::TempDir, Host) {
    let root = tempfile::tempdir().expect("temporary directory");
    let at = |path: &str| root.path().join("tree").join(path);
    fs::create_dir_all(at("etc")).expect("tree");
    let one = "proc/driver/nvidia/gpus/0000:01:00.0";
    fs::create_dir_all(at(one)).expect("tree");
    for file in ["proc/devices", "proc/driver/nvidia/version", &format!("{one}/information")] {
        fs::copy(folder("uvm-missing/tree").join(file), at(file)).expect(file);
    }
    let cache = LdCache { entries: Vec::new(), hwcaps: Vec::new(), generator: None }.merge(cache).to_bytes();
    fs::write(root.path().join("tree/etc/ld.so.cache"), cache).expect("cache");
    fs::write(root.path().join("nodes.tsv"), lines.join("\n")).expect("nodes");
    let host = Host::recorded(root.path()).expect("machine");
    (root, host)
}

#[test]
fn the_loader_cache_knows_unusual_directories() {
    let entry = |path: &str, flags| NewEntry { soname: "libcuda.so.1".into(), path: path.into(), flags };
    let lines = [
        "/opt/nvidia/lib/libcuda.so.1\tlink\t777\t0:0\tlibcuda.so.580.95.05",
        "/opt/nvidia/lib/libcuda.so.580.95.05\telf64\t755\t0:0\tlibcuda.so.1",
        "/opt/other/libcuda.so.580.95.05\telf32\t755\t0:0\tlibcuda.so.1",
    ];
    let cache = [entry("/opt/other/libcuda.so.1", 0x0003), entry("/opt/nvidia/lib/libcuda.so.1", 0x0303)];
    let (_root, host) = machine_with(&lines, &cache);
    let (driver, _) = look(&host, &Options::default(), None);
    let found: Vec<_> = driver.libraries.iter().map(|library| &*library.file.container_path).collect();
    assert_eq!(found, ["/opt/nvidia/lib/libcuda.so.580.95.05"]);
    let (_root, host) = machine_with(&lines, &[]);
    assert_eq!(look(&host, &Options::default(), None).0.version, None, "nothing points there");
}

#[test]
fn a_loader_cache_that_is_named_comes_before_the_usual_directories() {
    let cache = [NewEntry {
        soname: "libcuda.so.1".into(),
        path: "/opt/nvidia/lib/libcuda.so.1".into(),
        flags: 0x0303,
    }];
    let lines = [
        "/usr/lib64/libcuda.so.580.95.05\telf64\t755\t0:0\tlibcuda.so.1",
        "/opt/nvidia/lib/libcuda.so.580.95.05\telf64\t755\t0:0\tlibcuda.so.1",
    ];
    let (_root, host) = machine_with(&lines, &cache);
    let found = |loader_cache: Option<&str>| -> Vec<String> {
        let options = Options { loader_cache: loader_cache.map(str::to_owned), ..Options::default() };
        let libraries = look(&host, &options, None).0.libraries;
        libraries.into_iter().map(|library| library.file.container_path).collect()
    };
    assert_eq!(found(Some("/etc/ld.so.cache")), ["/opt/nvidia/lib/libcuda.so.580.95.05"]);
    assert_eq!(found(None), ["/usr/lib64/libcuda.so.580.95.05"]);
    assert_eq!(found(Some("/none")), ["/usr/lib64/libcuda.so.580.95.05"], "a cache that is not there");
}

#[test]
fn the_loaded_version_is_chosen_among_several() {
    let line = |version: &str| format!("/usr/lib64/libcuda.so.{version}\telf64\t755\t0:0\tlibcuda.so.1");
    let lines = [line("550.1"), line("580.95.05")];
    let (_root, host) = machine_with(
        &[&lines[0], &lines[1], "/usr/lib64/libcuda.so.1\tlink\t777\t0:0\tlibcuda.so.550.1"],
        &[],
    );
    let (driver, findings) = look(&host, &Options::default(), None);
    assert_eq!(driver.version.as_deref(), Some("580.95.05"));
    let link = driver.libraries.first().and_then(|library| library.links.last()).expect("a link");
    assert_eq!((&*link.target, &*link.path), ("libcuda.so.580.95.05", "/usr/lib64/libcuda.so.1"));
    assert!(findings.contains(&"D110 Warning".to_owned()), "{findings:?}");
}

#[test]
fn given_search_paths_are_the_only_ones() {
    let options = Options { library_search_paths: vec!["/usr/lib64".into()], ..Options::default() };
    let (driver, findings) = look(&machine("conformance-dgx"), &options, None);
    assert_eq!((driver.libraries.len(), driver.version), (0, None));
    assert_eq!(findings, ["D102 Error"]);
}

fn reported(bus_id: &str, minor: u32) -> NvmlGpu {
    let mig =
        NvmlMig { uuid: "MIG-x".into(), profile: "1g.10gb".into(), gpu_instance: 7, ..NvmlMig::default() };
    NvmlGpu {
        name: "H100".into(),
        uuid: format!("GPU-{minor}"),
        bus_id: bus_id.into(),
        minor,
        memory_mib: 81559,
        compute_capability: Some((9, 0)),
        mig_enabled: true,
        mig: vec![mig],
        coherent: None,
    }
}

#[test]
fn nvml_decides_which_gpus_there_are() {
    let gpus = vec![reported("0000:47:00.0", 2), reported("0000:07:00.0", 0)];
    let snapshot = NvmlSnapshot { driver_version: "580.95.05".into(), cuda: Some((13, 0)), gpus };
    let (driver, findings) = look(&machine("conformance-dgx"), &Options::default(), Some(&snapshot));
    assert_eq!(findings, ["D113 Warning"; 6]);
    assert_eq!(driver.cuda, Some((13, 0)));
    let gpus: Vec<_> = driver.gpus.iter().map(|gpu| (&*gpu.bus_id, gpu.memory_mib, gpu.drm.len())).collect();
    assert_eq!(gpus, [("0000:07:00.0", Some(81559), 2), ("0000:47:00.0", Some(81559), 2)]);
    let mig = driver.gpus.last().and_then(|gpu| gpu.mig.first()).expect("a MIG device");
    let caps: Vec<_> = mig.caps.iter().map(|node| &*node.path).collect();
    assert_eq!(caps, ["/dev/nvidia-caps/nvidia-cap336", "/dev/nvidia-caps/nvidia-cap337"]);
    assert_eq!((mig.uuid.as_deref(), mig.profile.as_deref()), (Some("MIG-x"), Some("1g.10gb")));
}

#[test]
fn nvml_works_without_procfs() {
    let snapshot = NvmlSnapshot { gpus: vec![reported("0000:07:00.0", 0)], ..NvmlSnapshot::default() };
    let (driver, _) = look(&machine("no-driver"), &Options::default(), Some(&snapshot));
    assert_eq!(
        driver.gpus.iter().map(|gpu| (gpu.uuid.as_deref(), gpu.minor)).collect::<Vec<_>>(),
        [(Some("GPU-0"), 0)]
    );
}

#[test]
fn only_nvml_knows_a_gpu_in_mig_mode_without_instances() {
    let empty = NvmlGpu { mig: Vec::new(), ..reported("0000:07:00.0", 0) };
    let snapshot = NvmlSnapshot { gpus: vec![empty], ..NvmlSnapshot::default() };
    let mode_of_first = |snapshot| {
        let (driver, _) = look(&machine("conformance-dgx"), &Options::default(), snapshot);
        driver.gpus.first().map(|gpu| gpu.mig_enabled)
    };
    assert_eq!((mode_of_first(Some(&snapshot)), mode_of_first(None)), (Some(true), Some(false)));
}
