//! Plans carried out and taken back in a directory of their own.
#![expect(clippy::disallowed_methods, reason = "the test looks at the result past the door it tests")]

use host::{Durability, Host, HostMut, JournalState, codes};
use plan::{Applicability, Plan, Step};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

struct Machine {
    root: tempfile::TempDir,
    host: HostMut,
}

fn machine() -> Machine {
    let root = tempfile::tempdir().expect("temporary directory");
    fs::create_dir(root.path().join("etc")).expect("directory");
    fs::write(root.path().join("etc/a"), "old").expect("file");
    fs::set_permissions(root.path().join("etc/a"), PermissionsExt::from_mode(0o640)).expect("mode");
    let host = HostMut::new(Host::at(root.path()), "/var/journal");
    Machine { root, host }
}

impl Machine {
    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.at(path)).ok()
    }

    fn state(&self) -> JournalState {
        self.host.journal_entries().expect("journal").last().expect("an entry").state
    }

    /// Everything but the journal, to compare before and after.
    fn tree(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(self.root.path(), self.root.path(), &mut found);
        found.retain(|line| !line.starts_with("var"));
        found.sort();
        found
    }
}

fn walk(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("directory") {
        let path = entry.expect("entry").path();
        let stat = fs::symlink_metadata(&path).expect("stat");
        let content = if stat.is_symlink() {
            fs::read_link(&path).expect("link").display().to_string()
        } else if stat.is_file() {
            fs::read_to_string(&path).expect("text")
        } else {
            walk(root, &path, found);
            String::new()
        };
        let name = path.strip_prefix(root).expect("below").display();
        found.push(format!("{name} {:o} {content}", stat.permissions().mode()));
    }
}

fn write(path: &str, before: Option<&str>, after: &str) -> Step {
    let before = before.map(|text| text.as_bytes().to_vec());
    Step::Write { path: path.into(), before, after: after.into(), mode: 0o604 }
}

fn plan(steps: impl IntoIterator<Item = Step>) -> Plan {
    steps.into_iter().fold(Plan::new("test", Applicability::Safe), Plan::step)
}

fn everything() -> Plan {
    plan([
        write("/etc/a", Some("old"), "new"),
        write("/opt/deep/er/b", None, "b"),
        Step::Symlink { path: "/opt/link".into(), target: "deep".into(), before: None },
        write("/etc/a", Some("new"), "newer"),
        Step::Remove { path: "/etc/gone".into(), before: b"gone".to_vec() },
        Step::Run { argv: vec!["/bin/true".into()], undo: Some(vec!["/bin/true".into()]) },
    ])
}

#[test]
fn a_plan_is_carried_out_and_taken_back_whole() {
    let machine = machine();
    fs::write(machine.at("etc/gone"), "gone").expect("file");
    fs::set_permissions(machine.at("etc/gone"), PermissionsExt::from_mode(0o4711)).expect("mode");
    let before = machine.tree();
    let receipt = machine.host.apply(&everything()).expect("apply");
    assert_eq!(receipt.id.as_deref(), Some("1"));
    assert_eq!(machine.text("etc/a").as_deref(), Some("newer"));
    assert_eq!(fs::metadata(machine.at("etc/a")).expect("stat").permissions().mode() & 0o7777, 0o640);
    assert_eq!(fs::metadata(machine.at("opt/link/er/b")).expect("stat").permissions().mode() & 0o7777, 0o604);
    assert_eq!(machine.text("etc/gone"), None);
    machine.host.undo("1").expect("undo");
    assert_eq!(machine.tree(), before);
    assert_eq!(machine.state(), JournalState::Undone);
    let failure = machine.host.undo("1").expect_err("only once");
    assert_eq!(failure.code(), Some(codes::NO_JOURNAL_ENTRY));
}

#[test]
fn drift_is_refused_before_anything_changes() {
    let machine = machine();
    let before = machine.tree();
    let steps = plan([write("/etc/b", None, "b"), write("/etc/a", Some("something else"), "x")]);
    let failure = machine.host.apply(&steps).expect_err("drift");
    assert_eq!(failure.code(), Some(codes::DRIFT));
    let hint = failure.first_hint().unwrap_or_default();
    assert!(
        hint.ends_with(
            "@@ -1 +1 @@\n-something else\n\\ No newline at end of file\n+old\n\\ No newline at end of file"
        ),
        "{hint}"
    );
    assert_eq!(machine.tree(), before);

    machine
        .host
        .apply(&plan([write("/etc/a", Some("old"), "new"), write("/etc/b", None, "b")]))
        .expect("apply");
    fs::write(machine.at("etc/a"), "edited").expect("somebody edits");
    let before = machine.tree();
    assert_eq!(machine.host.undo("1").expect_err("drift").code(), Some(codes::DRIFT));
    assert_eq!(machine.tree(), before);
}

#[test]
fn a_failed_step_takes_all_back() {
    let machine = machine();
    let before = machine.tree();
    let failing = Step::Run {
        argv: vec!["/bin/sh".into(), "-c".into(), "echo no such unit >&2; exit 5".into()],
        undo: None,
    };
    let failure =
        machine.host.apply(&plan([write("/etc/a", Some("old"), "new"), write("/x/y", None, ""), failing]));
    let failure = failure.expect_err("the program fails");
    assert_eq!(failure.code(), Some(codes::PROGRAM_FAILED));
    assert!(failure.chain().contains("everything is as it was before"), "{}", failure.chain());
    assert!(failure.chain().contains("exit status 5: no such unit"), "{}", failure.chain());
    assert_eq!(machine.tree(), before);
    assert_eq!(machine.state(), JournalState::TakenBack);
}

