//! What the two halves of the benchmark tell each other: the plan goes in, the run comes out.

use super::case::Case;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is to be measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Plan {
    /// How often each case is measured.
    pub(crate) rounds: usize,
    /// The folder of another toolkit's executables.
    pub(crate) against: Option<PathBuf>,
    /// Words one of which a case's id must hold; all cases when there are none.
    pub(crate) only: Vec<String>,
    /// Whether the pieces of a container start are measured as well.
    pub(crate) pieces: bool,
    /// The low-level runtime, without the simulation's wrapper.
    pub(crate) runc: PathBuf,
    /// Name of the control groups, the only of its kind on the machine.
    pub(crate) group: String,
    /// Whether each of the machine's GPUs is cut into seven MIG devices.
    pub(crate) mig: bool,
}

impl Plan {
    /// The machine, where it is not the usual one.
    pub(crate) fn description(&self) -> Option<&'static str> {
        self.mig.then_some("inherits = \"dgx-mig\"\n")
    }
}

/// Everything that was measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Run {
    /// Where.
    pub(crate) machine: Machine,
    /// Whether each of the machine's GPUs is cut into seven MIG devices.
    pub(crate) mig: bool,
    /// Start of the random order.
    pub(crate) seed: u64,
    /// The cases with one sample a round.
    pub(crate) cases: Vec<Measured>,
    /// The cases of another toolkit that it cannot do.
    pub(crate) left_out: Vec<LeftOut>,
}

/// The machine on which it was measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Machine {
    /// Release of the kernel.
    pub(crate) kernel: String,
    /// Processors that may be used.
    pub(crate) cores: usize,
    /// Name of the processor.
    pub(crate) processor: String,
    /// First line of `runc --version`.
    pub(crate) runc: String,
    /// The cgroup layout: `v1` or `v2`.
    pub(crate) cgroup: String,
    /// Version of the simulated driver.
    pub(crate) driver: String,
    /// The load average of one minute before the first and after the last round.
    pub(crate) load: [String; 2],
}

/// A case and what was seen, one sample a round.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Measured {
    /// The case.
    pub(crate) case: Case,
    /// The samples, in the order of rounds.
    pub(crate) samples: Vec<Sample>,
}

/// What one call took.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Sample {
    /// Wall time, in nanoseconds.
    pub(crate) wall_ns: u64,
    /// User and system time of the whole process tree, in nanoseconds.
    pub(crate) cpu_ns: u64,
}

/// A case that could not be measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct LeftOut {
    /// Its id.
    pub(crate) id: String,
    /// Why.
    pub(crate) why: String,
}
