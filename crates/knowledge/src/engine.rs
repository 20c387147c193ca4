//! Versions of engines and tools: since when they can do a thing, and versions that are known bad.

use crate::{Numbers, Row, Source};

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

/// A range of versions with a known fault.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The tool.
    pub tool: Tool,
    /// The first version without the fault.
    pub fixed: &'static str,
    /// What goes wrong, as a fragment.
    pub what: &'static str,
    /// Where it was read.
    pub source: Source,
}

/// Faults, by tool and version.
pub const FAULTS: &[Fault] = &[
    Fault {
        tool: Tool::Toolkit,
        fixed: "1.16.2",
        what: "a crafted image can reach the host's files (CVE-2024-0132)",
        source: Source::new("NVIDIA security bulletin, September 2024", "2026-11-20"),
    },
    Fault {
        tool: Tool::Toolkit,
        fixed: "1.17.4",
        what: "the repair of CVE-2024-0132 can be got round (CVE-2025-23359)",
        source: Source::new("NVIDIA security bulletin, February 2025", "2026-11-20"),
    },
    Fault {
        tool: Tool::Toolkit,
        fixed: "1.17.8",
        what: "a hook takes LD_PRELOAD from the image and runs its code as root (CVE-2025-23266)",
        source: Source::new("NVIDIA security bulletin, July 2025", "2026-11-20"),
    },
];

impl Row for Fault {
    fn subject(&self) -> String {
        format!("{} before {}: {}", self.tool.name(), self.fixed, self.what)
    }

    fn source(&self) -> Source {
        self.source
    }
}

/// The faults that a version has; empty when the version cannot be read.
#[must_use]
pub fn faults(tool: Tool, version: &str) -> Vec<&'static Fault> {
    let Some(version) = Numbers::parse(version) else { return Vec::new() };
    let has = |fault: &&Fault| Numbers::parse(fault.fixed).is_some_and(|fixed| version < fixed);
    FAULTS.iter().filter(|fault| fault.tool == tool).filter(has).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_toolkits_have_faults() {
        assert_eq!(faults(Tool::Toolkit, "1.16.1").len(), 3);
        assert_eq!(faults(Tool::Toolkit, "1.17.8").len(), 0);
        assert_eq!(faults(Tool::Toolkit, "unknown").len(), 0);
        assert_eq!(faults(Tool::Docker, "1.0").len(), 0);
    }
}
