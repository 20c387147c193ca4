//! Which version of the standard a specification needs at least.

use crate::{ContainerEdits, Spec};

/// Released versions of the standard, oldest first.
pub(crate) const RELEASED: &[&str] =
    &["0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0"];

/// A version, what came with it, and whether a specification uses that.
type Need = (&'static str, &'static str, fn(&Spec) -> bool);

/// What needs which version, newest first; without any of it 0.3.0 does.
const NEEDS: &[Need] = &[
    ("1.1.0", "network devices or newer Intel RDT settings", needs_1_1),
    ("0.7.0", "`additionalGids`", |spec| any_edits(spec, |edits| !edits.additional_gids.is_empty())),
    ("0.7.0", "`intelRdt`", |spec| any_edits(spec, |edits| edits.intel_rdt.is_some())),
    ("0.6.0", "annotations", |spec| {
        !spec.annotations.is_empty() || spec.devices.iter().any(|device| !device.annotations.is_empty())
    }),
    ("0.6.0", "a class with a dot", |spec| {
        spec.kind.split_once('/').is_some_and(|(_, class)| class.contains('.'))
    }),
    ("0.5.0", "a device name that starts with a digit", |spec| {
        spec.devices.iter().any(|device| device.name.starts_with(|c: char| c.is_ascii_digit()))
    }),
    ("0.5.0", "`hostPath` of a device node", |spec| {
        any_edits(spec, |edits| edits.device_nodes.iter().any(|node| node.host_path.is_some()))
    }),
    ("0.4.0", "the type of a mount", |spec| {
        any_edits(spec, |edits| edits.mounts.iter().any(|mount| mount.type_.is_some()))
    }),
];

impl Spec {
    /// The oldest version of the standard that covers what is used here: every engine that knows it
    /// takes the file.
    #[must_use]
    pub fn minimum_version(&self) -> &'static str {
        NEEDS.iter().find(|(_, _, needs)| needs(self)).map_or("0.3.0", |(version, _, _)| version)
    }

    /// What is used here that came with a version of the standard newer than `version`, as fragments
    /// like `annotations`, the newest first.
    #[must_use]
    pub fn beyond(&self, version: &str) -> Vec<&'static str> {
        let known = position(version);
        let newer = NEEDS.iter().filter(|(since, _, needs)| position(since) > known && needs(self));
        newer.map(|(_, what, _)| *what).collect()
    }
}

fn needs_1_1(spec: &Spec) -> bool {
    any_edits(spec, |edits| {
        !edits.net_devices.is_empty()
            || edits.intel_rdt.as_ref().is_some_and(|rdt| !rdt.schemata.is_empty() || rdt.enable_monitoring)
    })
}

fn any_edits(spec: &Spec, test: impl Fn(&ContainerEdits) -> bool) -> bool {
    test(&spec.container_edits) || spec.devices.iter().any(|device| test(&device.container_edits))
}

/// Position of a version among the released ones; a leading `v` is tolerated.
pub(crate) fn position(version: &str) -> Option<usize> {
    let version = version.strip_prefix('v').unwrap_or(version);
    RELEASED.iter().position(|released| *released == version)
}
