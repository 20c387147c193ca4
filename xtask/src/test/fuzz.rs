//! Fuzzing of every reader of foreign bytes: a minute in all, or ten minutes for each with `--all`.

use super::Options;
use crate::dist::{cargo, host_target};
use crate::exec::{command, output, tail, visible};
use crate::inside::Check;
use crate::progress::Step;
use crate::project::Project;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Seconds of fuzzing in all, in the short form.
const SHORT: usize = 60;
/// Seconds for each target, in the full form.
const FULL: usize = 600;

/// Builds the fuzzers, a workspace of their own, and lets each run for its time.
pub(crate) fn fuzz(project: &Project, options: &Options) -> Result<Vec<Check>> {
    if !output(&mut command(["c++", "--version"])).is_ok_and(|ended| ended.status.success()) {
        eprintln!("  skipped: there is no C++ compiler (`c++`), which libFuzzer is built with");
        return Ok(Vec::new());
    }
    let (folder, target) = (project.root().join("fuzz"), project.cargo_target().join("fuzz"));
    let mut build = cargo(project);
    build.current_dir(&folder).args(["build", "--release"]).env("CARGO_TARGET_DIR", &target);
    visible(&mut build)?;
    let names = targets(&folder)?;
    let seconds = if options.all { FULL } else { (SHORT / names.len()).max(1) };
    let programs = target.join(host_target()?).join("release");
    // The short form walks the same way each time, so that a change is judged by what it changed;
    // looking for the new is for the full form.
    let seed = if options.all { "-seed=0" } else { "-seed=1" };
    names.iter().map(|name| run(project, &programs, name, seconds, seed)).collect()
}

fn targets(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder.join("targets")).context("cannot list the fuzz targets")?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let stem = |path: PathBuf| Some(path.file_stem()?.to_string_lossy().into_owned());
    let mut names: Vec<String> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "rs")).filter_map(stem).collect();
    names.sort();
    if names.is_empty() { Err(Failure::new("there is no fuzz target")) } else { Ok(names) }
}

fn run(project: &Project, programs: &Path, name: &str, seconds: usize, seed: &str) -> Result<Check> {
    let (step, started) = (Step::start(format!("{name}, {seconds} s")), Instant::now());
    let found = project.logs().join("fuzz").join(name);
    fs::create_dir_all(&found).with_context(|| format!("cannot make {}", found.display()))?;
    let mut fuzzer = command([programs.join(name)]);
    fuzzer.arg(seed).arg(format!("-max_total_time={seconds}")).args(["-timeout=10", "-rss_limit_mb=2048"]);
    fuzzer.arg(format!("-artifact_prefix={}/", found.display()));
    fuzzer.arg(&found).arg(project.root().join("fuzz/corpus").join(name));
    let ended = output(&mut fuzzer)?;
    let said = String::from_utf8_lossy(&ended.stderr);
    if ended.status.success() {
        step.done(said.lines().last().unwrap_or_default());
        return Ok(Check::new("fuzz", name, started.elapsed().as_secs_f64(), Ok(())));
    }
    step.failed();
    Ok(Check::new("fuzz", name, started.elapsed().as_secs_f64(), Err(Failure::new(tail(&said, 25)))))
}
