//! The record of a set-up: what there was before, and how far it came. Written down before anything
//! changes, so that whoever is interrupted can go on or back.

use crate::packages::Versions;
use crate::{Kind, Manager, codes};
use diag::{Failure, Result, ResultExt};
use host::{Host, HostMut};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where records lie, `NUMBER.json`.
const FOLDER: &str = "/var/lib/longshore/setup";

/// Docker's images, containers and volumes.
pub(super) const DATA: &str = "/var/lib/docker";

/// Version of the files, raised when old programs could not read new ones.
const FORMAT: u32 = 1;

/// How far a set-up came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// Begun; if no process is at work on it, it was interrupted.
    Begun,
    /// Carried out.
    Done,
    /// On the way back; if no process is at work on it, that was interrupted.
    Undoing,
    /// Taken back.
    Undone,
}

/// One set-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this file's format.
    pub format: u32,
    /// A number that grows from set-up to set-up.
    pub number: u64,
    /// When it was begun, in seconds since 1970.
    pub time: u64,
    /// How far it came.
    pub progress: Progress,
    /// The package manager.
    pub manager: Option<Manager>,
    /// The units as they were before.
    pub units: BTreeMap<String, UnitState>,
    /// Whether there was a group `docker` before.
    pub group: bool,
    /// Directories that packages leave behind when they are removed, and that were not there before.
    pub absent: Vec<String>,
    /// Packages that apt had installed for others' sake only.
    pub automatic: Vec<String>,
    /// The stages that were begun, in their order.
    pub stages: Vec<Done>,
}

/// How a unit stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitState {
    /// What `systemctl is-enabled` says; empty where there is no such unit.
    pub enabled: String,
    /// Whether it runs.
    pub active: bool,
}

/// A stage that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What it is about.
    pub kind: Kind,
    /// Its title, which is that of its journal entries.
    pub title: String,
    /// Whether it came to its end.
    pub ended: bool,
    /// Journal entries up to this one were there before.
    pub journal: u64,
    /// While it is at work: what was installed before it.
    pub before: Option<Versions>,
    /// Afterwards: packages with their version before and after.
    pub packages: Vec<Changed>,
    /// Calls that take back what its programs did, the last one first.
    pub undo: Vec<Vec<String>>,
}

/// A package that a stage installed, removed or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Its name.
    pub name: String,
    /// Its version before.
    pub before: Option<String>,
    /// Its version after.
    pub after: Option<String>,
}

impl Record {
    /// What all stages together did to the packages: from before the first to after the last.
    #[must_use]
    pub fn changes(&self) -> Vec<Changed> {
        let (mut before, mut after) = (Versions::new(), Versions::new());
        let mut seen = BTreeSet::new();
        for changed in self.stages.iter().flat_map(|stage| &stage.packages) {
            if seen.insert(&changed.name) {
                before.extend(changed.before.iter().map(|version| (changed.name.clone(), version.clone())));
            }
            after.remove(&changed.name);
            after.extend(changed.after.iter().map(|version| (changed.name.clone(), version.clone())));
        }
        difference(&before, &after)
    }

    /// Whether Docker Engine goes when this is taken back.
    #[must_use]
    pub fn removes_engine(&self) -> bool {
        let engines = ["docker.io", "docker-ce", "moby-engine", "docker"];
        let gone = |changed: &Changed| changed.before.is_none() && engines.contains(&changed.name.as_str());
        self.changes().iter().any(gone)
    }

    /// Whether Docker's data were there before: then they stay when an engine goes.
    #[must_use]
    pub fn keeps_data(&self) -> bool {
        !self.absent.iter().any(|path| path == DATA)
    }

    /// A new one, not yet written.
    pub(super) fn new(host: &Host) -> Result<Self> {
        let number = numbers(host)?.into_iter().max().unwrap_or(0) + 1;
        let time = host.now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
        Ok(Self {
            format: FORMAT,
            number,
            time,
            progress: Progress::Begun,
            manager: None,
            units: BTreeMap::new(),
            group: false,
            absent: Vec::new(),
            automatic: Vec::new(),
            stages: Vec::new(),
        })
    }

    pub(super) fn store(&self, host: &HostMut) -> Result<()> {
        let bytes = serde_json::to_vec(self).context("cannot encode the record of a set-up")?;
        host.write_atomic(&format!("{FOLDER}/{}.json", self.number), &bytes, 0o600)
    }

