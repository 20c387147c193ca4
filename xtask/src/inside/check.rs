//! The outcome of one check, and the ledger that they are written to.

use crate::progress::Step;
use diag::{Result, ResultExt};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// One line of the results: what was checked, on what, and how it ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Check {
    /// The engine with its version.
    pub(crate) engine: String,
    /// What was tried.
    pub(crate) case: String,
    /// How long it took.
    pub(crate) seconds: f64,
    /// What went wrong; nothing when all was well.
    pub(crate) failure: Option<String>,
    /// How many tests this line stands for, when they passed.
    pub(crate) count: usize,
}

impl Check {
    /// A check that is over.
    pub(crate) fn new(engine: &str, case: &str, seconds: f64, end: Result<()>) -> Self {
        let failure = end.err().map(|failure| failure.line());
        Self { engine: engine.to_string(), case: case.to_string(), seconds, failure, count: 1 }
    }

    /// How many tests passed: none when this check failed.
    pub(crate) fn passed(&self) -> usize {
        if self.failure.is_some() { 0 } else { self.count }
    }
}

/// Writes each check as soon as it is done: what a killed run had found is not lost.
#[derive(Debug)]
pub(crate) struct Ledger {
    file: File,
}

impl Ledger {
    /// Starts a file of results.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { file })
    }

    /// Carries out one check and records how it ended.
    pub(crate) fn check(
        &mut self,
        engine: &str,
        case: &str,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let (step, started) = (Step::start(format!("{engine}: {case}")), Instant::now());
        let check = Check::new(engine, case, 0.0, work());
        let check = Check { seconds: started.elapsed().as_secs_f64(), ..check };
        match &check.failure {
            None => step.done(""),
            Some(text) => {
                step.failed();
                eprintln!("         {}", text.replace('\n', "\n         "));
            }
        }
        self.record(check)
    }

    /// Records a check that is over.
    pub(crate) fn record(&mut self, check: Check) -> Result<()> {
        let line = serde_json::to_string(&check).context("cannot describe a check")?;
        writeln!(self.file, "{line}").context("cannot write the results")
    }
}
