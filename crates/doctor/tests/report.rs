//! The report as people see it, compared with files. After a wanted change, run with
//! `UPDATE_REPORTS=1` and read the difference.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read their fixtures")]

mod cases_of_facts;

use cases_of_facts::facts_of;
use doctor::report::{Style, json, text};
use doctor::{diagnose, verdict};
use std::fs;
use std::path::PathBuf;

fn check(name: &str) {
    let diagnosis = diagnose(&facts_of(name));
    let plain = Style::default();
    let shown = format!(
        "{}\n--- -v\n{}\n--- longshore\n{}",
        text(&diagnosis, plain),
        text(&diagnosis, Style { verbose: true, ..plain }),
        verdict(&diagnosis)
    );
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/reports/{name}.txt"));
    if std::env::var_os("UPDATE_REPORTS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &shown).unwrap();
    }
    assert_eq!(shown, fs::read_to_string(&path).unwrap_or_default(), "{name}: not as in {}", path.display());
}

#[test]
fn reports_are_as_recorded() {
    let names = [
        "healthy-debian-package",
        "hook-after-start",
        "toolkit-absent-own-runtime",
        "desktop-context",
        "no-gpu-no-toolkit",
        "ordinary-user",
        "credential-residue",
    ];
    names.into_iter().for_each(check);
}

#[test]
fn a_report_fits_a_screen() {
    for name in ["healthy-debian-package", "no-gpu-no-toolkit", "nothing-readable"] {
        let lines = text(&diagnose(&facts_of(name)), Style::default()).lines().count();
        assert!(lines <= 40, "{name}: {lines} lines");
    }
}

#[test]
fn colour_is_only_there_when_asked_for() {
    let diagnosis = diagnose(&facts_of("hook-after-start"));
    assert!(!text(&diagnosis, Style::default()).contains('\x1b'));
    assert!(
        text(&diagnosis, Style { colour: true, verbose: false }).contains("\x1b[1;31mcause[H303]\x1b[0m")
    );
}

#[test]
fn json_names_the_root_and_holds_the_facts_when_asked() {
    let facts = facts_of("hook-after-start");
    let diagnosis = diagnose(&facts);
    let bare: serde_json::Value = serde_json::from_str(&json(&diagnosis, None)).unwrap();
    assert_eq!(
        (&bare["schema"], &bare["state"], &bare["root"]),
        (&1.into(), &"fails".into(), &"H303".into())
    );
    assert_eq!(
        bare["causes"][0]["remedy"]["restarts"],
        "dockerd and, without live-restore, all its containers"
    );
    assert!(bare.get("facts").is_none());
    let full: serde_json::Value = serde_json::from_str(&json(&diagnosis, Some(&facts))).unwrap();
    assert_eq!(full["facts"]["schema"], 1);
}
