//! A simulated host, described: what `presets/*.toml` and users' files say, checked.

mod check;
mod written;

use crate::presets;
use diag::{Failure, Result};
use serde::Deserialize;
use sim_facts::{NvmlFault, Readings};

/// A host with NVIDIA GPUs. All paths are absolute, placeholders are filled in, GPUs stand in PCI
/// bus order, and names, numbers and addresses are known not to collide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// One line for `longshore sim list`.
    pub summary: String,
    /// The driver.
    pub driver: Driver,
    /// Major numbers of the driver's devices.
    pub majors: Majors,
    /// How device nodes look.
    pub nodes: Nodes,
    /// What procfs shows.
    pub proc: Proc,
    /// Libraries, programs and files.
    pub user_space: UserSpace,
    /// GPUs in PCI bus order.
    pub gpus: Vec<Gpu>,
    /// What is wrong with this host.
    pub faults: Faults,
}

/// The driver: user space and kernel module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driver {
    /// Version of the user space, for example `580.95.05`.
    pub version: String,
    /// Version of the loaded kernel module; `None` when none is loaded.
    pub module_version: Option<String>,
    /// CUDA version as `(major, minor)`.
    pub cuda: (u32, u32),
    /// Of which machine the libraries are.
    pub architecture: Architecture,
    /// Where libraries lie.
    pub library_directory: String,
    /// What kind of machine this is.
    pub platform: Platform,
    /// Below this directory the whole user space lies: `/run/nvidia/driver` for a driver container, else
    /// empty.
    pub root: String,
    /// Text of `/proc/driver/nvidia/version`.
    pub banner: String,
}

/// A machine architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Architecture {
    /// 64-bit Intel and AMD.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit Arm.
    #[serde(rename = "aarch64")]
    Aarch64,
}

/// What kind of machine a host is: which files its GPUs bring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// GPUs on the PCI bus.
    #[default]
    Pci,
    /// The GPU is a part of the chip; nodes are those of `[[nodes.additional]]`.
    Tegra,
    /// The Windows Subsystem for Linux; the one node is that of `[[nodes.additional]]`.
    Wsl,
}

/// Major numbers of character devices, by their names in `/proc/devices`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Majors {
    /// `nvidia`: GPUs, `nvidiactl`, `nvidia-modeset`. Fixed at 195.
    pub nvidia: u32,
    /// `nvidia-uvm`.
    pub nvidia_uvm: u32,
    /// `nvidia-nvlink`.
    pub nvidia_nvlink: u32,
    /// `nvidia-caps`.
    pub nvidia_caps: u32,
    /// `nvidia-caps-imex-channels`.
    pub nvidia_caps_imex_channels: u32,
    /// `drm`. Fixed at 226.
    pub drm: u32,
}

/// How device nodes look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nodes {
    /// Permission bits of the driver's nodes.
    pub mode: u32,
    /// Group of `/dev/dri/card*`.
    pub video_gid: u32,
    /// Group of `/dev/dri/renderD*`.
    pub render_gid: u32,
    /// Whether there are DRM nodes.
    pub drm: bool,
    /// Whether `/dev/nvidia-caps` exists.
    pub capabilities: bool,
    /// Nodes besides.
    pub additional: Vec<Node>,
}

/// A device node that a host has besides those of its GPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Path of the node.
    pub path: String,
    /// Name of its driver in `/proc/devices`.
    pub driver: String,
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
    /// Permission bits.
    pub mode: u32,
    /// Owning group.
    pub gid: u32,
}

/// What procfs shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proc {
    /// Interrupt of each GPU.
    pub irq: u32,
    /// Whether `/proc/driver/nvidia/capabilities` exists.
    pub capabilities: bool,
    /// Whether `/proc/driver/nvidia/registry` exists.
    pub registry: bool,
    /// Text of `/proc/driver/nvidia/params`.
    pub params: String,
    /// Text of `/proc/devices`; `None`: the machine's own with the driver's devices added.
    pub devices: Option<String>,
}

/// Files of the driver's user space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSpace {
    /// Shared libraries and plug-ins.
    pub libraries: Vec<Library>,
    /// Programs.
    pub programs: Vec<Program>,
    /// Configuration, firmware and data files.
    pub files: Vec<File>,
    /// Paths of Unix sockets.
    pub sockets: Vec<String>,
    /// Symbolic links besides those of libraries: `(path, text)`.
    pub links: Vec<(String, String)>,
}

