//! `longshore lint`: GPU mistakes in container files, before anything is built.

mod files;
mod project;

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::commands::compat::read_data;
use crate::exit::Exit;
use crate::session::{Session, slashed};
use ::lint::output::{self, Format};
use ::lint::{Applicability, Baseline, File, Files, Options, Report};
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
        &slashed(parsed.text("stdin-filename")),
        parsed.switch("skip-unknown"),
    )?;
    if let Some(level) = fix_level(parsed) {
        let fixed = fixed(&gathered, options, level);
        if parsed.switch("diff") {
            let plan = plan(&gathered, &fixed, |file, _| Some(&file.path));
            session.out(&plan::unified_diff(&plan));
            return Ok(if plan.steps.is_empty() { Exit::Well } else { Exit::Failed });
        }
        write(session, &gathered, &fixed)?;
        gathered.files = fixed;
    }
    let mut reports = gathered.reports(&gathered.files, options);
    if let Some(path) = project::baseline_to_write(parsed) {
        session.write_file(path, Baseline::of(&reports).text().as_bytes())?;
        session.err(&format!("wrote the known findings to {path}\n"));
        return Ok(Exit::Well);
    }
    project.baseline.apply(&mut reports);
    let taken = fix_level(parsed).is_some() && gathered.places.contains(&None);
    show(session, format, &reports, &gathered, taken);
    let worst = reports.iter().flat_map(|report| &report.findings).map(|finding| finding.severity).max();
    Ok(if worst.is_some_and(|worst| worst >= threshold) { Exit::Failed } else { Exit::Well })
}

/// The files to lint: those of a project that is named are meant too.
fn arguments(parsed: &Parsed) -> Vec<String> {
    let project = parsed.list("compose-file");
    let named = parsed.rest.iter().map(|path| path.to_string_lossy().into_owned());
    named.chain(project).map(|path| slashed(&path)).collect()
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
            let is_report_of = |file: &&mut File| file.path == report.path && !is_read_lossily(file);
            let Some(file) = files.iter_mut().find(is_report_of) else { continue };
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

/// Whether bytes were read as U+FFFD because they are no UTF-8: written back they would be lost.
fn is_read_lossily(file: &File) -> bool {
    file.text.contains('\u{fffd}')
}

/// What the fixes change, as a plan over the files to which `name` gives a path.
fn plan<'a>(
    gathered: &'a Gathered,
    fixed: &[File],
    name: impl Fn(&'a File, Option<&'a String>) -> Option<&'a String>,
) -> Plan {
    let mut plan = Plan::new("apply fixes of longshore lint", plan::Applicability::Safe);
    for ((old, new), place) in gathered.files.iter().zip(fixed).zip(&gathered.places) {
        if let Some(path) = name(old, place.as_ref()).filter(|_| old.text != new.text) {
            plan = plan.step(Step::Write {
                path: path.clone(),
                before: Some(old.text.clone().into_bytes()),
                after: new.text.clone().into_bytes(),
                mode: 0o644,
            });
        }
    }
    plan
}

/// Writes what changed; the fixed text of standard input goes to standard output.
fn write(session: &mut Session, gathered: &Gathered, fixed: &[File]) -> Result<()> {
    let plan = plan(gathered, fixed, |_, place| place);
    if !plan.steps.is_empty() {
        session.apply(&plan)?;
    }
    for file in gathered.files.iter().take(gathered.asked).filter(|file| is_read_lossily(file)) {
        session.warn(&format!("{} is not UTF-8: nothing is fixed there", file.path));
    }
    let from_input = gathered.places.iter().position(Option::is_none);
    if let Some(file) = from_input.and_then(|index| fixed.get(index)) {
        session.out(&file.text);
    }
    Ok(())
}

/// Shows the reports; on standard error when the fixed text of standard input has `taken` standard output.
fn show(session: &mut Session, format: Format, reports: &[Report], gathered: &Gathered, taken: bool) {
    let text = output::render(format, reports, Files::new(&gathered.files), session.colour() && !taken);
    if taken {
        session.err(&text);
    } else {
        session.out(&text);
    }
    if matches!(format, Format::Full | Format::Concise) {
        session.err(&output::summary(reports));
    }
}

#[cfg(test)]
mod tests {
    use crate::commands;
    use crate::exit::Exit;
    use crate::session::Session;
    use host::{Host, HostMut};

    #[test]
    fn a_file_that_is_not_utf_8_is_linted_and_left_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let host = HostMut::new(Host::at(root.path()), "/journal");
        let latin = b"FROM nvidia/cuda:12.4.1-base-ubuntu22.04\nENV LD_LIBRARY_PATH=/opt/lib\n# caf\xe9\n";
        host.write_atomic("/Dockerfile", latin, 0o644).unwrap();
        host.write_atomic("/gpu.Dockerfile", b"\xff\xfeF\0R\0O\0M\0", 0o644).unwrap();
        let lint = |words: &[&str]| {
            let mut session = Session::kept(Host::at(root.path()));
            let arguments: Vec<_> = words.iter().map(Into::into).collect();
            let exit = commands::run(&mut session, &arguments);
            let (out, err) = session.printed();
            (exit, out.to_owned(), err.to_owned())
        };
        let (exit, out, err) = lint(&["lint", "--fix", "/Dockerfile"]);
        assert_eq!((exit, out.contains("G405")), (Exit::Failed, true), "{out}");
        assert!(err.contains("/Dockerfile is not UTF-8: nothing is fixed there"), "{err}");
        assert_eq!(host.read("/Dockerfile").unwrap(), latin);
        let (exit, _, err) = lint(&["lint", "/gpu.Dockerfile"]);
        assert_eq!((exit, err.contains("is UTF-16; save it as UTF-8")), (Exit::Usage, true), "{err}");
    }
}
