//! G990: made by the engine while it applies ignore comments.

use crate::rule::{Check, Family, Rule};
use diag::{Code, Severity};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G990"),
    name: "unused-ignore",
    severity: Severity::Warning,
    family: Family::Surroundings,
    check: Check::Engine,
    doc: include_str!("doc.md"),
};
