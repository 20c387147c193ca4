//! The command line in front of a hook's name, and the reader of a hook's own flags.

use crate::catalogue::{self, Hook};
use crate::codes;
use diag::{Failure, Result};
use lexopt::Arg;
use std::ffi::OsString;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command<'a> {
    Help,
    Version,
    HookHelp(&'static Hook),
    /// Nothing; tolerated with a warning, as specifications may name hooks of other versions.
    None,
    Unknown(String),
    Hook(&'static Hook, &'a [OsString]),
}

/// Reads the arguments up to the hook's name. As in the original, what is wrong in front of a hook
/// that does not exist does not matter.
pub(crate) fn parse(args: &[OsString]) -> Result<Command<'_>> {
    let args = args.get(1..).unwrap_or_default();
    let Some(position) = args.iter().position(|arg| !arg.to_string_lossy().starts_with('-')) else {
        return global(args).map(|found| found.unwrap_or(Command::None));
    };
    let (flags, rest) = args.split_at(position);
    let name = rest.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let rest = rest.get(1..).unwrap_or_default();
    let Some(hook) = catalogue::find(&name) else {
        let is_help = name == "help" || name == "h";
        return Ok(if is_help { Command::Help } else { Command::Unknown(name) });
    };
    if let Some(found) = global(flags)? {
        return Ok(found);
    }
    let wants_help = rest.iter().any(|arg| arg == "--help" || arg == "-h");
    Ok(if wants_help { Command::HookHelp(hook) } else { Command::Hook(hook, rest) })
}

/// Flags in front of the hook's name. `--debug` and `--quiet` are taken and change nothing: a hook
/// says nothing unless something is wrong.
fn global<'a>(flags: &[OsString]) -> Result<Option<Command<'a>>> {
    let mut found = None;
    for flag in flags {
        match flag.to_string_lossy().as_ref() {
            "--help" | "-h" => found = Some(Command::Help),
            "--version" | "-v" => found = Some(Command::Version),
            "--debug" | "-d" | "--quiet" => {}
            other if other.starts_with("--debug=") || other.starts_with("--quiet=") => {}
            other => return Err(unknown(other)),
        }
    }
    Ok(found)
}

/// Reads a hook's flags: `take` is called with each flag's name and may ask the parser for its value.
/// `--container-spec`, which every hook has, is taken here; its value is returned. The flags that may stand
/// in front of the hook's name may stand after it too, and change nothing there either.
pub(crate) fn flags(
    args: &[OsString],
    mut take: impl FnMut(&str, &mut Values<'_>) -> Result<bool>,
) -> Result<Option<OsString>> {
    let mut parser = lexopt::Parser::from_args(args);
    let mut specification = None;
    while let Some(arg) = parser.next().map_err(bad)? {
        let name = match arg {
            Arg::Long("debug" | "quiet") | Arg::Short('d') => {
                Values(&mut parser).on()?;
                continue;
            }
            Arg::Long(name) => name.to_owned(),
            Arg::Short(letter) => return Err(unknown(&format!("-{letter}"))),
            Arg::Value(value) => return Err(unknown(&value.to_string_lossy())),
        };
        if name == "container-spec" {
            specification = Some(parser.value().map_err(bad)?);
        } else if !take(&name, &mut Values(&mut parser))? {
            return Err(unknown(&format!("--{name}")));
        }
    }
    Ok(specification)
}

/// Gives the value of the flag at hand.
#[derive(Debug)]
pub(crate) struct Values<'p>(&'p mut lexopt::Parser);

impl Values<'_> {
    /// The value as text.
    pub(crate) fn text(&mut self) -> Result<String> {
        self.0.value().map_err(bad)?.into_string().map_err(|value| {
            Failure::coded(codes::BAD_ARGUMENTS, format!("`{}` is not UTF-8", value.to_string_lossy()))
        })
    }

    /// The value as a list: texts between commas.
    pub(crate) fn list(&mut self) -> Result<Vec<String>> {
        Ok(self.text()?.split(',').map(|text| text.trim().to_owned()).collect())
    }

    /// Whether a flag without a value is on: `--flag`, `--flag=true`.
    pub(crate) fn on(&mut self) -> Result<bool> {
        match self.0.optional_value() {
            None => Ok(true),
            Some(value) if value == "true" => Ok(true),
            Some(value) if value == "false" => Ok(false),
            Some(value) => Err(unknown(&value.to_string_lossy())),
        }
    }
}

fn unknown(argument: &str) -> Failure {
    Failure::coded(codes::BAD_ARGUMENTS, format!("argument `{argument}` is not understood"))
        .hint("a specification made by another version is in use; generate it again")
}

fn bad(error: lexopt::Error) -> Failure {
    Failure::coded(codes::BAD_ARGUMENTS, "the arguments are not understood").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(line: &str) -> String {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        match parse(&args) {
            Ok(Command::Help) => "help".to_owned(),
            Ok(Command::Version) => "version".to_owned(),
            Ok(Command::HookHelp(hook)) => format!("help of {}", hook.name),
            Ok(Command::None) => "none".to_owned(),
            Ok(Command::Unknown(name)) => format!("unknown {name}"),
            Ok(Command::Hook(hook, rest)) => format!("{} with {}", hook.name, rest.len()),
            Err(failure) => failure.message().to_owned(),
        }
    }

    #[test]
    fn command_lines_are_read_as_the_original_reads_them() {
        let table = [
            ("nvidia-cdi-hook", "none"),
            ("nvidia-cdi-hook --debug", "none"),
            ("nvidia-cdi-hook -v", "version"),
            ("nvidia-cdi-hook --help", "help"),
            ("nvidia-cdi-hook help", "help"),
            ("nvidia-cdi-hook frobnicate --bogus", "unknown frobnicate"),
            ("nvidia-cdi-hook --bogus frobnicate", "unknown frobnicate"),
            ("nvidia-cdi-hook --bogus noop", "argument `--bogus` is not understood"),
            ("nvidia-cdi-hook --bogus", "argument `--bogus` is not understood"),
            ("nvidia-cdi-hook -d create-symlinks --link a::b", "create-symlinks with 2"),
            ("nvidia-cdi-hook update-ldcache --help", "help of update-ldcache"),
        ];
        for (line, expected) in table {
            assert_eq!(outcome(line), expected, "{line}");
        }
    }
    #[test]
    fn global_flags_may_stand_after_the_name_of_the_hook() {
        let words = |line: &str| -> Vec<OsString> { line.split_whitespace().map(OsString::from).collect() };
        let read = |line: &str| {
            let mut links = Vec::new();
            flags(&words(line), |name, values| {
                links.extend(if name == "link" { values.list()? } else { return Ok(false) });
                Ok(true)
            })
            .map(|_| links.join(" "))
        };
        for line in
            ["--debug --link a::b", "-d --link=a::b", "--link a::b --quiet", "--debug=false --link a::b"]
        {
            assert_eq!(read(line).unwrap(), "a::b", "{line}");
        }
        assert_eq!(read("--link=a,b --link c").unwrap(), "a b c");
        for line in ["--debug=x", "-x", "-dx", "--verbose", "--link"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
