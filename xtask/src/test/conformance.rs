//! Conformance: the recorded runs of the original, over our executables.

use super::Options;
use crate::dist::{self, cargo};
use crate::engines;
use crate::exec::{output, tail};
use crate::inside::Check;
use crate::project::Project;
use diag::{Failure, Result};
use std::process::Output;
use std::time::Instant;

/// The harness is judged by the recorded answers first, where nothing may differ.
pub(crate) fn conformance(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    engines::require_root()?;
    dist::build(project)?;
    let (started, recorded) = (Instant::now(), harness(project, &["--recorded"])?);
    let end = if recorded.status.success() { Ok(()) } else { Err(Failure::new(text(&recorded))) };
    let mut checks = vec![Check::new("recorded answers", "agree with themselves", elapsed(started), end)];
    let started = Instant::now();
    let ours = harness(project, &["--bins", &project.dist().display().to_string()])?;
    let verdicts = verdicts(&text(&ours));
    let each = elapsed(started) / verdicts.len().max(1) as f64;
    let all_well = verdicts.iter().all(|verdict| verdict.failure.is_none());
    if verdicts.is_empty() || (all_well && !ours.status.success()) {
        return Err(Failure::new(format!(
            "the harness ended with {}:\n{}",
            ours.status,
            tail(&text(&ours), 20)
        )));
    }
    checks.extend(verdicts.into_iter().map(|verdict| Check { seconds: each, ..verdict }));
    Ok(checks)
}

fn harness(project: &Project, words: &[&str]) -> Result<Output> {
    output(cargo(project).args(["run", "--quiet", "--package", "conformance", "--"]).args(words))
}

fn elapsed(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Reads the harness's report: a line for each case, differences indented below it.
fn verdicts(report: &str) -> Vec<Check> {
    let mut checks: Vec<Check> = Vec::new();
    for line in report.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let check = |end| Check::new("conformance", rest.trim(), 0.0, end);
        match word {
            "ok" => checks.push(check(Ok(()))),
            // Known to be missing, and checked to be: no success of ours.
            "pending" => {
                checks.push(Check { count: 0, case: format!("pending {}", rest.trim()), ..check(Ok(())) })
            }
            "FAILED" | "UNUSED" => checks.push(check(Err(Failure::new(word.to_lowercase())))),
            "" => {
                if let Some(failure) = checks.last_mut().and_then(|check| check.failure.as_mut()) {
                    failure.push_str(&format!("\n{}", rest.trim()));
                }
            }
            _ => {}
        }
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_becomes_checks() {
        let report = "ok      info: 7 facts, 0 deliberate differences\nFAILED  list: 2 unexplained differences\n          \
                      ours     stdout: x\npending help: later\nUNUSED  differences.toml: y\n2 of 3 cases as expected\n";
        let checks = verdicts(report);
        assert_eq!(checks.iter().map(Check::passed).collect::<Vec<_>>(), [1, 0, 0, 0]);
        assert_eq!(checks[1].failure.as_deref(), Some("failed\nours     stdout: x"));
        assert!(checks[2].failure.is_none());
        assert_eq!(checks[3].failure.as_deref(), Some("unused"));
    }
}
