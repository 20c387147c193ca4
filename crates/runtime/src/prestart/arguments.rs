//! The command line of `nvidia-container-runtime-hook`, which follows Go's `flag` package.

use std::ffi::OsString;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// `prestart`: the work.
    Prestart(Options),
    /// `poststart`, `poststop`: nothing.
    Nothing,
    /// `-version`.
    Version,
    /// `-help`.
    Help,
    /// None of these; the text says what is wrong, empty for a missing or unknown command.
    Misuse(String),
}

/// Flags in front of the command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// Tell each step on standard error.
    pub(super) debug: bool,
    /// Configuration file in place of the usual one.
    pub(super) config: Option<String>,
}

/// What `-help` and a misuse print.
pub(super) const USAGE: &str = "Usage of nvidia-container-runtime-hook:
  -config string
    \tconfiguration file
  -debug
    \tenable debug output
  -version
    \tenable version output

Commands:
  prestart
        run the prestart hook
  poststart
        no-op
  poststop
        no-op
";

/// Reads the arguments that follow the program's name.
pub(super) fn parse(arguments: &[OsString]) -> Command {
    let mut options = Options::default();
    let mut version = false;
    let mut words = arguments.iter().map(|word| word.to_string_lossy().into_owned());
    while let Some(word) = words.next() {
        let Some(flag) =
            word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|flag| !flag.is_empty())
        else {
            return if version { Command::Version } else { command(&word, options) };
        };
        let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        match (name, value) {
            ("h" | "help", _) => return Command::Help,
            ("debug", value) => options.debug = value.is_none_or(is_true),
            ("version", value) => version = value.is_none_or(is_true),
            ("config", Some(path)) => options.config = Some(path.to_owned()),
            ("config", None) => match words.next() {
                Some(path) => options.config = Some(path),
                None => return Command::Misuse("flag needs an argument: -config\n".to_owned()),
            },
            _ => return Command::Misuse(format!("flag provided but not defined: -{name}\n")),
        }
    }
    if version { Command::Version } else { Command::Misuse(String::new()) }
}

fn command(word: &str, options: Options) -> Command {
    match word {
        "prestart" => Command::Prestart(options),
        "poststart" | "poststop" => Command::Nothing,
        _ => Command::Misuse(String::new()),
    }
}

fn is_true(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_read_as_go_reads_them() {
        let prestart = |debug, config: Option<&str>| {
            Command::Prestart(Options { debug, config: config.map(ToOwned::to_owned) })
        };
        let misuse = |text: &str| Command::Misuse(text.to_owned());
        let table = [
            ("prestart", prestart(false, None)),
            ("-debug prestart", prestart(true, None)),
            ("--debug=false prestart", prestart(false, None)),
            ("-config /c prestart", prestart(false, Some("/c"))),
            ("--config=/c -debug prestart -ignored", prestart(true, Some("/c"))),
            ("poststart", Command::Nothing),
            ("poststop", Command::Nothing),
            ("-version prestart", Command::Version),
            ("--version", Command::Version),
            ("--help", Command::Help),
            ("", misuse("")),
            ("frobnicate", misuse("")),
            ("-bogus prestart", misuse("flag provided but not defined: -bogus\n")),
            ("-config", misuse("flag needs an argument: -config\n")),
        ];
        for (line, expected) in table {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            assert_eq!(parse(&words), expected, "{line}");
        }
    }
}
