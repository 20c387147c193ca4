//! NVML, asked in a child process that is killed at its deadline.

use super::{Options, Reason};
use host::Host;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What came of asking NVML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Management {
    /// It answered.
    Answered {
        /// Version of the driver.
        driver: String,
        /// The newest CUDA that the driver has, as `13.0`.
        cuda: Option<String>,
        /// The GPUs in NVML's order.
        gpus: Vec<ManagedGpu>,
    },
    /// It answered with an error.
    Refused {
        /// NVML's return code.
        code: u32,
        /// Its text.
        text: String,
    },
    /// The library cannot be loaded.
    NotFound(String),
    /// No answer within this many milliseconds.
    Hung(u64),
    /// A signal ended the child.
    Crashed(i32),
}

/// One GPU as NVML sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedGpu {
    /// Product name.
    pub name: String,
    /// PCI address.
    pub address: String,
    /// Number of its node `/dev/nvidia<N>`.
    pub minor: u32,
    /// Compute capability, as `9.0`.
    pub capability: Option<String>,
    /// Whether MIG is on.
    pub mig: bool,
    /// How many MIG devices it has.
    pub mig_devices: usize,
}

/// How NVML is asked; given by the program that can start a process for it, since no library that
/// belongs to the driver is loaded here.
pub type AskNvml = fn(&Host, Duration) -> Result<Management, Reason>;

pub(super) fn read(host: &Host, options: &Options) -> Result<Management, Reason> {
    match options.nvml.filter(|_| host.is_live()) {
        Some(ask) => ask(host, options.nvml_deadline),
        None => Err(Reason::not_asked("NVML can only be asked on the machine itself")),
    }
}
