//! `longshore lint`, `compat` and `explain` on other systems: most authors of Dockerfiles sit at a Mac.

use crate::dist::cargo;
use crate::exec::{capture, command, visible};
use crate::inside::Check;
use crate::project::Project;
use diag::Result;
use std::path::Path;
use std::time::Instant;

/// Targets for which the program has to build. `rustup target add TARGET` installs one.
const TARGETS: [&str; 4] =
    ["x86_64-pc-windows-gnu", "x86_64-apple-darwin", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"];

/// Checks the program for the targets that are installed: of these the first, with `all` each.
pub(super) fn clippy(project: &Project, all: bool) -> Result<Vec<Check>> {
    let installed = TARGETS.iter().map(|target| Ok((*target, is_installed(target)?)));
    let installed: Vec<(&str, bool)> = installed.collect::<Result<_>>()?;
    let chosen = installed.into_iter().filter(|(_, is)| *is).take(if all { TARGETS.len() } else { 1 });
    Ok(chosen.map(|(target, _)| check(project, target)).collect())
}

fn is_installed(target: &str) -> Result<bool> {
    let folder = capture(command(["rustc", "--print", "target-libdir", "--target"]).arg(target))?;
    Ok(Path::new(folder.trim()).is_dir())
}

fn check(project: &Project, target: &'static str) -> Check {
    let started = Instant::now();
    let words =
        ["clippy", "--package", "longshore", "--package", "cli", "--target", target, "--", "-D", "warnings"];
    let end = visible(cargo(project).args(words));
    Check::new("elsewhere", target, started.elapsed().as_secs_f64(), end)
}
