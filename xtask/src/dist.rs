//! The executables under test, built and laid out under all the names that they answer to.

use crate::exec::{capture, command, visible};
use crate::project::Project;
use diag::{Failure, Result, ResultExt};
use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The names of the dynamic executable that people and scripts call.
pub(crate) const LONGSHORE_NAMES: [&str; 3] = ["nvidia-ctk", "nvidia-container-cli", "nvidia-docker"];

/// The names of the static executable that runs during container starts. Cargo refuses a binary
/// name with a dot, so links make them.
pub(crate) const RUNTIME_NAMES: [&str; 6] = [
    "nvidia-container-runtime",
    "nvidia-container-runtime.cdi",
    "nvidia-container-runtime.legacy",
    "nvidia-container-runtime-hook",
    "nvidia-container-toolkit",
    "nvidia-cdi-hook",
];

/// Cargo, the very one that started this program.
pub(crate) fn cargo(project: &Project) -> Command {
    let mut cargo = command([env::var_os("CARGO").unwrap_or_else(|| "cargo".into())]);
    cargo.current_dir(project.root());
    cargo
}

/// Builds everything and lays it out in `dist/bin` below the target directory.
pub(crate) fn build(project: &Project) -> Result<()> {
    build_dynamic(project)?;
    build_static(project)?;
    lay_out(project)
}

fn build_dynamic(project: &Project) -> Result<()> {
    visible(cargo(project).args([
        "build",
        "--package",
        "longshore",
        "--package",
        "sim-nvml",
        "--package",
        "sim-smi",
    ]))
}

/// The static executable. The flag must not be global: the stand-in for NVML is a `cdylib`, and
/// procedural macros are loaded by the compiler.
fn build_static(project: &Project) -> Result<()> {
    let mut build = cargo(project);
    build.args(["rustc", "--package", "longshore-runtime", "--bin", "longshore-runtime", "--profile", "hot"]);
    build.args(["--target", &host_target()?, "--target-dir"]).arg(project.static_target());
    visible(build.args(["--", "-C", "target-feature=+crt-static"]))
}

/// Where cargo puts the static executable.
pub(crate) fn static_file(project: &Project) -> Result<PathBuf> {
    Ok(project.static_target().join(host_target()?).join("hot/longshore-runtime"))
}

/// The target triple of this machine, as rustc names it.
pub(crate) fn host_target() -> Result<String> {
    let text = capture(&mut command(["rustc", "--version", "--verbose"]))?;
    let target = text.lines().find_map(|line| line.strip_prefix("host: "));
    target.map(str::to_string).ok_or_else(|| Failure::new(format!("rustc names no host target: {text}")))
}

fn lay_out(project: &Project) -> Result<()> {
    let (dist, debug) = (project.dist(), project.cargo_target().join("debug"));
    // Where an installed `longshore sim` looks for the parts of a simulated host.
    let parts = dist.join("../libexec/longshore/sim");
    for folder in [&dist, &parts] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    for (source, target) in [
        (debug.join("longshore"), dist.join("longshore")),
        (static_file(project)?, dist.join("longshore-runtime")),
        (debug.join("nvidia-smi-sim"), parts.join("nvidia-smi-sim")),
        (debug.join("libnvidia_ml_sim.so"), parts.join("libnvidia_ml_sim.so")),
    ] {
        replace(&source, &target)?;
    }
    LONGSHORE_NAMES.iter().try_for_each(|name| name_it("longshore", &dist.join(name)))?;
    RUNTIME_NAMES.iter().try_for_each(|name| name_it("longshore-runtime", &dist.join(name)))
}

/// Copies a file under a temporary name and renames it: the old one may be running.
fn replace(source: &Path, target: &Path) -> Result<()> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let draft = target.with_file_name(format!(".{name}.{}", std::process::id()));
    fs::copy(source, &draft).with_context(|| format!("cannot copy {}", source.display()))?;
    fs::rename(&draft, target).with_context(|| format!("cannot rename {}", draft.display()))
}

fn name_it(target: &str, link: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|found| found == Path::new(target)) {
        return Ok(());
    }
    symlink(target, link).with_context(|| format!("cannot link {}", link.display()))
}
