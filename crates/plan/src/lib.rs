//! A change to a machine as data. A plan can be shown, compared and serialised; it cannot carry
//! itself out: that is `host::HostMut::apply`.

mod diff;
mod secrets;

pub use diff::{file_diff, unified_diff};
pub use secrets::without_secrets;

use serde::{Deserialize, Serialize};

/// How safely a plan may be carried out without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// Reversible, touches only what is ours, restarts nothing.
    Safe,
    /// Reversible, but restarts something or affects others: ask first.
    Unsafe,
    /// Only to be shown: packages, drivers, the kernel.
    ShownOnly,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Replace or create a file atomically.
    Write {
        /// Absolute path below the host's root.
        path: String,
        /// What must be there when the plan is carried out (`None`: no file); otherwise it is
        /// refused as drift.
        before: Option<Vec<u8>>,
        /// The new content.
        after: Vec<u8>,
        /// Permission bits of a newly created file; an existing file keeps its own.
        mode: u32,
    },
    /// Remove a file.
    Remove {
        /// Absolute path below the host's root.
        path: String,
        /// What must be there when the plan is carried out.
        before: Vec<u8>,
    },
    /// Create or replace a symbolic link.
    Symlink {
        /// Absolute path of the link below the host's root.
        path: String,
        /// Text of the link.
        target: String,
        /// Text of the link that must be there before (`None`: nothing there).
        before: Option<String>,
    },
    /// Run a program.
    Run {
        /// Program (absolute path) and arguments.
        argv: Vec<String>,
        /// Program and arguments that take the effect back, when there are such.
        undo: Option<Vec<String>>,
    },
    /// Run a program that makes others see the files that the steps before wrote: a daemon is
    /// restarted. When the plan is taken back it runs after those files are what they were.
    Settle {
        /// Program (absolute path) and arguments.
        argv: Vec<String>,
        /// Program and arguments after the plan was taken back.
        undo: Vec<String>,
    },
}

/// A change: what it is for, and its steps in order. No step: nothing needs to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What the change is for, as a lower-case fragment: `register runtime nvidia with docker`.
    pub title: String,
    /// How safely it may be carried out without asking.
    pub applicability: Applicability,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

impl Plan {
    /// A plan without steps yet.
    #[must_use]
    pub fn new(title: impl Into<String>, applicability: Applicability) -> Self {
        Self { title: title.into(), applicability, steps: Vec::new() }
    }

    /// Adds a step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Whether nothing needs to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}
