//! `longshore lint`: GPU mistakes in container files, before anything is built.

mod files;

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use ::lint::output::{self, Format};
use ::lint::{Applicability, File, Files, Options, Report};
use diag::{Failure, Result, Severity};
use files::Gathered;
use plan::{Plan, Step};

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
    let threshold = threshold(parsed)?;
    let options = options(parsed)?;
    let mut gathered = files::gather(session, &parsed.rest, parsed.text("stdin-filename"))?;
    if let Some(level) = fix_level(parsed) {
        let fixed = fixed(&gathered, &options, level);
        let plan = plan(&gathered, &fixed);
        if parsed.switch("diff") {
            session.out(&plan::unified_diff(&plan));
            return Ok(if plan.steps.is_empty() { Exit::Well } else { Exit::Failed });
        }
        write(session, &gathered, &fixed, &plan)?;
        gathered.files = fixed;
    }
    let reports = gathered.reports(&gathered.files, &options);
    show(session, format, &reports, &gathered);
    let worst = reports.iter().flat_map(|report| &report.findings).map(|finding| finding.severity).max();
    Ok(if worst.is_some_and(|worst| worst >= threshold) { Exit::Failed } else { Exit::Well })
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

fn options(parsed: &Parsed) -> Result<Options> {
    let mut options =
        Options { select: parsed.list("select"), ignore: parsed.list("ignore"), ..Options::default() };
    for word in options.select.iter().chain(&options.ignore) {
        if !names_a_rule(word) {
            return Err(Failure::coded(codes::BAD_VALUE, format!("there is no rule `{word}`"))
                .hint("`longshore explain` lists all codes"));
        }
    }
    for given in parsed.list("build-arg") {
        let (name, value) = given
            .split_once('=')
            .ok_or_else(|| Failure::coded(codes::BAD_VALUE, format!("`{given}` is not NAME=VALUE")))?;
        options.build_args.insert(name.to_owned(), value.to_owned());
    }
    options.target = Some(parsed.text("target").to_owned()).filter(|name| !name.is_empty());
    Ok(options)
}

fn names_a_rule(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    upper == "ALL"
        || ::lint::rules::find(word).is_some()
        || (!upper.is_empty() && ::lint::rules::ALL.iter().any(|rule| rule.code.as_str().starts_with(&upper)))
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
