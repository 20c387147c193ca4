//! Where rules put their findings.

use crate::commands::requirements::Requirement;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::Span;

/// Takes the findings of one rule over one file.
#[derive(Debug)]
pub struct Sink {
    rule: &'static Rule,
    findings: Vec<Finding>,
}

impl Sink {
    /// An empty sink for a rule.
    #[must_use]
    pub fn new(rule: &'static Rule) -> Self {
        Self { rule, findings: Vec::new() }
    }

    /// Reports a fact at a place with the rule's own severity; notes, help, labels and a fix are
    /// added to what is returned.
    pub fn report(&mut self, span: Span, message: impl Into<String>) -> &mut Finding {
        let primary = Label { path: None, span, text: String::new() };
        self.findings.push(Finding {
            code: self.rule.code,
            name: self.rule.name,
            severity: self.rule.severity,
            message: message.into(),
            primary,
            secondary: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fix: None,
        });
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// Reports a fact about a package: at its word, or where its file is named, with its line there.
    pub fn report_requirement(
        &mut self,
        requirement: &Requirement,
        message: impl Into<String>,
    ) -> &mut Finding {
        let finding = self.report(requirement.span, message);
        if let Some(origin) = &requirement.origin {
            finding.elsewhere(origin.path.clone(), origin.span, "asked for here");
        }
        finding
    }

    /// The findings in the order in which they were reported.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