    pub(super) fn is_stored(&self, host: &Host) -> bool {
        host.exists(&format!("{FOLDER}/{}.json", self.number))
    }

    /// What a stage that was begun and never came to its end was about.
    pub(super) fn unfinished(&self) -> Option<Kind> {
        let open = self.stages.iter().rposition(|stage| !stage.ended)?;
        let kind = self.stages.get(open)?.kind;
        let later = self.stages.iter().skip(open + 1).any(|stage| stage.kind == kind && stage.ended);
        (!later).then_some(kind)
    }

    /// The stage at work, the last one that was begun.
    pub(super) fn current(&mut self) -> Option<&mut Done> {
        self.stages.last_mut()
    }
}

/// The records of all set-ups of this machine, oldest first.
///
/// # Errors
/// One cannot be read, or was written by a newer program.
pub fn records(host: &Host) -> Result<Vec<Record>> {
    let mut numbers = numbers(host)?;
    numbers.sort_unstable();
    numbers.into_iter().map(|number| load(host, number)).collect()
}

fn numbers(host: &Host) -> Result<Vec<u64>> {
    let entries = host.list_optional(FOLDER)?.unwrap_or_default();
    Ok(entries.iter().filter_map(|entry| entry.name.strip_suffix(".json")?.parse().ok()).collect())
}

fn load(host: &Host, number: u64) -> Result<Record> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let path = format!("{FOLDER}/{number}.json");
    let unreadable =
        || Failure::coded(codes::NO_RECORD, format!("the record of set-up {number}, {path}, cannot be read"));
    let bytes = host.read(&path)?;
    let Format { format } = serde_json::from_slice(&bytes).map_err(|cause| unreadable().caused_by(cause))?;
    if format != FORMAT {
        let hint = format!("this program knows format {FORMAT}: use the version that wrote it");
        return Err(Failure::coded(codes::NO_RECORD, format!("{path} has format {format}")).hint(hint));
    }
    serde_json::from_slice(&bytes).map_err(|cause| unreadable().caused_by(cause))
}

/// What differs between two lists of packages.
pub(super) fn difference(before: &Versions, after: &Versions) -> Vec<Changed> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = |name: &&String| before.get(*name) != after.get(*name);
    let entry = |name: &String| Changed {
        name: name.clone(),
        before: before.get(name).cloned(),
        after: after.get(name).cloned(),
    };
    names.into_iter().filter(changed).map(entry).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]

    use super::*;
    use std::fs;

    #[test]
    fn records_of_other_formats_are_refused_and_never_misread() {
        let root = tempfile::tempdir().unwrap();
        let host = Host::at(root.path());
        let record = Record {
            units: [("a.service".to_owned(), UnitState::default())].into(),
            ..Record::new(&host).unwrap()
        };
        record.store(&HostMut::new(host.clone(), "/journal")).unwrap();
        assert_eq!(records(&host).unwrap(), std::slice::from_ref(&record));
        assert_eq!(Record::new(&host).unwrap().number, 2);
        let path = root.path().join("var/lib/longshore/setup/1.json");
        for (text, expected) in [
            (r#"{"format": 2, "what": "unknown"}"#, "has format 2"),
            ("{\"format\": 1", "cannot be read"),
            (r#"{"format": 1}"#, "cannot be read"),
            ("", "cannot be read"),
        ] {
            fs::write(&path, text).unwrap();
            let failure = records(&host).unwrap_err();
            assert!(failure.chain().contains(expected), "{text}: {}", failure.chain());
        }
    }

    #[test]
    fn data_that_were_there_before_stay() {
        let record = Record::new(&Host::at("/nonexistent")).unwrap();
        assert!(record.keeps_data());
        assert!(!Record { absent: vec![DATA.to_owned()], ..record }.keeps_data());
    }

    #[test]
    fn differences_name_what_came_went_and_changed() {
        let list = |rows: &[(&str, &str)]| -> Versions {
            rows.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect()
        };
        let found = difference(
            &list(&[("a", "1"), ("b", "1"), ("c", "1")]),
            &list(&[("b", "2"), ("c", "1"), ("d", "1")]),
        );
        let rows: Vec<_> = found
            .iter()
            .map(|row| (row.name.as_str(), row.before.as_deref(), row.after.as_deref()))
            .collect();
        assert_eq!(rows, [("a", Some("1"), None), ("b", Some("1"), Some("2")), ("d", None, Some("1"))]);
    }
}
