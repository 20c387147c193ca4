//! The way back: a set-up taken back from its record. What it finds done already it leaves alone, so an
//! interrupted one can be started again.

use super::programs::Programs;
use super::record::{Changed, DATA, Done, Progress, Record, records};
use super::{Teller, close_stage, hold, units};
use crate::packages::{self, KEY, SETTINGS_ONLY};
use crate::{Kind, Manager, codes, survey};
use diag::{Failure, Result};
use engines::docker::{self, api};
use host::codes::PROGRAM_FAILED;
use host::{Host, HostMut, JournalState};

/// Directories that an engine makes at run time and its package leaves behind.
const MADE: [&str; 9] = [
    DATA,
    "/var/lib/containerd",
    "/etc/docker",
    "/etc/containerd",
    "/etc/cni",
    "/opt/cni",
    "/opt/containerd",
    "/run/docker",
    "/run/containerd",
];

/// What Debian's package leaves in Docker's data, to delete them all when it is purged.
const DELETES_DATA: &str = "/var/lib/docker/nuke-graph-directory.sh";

/// What our own package makes at run time, and leaves behind where packages are not purged.
const OWN_MADE: &str = "/etc/nvidia-container-runtime";

/// This toolkit's package: it goes last, since it holds the program that is at work.
const OWN: &str = "longshore";

/// How a set-up is taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoOptions {
    /// Even if containers end with it.
    pub stop_containers: bool,
    /// The proxy that programs use; empty: that of the caller's environment.
    pub proxy: String,
}

/// Takes back the newest set-up that was not taken back yet.
///
/// # Errors
/// There is none; containers run; or something could not be taken back: the next call tries the rest.
pub fn undo(host: &HostMut, options: &UndoOptions, teller: &mut dyn Teller) -> Result<u64> {
    let _lock = hold(host)?;
    let last = records(host)?.into_iter().rfind(|record| record.progress != Progress::Undone);
    let mut record = last.ok_or_else(|| {
        Failure::coded(codes::NO_RECORD, "there is no set-up that could be taken back")
            .hint("`longshore undo` alone lists the changes")
    })?;
    close_stage(host, &mut record);
    let changes = record.changes();
    if record.removes_engine() && !options.stop_containers {
        refuse_while_containers_run(host)?;
    }
    record.progress = Progress::Undoing;
    record.store(host)?;
    let programs = Programs::new(host.environment(), &options.proxy);
    let mut back = Back { host, programs, record, failures: Vec::new() };
    back.all(&changes, teller)
}

pub(super) fn absent(host: &Host) -> Vec<String> {
    MADE.into_iter().chain([OWN_MADE]).filter(|path| !host.exists(path)).map(str::to_owned).collect()
}

fn refuse_while_containers_run(host: &Host) -> Result<()> {
    let found = docker::detect(host);
    let socket =
        survey::system(&found).and_then(|system| system.socket.as_deref()).unwrap_or("/run/docker.sock");
    let running = api::running(host, socket).unwrap_or_default();
    if running.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = running.into_iter().collect();
    let message = format!("containers run, and would end with the engine: {}", names.join(", "));
    Err(Failure::coded(codes::CONTAINERS_RUN, message).hint("stop them, or add --stop-containers"))
}

/// A set-up on its way back.
struct Back<'host> {
    host: &'host HostMut,
    programs: Programs,
    record: Record,
    failures: Vec<Failure>,
}

