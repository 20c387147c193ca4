//! `longshore gpus`: the GPUs that are usable here, on a host or in a container, with or without
//! NVML, and why something is missing.

mod csv;
mod report;
mod table;
mod tree;
mod why;

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Finding, Result, ResultExt};
use host::Host;
use report::Report;
use std::time::Duration;

/// The row of the tables.
pub(crate) const COMMAND: Command =
    Command::new("gpus", "Lists the GPUs that are usable here: name, memory, driver, UUID, MIG", gpus).flags(
        &[
            Flag::text("format", "table, csv or json").default("table"),
            Flag::switch("json", "The same as --format=json"),
            Flag::switch("tree", "Show all that was found of the driver, where, and what is absent"),
            Flag::text("why", "Name of a file: where it was looked for, what brings it, what becomes of it"),
            Flag::switch("no-nvml", "Do not load the driver's management library"),
            Flag::text("deadline", "Seconds to wait for the driver's management library").default("30"),
        ],
    );

/// How the list is printed.
#[derive(Clone, Copy)]
enum Format {
    Table,
    Csv,
    Json,
}

fn gpus(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    if parsed.switch("tree") || !parsed.text("why").is_empty() {
        return driver(session, parsed);
    }
    let format = format(parsed)?;
    let deadline = deadline(parsed.text("deadline"))?;
    let report = look(session, (!parsed.switch("no-nvml")).then_some(deadline));
    if matches!(format, Format::Json) {
        let text = serde_json::to_string_pretty(&report).context("cannot write JSON")?;
        session.out(&(text + "\n"));
    }
    if report.gpus.is_empty() {
        return Err(no_gpu(&report));
    }
    match format {
        Format::Json => {}
        Format::Table => session.out(&table::render(&report)),
        Format::Csv => session.out(&csv::render(&report)),
    }
    if !matches!(format, Format::Json) {
        for note in &report.notes {
            session.err(&format!("note: {note}\n"));
        }
    }
    Ok(Exit::Well)
}

/// The driver and not only its GPUs: `--tree` and `--why`.
fn driver(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let snapshot = if parsed.switch("no-nvml") {
        None
    } else {
        let deadline = deadline(parsed.text("deadline"))?;
        session.nvml(nvml::Options { deadline, ..nvml::Options::default() }).ok()
    };
    let (driver, findings) = discover::sweep(&session.host, &discover::Options::default(), snapshot.as_ref());
    let text = match parsed.text("why") {
        "" if matches!(format(parsed)?, Format::Json) => {
            let document = serde_json::json!({"schema": 1, "driver": driver, "findings": findings});
            format!("{document:#}\n")
        }
        "" => tree::render(&driver, &findings),
        name => why::explain(&session.host, &driver, &findings, name)?,
    };
    session.out(&text);
    Ok(Exit::Well)
}

fn format(parsed: &Parsed) -> Result<Format> {
    match parsed.text("format") {
        _ if parsed.switch("json") => Ok(Format::Json),
        "table" => Ok(Format::Table),
        "csv" => Ok(Format::Csv),
        "json" => Ok(Format::Json),
        other => {
            let message = format!("`{other}` is not a format");
            Err(Failure::coded(codes::BAD_VALUE, message).hint("table, csv and json are"))
        }
    }
}

fn deadline(text: &str) -> Result<Duration> {
    text.parse().map(Duration::from_secs).map_err(|cause| {
        Failure::coded(codes::BAD_VALUE, format!("`{text}` is not a number of seconds")).caused_by(cause)
    })
}

/// Asks NVML (if wanted) and the kernel's files, and puts together what they say.
fn look(session: &mut Session, nvml_deadline: Option<Duration>) -> Report {
    let mut notes = Vec::new();
    let snapshot = if let Some(deadline) = nvml_deadline {
        let options = nvml::Options { deadline, ..nvml::Options::default() };
        session.nvml(options).map_err(|failure| notes.push(format!("without NVML: {failure}"))).ok()
    } else {
        notes.push("without NVML, as asked: memory, CUDA version and MIG devices are not known".to_owned());
        None
    };
    let (driver, findings) = discover::sweep(&session.host, &discover::Options::default(), None);
    let told = findings.into_iter().filter(|finding| !is_told_otherwise(finding, snapshot.is_some()));
    notes.extend(told.map(|finding| finding.message));
    report::assemble(&driver, snapshot.as_ref(), &node_minors(&session.host), notes)
}

/// Findings about what the report itself tells, or what NVML made good: in a container, procfs may be
/// missing and most GPUs of the host have no node.
fn is_told_otherwise(finding: &Finding, nvml_answered: bool) -> bool {
    use discover::codes;
    let by_nvml = [codes::MODULE_NOT_LOADED, codes::MIG_NEEDS_NVML, codes::UUID_UNKNOWN];
    [codes::GPU_NODE_MISSING, codes::NO_GPU].contains(&finding.code)
        || (nvml_answered && by_nvml.contains(&finding.code))
}

/// Minors of the nodes `/dev/nvidia<minor>`.
fn node_minors(host: &Host) -> Vec<u32> {
    let entries = host.list_optional("/dev").ok().flatten().unwrap_or_default();
    let mut minors: Vec<u32> =
        entries.iter().filter_map(|entry| entry.name.strip_prefix("nvidia")?.parse().ok()).collect();
    minors.sort_unstable();
    minors
}

fn no_gpu(report: &Report) -> Failure {
    let reasons =
        if report.notes.is_empty() { String::new() } else { format!(" ({})", report.notes.join("; ")) };
    Failure::coded(codes::NO_GPU, format!("no NVIDIA GPU is usable here{reasons}"))
        .hint("on a host `longshore doctor` finds the cause; in a container, start it with GPUs (docker run --gpus all)")
}
