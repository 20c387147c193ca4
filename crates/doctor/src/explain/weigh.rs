//! Which of a symptom's causes it is on this machine: only the checks that tell them apart are asked.

use super::{Origin, Symptom};
use crate::{Facts, checks};
use diag::{Code, Outcome, Severity};
use serde::Serialize;

/// A cause and what the checks say about it here.
#[derive(Clone, Debug, Serialize)]
pub struct Weighed {
    /// The cause.
    #[serde(flatten)]
    pub origin: Origin,
    /// What the checks say.
    pub here: Here,
}

/// What the checks say about a cause on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Here {
    /// A check found it; its code and what it found.
    Found(Code, String),
    /// Nobody can tell from outside, or could not look.
    NotKnown,
    /// All its checks are fine here.
    NotSo,
}

/// The causes of a symptom in the order of what speaks for them on this machine.
#[must_use]
pub fn weigh(symptom: &Symptom, facts: &Facts) -> Vec<Weighed> {
    let mut weighed: Vec<Weighed> =
        symptom.causes.iter().map(|origin| Weighed { origin: *origin, here: here(*origin, facts) }).collect();
    // Stable: among equals the most frequent cause stays first.
    weighed.sort_by_key(|one| match one.here {
        Here::Found(..) => 0,
        Here::NotKnown => 1,
        Here::NotSo => 2,
    });
    weighed
}

fn here(origin: Origin, facts: &Facts) -> Here {
    let asked = checks::ALL.iter().filter(|check| origin.checks.contains(&check.code));
    let outcomes: Vec<Outcome> = asked.map(|check| (check.run)(facts)).collect();
    let found = outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Found(findings) => findings.iter().find(|finding| finding.severity > Severity::Note),
        _ => None,
    });
    if let Some(finding) = found {
        return Here::Found(finding.code, finding.message.clone());
    }
    let all_fine = !outcomes.is_empty() && outcomes.iter().all(|outcome| matches!(outcome, Outcome::Fine(_)));
    if all_fine { Here::NotSo } else { Here::NotKnown }
}
