//! What a pasted text means: who speaks, what it can come from, what to do next.
//!
//! Wrappers are stripped (`wrapping`), quotes, spaces and line breaks do not matter
//! (`canonical`), and of all known symptoms in the text the innermost one counts. Works without
//! looking at any machine; [`weigh`] then asks the checks that tell the causes apart.

mod canonical;
mod search;
mod symptoms;
mod weigh;
mod wrapping;

pub use search::{Recognised, recognise};
pub use symptoms::all;
pub use weigh::{Here, Weighed, weigh};

use diag::Code;
use serde::Serialize;

/// Who prints a text. Of two symptoms in one text the one further down counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaker {
    /// A program that uses the GPU through a framework: PyTorch, TensorFlow, ffmpeg.
    Program,
    /// A package manager.
    Packages,
    /// Kubernetes and what runs on it.
    Cluster,
    /// The Docker, Podman or Compose client.
    Client,
    /// dockerd, containerd, CRI-O or podman.
    Engine,
    /// runc, crun or a shim that starts the container.
    Runtime,
    /// The container toolkit: its runtime, its hooks, its generator of specifications.
    Toolkit,
    /// A library of the driver: NVML or CUDA.
    Library,
    /// The kernel module, or the hardware.
    Kernel,
}

impl Speaker {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Program => "the program in the container",
            Self::Packages => "the package manager",
            Self::Cluster => "Kubernetes",
            Self::Client => "the client (docker, podman, compose)",
            Self::Engine => "the engine (dockerd, containerd, podman)",
            Self::Runtime => "the low-level runtime (runc, crun) and its shim",
            Self::Toolkit => "the container toolkit",
            Self::Library => "a library of the driver (NVML, CUDA)",
            Self::Kernel => "the kernel driver or the hardware",
        }
    }
}

/// One known text.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Symptom {
    /// Stable name.
    pub name: &'static str,
    /// Who prints it.
    pub speaker: Speaker,
    /// The texts by which it is known; `*` stands for any few words, at the end for the rest of a word,
    /// and `@` for a GPU's address and nothing else.
    #[serde(skip)]
    pub texts: &'static [&'static str],
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// What it comes from, the most frequent first. None: it is harmless.
    pub causes: &'static [Origin],
    /// It only wraps another message; when one is there, that one counts.
    #[serde(skip)]
    pub wraps: bool,
}

impl Symptom {
    /// Whether there is nothing to do about it.
    #[must_use]
    pub const fn is_harmless(&self) -> bool {
        self.causes.is_empty()
    }
}

/// One thing that a symptom comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The cause, as a lower-case fragment.
    pub cause: &'static str,
    /// What to do next: a command where there is one.
    pub next: &'static str,
    /// The checks of the doctor that tell whether it is so on a machine.
    pub checks: &'static [Code],
}

/// A symptom; a line of the tables.
const fn symptom(
    name: &'static str,
    speaker: Speaker,
    texts: &'static [&'static str],
    meaning: &'static str,
    causes: &'static [Origin],
) -> Symptom {
    Symptom { name, speaker, texts, meaning, causes, wraps: false }
}

/// A symptom that only wraps another.
const fn wrapper(
    name: &'static str,
    speaker: Speaker,
    texts: &'static [&'static str],
    meaning: &'static str,
    causes: &'static [Origin],
) -> Symptom {
    Symptom { name, speaker, texts, meaning, causes, wraps: true }
}

/// A text that sounds bad and is not.
const fn harmless(
    name: &'static str,
    speaker: Speaker,
    texts: &'static [&'static str],
    meaning: &'static str,
) -> Symptom {
    Symptom { name, speaker, texts, meaning, causes: &[], wraps: false }
}

/// A cause; a line of the tables.
const fn from(cause: &'static str, next: &'static str, checks: &'static [Code]) -> Origin {
    Origin { cause, next, checks }
}
