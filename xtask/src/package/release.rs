//! The release build that packages hold: the same bytes from any folder.

use crate::dist::{cargo, host_target};
use crate::exec::{capture, command, visible};
use crate::project::Project;
use diag::{Result, ResultExt};
use std::env;
use std::path::PathBuf;

/// The built files.
#[derive(Debug)]
pub(super) struct Built {
    /// The dynamic executable for people.
    pub(super) longshore: PathBuf,
    /// The static executable of container starts.
    pub(super) runtime: PathBuf,
    /// The simulated `nvidia-smi`.
    pub(super) smi: PathBuf,
    /// The simulated NVML.
    pub(super) nvml: PathBuf,
}

impl Built {
    /// The executables under test.
    pub(super) fn of_dist(project: &Project) -> Self {
        let (programs, parts) = (project.dist(), project.dist().join("../libexec/longshore/sim"));
        Self {
            longshore: programs.join("longshore"),
            runtime: programs.join("longshore-runtime"),
            smi: parts.join("nvidia-smi-sim"),
            nvml: parts.join("libnvidia_ml_sim.so"),
        }
    }
}

/// Builds everything with paths of this machine left out.
pub(super) fn build(project: &Project) -> Result<Built> {
    let target = project.root().join("target/package/cargo");
    let triple = host_target()?;
    let mut dynamic = cargo(project);
    dynamic.args(["build", "--release", "--locked", "--target", &triple]);
    dynamic.args(["--package", "longshore", "--package", "sim-nvml", "--package", "sim-smi"]);
    // Whoever debugs a crash builds with symbols; a package without them is a third of the size.
    dynamic.env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    visible(dynamic.arg("--target-dir").arg(&target).env("CARGO_ENCODED_RUSTFLAGS", flags(project, &[])))?;
    let mut fixed = cargo(project);
    fixed.args([
        "build",
        "--locked",
        "--package",
        "longshore-runtime",
        "--profile",
        "hot",
        "--target",
        &triple,
    ]);
    let apart = target.join("static");
    let static_flags = flags(project, &["-C", "target-feature=+crt-static"]);
    visible(fixed.arg("--target-dir").arg(&apart).env("CARGO_ENCODED_RUSTFLAGS", static_flags))?;
    let release = target.join(&triple).join("release");
    Ok(Built {
        longshore: release.join("longshore"),
        runtime: apart.join(&triple).join("hot/longshore-runtime"),
        smi: release.join("nvidia-smi-sim"),
        nvml: release.join("libnvidia_ml_sim.so"),
    })
}

/// Compiler flags that take the place of the checkout and of cargo's home out of the files.
fn flags(project: &Project, more: &[&str]) -> String {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let checkout = Some((project.root().to_path_buf(), "longshore"));
    let prefixes = checkout.into_iter().chain(home.map(|home| (home, "cargo")));
    let remaps = prefixes.map(|(path, name)| format!("--remap-path-prefix={}=/{name}", path.display()));
    let more = more.iter().map(|flag| (*flag).to_owned());
    remaps.chain(more).collect::<Vec<_>>().join("\u{1f}")
}

/// `SOURCE_DATE_EPOCH`, or the time of the last commit; 0 without either.
pub(super) fn time(project: &Project) -> Result<u64> {
    let text = match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => capture(command(["git", "log", "-1", "--format=%ct"]).current_dir(project.root()))
            .unwrap_or_else(|_| "0".to_owned()),
    };
    text.trim().parse().with_context(|| format!("SOURCE_DATE_EPOCH is no number: {text}"))
}