/// A shared library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// Path of the file.
    pub path: String,
    /// `DT_SONAME`; plug-ins may lack one.
    pub soname: Option<String>,
    /// Symbolic links: `(path, text)`.
    pub links: Vec<(String, String)>,
    /// Whether this is NVML, which the simulation answers itself.
    pub nvml: bool,
    /// 32 or 64.
    pub bits: u8,
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Path of the file.
    pub path: String,
    /// Size in bytes that the file is padded to.
    pub size: u64,
    /// Whether this is `nvidia-smi`, which the simulation brings itself.
    pub smi: bool,
}

/// A configuration, firmware or data file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path of the file.
    pub path: String,
    /// What it holds.
    pub content: Content,
    /// Permission bits.
    pub mode: u32,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// This text.
    Text(String),
    /// This many bytes, all of them holes.
    Hole(u64),
}

/// One GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpu {
    /// Model name.
    pub name: String,
    /// `GPU-...`.
    pub uuid: String,
    /// PCI address as sysfs writes it: `0000:07:00.0`.
    pub pci: String,
    /// Minor of `/dev/nvidia<minor>`.
    pub minor: u32,
    /// Board serial number.
    pub serial: Option<String>,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Memory in use in MiB.
    pub memory_used_mib: u64,
    /// Compute capability as `(major, minor)`.
    pub compute_capability: (u32, u32),
    /// `nvmlBrandType_t`.
    pub brand: u32,
    /// `nvmlDeviceArchitecture_t`.
    pub architecture: u32,
    /// PCI vendor (low half) and device (high half).
    pub pci_id: u32,
    /// PCI subsystem vendor (low half) and device (high half).
    pub subsystem_id: u32,
    /// PCI class, for example `0x030200`, a 3D controller.
    pub pci_class: u32,
    /// Version of the video BIOS.
    pub vbios: String,
    /// Width of DMA addresses.
    pub dma_bits: u32,
    /// NUMA node.
    pub numa_node: Option<u32>,
    /// Number of its DRM card node.
    pub card: u32,
    /// Number of its DRM render node.
    pub render: u32,
    /// What the sensors show.
    pub readings: Readings,
    /// How it can be partitioned and is; `None` for GPUs without MIG.
    pub mig: Option<Mig>,
    /// Whether it shares the address space of the CPU.
    pub coherent: bool,
}

/// Partitions of a GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mig {
    /// Whether MIG mode is on. Nodes of the instances exist also while it is off.
    pub enabled: bool,
    /// The most MIG devices that the GPU can hold.
    pub max_devices: u32,
    /// The compute instances with their GPU instances, in NVML's order.
    pub instances: Vec<MigInstance>,
}

/// One compute instance with its GPU instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigInstance {
    /// `MIG-...`.
    pub uuid: String,
    /// Profile name, for example `1g.10gb`.
    pub profile: String,
    /// GPU instance id, 0 to 14.
    pub gpu_instance: u32,
    /// Compute instance id in the GPU instance, 0 to 7.
    pub compute_instance: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Multiprocessors.
    pub multiprocessors: u32,
}

/// What is wrong with a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Whether `libnvidia-ml.so` is missing.
    pub nvml_absent: bool,
    /// How NVML misbehaves.
    pub nvml: NvmlFault,
    /// How long NVML takes to start, and again to open each device.
    pub nvml_latency_ms: u64,
    /// Indices of GPUs that NVML does not report, though their nodes exist.
    pub nvml_lost: Vec<u32>,
    /// Device nodes that are missing.
    pub missing_nodes: Vec<String>,
}

impl Description {
    /// Reads a description; `name` is what messages call the text, usually its path.
    ///
    /// # Errors
    /// When it is no TOML, has an unknown key (with file and line), lacks a needed one or
    /// contradicts itself.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        check::check(name, inherited(name, text, 0)?)
    }

    /// A preset by its name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn preset(name: &str) -> Result<Self> {
        Self::parse(name, presets::text(name)?)
    }

    /// Whether a kernel module is loaded.
    #[must_use]
    pub fn module_loaded(&self) -> bool {
        self.driver.module_version.is_some()
    }
}

/// A file with what it inherits. The depth ends circles, which only a wrong preset could make.
fn inherited(name: &str, text: &str, depth: u32) -> Result<written::Written> {
    let written = written::parse(name, text)?;
    let Some(base) = written.inherits.as_deref() else { return Ok(written) };
    if depth > 8 {
        return Err(Failure::coded(
            crate::codes::BAD_DESCRIPTION,
            format!("{name}: `inherits` runs in circles"),
        ));
    }
    let base_text = presets::text(base).map_err(|failure| failure.context(format!("{name}: `inherits`")))?;
    let base = inherited(base, base_text, depth + 1)?;
    Ok(written.or(base))
}

#[cfg(test)]
mod tests;
