//! The command lines of OCI runtimes: which command, which bundle, where to log.
//!
//! Global flags come before the command, the command's own after it. Known are those of runc 1.0 to
//! 1.4, crun 1.28 and youki; of an unknown flag the next word counts as its value unless that word is a
//! command. So a container, a root directory or a log file called `create` is no command. What follows
//! `--` is no flag.

use crate::codes;
use diag::{Failure, Result};
use std::ffi::{OsStr, OsString};

/// What a command line asks the OCI runtime for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The command, for example `create`.
    pub command: Option<String>,
    /// Value of `--bundle`; the working directory when absent.
    pub bundle: Option<OsString>,
    /// Value of crun's `--config`: another name of `config.json`.
    pub config: Option<OsString>,
    /// Container id.
    pub id: Option<OsString>,
    /// Value of `--log`.
    pub log: Option<OsString>,
    /// Value of `--log-format`: `text` or `json`.
    pub log_format: Option<String>,
    /// Whether `--debug` was given.
    pub debug: bool,
    /// Whether `--version` was given.
    pub version: bool,
    /// Whether `--help` or crun's `--usage` was given: nothing is done then.
    pub help: bool,
}

/// Commands that make a container out of a bundle.
const CREATING: &[&str] = &["create", "run", "restore"];

const COMMANDS: &[&str] = &[
    "checkpoint",
    "create",
    "delete",
    "events",
    "exec",
    "features",
    "h",
    "help",
    "info",
    "init",
    "kill",
    "list",
    "mounts",
    "pause",
    "ps",
    "restore",
    "resume",
    "run",
    "spec",
    "start",
    "state",
    "update",
];

/// Global flags that take a value.
const GLOBAL_VALUES: &[&str] =
    &["log", "log-format", "log-level", "root", "r", "l", "criu", "rootless", "cgroup-manager", "handler"];
/// Global flags without a value.
const GLOBAL_SWITCHES: &[&str] =
    &["debug", "systemd-cgroup", "s", "no-pivot", "version", "v", "V", "help", "h", "?", "usage"];
/// Flags of `create`, `run` and `restore` that take a value.
const COMMAND_VALUES: &[&str] = &[
    "bundle",
    "b",
    "console-socket",
    "pid-file",
    "pidfd-socket",
    "preserve-fds",
    "config",
    "f",
    "work-path",
    "image-path",
    "manage-cgroups-mode",
    "empty-ns",
    "lsm-profile",
    "lsm-mount-context",
    "parent-path",
    "status-fd",
];

impl Invocation {
    /// Whether the command makes a container out of a bundle: only then is there a `config.json` to edit.
    #[must_use]
    pub fn creates(&self) -> bool {
        let shows_text = self.version || self.help;
        !shows_text && self.command.as_deref().is_some_and(|command| CREATING.contains(&command))
    }
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// `--bundle` without its value.
pub fn parse(arguments: &[OsString]) -> Result<Invocation> {
    let mut reader = Reader { words: arguments, found: Invocation::default(), only_words: false };
    while let Some(word) = reader.next_word() {
        reader.take(&word)?;
    }
    Ok(reader.found)
}

struct Reader<'a> {
    words: &'a [OsString],
    found: Invocation,
    /// Whether `--` was there.
    only_words: bool,
}

impl Reader<'_> {
    fn next_word(&mut self) -> Option<OsString> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first.clone())
    }

    fn take(&mut self, word: &OsStr) -> Result<()> {
        if word == "--" && !self.only_words {
            self.only_words = true;
            return Ok(());
        }
        match flag(word).filter(|_| !self.only_words) {
            Some((name, value)) => self.take_flag(&name, value),
            None => {
                self.take_word(word);
                Ok(())
            }
        }
    }

    fn take_word(&mut self, word: &OsStr) {
        if self.found.command.is_none() {
            self.found.command = Some(word.to_string_lossy().into_owned());
        } else if self.found.id.is_none() {
            self.found.id = Some(word.to_owned());
        }
    }

    fn take_flag(&mut self, name: &str, inline: Option<OsString>) -> Result<()> {
        let value = match inline {
            None if self.takes_value(name) => self.next_word(),
            inline => inline,
        };
        match name {
            "bundle" | "b" => self.found.bundle = Some(value.ok_or_else(missing_bundle)?),
            "config" | "f" => self.found.config = value,
            "log" | "l" => self.found.log = value,
            "log-format" => self.found.log_format = value.map(|value| value.to_string_lossy().into_owned()),
            "debug" => self.found.debug = is_on(value.as_deref()),
            "log-level" => self.found.debug |= value.is_some_and(|level| level == "debug"),
            "help" | "h" | "?" | "usage" => self.found.help = is_on(value.as_deref()),
            "version" | "v" | "V" if self.found.command.is_none() => {
                self.found.version = is_on(value.as_deref())
            }
            _ => {}
        }
        Ok(())
    }

    fn takes_value(&self, name: &str) -> bool {
        if GLOBAL_SWITCHES.contains(&name) {
            return false;
        }
        if GLOBAL_VALUES.contains(&name) || COMMAND_VALUES.contains(&name) {
            return true;
        }
        self.found.command.is_none()
            && self
                .words
                .first()
                .is_some_and(|next| flag(next).is_none() && !COMMANDS.iter().any(|command| next == command))
    }
}

/// The name and inline value of a flag in the forms `-name`, `--name`, `--name=value`, and of a path
/// that stands at once behind a letter, as crun takes it: `-b/path`.
fn flag(word: &OsStr) -> Option<(String, Option<OsString>)> {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    let bytes = word.as_bytes();
    let body = bytes.strip_prefix(b"--").or_else(|| bytes.strip_prefix(b"-"))?;
    if body.is_empty() {
        return None;
    }
    if let [b'-', letter @ (b'b' | b'f'), path @ ..] = bytes
        && matches!(path.first(), Some(b'/' | b'.'))
    {
        return Some((char::from(*letter).to_string(), Some(OsString::from_vec(path.to_vec()))));
    }
    let (name, value) = match body.iter().position(|byte| *byte == b'=') {
        Some(at) => (&body[..at], Some(OsString::from_vec(body[at + 1..].to_vec()))),
        None => (body, None),
    };
    Some((String::from_utf8_lossy(name).into_owned(), value))
}

fn is_on(value: Option<&OsStr>) -> bool {
    !value.is_some_and(|value| matches!(value.to_str(), Some("false" | "False" | "FALSE" | "f" | "F" | "0")))
}

fn missing_bundle() -> Failure {
    Failure::coded(codes::ARGUMENTS_INVALID, "bundle option requires an argument")
}
