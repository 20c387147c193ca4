//! The table of deliberate differences, and the verdict on a case.

use crate::facts::Facts;
use diag::{Failure, Result, ResultExt};
use formats::glob;
use serde::Deserialize;
use std::cell::Cell;
use std::path::Path;

/// What differs on purpose, and what is not built yet.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differences {
    /// Deliberate differences.
    #[serde(default, rename = "difference")]
    pub rows: Vec<Row>,
    /// What differs where no recorded case looks: in running containers.
    #[serde(default, rename = "behaviour")]
    pub behaviours: Vec<Behaviour>,
    /// Cases whose tenant is not built yet: they must fail.
    #[serde(default)]
    pub pending: Vec<Pending>,
}

/// One deliberate difference. Patterns are those of a shell, over whole facts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Patterns for names of cases.
    pub cases: Vec<String>,
    /// Pattern for the field.
    pub field: String,
    /// Facts that only the original has.
    #[serde(default)]
    pub original: Vec<Pattern>,
    /// Facts that only we have.
    #[serde(default)]
    pub ours: Vec<Pattern>,
    /// Why it differs: what a user gains.
    pub reason: String,
}

/// A pattern that knows whether it matched.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub struct Pattern {
    /// The pattern.
    pub text: String,
    used: Cell<bool>,
}

/// A difference that another test than the recorded cases holds to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// What the original does.
    pub original: String,
    /// What we do.
    pub ours: String,
    /// Why it differs: what a user gains.
    pub reason: String,
    /// The command that tests it.
    pub test: String,
}

/// A case whose tenant is not built yet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// Name of the case.
    pub case: String,
    /// What is missing.
    pub reason: String,
}

/// Who has a fact that the other lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The original.
    Original,
    /// The binaries under test.
    Ours,
}

/// How a case came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Name of the case.
    pub case: String,
    /// Facts compared.
    pub compared: usize,
    /// Differences that the table explains.
    pub explained: usize,
    /// Differences that it does not: side, field, fact.
    pub unexplained: Vec<(Side, String, String)>,
    /// The reason for which the case is expected to fail.
    pub pending: Option<String>,
}

impl Verdict {
    /// Whether the case came out as it should.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.unexplained.is_empty() != self.pending.is_some()
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self { text, used: Cell::new(false) }
    }
}

impl Differences {
    /// Reads the table.
    ///
    /// # Errors
    /// When it cannot be read, or a row has no pattern.
    pub fn load(path: &Path) -> Result<Self> {
        let reading = || format!("cannot read {}", path.display());
        let text = std::fs::read_to_string(path).with_context(reading)?;
        let table: Self = toml_edit::de::from_str(&text).with_context(reading)?;
        match table.rows.iter().find(|row| row.original.is_empty() && row.ours.is_empty()) {
            Some(row) => {
                Err(Failure::new(format!("a row for field `{}` says nothing", row.field)).context(reading()))
            }
            None => Ok(table),
        }
    }

    /// Rows and patterns that explained nothing since the table was read.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let patterns = |row: &Row| {
            let unused = row.original.iter().chain(&row.ours).filter(|pattern| !pattern.used.get());
            unused
                .map(|pattern| format!("{:?}, field {}: {}", row.cases, row.field, pattern.text))
                .collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(patterns).collect()
    }

    fn explains(&self, case: &str, side: Side, field: &str, fact: &str) -> bool {
        let rows = self.rows.iter().filter(|row| {
            row.cases.iter().any(|pattern| glob::matches(pattern, case)) && glob::matches(&row.field, field)
        });
        let patterns = rows.flat_map(|row| if side == Side::Original { &row.original } else { &row.ours });
        let matching: Vec<&Pattern> = patterns.filter(|pattern| glob::matches(&pattern.text, fact)).collect();
        matching.iter().for_each(|pattern| pattern.used.set(true));
        !matching.is_empty()
    }
}

/// Compares what the binaries under test answered with what the original did.
#[must_use]
pub fn judge(case: &str, original: &Facts, ours: &Facts, table: &Differences) -> Verdict {
    let pending =
        table.pending.iter().find(|pending| pending.case == case).map(|pending| pending.reason.clone());
    let lacking =
        original.without(ours).map(|(field, fact)| (Side::Original, field.to_owned(), fact.to_owned()));
    let surplus = ours.without(original).map(|(field, fact)| (Side::Ours, field.to_owned(), fact.to_owned()));
    let order = ours
        .reordered(original)
        .map(|(field, fact)| (Side::Ours, format!("{field}: order"), fact.to_owned()));
    let all: Vec<_> = lacking.chain(surplus).chain(order).collect();
    let compared = original.count();
    let total = all.len();
    let unexplained: Vec<_> = match pending {
        // The row says that nothing is to be expected: no other row may hide behind it.
        Some(_) => all,
        None => {
            all.into_iter().filter(|(side, field, fact)| !table.explains(case, *side, field, fact)).collect()
        }
    };
    Verdict { case: case.to_owned(), compared, explained: total - unexplained.len(), unexplained, pending }
}