#[test]
fn others_are_told_after_the_files_stand_both_ways() {
    let machine = machine();
    let before = machine.tree();
    let log = machine.at("log");
    let told = |word: &str| {
        let script = format!("echo {word} $(cat {}) >> {}", machine.at("etc/a").display(), log.display());
        vec!["/bin/sh".to_owned(), "-c".to_owned(), script]
    };
    let settle = Step::Settle { argv: told("carried out"), undo: told("taken back") };
    machine.host.apply(&plan([write("/etc/a", Some("old"), "new"), settle])).expect("apply");
    machine.host.undo("1").expect("undo");
    assert_eq!(machine.text("log").as_deref(), Some("carried out new\ntaken back old\n"));

    let failing = Step::Settle { argv: vec!["/bin/false".into()], undo: told("again") };
    let failure = machine.host.apply(&plan([write("/etc/a", Some("old"), "new"), failing]));
    assert_eq!(failure.expect_err("the program fails").code(), Some(codes::PROGRAM_FAILED));
    assert!(machine.text("log").is_some_and(|log| log.ends_with("again old\n")));
    fs::remove_file(log).expect("log");
    assert_eq!(machine.tree(), before);
}

#[test]
fn an_interrupted_change_can_be_taken_back() {
    let machine = machine();
    let before = machine.tree();
    machine
        .host
        .apply(&plan([write("/etc/a", Some("old"), "new"), write("/etc/b", None, "b")]))
        .expect("apply");
    // As if the process had been killed after the first step.
    let entry = machine.text("var/journal/1.json").expect("entry");
    let entry = entry
        .replace("\"state\":\"done\"", "\"state\":\"begun\"")
        .replace("\"completed\":2", "\"completed\":1");
    fs::write(machine.at("var/journal/1.json"), entry).expect("entry");
    fs::remove_file(machine.at("etc/b")).expect("second step undone");
    machine.host.undo("1").expect("undo");
    assert_eq!(machine.tree(), before);
}

#[test]
fn entries_of_other_formats_are_read_or_refused_and_never_misread() {
    let machine = machine();
    machine.host.apply(&plan([write("/etc/a", Some("old"), "new")])).expect("apply");
    let entry = machine.text("var/journal/1.json").expect("entry");
    let put = |text: &str| fs::write(machine.at("var/journal/1.json"), text).expect("entry");
    for (format, step, expected) in [
        (3, "write", Some("format 3")),
        (3, "teleport", Some("format 3")),
        (2, "teleport", Some("cannot be read")),
        (0, "write", Some("format 0")),
        (1, "write", None),
    ] {
        put(&entry
            .replace("\"format\":2", &format!("\"format\":{format}"))
            .replace("\"step\":\"write\"", &format!("\"step\":\"{step}\"")));
        let said = machine.host.undo("1").err().map(|failure| failure.chain());
        let as_expected = match (&said, expected) {
            (Some(said), Some(expected)) => said.contains(expected),
            (said, expected) => said.is_none() && expected.is_none(),
        };
        assert!(as_expected, "{format} {step}: {said:?}");
    }
    assert_eq!(machine.text("etc/a").as_deref(), Some("old"), "an old entry is taken back");
}

#[test]
fn an_empty_or_shown_plan_changes_nothing() {
    let machine = machine();
    let before = machine.tree();
    assert_eq!(machine.host.apply(&plan([])).expect("nothing to do").id, None);
    let shown = Plan::new("install the driver", Applicability::ShownOnly).step(write("/etc/b", None, "b"));
    assert_eq!(machine.host.apply(&shown).expect_err("refused").code(), Some(codes::NOT_CHANGEABLE));
    assert_eq!(machine.tree(), before);
    assert!(!machine.at("var").exists());
}

#[test]
fn a_link_is_written_through() {
    let machine = machine();
    symlink("../store/real", machine.at("etc/link")).expect("link");
    machine.host.write_atomic("/etc/link", b"x", 0o600).expect("a dangling link: its target is made");
    machine.host.write_with("/etc/link", b"y", 0o600, Durability::Volatile).expect("and replaced");
    assert_eq!(machine.text("store/real").as_deref(), Some("y"));
    assert!(fs::symlink_metadata(machine.at("etc/link")).expect("stat").is_symlink());
}

#[test]
fn leftovers_of_dead_writers_are_removed_and_others_kept() {
    let machine = machine();
    fs::write(machine.at("etc/.longshore-tmp.a.1.0"), "half").expect("leftover");
    let held = fs::File::create(machine.at("etc/.longshore-tmp.a.2.0")).expect("one being written");
    held.lock().expect("its writer's lock");
    machine.host.write_atomic("/etc/a", b"new", 0o644).expect("write");
    assert!(!machine.at("etc/.longshore-tmp.a.1.0").exists());
    assert!(machine.at("etc/.longshore-tmp.a.2.0").exists());
}

#[test]
fn what_cannot_be_written_leaves_the_old_file() {
    let machine = machine();
    for path in ["/etc/a/below", "/etc", "/etc/"] {
        let failure = machine.host.write_atomic(path, b"x", 0o644).expect_err(path);
        assert_eq!(failure.code(), Some(codes::CANNOT_WRITE), "{path}: {}", failure.line());
    }
    assert_eq!(machine.text("etc/a").as_deref(), Some("old"));
    assert_eq!(fs::read_dir(machine.at("etc")).expect("directory").count(), 1, "no temporary file stays");
}
