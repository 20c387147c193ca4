//! Command lines as GNU argp reads them: short options that may be joined, long ones that may be cut
//! short, options after arguments, and its messages for what cannot be understood.

use std::ffi::OsString;
use std::fmt::Write;

/// One option.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opt {
    pub(super) name: &'static str,
    pub(super) short: Option<char>,
    pub(super) value: Value,
    pub(super) help: &'static str,
}

/// Whether an option takes a value, and what the help calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    None,
    Required(&'static str),
    Optional(&'static str),
}

/// A program or one of its commands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argp {
    /// As messages call it: `nvidia-container-cli list`.
    pub(super) name: &'static str,
    pub(super) options: &'static [Opt],
    /// What follows the options in the usage line.
    pub(super) arguments: &'static str,
    pub(super) about: &'static str,
    /// Lines after the options in the help.
    pub(super) commands: &'static [(&'static str, &'static str)],
}

/// What a command line consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Options by their long names, in order.
    pub(super) options: Vec<(&'static str, Option<String>)>,
    /// Arguments. Of a program with commands the first one and all that follows it.
    pub(super) arguments: Vec<OsString>,
}

/// Why a command line is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Text for standard output: help was asked for.
    Help(String),
    /// `--version`.
    Version,
    /// Text for standard error, and exit code 1.
    Wrong(String),
}

const BUILT_IN: &[Opt] = &[
    Opt { name: "help", short: Some('?'), value: Value::None, help: "Give this help list" },
    Opt { name: "usage", short: None, value: Value::None, help: "Give a short usage message" },
    Opt { name: "version", short: Some('V'), value: Value::None, help: "Print program version" },
];