impl Back<'_> {
    fn all(&mut self, changes: &[Changed], teller: &mut dyn Teller) -> Result<u64> {
        let of_lists = |stage: &Done| {
            matches!(stage.kind, Kind::Lists | Kind::Key | Kind::DockerRepository | Kind::Repository)
        };
        let stages: Vec<Done> = self.record.stages.iter().rev().cloned().collect();
        stages.iter().filter(|stage| !of_lists(stage)).for_each(|stage| self.stage(stage, teller));
        if let Some(manager) = self.record.manager {
            self.packages(manager, changes, teller);
            self.leftovers(teller);
        }
        // Only now: bringing packages back may need the lists that work.
        stages.iter().filter(|stage| of_lists(stage)).for_each(|stage| self.stage(stage, teller));
        self.settle(changes, teller)
    }

    /// Files from the journal, then programs.
    fn stage(&mut self, stage: &Done, teller: &mut dyn Teller) {
        let entries = self.host.journal_entries().unwrap_or_default();
        let open = [JournalState::Begun, JournalState::Done, JournalState::HalfDone];
        for entry in entries.iter().rev() {
            let newer = entry.id.parse().is_ok_and(|id: u64| id > stage.journal);
            if !newer || entry.plan.title != stage.title || !open.contains(&entry.state) {
                continue;
            }
            teller.note(&format!("takes back: {}", entry.plan.title));
            self.programs.forgive(&entry.plan.steps, teller);
            match self.host.undo(&entry.id) {
                // Files are what they were; a daemon that goes need not be restarted for that.
                Err(failure) if failure.code() == Some(PROGRAM_FAILED) && self.record.removes_engine() => {
                    teller.note(&failure.line());
                }
                Err(failure) => self.failures.push(failure),
                Ok(_) => {}
            }
        }
        for argv in &stage.undo {
            teller.command(argv);
            // What was never done cannot be taken back, and says so.
            if let Err(failure) = self.programs.run(argv, teller) {
                teller.note(&failure.line());
            }
        }
    }

    fn packages(&mut self, manager: Manager, changes: &[Changed], teller: &mut dyn Teller) {
        let now = packages::versions(self.host, manager).unwrap_or_default();
        let there = |changed: &&Changed| now.contains_key(&changed.name);
        let old: Vec<(String, String)> = changes.iter().filter_map(|changed| wanted(changed, &now)).collect();
        let swapped = old.iter().any(|(name, _)| name.contains("nvidia"));
        let gone: Vec<&str> = changes
            .iter()
            .filter(there)
            .filter(|changed| changed.before.is_none() || changed.before.as_deref() == Some(SETTINGS_ONLY))
            .map(|changed| changed.name.as_str())
            .filter(|name| *name != OWN || swapped)
            .collect();
        if !old.is_empty() {
            self.bring_back(manager, &old, &gone, teller);
            let auto: Vec<&str> = old
                .iter()
                .map(|(name, _)| name.as_str())
                .filter(|name| self.record.automatic.iter().any(|auto| auto == name))
                .collect();
            if manager == Manager::Apt && !auto.is_empty() {
                self.manage(manager, &argv(&["/usr/bin/apt-mark", "auto"], &auto), teller);
            }
        }
        self.remove(manager, &gone, teller);
        // Settings of packages that were not there before, not even as settings.
        let fresh: Vec<&str> = changes
            .iter()
            .filter(|changed| changed.before.is_none() && changed.name != OWN)
            .map(|changed| changed.name.as_str())
            .collect();
        if manager == Manager::Apt && self.record.keeps_data() && self.host.exists(DELETES_DATA) {
            self.manage(manager, &argv(&["/bin/rm", "-f", "--"], &[DELETES_DATA]), teller);
        }
        if manager == Manager::Apt && !fresh.is_empty() {
            self.manage(manager, &argv(&["/usr/bin/dpkg", "--purge"], &fresh), teller);
        }
    }

    /// In the version that each had; where no repository has that any more, in the one that is there now. A
    /// package that none has at all, such as one that came as a file, does not stop the rest.
    fn bring_back(
        &mut self,
        manager: Manager,
        old: &[(String, String)],
        gone: &[&str],
        teller: &mut dyn Teller,
    ) {
        let tried = |packages: &[(String, String)], teller: &mut dyn Teller| {
            let call = packages::bring_back(manager, packages, gone);
            teller.command(&call);
            self.programs.manage(self.host, manager, &call, teller).map(drop)
        };
        match tried(old, teller) {
            Err(failure) if failure.code() == Some(codes::NO_PACKAGE) => {}
            ended => return self.failures.extend(ended.err()),
        }
        for (name, version) in old {
            let mut back = [version.as_str(), ""]
                .into_iter()
                .filter(|version| tried(&[(name.clone(), (*version).to_owned())], teller).is_ok());
            match back.next() {
                Some(version) if !version.is_empty() => {}
                Some(_) => teller.note(&format!("{name} {version} is in no repository any more: it is back in the newest version")),
                None => teller.note(&format!(
                    "{name} {version} is not back: no repository has it. If it came as a package file, install that file again"
                )),
            }
        }
    }

    fn remove(&mut self, manager: Manager, gone: &[&str], teller: &mut dyn Teller) {
        let now = packages::versions(self.host, manager).unwrap_or_default();
        let there = |name: &&&str| now.get(**name).is_some_and(|version| version != SETTINGS_ONLY);
        let (keys, left): (Vec<&str>, Vec<&str>) =
            gone.iter().filter(there).partition(|name| name.starts_with(KEY));
        if !left.is_empty() {
            self.manage(manager, &packages::remove(manager, &left), teller);
        }
        if !keys.is_empty() {
            self.manage(manager, &argv(&["/usr/bin/rpm", "--erase"], &keys), teller);
        }
    }

    /// What a removed engine leaves behind that was not there before.
    fn leftovers(&mut self, teller: &mut dyn Teller) {
        if !self.failures.is_empty() || !self.record.removes_engine() {
            return;
        }
        let absent: Vec<&str> = self
            .record
            .absent
            .iter()
            .map(String::as_str)
            .filter(|path| *path != OWN_MADE && self.host.exists(path))
            .collect();
        let mut calls = Vec::new();
        if !absent.is_empty() {
            calls.push(argv(&["/bin/rm", "-rf", "--one-file-system", "--"], &absent));
        }
        if !self.record.group && super::has_group(self.host) {
            calls.push(argv(&["/usr/sbin/groupdel"], &["docker"]));
        }
        for call in calls {
            teller.command(&call);
            if let Err(failure) = self.programs.run(&call, teller) {
                self.failures.push(failure);
            }
        }
    }

    /// The last of it: the units, and our own package, which takes the record with it where it purges.
    fn settle(&mut self, changes: &[Changed], teller: &mut dyn Teller) -> Result<u64> {
        if !self.failures.is_empty() {
            let first = self.failures.remove(0);
            let message = format!("set-up {} is not taken back in full", self.record.number);
            teller.note("what was taken back stays so; `longshore undo setup` goes on with the rest");
            return Err(first.context(message));
        }
        units::restore(self.host, &self.record.units, &self.programs, teller);
        let own = changes.iter().any(|changed| changed.name == OWN && changed.before.is_none());
        if let Some(manager) = self.record.manager.filter(|_| own) {
            self.remove_own(manager, teller)?;
        }
        self.record.progress = Progress::Undone;
        if self.record.is_stored(self.host) {
            self.record.store(self.host)?;
        }
        Ok(self.record.number)
    }

    fn remove_own(&self, manager: Manager, teller: &mut dyn Teller) -> Result<()> {
        let words: &[&str] = match manager {
            Manager::Apt => &["/usr/bin/dpkg", "--purge"],
            Manager::Dnf | Manager::Zypper => &["/usr/bin/rpm", "--erase"],
            Manager::Pacman => &["/usr/bin/pacman", "--remove", "--noconfirm", "--nosave"],
        };
        if packages::versions(self.host, manager).is_some_and(|now| now.contains_key(OWN)) {
            let call = argv(words, &[OWN]);
            teller.command(&call);
            self.programs.run(&call, teller)?;
        }
        let fresh = self.record.absent.iter().any(|path| path == OWN_MADE);
        if fresh && self.host.exists(OWN_MADE) {
            let call = argv(&["/bin/rm", "-rf", "--one-file-system", "--"], &[OWN_MADE]);
            teller.command(&call);
            self.programs.run(&call, teller)?;
        }
        Ok(())
    }

    fn manage(&mut self, manager: Manager, argv: &[String], teller: &mut dyn Teller) {
        teller.command(argv);
        if let Err(failure) = self.programs.manage(self.host, manager, argv, teller) {
            self.failures.push(failure);
        }
    }
}

/// The version that a package is to have again, where it has another or none.
fn wanted(changed: &Changed, now: &packages::Versions) -> Option<(String, String)> {
    let before = changed.before.as_ref().filter(|version| *version != SETTINGS_ONLY)?;
    let differs = now.get(&changed.name) != Some(before);
    differs.then(|| (changed.name.clone(), before.clone()))
}

fn argv(words: &[&str], names: &[&str]) -> Vec<String> {
    words.iter().chain(names).map(|word| (*word).to_owned()).collect()
}
