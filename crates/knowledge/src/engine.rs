//! Versions of engines and tools: since when they can do a thing, and versions that are known bad.

use crate::{Row, Source};

/// A thing that a tool can do since a version.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// The tool.
    pub tool: Tool,
    /// What it can do, as a fragment.
    pub what: &'static str,
    /// Since which version.
    pub since: &'static str,
    /// Where it was read.
    pub source: Source,
}

/// Tools with versions in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Docker Engine.
    Docker,
    /// Docker Compose.
    Compose,
    /// Podman.
    Podman,
    /// Kubernetes.
    Kubernetes,
    /// NVIDIA Container Toolkit.
    Toolkit,
}

impl Tool {
    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "Docker Engine",
            Self::Compose => "Docker Compose",
            Self::Podman => "Podman",
            Self::Kubernetes => "Kubernetes",
            Self::Toolkit => "NVIDIA Container Toolkit",
        }
    }
}

/// Features, by tool and version.
pub const FEATURES: &[Feature] = &[
    Feature {
        tool: Tool::Docker,
        what: "device requests: `docker run --gpus`",
        since: "19.03",
        source: Source::new("moby/moby#38828", "2026-11-21"),
    },
    Feature {
        tool: Tool::Docker,
        what: "CDI devices with `features.cdi`",
        since: "25.0",
        source: Source::new("docker/cli#3864; moby/moby#45192", "2026-11-21"),
    },
    Feature {
        tool: Tool::Docker,
        what: "a device request without `count` and `device_ids` gives no GPU",
        since: "27.3",
        source: Source::new("moby/moby#48483; docker/docs#21026", "2026-11-21"),
    },
    Feature {
        tool: Tool::Docker,
        what: "CDI without a feature switch",
        since: "28.2",
        source: Source::new("moby/moby#49963", "2026-11-20"),
    },
    Feature {
        tool: Tool::Docker,
        what: "`--gpus` served by CDI",
        since: "29.2",
        source: Source::new("moby/moby#50228", "2026-11-20"),
    },
    Feature {
        tool: Tool::Compose,
        what: "`deploy.resources.reservations.devices`",
        since: "1.28",
        source: Source::new("docker/docs#12315; docker/compose#8142", "2026-11-21"),
    },
    Feature {
        tool: Tool::Compose,
        what: "`gpus` of a service",
        since: "2.30",
        source: Source::new("compose-spec/compose-go, commit 7218685 (2024-10-09)", "2026-11-21"),
    },
    Feature {
        tool: Tool::Compose,
        what: "CDI names in `devices`",
        since: "2.30",
        source: Source::new("docker/compose#12184; containers/podman#28309", "2026-11-21"),
    },
    Feature {
        tool: Tool::Compose,
        what: "a device without `count` and `device_ids` means `count: all`",
        since: "2.30",
        source: Source::new("compose-spec/compose-go, commit 8158217 (2024-10-04)", "2026-11-21"),
    },
    Feature {
        tool: Tool::Podman,
        what: "CDI devices",
        since: "4.1",
        source: Source::new("containers/podman, RELEASE_NOTES.md, 4.1.0", "2026-11-21"),
    },
];

impl Row for Feature {
    fn subject(&self) -> String {
        format!("{}: {}", self.tool.name(), self.what)
    }

    fn source(&self) -> Source {
        self.source
    }
}
