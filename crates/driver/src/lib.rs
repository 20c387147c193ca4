//! What a machine's NVIDIA driver consists of, as plain values: no I/O, no decisions.
//!
//! A [`Driver`] is found once by `discover::sweep` and read by everything else: `inject` makes
//! edits from it, `doctor` judges it, `longshore gpus` shows it, the inventory stores it.

mod answer;
pub mod families;
mod nvml;

pub use answer::NvmlAnswer;
pub use nvml::{NvmlGpu, NvmlMig, NvmlSnapshot};

use serde::{Deserialize, Serialize};

/// What kind of machine the driver runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// GPUs on the PCI bus, as servers, workstations and virtual machines have them.
    #[default]
    Pci,
    /// A Tegra system whose GPU is a part of the chip: mount lists (`*.csv`) say what it consists of.
    Tegra,
    /// The Windows Subsystem for Linux: one node for all GPUs, and a driver store of Windows.
    Wsl,
}

/// The driver of one machine. All paths are absolute, below `root`, with symbolic links resolved
/// inside the root; in a container a file appears at the same path without the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driver {
    /// What kind of machine this is.
    #[serde(default)]
    pub platform: Platform,
    /// Driver root on the host, `/` for a driver installed normally.
    pub root: String,
    /// Where device nodes live: `<dev_root>/dev`.
    pub dev_root: String,
    /// Version of the user space libraries, for example `580.95.05`; from the suffix of `libcuda.so`
    /// or `libnvidia-ml.so`.
    pub version: Option<String>,
    /// Version of the loaded kernel module, from `/proc/driver/nvidia/version` or
    /// `/sys/module/nvidia/version`; `None` when it is not loaded.
    pub module_version: Option<String>,
    /// CUDA version of the driver as `(major, minor)`, where NVML or libcuda told it.
    pub cuda: Option<(u32, u32)>,
    /// Whether `/proc/driver/nvidia/params` says `ModifyDeviceFiles: 1`.
    pub modifies_device_files: bool,
    /// GPUs in PCI bus order: the position is the index that NVML and users count by.
    pub gpus: Vec<Gpu>,
    /// Control nodes that every GPU container gets: modeset, uvm, uvm-tools, nvidiactl.
    pub control_nodes: Vec<Node>,
    /// Shared libraries, versioned ones and those that belong to the driver without its version.
    pub libraries: Vec<Library>,
    /// Programs, for example `/usr/bin/nvidia-smi`.
    pub binaries: Vec<File>,
    /// GSP firmware images.
    pub firmware: Vec<File>,
    /// Unix sockets of persistenced and fabric manager.
    pub sockets: Vec<File>,
    /// EGL, Vulkan, OpenCL and X.org configuration and data files.
    pub configs: Vec<File>,
    /// X.org modules.
    pub xorg: Vec<File>,
    /// Files and directories besides, which every GPU container gets: those of Tegra's mount lists that
    /// are no libraries, the rest of the driver store of WSL.
    #[serde(default)]
    pub others: Vec<File>,
    /// Links besides those of the libraries, as they stand.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Directory of an image's compatibility libraries where it is not the usual one (Orin).
    #[serde(default)]
    pub compat_root: Option<String>,
    /// The node that allows to change the MIG layout.
    #[serde(default)]
    pub mig_config: Option<Node>,
    /// The node that allows to watch all MIG devices.
    #[serde(default)]
    pub mig_monitor: Option<Node>,
}

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gpu {
    /// `GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`; `None` while the driver does not know it yet
    /// (procfs shows question marks until the GPU was initialised).
    pub uuid: Option<String>,
    /// Model name as the driver gives it, for example `NVIDIA H100 80GB HBM3`.
    pub name: Option<String>,
    /// PCI address as sysfs writes it: `0000:07:00.0`.
    pub bus_id: String,
    /// Minor of its node: `/dev/nvidia<minor>`.
    pub minor: u32,
    /// The node itself; `None` when `/dev/nvidia<minor>` is missing.
    pub node: Option<Node>,
    /// DRM nodes `/dev/dri/card*` and `/dev/dri/renderD*`.
    pub drm: Vec<Node>,
    /// Links below `/dev/dri/by-path` that point to the DRM nodes: `(text of the link, path)`.
    pub drm_links: Vec<Link>,
    /// Memory in MiB, where NVML told it.
    pub memory_mib: Option<u64>,
    /// Compute capability as `(major, minor)`, where NVML told it.
    pub compute_capability: Option<(u32, u32)>,
    /// Whether MIG is enabled.
    pub mig_enabled: bool,
    /// MIG devices.
    pub mig: Vec<Mig>,
    /// Whether the GPU shares the address space of the CPU (address translation services, as on Grace);
    /// where NVML told it.
    #[serde(default)]
    pub coherent: Option<bool>,
    /// Whether the GPU is a part of the chip (Tegra).
    #[serde(default)]
    pub integrated: bool,
    /// Nodes that come with this GPU besides its own: the engines of a Tegra chip.
    #[serde(default)]
    pub companions: Vec<Node>,
}

impl Mig {
    /// Whether graphics works on it: its profile has that attribute (`1g.24gb+gfx`).
    #[must_use]
    pub fn has_graphics(&self) -> bool {
        let attributes = self.profile.as_deref().and_then(|profile| profile.split_once('+'));
        attributes.is_some_and(|(_, attributes)| attributes.split([',', '+']).any(|name| name == "gfx"))
    }
}

impl Gpu {
    /// Whether the machine has a node through which the GPU can be used.
    #[must_use]
    pub fn has_node(&self) -> bool {
        self.node.is_some() || !self.companions.is_empty()
    }
}

/// One MIG device of a GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mig {
    /// Position among the MIG devices of its GPU, as in `0:1`.
    pub index: u32,
    /// `MIG-...`, where NVML told it.
    pub uuid: Option<String>,
    /// Profile name, for example `1g.10gb`.
    pub profile: Option<String>,
    /// GPU instance id.
    pub gpu_instance: u32,
    /// Compute instance id.
    pub compute_instance: u32,
    /// Capability nodes of the GPU instance and the compute instance.
    pub caps: Vec<Node>,
}

/// A character device node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Path in the container, for example `/dev/nvidia0`.
    pub path: String,
    /// Path on the host when it differs (a separate dev root).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_path: Option<String>,
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
    /// Permission bits, for example `0o666`.
    pub mode: u32,
    /// Owning group; 0 is root.
    pub gid: u32,
}

/// A file to be shown to containers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Path on the host.
    pub host_path: String,
    /// Path in the container.
    pub container_path: String,
}

/// A shared library.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Library {
    /// The real file on the host and where it appears. (Nested in JSON as here: flattening it would cost
    /// the static executable four kilobytes.)
    pub file: File,
    /// `DT_SONAME`; `None` for a file without one.
    pub soname: Option<String>,
    /// 32-bit libraries are kept apart: only `compat32` asks for them.
    pub bits: u8,
    /// Links that lead to it in its directory on the host (SONAME link, `.so` link) or that the
    /// driver's own installer always makes.
    pub links: Vec<Link>,
    /// What kind of library it is; decides with which driver capability it comes in the modes that
    /// look at capabilities.
    pub family: families::Family,
    /// Whether it carries the driver's version in its name (`libcuda.so.580.95.05`).
    pub versioned: bool,
}

/// A symbolic link: its text and where it lies.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// Text of the link, for example `libcuda.so.1` or `../card0`.
    pub target: String,
    /// Absolute path of the link in the container.
    pub path: String,
}
