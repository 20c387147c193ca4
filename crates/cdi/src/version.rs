//! Which version of the standard a specification needs at least.

use crate::{ContainerEdits, Spec};

/// Released versions of the standard, oldest first.
pub(crate) const RELEASED: &[&str] =
    &["0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0", "1.0.0", "1.1.0"];

/// A version, and whether a specification uses what came with it.
type Need = (&'static str, fn(&Spec) -> bool);

/// What needs which version, newest first; without any of it 0.3.0 does.
const NEEDS: &[Need] = &[
    ("1.1.0", needs_1_1),
    ("0.7.0", |spec| any_edits(spec, |edits| !edits.additional_gids.is_empty() || edits.intel_rdt.is_some())),
    ("0.6.0", |spec| {
        !spec.annotations.is_empty()
            || spec.devices.iter().any(|device| !device.annotations.is_empty())
            || spec.kind.split_once('/').is_some_and(|(_, class)| class.contains('.'))
    }),
    ("0.5.0", |spec| {
        spec.devices.iter().any(|device| device.name.starts_with(|c: char| c.is_ascii_digit()))
            || any_edits(spec, |edits| edits.device_nodes.iter().any(|node| node.host_path.is_some()))
    }),
    ("0.4.0", |spec| any_edits(spec, |edits| edits.mounts.iter().any(|mount| mount.type_.is_some()))),
];

impl Spec {
    /// The oldest version of the standard that covers what is used here: every engine that knows it
    /// takes the file.
    #[must_use]
    pub fn minimum_version(&self) -> &'static str {
        NEEDS.iter().find(|(_, needs)| needs(self)).map_or("0.3.0", |(version, _)| version)
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
