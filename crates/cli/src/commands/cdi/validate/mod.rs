//! `cdi validate`: would the engines take these specifications, and is everything there that they name?

mod judge;
mod owner;

pub(super) use judge::look;

use super::installed::{self, Installed};
use super::sources::{self, Source};
use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use cdi::{Engine, Registry, SourceFile, Taken};
use diag::render::{human, json};
use diag::{Failure, Finding, Result, Severity};

pub(super) const COMMAND: Command = Command::new(
    "validate",
    "Checks specifications: do engines take them, is what they name on this machine?",
    validate,
)
.arguments("[FILE|DIRECTORY...]")
.flags(&[
    Flag::list("for", "Engine that has to take them: docker, podman@4.3, ...; otherwise the installed ones"),
    Flag::switch("no-host", "Do not look whether what they name is on this machine"),
    Flag::switch("json", "Write findings as JSON"),
    Flag::switch("verbose", "Say of every known engine whether it takes them").aliases(&["v"]),
]);

/// A release of an engine that is asked, in words, and what it takes.
pub(super) struct Reader {
    pub(super) name: String,
    pub(super) taken: Taken,
}

fn validate(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let readers = readers(session, &parsed.list("for"))?;
    let given: Vec<String> = parsed.rest.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let sources = sources::read(session, &given)?;
    let mut findings = Vec::new();
    for source in &sources {
        let spec = judge::file(source, &readers, &mut findings);
        if let (Some(spec), false) = (&spec, parsed.switch("no-host")) {
            judge::host(&session.host, source, spec, &mut findings);
        }
        if let Some(spec) = spec.filter(|_| !parsed.switch("json")) {
            let devices = spec.devices.len();
            session.out(&format!(
                "{}: {}, {devices} device{}, CDI {}\n",
                source.path,
                spec.kind,
                if devices == 1 { "" } else { "s" },
                spec.cdi_version
            ));
            if parsed.switch("verbose") {
                session.out(&judge::table(&spec));
            }
        }
    }
    conflicts(&sources, &mut findings);
    tell(session, parsed.switch("json"), &sources, &findings);
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if failed { Exit::Failed } else { Exit::Well })
}

fn tell(session: &mut Session, as_json: bool, sources: &[Source], findings: &[Finding]) {
    if as_json {
        session.out(&json::findings("longshore cdi validate", findings));
    } else {
        let colour = session.colour();
        session.out(&human::findings(findings, colour));
        if sources.is_empty() {
            session.info("there is no CDI specification");
        }
    }
}

/// Those named with `--for`, which must take the files; else the installed engines that know CDI.
fn readers(session: &Session, asked: &[String]) -> Result<Vec<Reader>> {
    if asked.is_empty() {
        let reader = |found: Installed| Reader { name: found.name(), taken: found.taken() };
        let knows_cdi = |reader: &Reader| reader.taken.highest().is_some();
        return Ok(installed::find(session).into_iter().map(reader).filter(knows_cdi).collect());
    }
    asked.iter().flat_map(|name| named(name)).collect()
}

/// One release, or all that were tried of an engine that is named without one.
fn named(asked: &str) -> Vec<Result<Reader>> {
    let (name, version) =
        asked.split_once('@').map_or((asked, None), |(name, version)| (name, Some(version)));
    let unknown = |what: String| vec![Err(Failure::coded(codes::BAD_VALUE, what))];
    let Some(engine) = Engine::named(name) else {
        let names: Vec<&str> = cdi::engines().iter().map(|engine| engine.name).collect();
        return unknown(format!("no engine {name:?} is known: there are {}", names.join(", ")));
    };
    match version {
        Some(version) => match engine.takes(version) {
            Some(taken) => vec![Ok(Reader { name: format!("{name} {version}"), taken })],
            None => unknown(format!("{version:?} is no release of {name}")),
        },
        None => {
            let with_cdi = engine.releases.iter().filter(|release| release.taken.highest().is_some());
            with_cdi
                .map(|release| {
                    Ok(Reader { name: format!("{name} {}", release.version), taken: release.taken })
                })
                .collect()
        }
    }
}

/// Devices that several files define: in one directory nobody gets them, in several the last one wins.
fn conflicts(sources: &[Source], findings: &mut Vec<Finding>) {
    let file = |source: &Source| SourceFile {
        directory: source.directory,
        path: source.path.clone(),
        bytes: source.bytes.clone(),
    };
    let registry = Registry::new(sources.iter().map(file).collect());
    for (path, failure) in registry.errors() {
        if failure.code() == Some(cdi::codes::DEVICE_CONFLICT) {
            let message = format!("{path}: {}", failure.message());
            let finding = Finding::new(cdi::codes::DEVICE_CONFLICT, Severity::Error, message);
            findings.push(finding.help("remove one of the files: no engine resolves the device"));
        }
    }
    let mut losers: Vec<(&str, usize)> = Vec::new();
    for (_, path) in registry.shadowed() {
        match losers.iter_mut().find(|(known, _)| *known == path) {
            Some((_, count)) => *count += 1,
            None => losers.push((path, 1)),
        }
    }
    for (path, count) in losers {
        let message =
            format!("{path}: devices that do not count, because a later directory defines them too: {count}");
        findings.push(Finding::new(cdi::codes::DEVICE_SHADOWED, Severity::Note, message));
    }
}