impl Argp {
    /// Reads the words after the name.
    pub(super) fn parse(&'static self, words: &[OsString]) -> Result<Line, Stop> {
        let mut line = Line::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let text = word.to_string_lossy();
            if text == "--" {
                line.arguments.extend(words.cloned());
                break;
            }
            let mut next = || words.next().map(|word| word.to_string_lossy().into_owned());
            if let Some(long) = text.strip_prefix("--") {
                let option = self.long(long, &mut next)?;
                self.take(&mut line, option)?;
            } else if let Some(cluster) = text.strip_prefix('-').filter(|cluster| !cluster.is_empty()) {
                for option in self.cluster(cluster, &mut next)? {
                    self.take(&mut line, option)?;
                }
            } else {
                line.arguments.push(word.clone());
                if !self.commands.is_empty() {
                    line.arguments.extend(words.cloned());
                    break;
                }
            }
        }
        Ok(line)
    }

    /// The short usage message, for arguments that are missing or too many.
    pub(super) fn usage(&self) -> Stop {
        Stop::Wrong(format!("Usage: {} [OPTION...]{}\n{}", self.name, self.after(), self.advice()))
    }

    fn take(&'static self, line: &mut Line, option: (&'static str, Option<String>)) -> Result<(), Stop> {
        match option.0 {
            "help" => Err(Stop::Help(self.help())),
            "usage" => Err(Stop::Help(format!("Usage: {}{}{}\n", self.name, self.synopsis(), self.after()))),
            "version" => Err(Stop::Version),
            _ => {
                line.options.push(option);
                Ok(())
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = &'static Opt> {
        self.options.iter().chain(BUILT_IN)
    }

    fn long(
        &self,
        text: &str,
        next: &mut impl FnMut() -> Option<String>,
    ) -> Result<(&'static str, Option<String>), Stop> {
        let (name, given) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let exact = self.all().find(|option| option.name == name);
        let possible: Vec<&Opt> = match exact {
            Some(option) => vec![option],
            None => self.all().filter(|option| option.name.starts_with(name)).collect(),
        };
        let option = match possible.as_slice() {
            [] => return Err(self.wrong(&format!("unrecognized option '--{text}'"))),
            [option] => *option,
            several => {
                let mut names = String::new();
                several.iter().for_each(|option| names.push_str(&format!(" '--{}'", option.name)));
                return Err(self.wrong(&format!("option '--{text}' is ambiguous; possibilities:{names}")));
            }
        };
        let named = option.name;
        match (option.value, given) {
            (Value::None, Some(_)) => {
                Err(self.wrong(&format!("option '--{named}' doesn't allow an argument")))
            }
            (Value::None, None) | (Value::Optional(_), None) => Ok((named, None)),
            (_, Some(value)) => Ok((named, Some(value.to_owned()))),
            (Value::Required(_), None) => match next() {
                Some(value) => Ok((named, Some(value))),
                None => Err(self.wrong(&format!("option '--{named}' requires an argument"))),
            },
        }
    }

    fn cluster(
        &self,
        cluster: &str,
        next: &mut impl FnMut() -> Option<String>,
    ) -> Result<Vec<(&'static str, Option<String>)>, Stop> {
        let mut found = Vec::new();
        for (position, letter) in cluster.char_indices() {
            let option = self.all().find(|option| option.short == Some(letter));
            let option = option.ok_or_else(|| self.wrong(&format!("invalid option -- '{letter}'")))?;
            let rest = cluster.get(position + letter.len_utf8()..).filter(|rest| !rest.is_empty());
            match option.value {
                Value::None => found.push((option.name, None)),
                Value::Optional(_) => {
                    found.push((option.name, rest.map(str::to_owned)));
                    return Ok(found);
                }
                Value::Required(_) => {
                    let value = rest.map(str::to_owned).or_else(next);
                    let missing = || self.wrong(&format!("option requires an argument -- '{letter}'"));
                    found.push((option.name, Some(value.ok_or_else(missing)?)));
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    fn wrong(&self, what: &str) -> Stop {
        Stop::Wrong(format!("{}: {what}\n{}", self.name, self.advice()))
    }

    fn advice(&self) -> String {
        let name = self.name;
        format!("Try `{name} --help' or `{name} --usage' for more information.\n")
    }

    fn after(&self) -> String {
        if self.arguments.is_empty() { String::new() } else { format!(" {}", self.arguments) }
    }

    /// Every option as the usage message shows it.
    fn synopsis(&self) -> String {
        let mut text = String::new();
        let plain: String = self
            .all()
            .filter(|option| option.value == Value::None)
            .filter_map(|option| option.short)
            .collect();
        let _ = write!(text, " [-{plain}]");
        for option in self.all() {
            if let Value::Required(value) = option.value {
                option.short.iter().for_each(|short| text.push_str(&format!(" [-{short} {value}]")));
            }
        }
        for option in self.all() {
            let _ = write!(text, " [--{}{}]", option.name, shown(option.value));
        }
        text
    }

    fn help(&self) -> String {
        let mut text = format!("Usage: {} [OPTION...]{}\n{}\n\n", self.name, self.after(), self.about);
        let mut rows = String::new();
        for option in self.options {
            rows.push_str(&row(option));
        }
        if !self.options.is_empty() {
            let _ = write!(text, " Options:\n{rows}");
        }
        if !self.commands.is_empty() {
            text.push_str("\n Commands:\n");
            self.commands.iter().for_each(|(name, about)| text.push_str(&format!("  {name:<26} {about}\n")));
        }
        text.push('\n');
        BUILT_IN.iter().for_each(|option| text.push_str(&row(option)));
        text
    }
}

fn row(option: &Opt) -> String {
    let short = option.short.map_or("    ".to_owned(), |short| format!("-{short}, "));
    let name = format!("  {short}--{}{}", option.name, shown(option.value));
    if name.len() > 28 {
        format!("{name}\n{:29}{}\n", "", option.help)
    } else {
        format!("{name:<28} {}\n", option.help)
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::None => String::new(),
        Value::Required(name) => format!("={name}"),
        Value::Optional(name) => format!("[={name}]"),
    }
}
