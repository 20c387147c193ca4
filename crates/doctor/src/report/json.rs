//! The report for machines.

use crate::{Diagnosis, Facts};
use serde_json::json;

/// The report as one JSON document with a final newline. Its `schema` is raised when a field
/// changes its meaning or goes; new fields may come at any time. With `facts` everything that was
/// seen is part of it.
#[must_use]
pub fn json(diagnosis: &Diagnosis, facts: Option<&Facts>) -> String {
    let mut document = json!(diagnosis);
    document["root"] = json!(diagnosis.root().map(|cause| cause.code));
    if let Some(facts) = facts {
        document["facts"] = json!(facts);
    }
    format!("{document:#}\n")
}
