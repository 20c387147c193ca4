//! `longshore lint`: GPU mistakes in container files, before anything is built.

mod files;
mod project;

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::commands::compat::read_data;
use crate::exit::Exit;
use crate::session::Session;
use ::lint::output::{self, Format};
use ::lint::{Applicability, Baseline, File, Files, Options, Report};
use diag::{Failure, Result, Severity};
use files::Gathered;
use plan::{Plan, Step};
use std::ffi::OsString;

/// The row of the tables.
pub(crate) const COMMAND: Command =
    Command::new("lint", "Finds GPU mistakes in Dockerfiles, Compose files and manifests", run)
        .arguments("[FILE|FOLDER|-]...")
        .flags(&[
            Flag::text("format", "full, concise, json, sarif or github").default("full"),
            Flag::list(
                "select",
                "Codes, names or prefixes of rules to report, or ALL; otherwise errors and warnings",
            ),
            Flag::list("ignore", "Codes, names or prefixes of rules not to report"),
            Flag::switch("fix", "Apply the fixes that keep the meaning"),
            Flag::switch("unsafe-fixes", "Apply also fixes that may change what is built"),
            Flag::switch("diff", "Show what the fixes would change, and change nothing"),
            Flag::list("build-arg", "NAME=VALUE for an ARG, as given to the build"),
            Flag::text("target", "The stage that is built"),
            Flag::text("driver", "The driver that the images will meet: 535, 535.104.05"),
            Flag::list("gpu", "A GPU that the images will meet: \"RTX 4090\", sm_89"),
            Flag::list(
                "compose-file",
                "Compose files that are one project, in the order of `docker compose -f`",
            ),
            Flag::text("data", "A file with newer rows for the tables (JSON, see docs/compat-data.md)"),
            Flag::text("config", "The configuration instead of the nearest longshore.toml; `none` for none"),
            Flag::text("baseline", "Report only what this file of known findings does not have"),
            Flag::text("write-baseline", "Write all findings to this file, as known from now on"),
            Flag::switch("skip-unknown", "Pass over named files that are of no linted kind"),
            Flag::text("fail-on", "The least severity for exit code 1: error, warning or note")
                .default("warning"),
            Flag::text("stdin-filename", "What standard input (`-`) is read as").default("Dockerfile"),
        ]);

/// Fixes may uncover further findings; this many rounds are made.
const ROUNDS: usize = 10;

fn run(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    match try_run(session, parsed) {
        Err(failure) if failure.code().is_none() => {
            session.fail(&failure);
            Ok(Exit::Usage)
        }
        other => other,
    }
}

fn try_run(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let format = format(parsed)?;
    read_data(session, parsed.text("data"))?;
    let threshold = threshold(parsed)?;
    let project = project::read(session, parsed)?;
    let options = &project.options;
    let mut gathered = files::gather(
        session,
        &arguments(parsed),
        parsed.text("stdin-filename"),
        parsed.switch("skip-unknown"),
    )?;
    if let Some(level) = fix_level(parsed) {
        let fixed = fixed(&gathered, options, level);
        let plan = plan(&gathered, &fixed);
        if parsed.switch("diff") {
            session.out(&plan::unified_diff(&plan));
            return Ok(if plan.steps.is_empty() { Exit::Well } else { Exit::Failed });
        }
        write(session, &gathered, &fixed, &plan)?;
        gathered.files = fixed;
    }
    let mut reports = gathered.reports(&gathered.files, options);
    if let Some(path) = project::baseline_to_write(parsed) {
        session.write_file(path, Baseline::of(&reports).text().as_bytes())?;
        session.err(&format!("wrote the known findings to {path}\n"));
        return Ok(Exit::Well);
    }
    project.baseline.apply(&mut reports);
    show(session, format, &reports, &gathered);
    let worst = reports.iter().flat_map(|report| &report.findings).map(|finding| finding.severity).max();
    Ok(if worst.is_some_and(|worst| worst >= threshold) { Exit::Failed } else { Exit::Well })
}

/// The files to lint: those of a project that is named are meant too.
fn arguments(parsed: &Parsed) -> Vec<OsString> {
    let project = parsed.list("compose-file");
    parsed.rest.iter().cloned().chain(project.into_iter().map(OsString::from)).collect()
}

fn format(parsed: &Parsed) -> Result<Format> {
    let name = parsed.text("format");
    Format::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Format::NAMES.iter().map(|(name, _)| *name).collect();
        Failure::coded(codes::BAD_VALUE, format!("there is no format `{name}`")).hint(names.join(", "))
    })
}

fn threshold(parsed: &Parsed) -> Result<Severity> {
    match parsed.text("fail-on") {
        "error" => Ok(Severity::Error),
        "warning" => Ok(Severity::Warning),
        "note" => Ok(Severity::Note),
        other => Err(Failure::coded(codes::BAD_VALUE, format!("there is no severity `{other}`"))
            .hint("error, warning, note")),
    }
}

fn fix_level(parsed: &Parsed) -> Option<Applicability> {
    if parsed.switch("unsafe-fixes") {
        Some(Applicability::Unsafe)
    } else {
        (parsed.switch("fix") || parsed.switch("diff")).then_some(Applicability::Safe)
    }
}

/// The files with all fixes applied, until nothing changes.
fn fixed(gathered: &Gathered, options: &Options, level: Applicability) -> Vec<File> {
    let mut files = gathered.files.clone();
    for _ in 0..ROUNDS {
        let mut changed = false;
        for report in gathered.reports(&files, options) {
            let Some(file) = files.iter_mut().find(|file| file.path == report.path) else { continue };
            let (text, applied) = ::lint::fixes::apply(&file.text, &report.findings, level);
            changed |= applied > 0 && text != file.text;
            file.text = text;
        }
        if !changed {
            break;
        }
    }
    files
}

/// What the fixes change, as a plan.
fn plan(gathered: &Gathered, fixed: &[File]) -> Plan {
    let mut plan = Plan::new("apply fixes of longshore lint", plan::Applicability::Safe);
    for ((old, new), place) in gathered.files.iter().zip(fixed).zip(&gathered.places) {
        if old.text != new.text {
            plan = plan.step(Step::Write {
                path: place.clone().unwrap_or_else(|| old.path.clone()),
                before: Some(old.text.clone().into_bytes()),
                after: new.text.clone().into_bytes(),
                mode: 0o644,
            });
        }
    }
    plan
}

/// Writes what changed; the fixed text of standard input goes to standard output.
fn write(session: &mut Session, gathered: &Gathered, fixed: &[File], plan: &Plan) -> Result<()> {
    let on_disk = Plan {
        steps: plan
            .steps
            .iter()
            .filter(|step| matches!(step, Step::Write { path, .. } if path.starts_with('/')))
            .cloned()
            .collect(),
        ..plan.clone()
    };
    if !on_disk.steps.is_empty() {
        session.apply(&on_disk)?;
    }
    let from_input = gathered.places.iter().position(Option::is_none);
    if let Some(file) = from_input.and_then(|index| fixed.get(index)) {
        session.out(&file.text);
    }
    Ok(())
}

fn show(session: &mut Session, format: Format, reports: &[Report], gathered: &Gathered) {
    let text = output::render(format, reports, Files::new(&gathered.files), session.colour());
    // The fixed text of standard input has taken standard output.
    session.out(&text);
    if matches!(format, Format::Full | Format::Concise) {
        session.err(&output::summary(reports));
    }
}
