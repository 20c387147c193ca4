//! What a check is: one line of data and a pure function.

use crate::facts::EngineKind;
use crate::{Facts, Remedy};
use diag::{Code, Outcome, Severity};
use serde::Serialize;

/// The part of the stack that a check belongs to; the report is grouped by it, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The hardware and what is bound to it.
    Gpu,
    /// Kernel module, user space libraries and device nodes.
    Driver,
    /// The programs that bring a GPU into a container.
    Toolkit,
    /// The client's choice of a daemon and the daemon itself.
    Engine,
    /// Who may talk to whom.
    Permissions,
    /// Specifications of the Container Device Interface.
    Cdi,
    /// The image or container that was asked about.
    Images,
}

impl Layer {
    /// The heading in a report.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Gpu => "GPU",
            Self::Driver => "driver",
            Self::Toolkit => "toolkit",
            Self::Engine => "engine",
            Self::Permissions => "permissions",
            Self::Cdi => "CDI",
            Self::Images => "image",
        }
    }
}

/// A check about the machine.
pub(crate) const ANY: &[EngineKind] = &EngineKind::ALL;
/// A check about Docker.
pub(crate) const DOCKER: &[EngineKind] = &[EngineKind::Docker];
/// A check about podman.
pub(crate) const PODMAN: &[EngineKind] = &[EngineKind::Podman];
/// A check about a node of Kubernetes.
pub(crate) const NODES: &[EngineKind] = &[EngineKind::Containerd, EngineKind::Crio];

/// One check of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Stable code, for example `H301`.
    pub code: Code,
    /// Stable name, for example `toolkit-present`; the folder is `<code>_<name>`.
    pub name: &'static str,
    /// The first column of the report: what was looked at, in a few words.
    pub label: &'static str,
    /// Part of the stack.
    pub layer: Layer,
    /// The worst that this check reports. With [`Severity::Error`] an answer is needed before
    /// `docker run --gpus` can be promised to work.
    pub weight: Severity,
    /// The engines that it matters for.
    pub engines: &'static [EngineKind],
    /// Checks whose findings follow from a finding of this one.
    pub explains: &'static [Code],
    /// Checks that cannot tell because of a finding of this one.
    pub blinds: &'static [Code],
    /// Looks at the facts.
    pub run: fn(&Facts) -> Outcome,
    /// What to do next about a finding of this check; `None`: its help texts say all there is.
    pub remedy: fn(&Facts) -> Option<Remedy>,
    /// The story of the check, as Markdown, for `longshore explain CODE`.
    pub doc: &'static str,
}
