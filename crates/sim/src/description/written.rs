//! A description as it is written: every key may be missing, none may be unknown.
//!
//! A file that `inherits` states only what differs: tables are merged key by key, lists and values
//! are replaced whole. The `additional_` lists are appended to their namesakes.

use diag::{Failure, Result};
use serde::Deserialize;

/// Declares a table of optional keys and how it falls back on the table that it inherits.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $type:ty,)* } $(tables { $($inner:ident: $table:ty,)* })?) => {
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        $(#[$doc])*
        pub(super) struct $name {
            $(pub(super) $key: Option<$type>,)*
            $($(pub(super) $inner: $table,)*)?
        }

        impl $name {
            /// This table, with `base` for the keys it lacks.
            pub(super) fn or(self, base: Self) -> Self {
                Self {
                    $($key: self.$key.or(base.$key),)*
                    $($($inner: self.$inner.or(base.$inner),)*)?
                }
            }
        }
    };
}

table! {
    /// The whole file.
    Written { summary: String, inherits: String, gpus: Vec<Gpu>, }
    tables {
        driver: Driver,
        majors: Majors,
        nodes: Nodes,
        proc: Proc,
        user_space: UserSpace,
        gpu_defaults: Gpu,
        faults: Faults,
    }
}

table! {
    /// `[driver]`
    Driver {
        version: String,
        module_version: String,
        cuda: String,
        architecture: super::Architecture,
        library_directory: String,
        platform: super::Platform,
        root: String,
        banner: String,
    }
}

table! {
    /// `[majors]`
    #[serde(rename_all = "kebab-case")]
    Majors {
        nvidia: u32,
        nvidia_uvm: u32,
        nvidia_nvlink: u32,
        nvidia_caps: u32,
        nvidia_caps_imex_channels: u32,
        drm: u32,
    }
}

table! {
    /// `[nodes]`
    Nodes {
        mode: u32,
        video_gid: u32,
        render_gid: u32,
        drm: bool,
        capabilities: bool,
        additional: Vec<Node>,
    }
}

table! {
    /// `[proc]`
    Proc { irq: u32, capabilities: bool, registry: bool, params: String, devices: String, }
}

table! {
    /// `[user_space]`
    UserSpace {
        libraries: Vec<Library>,
        additional_libraries: Vec<Library>,
        programs: Vec<Program>,
        files: Vec<File>,
        additional_files: Vec<File>,
        sockets: Vec<String>,
        links: Vec<String>,
    }
}

/// `[[nodes.additional]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub(super) path: String,
    pub(super) driver: String,
    pub(super) major: u32,
    pub(super) minor: u32,
    pub(super) mode: Option<u32>,
    pub(super) gid: Option<u32>,
}

/// `[[gpus.mig.devices]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MigDevice {
    pub(super) profile: String,
    pub(super) gpu_instance: u32,
    pub(super) compute_instance: Option<u32>,
    pub(super) memory_mib: u64,
    pub(super) multiprocessors: Option<u32>,
}

/// `[[user_space.libraries]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Library {
    pub(super) name: String,
    pub(super) soname: Option<String>,
    #[serde(default)]
    pub(super) links: Vec<String>,
    #[serde(default)]
    pub(super) nvml: bool,
    /// Directory, where it is not the driver's.
    pub(super) directory: Option<String>,
    /// 32 for a library of 32-bit programs.
    pub(super) bits: Option<u8>,
}

/// `[[user_space.programs]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    pub(super) path: String,
    pub(super) size: Option<u64>,
    #[serde(default)]
    pub(super) smi: bool,
}

/// `[[user_space.files]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) mode: Option<u32>,
}

table! {
    /// `[gpu_defaults]` and `[[gpus]]`
    Gpu {
        name: String,
        uuid: String,
        pci: String,
        minor: u32,
        serial: String,
        memory_mib: u64,
        memory_used_mib: u64,
        compute_capability: String,
        brand: u32,
        architecture: u32,
        pci_id: u32,
        subsystem_id: u32,
        pci_class: u32,
        vbios: String,
        dma_bits: u32,
        numa_node: u32,
        max_mig_devices: u32,
        card: u32,
        render: u32,
        coherent: bool,
    }
    tables { readings: Readings, mig: Mig, }
}

table! {
    /// `[gpu_defaults.readings]`
    Readings {
        temperature_c: u32,
        power_mw: u32,
        power_limit_mw: u32,
        performance_state: u32,
        fan_percent: u32,
        gpu_utilization: u32,
        memory_utilization: u32,
        persistence_mode: bool,
        ecc: bool,
    }
}

table! {
    /// `[gpu_defaults.mig]`
    Mig {
        enabled: bool,
        profile: String,
        memory_mib: u64,
        multiprocessors: u32,
        gpu_instances: Vec<u32>,
        devices: Vec<MigDevice>,
        uuid: String,
    }
}

table! {
    /// `[faults]`
    Faults {
        nvml: NvmlWord,
        nvml_error: u32,
        nvml_latency_ms: u64,
        nvml_lost: Vec<u32>,
        missing_nodes: Vec<String>,
        module: ModuleWord,
    }
}

/// Values of `faults.nvml`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum NvmlWord {
    Present,
    Absent,
    Hang,
    Crash,
}

/// Values of `faults.module`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ModuleWord {
    Loaded,
    Absent,
}

/// Reads one file; `name` is what messages call it.
pub(super) fn parse(name: &str, text: &str) -> Result<Written> {
    toml_edit::de::from_str(text).map_err(|cause| {
        let line = cause.span().map_or(1, |span| line_of(text, span.start));
        Failure::coded(crate::codes::BAD_DESCRIPTION, format!("{name}:{line}: {}", cause.message().trim()))
            .hint("`longshore sim show dgx-h100` shows a description with its keys")
    })
}

/// The line, counted from 1, of a position in the text.
fn line_of(text: &str, position: usize) -> usize {
    text.bytes().take(position).filter(|byte| *byte == b'\n').count() + 1
}
