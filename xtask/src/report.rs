//! The closing tables of a test run.

use crate::inside::Check;
use crate::test::Outcome;

/// Prints every check that ran on an engine, a line for each part, and the closing line
/// `N passed, N failed`, the only one of this form.
pub(crate) fn table(outcomes: &[Outcome]) {
    println!();
    let worth_it = |outcome: &&Outcome| outcome.checks.len() > 1 || count(&outcome.checks).1 > 0;
    for outcome in outcomes.iter().filter(worth_it) {
        checks(outcome);
    }
    println!("{:14} {:>7} {:>7} {:>9}", "part", "passed", "failed", "time");
    for outcome in outcomes {
        if outcome.checks.is_empty() {
            println!("{:14} {:>7}", outcome.name, "skipped");
            continue;
        }
        let (passed, failed) = count(&outcome.checks);
        println!("{:14} {passed:7} {failed:7} {:>9}", outcome.name, clock(outcome.seconds));
    }
    let all: Vec<Check> = outcomes.iter().flat_map(|outcome| outcome.checks.clone()).collect();
    let (passed, failed) = count(&all);
    let time: f64 = outcomes.iter().map(|outcome| outcome.seconds).sum();
    println!("{:14} {passed:7} {failed:7} {:>9}\n", "all", clock(time));
    println!("{passed} passed, {failed} failed");
}

fn checks(outcome: &Outcome) {
    println!("{}", outcome.name);
    let width = |text: fn(&Check) -> &str| {
        outcome.checks.iter().map(|check| text(check).chars().count()).max().unwrap_or(0)
    };
    let (engine, case) = (width(|check| &check.engine), width(|check| &check.case));
    for check in &outcome.checks {
        let end = if check.failure.is_some() { "FAILED" } else { "ok" };
        let (left, right) = (&check.engine, &check.case);
        println!("  {left:engine$}  {right:case$}  {end:6} {:>6.1} s", check.seconds);
        for line in check.failure.iter().flat_map(|failure| failure.lines()) {
            println!("      {line}");
        }
    }
    println!();
}

fn count(checks: &[Check]) -> (usize, usize) {
    let failed = checks.iter().filter(|check| check.failure.is_some()).count();
    let passed: usize = checks.iter().map(Check::passed).sum();
    (passed, failed)
}

/// Seconds as `3.2 s` or `4 min 05 s`.
pub(crate) fn clock(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round();
    format!("{} min {:02} s", (whole / 60.0).floor(), whole % 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_readable() {
        assert_eq!(clock(3.21), "3.2 s");
        assert_eq!(clock(245.0), "4 min 05 s");
    }
}
