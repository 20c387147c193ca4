//! The table of installed files: executables under all names, units, rules, manual, completions.

use super::release::Built;
use super::sbom;
use super::stage::Entry;
use crate::dist::{LONGSHORE_NAMES, RUNTIME_NAMES};
use crate::exec::{capture, command, pipe_text};
use crate::project::Project;
use diag::{Result, ResultExt};
use std::fs;
use std::path::Path;

/// Programs that have completions.
const COMPLETED: [&str; 2] = ["longshore", "nvidia-ctk"];

/// Everything that a package installs.
pub(super) fn entries(project: &Project, built: &Built, packaging: &Path, time: u64) -> Result<Vec<Entry>> {
    let mut entries = programs(built);
    entries.extend(folder(&packaging.join("systemd"), "usr/lib/systemd/system")?);
    entries.extend(folder(&packaging.join("udev"), "usr/lib/udev/rules.d")?);
    entries.extend(manual(&built.longshore, packaging)?);
    entries.extend(completions(&built.longshore)?);
    entries.extend(documents(project, time)?);
    let settings = capture(command([built.longshore.as_os_str()]).args(["config", "default"]))?;
    entries.push(Entry::text("usr/share/longshore/config.toml", settings));
    Ok(entries)
}

fn programs(built: &Built) -> Vec<Entry> {
    let mut entries = vec![
        Entry::program("usr/bin/longshore", &built.longshore),
        Entry::program("usr/bin/longshore-runtime", &built.runtime),
        Entry::program("usr/libexec/longshore/sim/nvidia-smi-sim", &built.smi),
        Entry::file("usr/libexec/longshore/sim/libnvidia_ml_sim.so", &built.nvml),
        Entry::link("usr/libexec/longshore/inventory", "../../bin/longshore"),
    ];
    let names = |names: &[&str], target: &str| {
        names.iter().map(|name| Entry::link(&format!("usr/bin/{name}"), target)).collect::<Vec<_>>()
    };
    entries.extend(names(&LONGSHORE_NAMES, "longshore"));
    entries.extend(names(&RUNTIME_NAMES, "longshore-runtime"));
    entries
}

/// The files of a folder of the checkout, in the order of their names.
fn folder(source: &Path, target: &str) -> Result<Vec<Entry>> {
    let Ok(read) = fs::read_dir(source) else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entry in read {
        let entry = entry.with_context(|| format!("cannot list {}", source.display()))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names.iter().map(|name| Entry::file(&format!("{target}/{name}"), &source.join(name))).collect())
}

fn manual(longshore: &Path, packaging: &Path) -> Result<Vec<Entry>> {
    let list = capture(command([longshore.as_os_str()]).arg("manual"))?;
    let page = |name: &str| {
        let text = capture(command([longshore.as_os_str()]).args(["manual", name]))?;
        Ok(Entry::text(&format!("usr/share/man/man1/{name}.1.gz"), gzip(&text)?))
    };
    let mut pages: Vec<Entry> = list.lines().map(page).collect::<Result<_>>()?;
    let source = packaging.join("man/longshore-runtime.1");
    let text = fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
    pages.push(Entry::text("usr/share/man/man1/longshore-runtime.1.gz", gzip(&text)?));
    let names = RUNTIME_NAMES.iter().map(|name| format!("usr/share/man/man1/{name}.1.gz"));
    pages.extend(names.map(|path| Entry::link(&path, "longshore-runtime.1.gz")));
    Ok(pages)
}

fn completions(longshore: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for program in COMPLETED {
        for (shell, path) in [
            ("bash", format!("usr/share/bash-completion/completions/{program}")),
            ("zsh", format!("usr/share/zsh/vendor-completions/_{program}")),
            ("fish", format!("usr/share/fish/vendor_completions.d/{program}.fish")),
        ] {
            let mut print = command([longshore.as_os_str()]);
            let text = capture(print.args(["completions", shell, "--program", program]))?;
            entries.push(Entry::text(&path, text));
        }
    }
    Ok(entries)
}

fn documents(project: &Project, time: u64) -> Result<Vec<Entry>> {
    let root = project.root();
    let doc = "usr/share/doc/longshore";
    Ok(vec![
        Entry::file(&format!("{doc}/copyright"), &root.join("packaging/copyright")),
        Entry::file(&format!("{doc}/differences.md"), &root.join("docs/differences.md")),
        Entry::file(&format!("{doc}/security.md"), &root.join("docs/security.md")),
        Entry::text(&format!("{doc}/changelog.gz"), gzip(&changes(project, time)?)?),
        Entry::text(&format!("{doc}/sbom.cdx.json"), sbom::cyclonedx(project)?),
    ])
}

/// The changes of this version in Debian's form, from CHANGELOG.md.
fn changes(project: &Project, time: u64) -> Result<String> {
    let text = fs::read_to_string(project.root().join("CHANGELOG.md")).context("cannot read CHANGELOG.md")?;
    let section = text.split("\n## ").nth(1).unwrap_or_default();
    let points = section.lines().filter(|line| line.starts_with("- ") || line.starts_with("  "));
    let points: Vec<String> = points
        .map(|line| line.strip_prefix("- ").map_or_else(|| line.to_owned(), |point| format!("* {point}")))
        .collect();
    let folded = pipe_text(command(["fold", "--spaces", "--width=76"]), &points.join("\n"))?;
    let folded = String::from_utf8_lossy(&folded).into_owned();
    let lines: Vec<String> = folded.lines().map(|line| format!("  {}", line.trim_end())).collect();
    let date = capture(
        command(["date", "--utc", "--rfc-email", "--date"]).arg(format!("@{time}")).env("LC_ALL", "C"),
    )?;
    Ok(format!(
        "longshore ({}) unstable; urgency=medium\n\n{}\n\n -- The Longshore Authors <longshore@packages.invalid>  {date}",
        env!("CARGO_PKG_VERSION"),
        lines.join("\n"),
    ))
}

/// Without name and time, so that the same text gives the same bytes.
fn gzip(text: &str) -> Result<Vec<u8>> {
    pipe_text(command(["gzip", "-9n"]), text)
}
