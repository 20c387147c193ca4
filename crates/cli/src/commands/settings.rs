//! The settings file `config.toml`: `nvidia-ctk config` and `longshore config`.

mod harden;
mod schema;

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use ::settings::Platform;
use diag::render::{human, json};
use diag::{Failure, Result, ResultExt};
use host::Host;
use plan::{Applicability, Plan, Step};
use std::ffi::OsString;

/// `nvidia-ctk config`.
pub(crate) const NVIDIA_CTK_COMMAND: Command =
    Command::new("config", "Shows or changes the toolkit's settings", config)
        .flags(CONFIG_FLAGS)
        .commands(&[DEFAULT]);

/// `longshore config`.
pub(crate) const COMMAND: Command = Command::group(
    "config",
    "Shows or changes the toolkit's settings",
    &[SHOW, DEFAULT, SET, CHECK, SCHEMA, harden::COMMAND],
);

const FILE: Flag = Flag::text("config-file", "Settings file; otherwise found as the toolkit finds it")
    .aliases(&["config", "c"]);
const OUTPUT: Flag = Flag::text("output", "File to write instead of standard output").aliases(&["o"]);

const CONFIG_FLAGS: &[Flag] = &[
    FILE,
    Flag::list("set", "Set KEY=VALUE; lists are separated by the list separator, a key alone means true"),
    Flag::text("set-list-separator", "Separator of list values in --set").default(":").hidden(),
    Flag::switch("in-place", "Write the settings back to their file").aliases(&["i"]),
    OUTPUT,
];

const DEFAULT: Command = Command::new("default", "Shows the settings as they are without a file", default)
    .aliases(&["create-default", "generate-default"])
    .flags(&[OUTPUT]);

const SHOW: Command =
    Command::new("show", "Shows the settings in force, with defaults as comments", show).flags(&[FILE]);

const SET: Command =
    Command::new("set", "Changes settings in their file; `longshore undo` takes it back", set)
        .arguments("KEY=VALUE...")
        .flags(&[FILE, Flag::switch("dry-run", "Print the file as it would become and write nothing")]);

const CHECK: Command =
    Command::new("check", "Names unknown keys and wrong values of the settings file", check)
        .arguments("[FILE]")
        .flags(&[FILE, Flag::switch("json", "Print the findings as JSON")]);

const SCHEMA: Command =
    Command::new("schema", "Prints the JSON Schema of the settings file, for editors", print_schema)
        .flags(&[OUTPUT]);

fn default(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let text = settings::default_file_for(platform(&session.host));
    deliver(session, parsed.text("output"), text)
}

fn config(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let path = location(session, parsed)?;
    let separator = parsed.text("set-list-separator");
    if separator.is_empty() {
        return Err(Failure::coded(codes::BAD_VALUE, "set-list-separator must be set"));
    }
    let (before, options) = (read(session, &path)?, parsed.list("set"));
    if parsed.switch("in-place") {
        let text = settings::edit(&before, &options, separator).map_err(|cause| unusable(&path, cause))?;
        replace(session, &path, text)
    } else {
        let text = changed(&before, &options, separator).map_err(|cause| unusable(&path, cause))?;
        deliver(session, parsed.text("output"), text)
    }
}

/// A bad option is told as it is, a bad file with its path.
fn unusable(path: &str, cause: Failure) -> Failure {
    if cause.code() == Some(settings::codes::INVALID_OPTION) {
        return cause;
    }
    cause.context(path).context("unable to create config: failed to load specified config file")
}

fn show(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let path = location(session, parsed)?;
    let text = settings::canonical(&read(session, &path)?).context(path)?;
    deliver(session, "", text)
}

fn set(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let assignments = texts(&parsed.rest)?;
    if assignments.is_empty() {
        return Err(Failure::coded(codes::BAD_ARGUMENT, "config set needs at least one KEY=VALUE"));
    }
    let path = location(session, parsed)?;
    let text = settings::edit(&read(session, &path)?, &assignments, ":").context(path.clone())?;
    if parsed.switch("dry-run") { deliver(session, "", text) } else { replace(session, &path, text) }
}

/// Findings about the file, none of them about values that merely differ from the default.
fn check(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let path = match texts(&parsed.rest)?.as_slice() {
        [] => location(session, parsed)?,
        [path] => session.absolute(path)?,
        _ => return Err(Failure::coded(codes::BAD_ARGUMENT, "config check looks at one file at a time")),
    };
    let Some(text) = session.host.read_text_optional(&path)? else {
        session.info(&format!("{path} does not exist: the defaults hold"));
        return Ok(Exit::Well);
    };
    let (_, findings) = ::settings::Settings::parse(&text).context(path.clone())?;
    if parsed.switch("json") {
        session.out(&json::findings("longshore config check", &findings));
    } else {
        session.out(&human::findings(&findings, session.colour()));
    }
    if findings.is_empty() {
        session.info(&format!("{path}: every key is known and every value fits"));
        return Ok(Exit::Well);
    }
    Ok(Exit::Failed)
}

fn print_schema(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    deliver(session, parsed.text("output"), schema::text())
}

fn texts(arguments: &[OsString]) -> Result<Vec<String>> {
    let text = |argument: &OsString| {
        argument.to_str().map(str::to_owned).ok_or_else(|| {
            Failure::coded(codes::BAD_ARGUMENT, format!("`{}` is not UTF-8", argument.to_string_lossy()))
        })
    };
    arguments.iter().map(text).collect()
}

/// The file that is meant: the option, or where the toolkit looks.
fn location(session: &Session, parsed: &Parsed) -> Result<String> {
    match parsed.text("config-file") {
        "" => Ok(session.settings_path()),
        given => session.absolute(given),
    }
}

/// The file's text; a file that does not exist says what the defaults say.
fn read(session: &Session, path: &str) -> Result<String> {
    let text = session.host.read_text_optional(path)?;
    Ok(text.unwrap_or_else(|| settings::default_file_for(platform(&session.host))))
}

/// What of the machine the defaults depend on.
fn platform(host: &Host) -> Platform {
    let release = host.read_text_optional("/etc/os-release").ok().flatten().unwrap_or_default();
    let alike = release.lines().find_map(|line| line.strip_prefix("ID_LIKE=")).unwrap_or_default();
    let suse =
        alike.trim_matches(['"', '\'']).split_whitespace().any(|name| name == "suse" || name == "opensuse");
    Platform { real_ldconfig: host.exists("/sbin/ldconfig.real"), suse }
}

/// The canonical text after all assignments.
fn changed(text: &str, assignments: &[String], separator: &str) -> Result<String> {
    if assignments.is_empty() {
        return settings::canonical(text);
    }
    settings::set_all(text, assignments, separator)
}

fn deliver(session: &mut Session, output: &str, text: String) -> Result<Exit> {
    match output {
        "" => session.out(&text),
        path => session.write_file(path, text.as_bytes())?,
    }
    Ok(Exit::Well)
}

/// Writes the file by a plan, so that it can be taken back.
fn replace(session: &mut Session, path: &str, text: String) -> Result<Exit> {
    let before = session.host.read_optional(path)?;
    if before.as_deref() == Some(text.as_bytes()) {
        session.debug(&format!("{path} says so already"));
        return Ok(Exit::Well);
    }
    let step = Step::Write { path: path.to_owned(), before, after: text.into_bytes(), mode: 0o644 };
    let receipt =
        session.apply(&Plan::new(format!("change settings in {path}"), Applicability::Safe).step(step))?;
    if let Some(id) = receipt.id {
        session.info(&format!("Wrote {path}; `longshore undo {id}` takes it back"));
    }
    Ok(Exit::Well)
}
