//! Sweeps of recorded machines without PCI GPUs: Tegra systems by their mount lists, WSL.

use discover::{Mode, MountLists, Options, sweep};
use driver::{Driver, NvmlGpu, NvmlSnapshot, Platform};
use host::Host;
use std::path::PathBuf;

const NVIDIA: &str = "/usr/lib/aarch64-linux-gnu/nvidia";
const STORE: &str = "/usr/lib/wsl/drivers/nv_dispi.inf_amd64_4d8e9b1c2a3f5071";

fn machine(name: &str) -> Host {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/hosts").join(name);
    Host::recorded(folder).expect(name)
}

/// The driver, and its findings as `code severity`.
fn look(name: &str, options: &Options, snapshot: Option<&NvmlSnapshot>) -> (Driver, Vec<String>) {
    let (driver, findings) = sweep(&machine(name), options, snapshot);
    let findings = findings.iter().map(|finding| format!("{} {:?}", finding.code, finding.severity));
    (driver, findings.collect())
}

fn libraries(driver: &Driver) -> Vec<&str> {
    driver.libraries.iter().map(|library| &*library.file.container_path).collect()
}

fn others(driver: &Driver) -> Vec<&str> {
    driver.others.iter().map(|file| &*file.container_path).collect()
}

fn links(driver: &Driver) -> Vec<String> {
    let of_libraries = driver.libraries.iter().flat_map(|library| &library.links);
    of_libraries.chain(&driver.links).map(|link| format!("{}::{}", link.target, link.path)).collect()
}

fn nodes(driver: &Driver, gpu: usize) -> Vec<&str> {
    let gpu = driver.gpus.get(gpu).expect("a GPU");
    gpu.node.iter().chain(&gpu.drm).chain(&gpu.companions).map(|node| &*node.path).collect()
}

fn reported(names: &[&str]) -> NvmlSnapshot {
    let gpu = |name: &&str| NvmlGpu { name: (*name).to_owned(), ..NvmlGpu::default() };
    NvmlSnapshot {
        driver_version: "540.3.0".into(),
        cuda: Some((13, 1)),
        gpus: names.iter().map(gpu).collect(),
    }
}

#[test]
fn an_orin_consists_of_what_its_lists_say() {
    let (driver, findings) = look("orin", &Options::default(), None);
    assert_eq!(findings, ["D116 Note", "D117 Note"]);
    assert_eq!(driver.platform, Platform::Tegra);
    let of = |name: &str| format!("{NVIDIA}/{name}");
    let expected = [
        of("libcuda.so.1.1"),
        of("libnvidia-ml.so.1"),
        of("libnvrm_gpu.so"),
        of("libnvidia-nvvm.so.540.3.0"),
    ];
    assert_eq!(libraries(&driver), expected);
    let expected = [
        "/dev/dri/by-path",
        "/lib/firmware/tegra23x",
        &of("weston/desktop-shell.so"),
        &of("nvidia_icd.json"),
        "/etc/nv_tegra_release",
    ];
    assert_eq!(others(&driver), expected);
    let expected = [
        format!("libcuda.so.1::{NVIDIA}/libcuda.so"),
        format!("libcuda.so.1.1::{NVIDIA}/libcuda.so.1"),
        "nvidia/libcuda.so::/usr/lib/aarch64-linux-gnu/libcuda.so".to_owned(),
        format!("libcuda.so.1.1::{NVIDIA}/libcuda.so"),
        format!("libnvidia-nvvm.so.540.3.0::{NVIDIA}/libnvidia-nvvm.so.4"),
        "nvidia_icd.json::/etc/vulkan/icd.d/nvidia_icd_link.json".to_owned(),
        format!("{NVIDIA}/nvidia_icd.json::/etc/vulkan/icd.d/nvidia_icd.json"),
    ];
    assert_eq!(links(&driver), expected);
}

#[test]
fn an_orin_has_one_gpu_with_the_nodes_of_its_lists() {
    let (driver, _) = look("orin", &Options::default(), Some(&reported(&["Orin (nvgpu)"])));
    let expected = [
        "/dev/dri/card0",
        "/dev/dri/card1",
        "/dev/dri/renderD128",
        "/dev/nvhost-ctrl-gpu",
        "/dev/nvhost-gpu",
        "/dev/nvgpu/igpu0/as",
        "/dev/nvgpu/igpu0/ctrl",
        "/dev/nvidia-modeset",
        "/dev/nvidia0",
        "/dev/nvidiactl",
        "/dev/nvmap",
    ];
    assert_eq!((driver.gpus.len(), nodes(&driver, 0)), (1, expected.to_vec()));
    assert!(driver.control_nodes.is_empty() && driver.gpus[0].integrated);
    assert_eq!((driver.cuda, driver.version.as_deref()), (Some((13, 1)), Some("540.3.0")));
    assert_eq!(driver.compat_root.as_deref(), Some("/usr/local/cuda/compat_orin"));
}

