//! The units and rules of `packaging/`, read by systemd's own checker where it is at hand.

use crate::exec::{command, output};
use crate::inside::Check;
use crate::project::Project;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Checks every unit of `packaging/systemd` with `systemd-analyze verify`.
pub(super) fn units(project: &Project) -> Result<Vec<Check>> {
    if !output(&mut command(["systemd-analyze", "--version"])).is_ok_and(|ended| ended.status.success()) {
        eprintln!("  skipped: there is no systemd-analyze");
        return Ok(Vec::new());
    }
    let started = Instant::now();
    let verdict = verify(&project.root().join("packaging/systemd"), &project.logs().join("units"));
    Ok(vec![Check::new("systemd", "verifies the units", started.elapsed().as_secs_f64(), verdict)])
}

/// The checker looks for the programs too, which are not installed here: a copy names one that is.
fn verify(source: &Path, copies: &Path) -> Result<()> {
    fs::create_dir_all(copies).with_context(|| format!("cannot make {}", copies.display()))?;
    let mut units: Vec<PathBuf> = Vec::new();
    let entries = fs::read_dir(source).with_context(|| format!("cannot list {}", source.display()))?;
    for entry in entries {
        let entry = entry.context("cannot list the units")?;
        let text = fs::read_to_string(entry.path()).context("cannot read a unit")?;
        let copy = copies.join(entry.file_name());
        fs::write(&copy, text.replace("/usr/bin/longshore", "/bin/true")).context("cannot copy a unit")?;
        units.push(copy);
    }
    let mut verify = command(["systemd-analyze", "verify", "--man=no"]);
    let ended = output(verify.args(&units).env("SYSTEMD_UNIT_PATH", format!("{}:", copies.display())))?;
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    let names = |line: &&str| {
        units.iter().any(|unit| unit.file_name().is_some_and(|name| line.contains(&*name.to_string_lossy())))
    };
    let complaints: Vec<&str> = said.lines().filter(names).collect();
    if units.is_empty() || !ended.status.success() || !complaints.is_empty() {
        return Err(Failure::new(format!("{} and {said}", ended.status)));
    }
    Ok(())
}
