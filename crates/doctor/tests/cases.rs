//! Recorded facts and what the doctor must make of them.
//!
//! `fixtures/facts/native.json` is a healthy machine; each file in `fixtures/cases` says how another
//! machine differs from it (a JSON merge patch, RFC 7396) and what is expected.
#![expect(clippy::unwrap_used, reason = "tests read their fixtures")]

mod cases_of_facts;

use cases_of_facts::{Case, Expected, cases, facts};
use diag::Outcome;
use doctor::{Diagnosis, Facts, checks, diagnose, verdict};

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Fine(_) => "fine",
        Outcome::Found(_) => "found",
        Outcome::CannotTell(_) => "cannot-tell",
        Outcome::DoesNotApply(_) => "does-not-apply",
    }
}

fn sorted<T: AsRef<str>>(codes: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut codes: Vec<String> = codes.into_iter().map(|code| code.as_ref().to_owned()).collect();
    codes.sort();
    codes
}

fn check(name: &str, case: &Case) {
    let diagnosis = diagnose(&facts(case));
    let about = format!("{name} ({})", case.about);
    for (code, expected) in &case.expect.outcomes {
        let line = diagnosis.lines.iter().find(|line| line.code.as_str() == code).unwrap();
        assert_eq!(word(&line.outcome), expected, "{about}: {code} says {:?}", line.outcome);
    }
    let state = serde_json::to_value(diagnosis.state).unwrap();
    assert_eq!(state, case.expect.state.as_str(), "{about}: {:#?}", diagnosis.causes);
    check_root(&about, &diagnosis, &case.expect);
    assert_eq!(verdict(&diagnosis).lines().count(), 3, "{about}");
}

fn check_root(about: &str, diagnosis: &Diagnosis, expect: &Expected) {
    let root = diagnosis.root();
    assert_eq!(
        root.map(|cause| cause.code.as_str()),
        expect.root.as_deref(),
        "{about}: {:#?}",
        diagnosis.causes
    );
    let rivals =
        diagnosis.causes.iter().filter(|cause| cause.finding.severity == diag::Severity::Error).skip(1);
    assert_eq!(sorted(rivals.map(|cause| cause.code.as_str())), sorted(&expect.rivals), "{about}");
    let folded = root.map_or(&[][..], |cause| &cause.consequences);
    assert_eq!(sorted(folded.iter().map(|code| code.as_str())), sorted(&expect.folded), "{about}");
    if let Some(part) = &expect.cause {
        let message = &root.unwrap().finding.message;
        assert!(message.contains(part), "{about}: {message}");
    }
    if let Some(part) = &expect.next {
        let command = &root.unwrap().remedy.as_ref().unwrap().command;
        assert!(command.contains(part), "{about}: {command}");
    }
}

/// All that do not get it are told at once.
#[test]
fn every_recorded_machine_gets_its_diagnosis() {
    let wrong = |(name, case): &(String, Case)| {
        std::panic::catch_unwind(|| check(name, case)).err().map(|_| name.clone())
    };
    let wrong: Vec<String> = cases().iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn healthy_machines_get_nothing_above_a_note() {
    let cases = cases();
    let healthy: Vec<&(String, Case)> = cases.iter().filter(|(_, case)| case.expect.healthy).collect();
    assert!(healthy.len() >= 15);
    for (name, case) in healthy {
        for cause in diagnose(&facts(case)).causes {
            assert_eq!(cause.finding.severity, diag::Severity::Note, "{name}: {:?}", cause.finding);
        }
    }
}

/// Without the proof there is no finding: each part taken away, no error appears that was not there.
#[test]
fn what_cannot_be_seen_is_never_held_against_a_machine() {
    for (name, case) in cases().iter().filter(|(_, case)| case.expect.healthy) {
        let whole: serde_json::Value = serde_json::from_str(&facts(case).to_json()).unwrap();
        for part in whole.as_object().unwrap().keys().filter(|key| whole[key.as_str()].get("known").is_some())
        {
            let mut less = whole.clone();
            less[part] = serde_json::json!({"unknown": {"why": "denied", "what": part}});
            let facts = Facts::from_json(less.to_string().as_bytes()).unwrap();
            let root = diagnose(&facts).root().map(|cause| (cause.code, cause.finding.message.clone()));
            assert_eq!(root, None, "{name} without {part}");
        }
    }
}

#[test]
fn every_check_has_two_broken_and_two_healthy_cases() {
    for wanted in ["found", "fine"] {
        for check in checks::ALL {
            let cases = cases();
            let count = cases
                .iter()
                .filter(|(_, case)| {
                    case.expect.outcomes.get(check.code.as_str()).is_some_and(|word| word == wanted)
                })
                .count();
            assert!(count >= 2, "{} has {count} cases in which it is expected to be {wanted}", check.code);
        }
    }
}

/// What is called safe is what `--fix` carries out without a question.
#[test]
fn safe_remedies_are_repairs() {
    let mut safe = std::collections::BTreeSet::new();
    for (name, case) in &cases() {
        let facts = facts(case);
        for cause in diagnose(&facts).causes {
            let said = cause.remedy.is_some_and(|remedy| remedy.applicability == plan::Applicability::Safe);
            let repaired = doctor::repair::safe(&facts, cause.code).is_some();
            assert_eq!(said, repaired, "{name}: {}", cause.code);
            safe.extend(repaired.then(|| cause.code.as_str()));
        }
    }
    let expected = ["H123", "H201", "H207", "H306", "H401", "H402", "H403", "H404", "H407", "H412"];
    assert_eq!(safe.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn facts_survive_being_written_and_read() {
    for (name, case) in &cases() {
        let facts = facts(case);
        assert_eq!(Facts::from_json(facts.to_json().as_bytes()).unwrap(), facts, "{name}");
    }
}