#[test]
fn lists_are_chosen_and_links_ignored() {
    let with = |lists: MountLists| {
        look("orin", &Options { mode: Mode::Csv, mount_lists: lists, ..Options::default() }, None)
    };
    let list = |patterns: &[&str]| patterns.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let (driver, _) = with(MountLists { all: true, ..MountLists::default() });
    assert!(libraries(&driver).contains(&"/usr/lib/aarch64-linux-gnu/libcudnn.so.9"));
    let patterns = ["**/libcuda.so", "/etc/vulkan/icd.d/*.json", "/etc/*.json"];
    let (driver, _) = with(MountLists { ignore_patterns: list(&patterns), ..MountLists::default() });
    let nvvm = format!("libnvidia-nvvm.so.540.3.0::{NVIDIA}/libnvidia-nvvm.so.4");
    assert_eq!(
        driver.links.iter().map(|link| format!("{}::{}", link.target, link.path)).collect::<Vec<_>>(),
        [nvvm]
    );
    let own = "/etc/nvidia-container-runtime/host-files-for-container.d/devices.csv";
    let lists = MountLists { files: list(&[own]), compat_root: "/x".into(), ..MountLists::default() };
    let (driver, findings) = with(lists);
    assert_eq!(
        (driver.libraries.len(), driver.gpus.len(), driver.compat_root.as_deref()),
        (0, 1, Some("/x"))
    );
    assert_eq!(findings, ["D117 Note", "D102 Error"]);
    let (driver, findings) = with(MountLists { files: list(&["/none.csv"]), ..MountLists::default() });
    assert_eq!((driver.gpus.len(), findings), (0, list(&["D116 Error", "D119 Error", "D102 Error"])));
}

#[test]
fn a_gpu_in_a_slot_of_a_tegra_system_is_a_second_one() {
    let (driver, findings) = look("thor", &Options::default(), Some(&reported(&["NVIDIA Thor", "RTX"])));
    assert_eq!((driver.platform, findings), (Platform::Tegra, Vec::new()));
    assert_eq!(nodes(&driver, 0), ["/dev/nvidia0", "/dev/nvidiactl", "/dev/nvmap", "/dev/nvidia2"]);
    let expected = [
        "/dev/nvidia1",
        "/dev/nvidia-modeset",
        "/dev/nvidia-uvm-tools",
        "/dev/nvidia-uvm",
        "/dev/nvidiactl",
        "/dev/nvmap",
    ];
    assert_eq!(nodes(&driver, 1), expected);
    assert_eq!(driver.compat_root, None, "only Orin has its own");
    let lists = MountLists { single_device: true, ..MountLists::default() };
    let (driver, _) = look("thor", &Options { mount_lists: lists, ..Options::default() }, None);
    assert_eq!(nodes(&driver, 0), ["/dev/nvidia0", "/dev/nvidia1", "/dev/nvidiactl", "/dev/nvmap"]);
    let (driver, _) = look("thor", &Options { mode: Mode::Nvml, ..Options::default() }, None);
    assert_eq!((driver.platform, driver.gpus.len()), (Platform::Pci, 2));
}

#[test]
fn wsl_has_one_node_and_the_driver_store_in_use() {
    let (driver, findings) = look("wsl2", &Options::default(), None);
    assert_eq!((driver.platform, findings), (Platform::Wsl, vec!["D118 Note".to_owned()]));
    assert_eq!(nodes(&driver, 0), ["/dev/dxg"]);
    let in_store = |name: &str| format!("{STORE}/{name}");
    let names = [
        "libcuda.so.1.1",
        "libcuda_loader.so",
        "libnvidia-ptxjitcompiler.so.1",
        "libnvidia-ml.so.1",
        "libnvidia-ml_loader.so",
        "libnvdxgdmal.so.1",
    ];
    let mut expected: Vec<String> = names.map(in_store).into();
    expected.push("/usr/lib/wsl/lib/libdxcore.so".to_owned());
    assert_eq!(libraries(&driver), expected);
    let names = ["nvcubins.bin", "nvidia-smi", "libnvwgf2umx.so", "nvngx.dll", "nvoptix.bin"];
    assert_eq!(others(&driver), names.map(in_store));
    assert_eq!(links(&driver), [format!("{STORE}/nvidia-smi::/usr/bin/nvidia-smi")]);
    assert!(driver.control_nodes.is_empty());
}

#[test]
fn a_machine_taken_as_another_says_what_it_lacks() {
    for (name, mode, expected) in [
        ("conformance-dgx", Mode::Wsl, vec!["D118 Error", "D119 Error"]),
        ("conformance-dgx", Mode::Csv, vec!["D116 Error", "D119 Error", "D102 Error"]),
        ("conformance-dgx", Mode::Auto, vec![]),
        ("no-driver", Mode::Auto, vec!["D101 Error", "D102 Error"]),
    ] {
        let (_, findings) = look(name, &Options { mode, ..Options::default() }, None);
        assert_eq!(findings, expected, "{name} as {mode:?}");
    }
}
