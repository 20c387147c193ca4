//! What the doctor was asked.

use super::{Installed, Known, NodeRuntime, Podman};
use serde::{Deserialize, Serialize};

/// The engine whose containers are to have a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Docker, by `docker run --gpus`.
    #[default]
    Docker,
    /// Podman, by `podman run --device nvidia.com/gpu=all`.
    Podman,
    /// containerd, K3s or RKE2 behind a kubelet.
    Containerd,
    /// CRI-O behind a kubelet.
    Crio,
}

impl EngineKind {
    /// All, in the order in which one is chosen.
    pub const ALL: [Self; 4] = [Self::Docker, Self::Podman, Self::Containerd, Self::Crio];

    /// Its name in `--engine`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
            Self::Crio => "crio",
        }
    }

    /// The engine of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What is promised, or not, about a machine.
    #[must_use]
    pub const fn promise(self) -> &'static str {
        match self {
            Self::Docker => "`docker run --gpus all`",
            Self::Podman => "`podman run --device nvidia.com/gpu=all`",
            Self::Containerd | Self::Crio => "a pod with a GPU",
        }
    }

    /// Whether it is a node's container runtime.
    #[must_use]
    pub const fn is_node(self) -> bool {
        matches!(self, Self::Containerd | Self::Crio)
    }
}

/// What the doctor was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// About containers of which engine.
    pub engine: EngineKind,
    /// Whether the caller named it.
    pub named: bool,
}

/// The engine that is there, when the caller names none: Docker when anything of it is there, or
/// nothing else is.
pub(super) fn choose(
    named: Option<EngineKind>,
    installed: &Known<Installed>,
    podman: &Known<Podman>,
    node: &Known<Option<NodeRuntime>>,
) -> Question {
    if let Some(engine) = named {
        return Question { engine, named: true };
    }
    let docker = installed.known().is_none_or(|installed| {
        installed.client.is_some() || installed.daemon.is_some() || installed.snap || installed.desktop
    });
    let node = node.known().and_then(Option::as_ref).filter(|node| node.kubelet || node.kind.is_cluster());
    let podman = podman.known().is_some_and(|podman| podman.program.is_some());
    let engine = match (docker, node, podman) {
        (false, Some(node), _) if node.kind.is_crio() => EngineKind::Crio,
        (false, Some(_), _) => EngineKind::Containerd,
        (false, None, true) => EngineKind::Podman,
        _ => EngineKind::Docker,
    };
    Question { engine, named: false }
}
