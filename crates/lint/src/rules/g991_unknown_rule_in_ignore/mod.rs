//! G991: made by the engine while it applies ignore comments.

use crate::rule::{Check, Family, Rule};
use diag::{Code, Severity};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G991"),
    name: "unknown-rule-in-ignore",
    severity: Severity::Warning,
    family: Family::Surroundings,
    check: Check::Engine,
    doc: include_str!("doc.md"),
};
