//! Outputs taken apart into facts: short lines, grouped by field.

mod cdi;
mod help;
mod hooks;
mod log;
mod oci;
mod text;

use crate::case::{Case, Compare, Outcome};
use diag::Result;
use std::collections::{BTreeMap, BTreeSet};

/// The facts of one outcome by field, for example `mounts`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    fields: BTreeMap<String, BTreeSet<String>>,
    /// Facts whose order matters, in order.
    sequences: BTreeMap<String, Vec<String>>,
}

impl Facts {
    /// Takes an outcome apart as its case says.
    ///
    /// # Errors
    /// When an output that should be a specification or configuration is none.
    pub fn of(case: &Case, outcome: &Outcome) -> Result<Self> {
        let mut facts = Self::default();
        let exit = outcome.exit.map_or_else(|| "ended by a signal".to_owned(), |code| code.to_string());
        facts.add("exit", exit);
        facts.add_output("stdout", case.stdout, &outcome.stdout)?;
        facts.add_output("stderr", case.stderr, &outcome.stderr)?;
        if case.settings.is_some() {
            oci::add(&mut facts, &case.bundle()?, outcome.config.as_deref())?;
        }
        Ok(facts)
    }

    fn add_output(&mut self, field: &str, compare: Compare, text: &str) -> Result<()> {
        match compare {
            Compare::Ignored => {}
            Compare::Text => text::add(self, field, text),
            Compare::Help => help::add(self, field, text),
            Compare::Cdi => cdi::add(self, text)?,
            Compare::Log => log::add(self, field, text, |_| true),
            Compare::Errors => log::add(self, field, text, log::is_error),
        }
        Ok(())
    }

    /// Adds a fact. The same fact a second time is told apart: how often something is there matters.
    fn add(&mut self, field: impl Into<String>, fact: impl Into<String>) {
        self.insert(field.into(), fact.into());
    }

    /// Adds a fact whose place among those of its field matters.
    fn add_next(&mut self, field: &str, fact: impl Into<String>) {
        let fact = self.insert(field.to_owned(), fact.into());
        self.sequences.entry(field.to_owned()).or_default().push(fact);
    }

    fn insert(&mut self, field: String, fact: String) -> String {
        let facts = self.fields.entry(field).or_default();
        let mut numbered = fact.clone();
        let mut count = 1;
        while !facts.insert(numbered.clone()) {
            count += 1;
            numbered = format!("{fact} (again, {count})");
        }
        numbered
    }

    /// Fields in which the facts that both have stand in another order, with the first such fact.
    pub fn reordered<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.sequences.iter().filter_map(move |(field, ours)| {
            let theirs = other.sequences.get(field)?;
            let common = |facts: &'a [String], others: &'a [String]| {
                facts.iter().filter(move |fact| others.contains(fact))
            };
            let mut pairs = common(ours, theirs).zip(common(theirs, ours));
            pairs.find(|(a, b)| a != b).map(|(fact, _)| (field.as_str(), fact.as_str()))
        })
    }

    /// Fields and facts that are here and not in `other`.
    pub fn without<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.fields.iter().flat_map(move |(field, facts)| {
            let others = other.fields.get(field);
            let missing =
                facts.iter().filter(move |fact| !others.is_some_and(|others| others.contains(*fact)));
            missing.map(move |fact| (field.as_str(), fact.as_str()))
        })
    }

    /// How many facts there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.fields.values().map(BTreeSet::len).sum()
    }
}
