//! The parts of a test run, in their order: what is quick to fail comes first.

use super::{Options, Part, conformance, elsewhere, engines, fuzz, packages, setup};
use crate::dist::{self, cargo};
use crate::exec::{output, tail, visible};
use crate::inside::Check;
use crate::project::Project;
use crate::static_file;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::process::Command;
use std::time::Instant;

/// All parts.
pub(crate) const ALL: [Part; 27] = [
    Part { name: "format", engines: false, run: format },
    Part { name: "unit", engines: false, run: unit },
    Part { name: "clippy", engines: false, run: clippy },
    Part { name: "docs", engines: false, run: docs },
    Part { name: "deny", engines: false, run: deny },
    Part { name: "static", engines: false, run: static_executable },
    Part { name: "bookworm", engines: true, run: engines::bookworm },
    Part { name: "trixie", engines: true, run: engines::trixie },
    Part { name: "runtime", engines: true, run: engines::runtime },
    Part { name: "modes", engines: true, run: engines::modes },
    Part { name: "legacy", engines: true, run: engines::legacy },
    Part { name: "configure", engines: true, run: engines::configure },
    Part { name: "services", engines: true, run: engines::services },
    Part { name: "survival", engines: true, run: engines::survival },
    Part { name: "images", engines: true, run: engines::images },
    Part { name: "security", engines: true, run: engines::security },
    Part { name: "races", engines: true, run: engines::races },
    Part { name: "specifications", engines: true, run: engines::specifications },
    Part { name: "platforms", engines: true, run: engines::platforms },
    Part { name: "stale", engines: true, run: engines::stale },
    Part { name: "refresh", engines: true, run: engines::refresh },
    Part { name: "doctor", engines: true, run: engines::doctor },
    Part { name: "conformance", engines: true, run: conformance::conformance },
    Part { name: "packages", engines: true, run: packages::packages },
    Part { name: "setup", engines: true, run: setup::setup },
    Part { name: "kill", engines: true, run: engines::kill },
    Part { name: "fuzz", engines: false, run: fuzz::fuzz },
];

fn format(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    one("rustfmt", "nothing to change", cargo(project).args(["fmt", "--all", "--check"]))
}

/// All tests that cargo finds: no root, GPU or network.
fn unit(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    // Compiling is apart, so that cargo shows its progress.
    visible(cargo(project).args(["test", "--workspace", "--no-run"]))?;
    let started = Instant::now();
    let ran = output(cargo(project).args(["test", "--workspace", "--no-fail-fast"]))?;
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    let checks = results(&text, started.elapsed().as_secs_f64());
    if !ran.status.success() {
        eprintln!("{}", tail(&text, 80));
    }
    if checks.iter().all(|check| check.failure.is_none()) && !ran.status.success() {
        return Err(Failure::new(tail(&String::from_utf8_lossy(&ran.stderr), 20)));
    }
    Ok(checks)
}

/// Reads the lines of the test harness: one check for all that passed, one for each that failed.
fn results(text: &str, seconds: f64) -> Vec<Check> {
    let words =
        |line: &str| line.strip_prefix("test result: ")?.split_whitespace().nth(1)?.parse::<usize>().ok();
    let passed = text.lines().filter_map(words).sum();
    let failed = text.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    let mut checks = vec![Check { count: passed, ..Check::new("cargo test", "tests", seconds, Ok(())) }];
    checks.extend(failed.map(|name| Check::new("cargo test", name, 0.0, Err(Failure::new("failed")))));
    checks
}

fn clippy(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let mut checks = one(
        "clippy",
        "no warning",
        cargo(project).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    )?;
    checks.extend(elsewhere::clippy(project, options.all)?);
    Ok(checks)
}

fn docs(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    let mut doc = cargo(project);
    one(
        "rustdoc",
        "no warning",
        doc.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// Licences, sources and duplicate crates: where the tool is at hand, and always with `--all`.
fn deny(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let tools = project.cargo_target().join("tools");
    if options.all {
        let mut install = cargo(project);
        visible(install.args(["install", "cargo-deny", "--locked", "--quiet", "--root"]).arg(&tools))?;
    }
    // Cargo finds its subcommands in PATH.
    let path = format!("{}:{}", tools.join("bin").display(), std::env::var("PATH").unwrap_or_default());
    if !output(cargo(project).env("PATH", &path).args(["deny", "--version"]))?.status.success() {
        eprintln!("  skipped: cargo-deny is not installed; --all builds it");
        return Ok(Vec::new());
    }
    let mut check = cargo(project);
    check.env("PATH", path).args(["deny", "check", "bans", "licenses", "sources"]);
    one("cargo deny", "bans licenses sources", &mut check)
}

fn static_executable(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    dist::build(project)?;
    let file = dist::static_file(project)?;
    let size = fs::metadata(&file).context("cannot look at the static executable")?.len();
    eprintln!("  longshore-runtime has {size} bytes");
    let (started, end) = (Instant::now(), static_file::check(&file));
    let case = format!("no loader, no library, {size} bytes");
    Ok(vec![Check::new("longshore-runtime", &case, started.elapsed().as_secs_f64(), end)])
}

/// A command whose success is one check; its output is on the terminal.
fn one(name: &str, case: &str, command: &mut Command) -> Result<Vec<Check>> {
    let started = Instant::now();
    let end = visible(command);
    Ok(vec![Check::new(name, case, started.elapsed().as_secs_f64(), end)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_the_harness_are_counted() {
        let text = "running 2 tests\ntest a ... ok\ntest b::c ... FAILED\n\ntest result: FAILED. 1 passed; 1 failed; \
                    0 ignored\ntest result: ok. 40 passed; 0 failed; 0 ignored\n";
        let checks = results(text, 1.0);
        assert_eq!(checks.iter().map(Check::passed).sum::<usize>(), 41);
        let failed: Vec<&str> =
            checks.iter().filter(|check| check.failure.is_some()).map(|check| check.case.as_str()).collect();
        assert_eq!(failed, ["b::c"]);
    }
}
