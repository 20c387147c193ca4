//! Parses a command line by the tables.
//!
//! The rules are those of urfave/cli v3, by which `nvidia-ctk` is called in scripts everywhere: one
//! or two dashes before any name, `--name value` or `--name=value`, `--switch=false`, lists repeated
//! or separated by commas, options of outer commands accepted after inner ones, `--` ends options.

use super::{Command, Flag, Foreign, Kind};
use crate::codes;
use diag::{Failure, Result};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// What a command line asks for.
#[derive(Debug)]
pub(crate) enum Request {
    /// Carry out the innermost command.
    Run(Parsed),
    /// Show the help of the innermost command.
    Help(Vec<&'static Command>),
    /// Show the version.
    Version,
    /// The innermost group has no command of this name.
    NoSuchCommand(Vec<&'static Command>, String),
}

/// The parsed arguments of one command.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The commands from the root to the one that runs.
    pub(crate) path: Vec<&'static Command>,
    values: Values,
    /// What is not an option, in order.
    pub(crate) rest: Vec<OsString>,
}

/// Values by depth of the command and name of the option.
type Values = BTreeMap<(usize, &'static str), Vec<String>>;

/// How a look-up of an environment variable is passed.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Parses the arguments after the program's name.
///
/// # Errors
/// An option that does not exist, lacks its value, or has one that cannot be.
pub(crate) fn parse(
    root: &'static Command,
    arguments: &[OsString],
    environment: Lookup<'_>,
) -> Result<Request> {
    let mut parser = Parser { path: vec![root], values: Values::new(), rest: Vec::new() };
    let mut remaining = arguments;
    let request = loop {
        match parser.level(remaining)? {
            Step::Descend(command, after) => {
                parser.path.push(command);
                remaining = after;
            }
            Step::Ended => break None,
            Step::Shown(request) => break Some(request),
        }
    };
    parser.read_environment(environment)?;
    Ok(request.unwrap_or_else(|| parser.conclude()))
}

struct Parser {
    path: Vec<&'static Command>,
    values: Values,
    rest: Vec<OsString>,
}

enum Step<'a> {
    Descend(&'static Command, &'a [OsString]),
    Ended,
    Shown(Request),
}

impl Parser {
    /// Reads the options of the innermost command until a subcommand begins or nothing is left.
    fn level<'a>(&mut self, mut arguments: &'a [OsString]) -> Result<Step<'a>> {
        if self.current().foreign == Foreign::All {
            self.rest.extend_from_slice(arguments);
            return Ok(Step::Ended);
        }
        while let Some((first, after)) = arguments.split_first() {
            arguments = after;
            if first == "--" {
                self.rest.extend_from_slice(after);
                return Ok(Step::Ended);
            }
            let Some(option) = option_text(first)? else {
                if let Some(command) = self.subcommand(first) {
                    return Ok(Step::Descend(command, after));
                }
                self.rest.push(first.clone());
                if self.current().foreign == Foreign::FromFirstArgument {
                    self.rest.extend_from_slice(after);
                    return Ok(Step::Ended);
                }
                continue;
            };
            let (name, value) = split_value(option);
            if let Some(request) = self.built_in(name) {
                return Ok(Step::Shown(request));
            }
            arguments = self.option(name, value, after)?;
        }
        Ok(Step::Ended)
    }

    fn current(&self) -> &'static Command {
        self.path[self.path.len() - 1]
    }

    fn subcommand(&self, argument: &OsStr) -> Option<&'static Command> {
        let name = argument.to_str()?;
        if !self.rest.is_empty() {
            return None;
        }
        self.current().commands.iter().find(|command| command.answers_to(name))
    }

    /// `--help` everywhere, `--version` on the root.
    fn built_in(&self, name: &str) -> Option<Request> {
        if self.find(name).is_some() {
            return None;
        }
        match name {
            "help" | "h" => Some(Request::Help(self.path.clone())),
            "version" | "v" if self.path.len() == 1 => Some(Request::Version),
            _ => None,
        }
    }

    /// Stores one option; gives what is left after its value.
    fn option<'a>(
        &mut self,
        name: &str,
        value: Option<&str>,
        after: &'a [OsString],
    ) -> Result<&'a [OsString]> {
        let Some((depth, flag)) = self.find(name) else {
            return Err(unknown_option(name, &self.path));
        };
        let (value, after) = match (flag.kind, value) {
            (Kind::Switch, None | Some("")) => ("true".to_owned(), after),
            (_, Some(value)) => (value.to_owned(), after),
            (_, None) => {
                let (next, after) = after.split_first().ok_or_else(|| needs_value(name))?;
                (text_of(next)?.to_owned(), after)
            }
        };
        let values =
            values_of(flag, &value).map_err(|failure| failure.context(format!("option --{name}")))?;
        let stored = self.values.entry((depth, flag.name)).or_default();
        if flag.kind != Kind::List {
            stored.clear();
        }
        stored.extend(values);
        Ok(after)
    }

    /// The option of that name of the innermost command that has one.
    fn find(&self, name: &str) -> Option<(usize, &'static Flag)> {
        let levels = self.path.iter().enumerate().rev();
        levels.filter_map(|(depth, command)| Some((depth, flag_of(command, name)?))).next()
    }

    /// Sets from the environment what the command line did not set. An empty variable sets only
    /// texts (to the empty text) and switches (to false).
    fn read_environment(&mut self, environment: Lookup<'_>) -> Result<()> {
        for (depth, command) in self.path.iter().enumerate() {
            for flag in command.flags.iter().filter(|flag| !flag.env.is_empty()) {
                let std::collections::btree_map::Entry::Vacant(slot) = self.values.entry((depth, flag.name))
                else {
                    continue;
                };
                let found = flag.env.iter().find_map(|name| Some((*name, environment(name)?)));
                let Some((name, value)) = found else { continue };
                match (flag.kind, value.as_str()) {
                    (Kind::List, "") => {}
                    (Kind::Switch, "") => drop(slot.insert(vec!["false".to_owned()])),
                    _ => {
                        let values = values_of(flag, &value);
                        slot.insert(
                            values
                                .map_err(|failure| failure.context(format!("environment variable {name}")))?,
                        );
                    }
                }
            }
        }
        Ok(())
    }

    fn conclude(self) -> Request {
        let current = self.current();
        match self.rest.first() {
            Some(first) if first == "help" || first == "h" => self.help_for(),
            Some(name) if current.action.is_none() => {
                Request::NoSuchCommand(self.path, name.to_string_lossy().into_owned())
            }
            _ if current.action.is_none() => Request::Help(self.path),
            _ => Request::Run(Parsed { path: self.path, values: self.values, rest: self.rest }),
        }
    }

    /// `help [COMMAND...]`: the help of what is named after it. A command that takes arguments of its
    /// own may have one called `help`.
    fn help_for(mut self) -> Request {
        let current = self.current();
        if !current.arguments.is_empty() {
            return Request::Run(Parsed { path: self.path, values: self.values, rest: self.rest });
        }
        for name in self.rest.iter().skip(1) {
            let current = self.path[self.path.len() - 1];
            match name
                .to_str()
                .and_then(|name| current.commands.iter().find(|command| command.answers_to(name)))
            {
                Some(command) => self.path.push(command),
                None => return Request::NoSuchCommand(self.path, name.to_string_lossy().into_owned()),
            }
        }
        Request::Help(self.path)
    }
}

impl Parsed {
    /// Whether a switch is on.
    pub(crate) fn switch(&self, name: &str) -> bool {
        self.values(name).last().is_some_and(|value| value == "true")
    }

    /// The value of a text option; its default (perhaps empty) when nothing set it.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.values(name).last() {
            Some(value) => value,
            None => self.flag(name).map_or("", |(_, flag)| flag.default),
        }
    }

    /// The values of a list option; its default when nothing set it.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        if self.given(name) {
            return self.values(name).to_vec();
        }
        let default = self.flag(name).map_or("", |(_, flag)| flag.default);
        default.split(',').filter(|value| !value.is_empty()).map(str::to_owned).collect()
    }

    /// Whether the command, or one around it, has an option of that name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.path.iter().any(|command| flag_of(command, name).is_some())
    }

    /// Whether the command line or the environment set the option.
    pub(crate) fn given(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|(depth, flag)| self.values.contains_key(&(depth, flag.name)))
    }

    fn values(&self, name: &str) -> &[String] {
        let key = self.flag(name).map(|(depth, flag)| (depth, flag.name));
        key.and_then(|key| self.values.get(&key)).map_or(&[], Vec::as_slice)
    }

    /// A name that is in no table is a mistake of the command's author.
    fn flag(&self, name: &str) -> Option<(usize, &'static Flag)> {
        let levels = self.path.iter().enumerate().rev();
        let found = levels.filter_map(|(depth, command)| Some((depth, flag_of(command, name)?))).next();
        debug_assert!(found.is_some(), "no option {name} in the tables");
        found
    }
}

fn flag_of(command: &'static Command, name: &str) -> Option<&'static Flag> {
    command.flags.iter().find(|flag| flag.answers_to(name))
}

/// The text after the dashes; `None` for an argument. `-` alone and what starts with a dash and no
/// letter (a negative number) are arguments.
fn option_text(argument: &OsStr) -> Result<Option<&str>> {
    if !argument.as_encoded_bytes().starts_with(b"-") {
        return Ok(None);
    }
    let text = text_of(argument)?;
    let name = text.strip_prefix("--").or_else(|| text.strip_prefix('-')).unwrap_or(text);
    Ok((text.starts_with("--") || name.starts_with(char::is_alphabetic)).then_some(name))
}

fn split_value(option: &str) -> (&str, Option<&str>) {
    match option.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (option, None),
    }
}

/// The values that one text gives to an option.
fn values_of(flag: &Flag, text: &str) -> Result<Vec<String>> {
    match flag.kind {
        Kind::Text => Ok(vec![text.to_owned()]),
        Kind::List => Ok(text.split(',').map(|value| value.trim().to_owned()).collect()),
        Kind::Switch => match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(vec!["true".to_owned()]),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(vec!["false".to_owned()]),
            _ => Err(Failure::coded(codes::BAD_VALUE, format!("`{text}` is neither true nor false"))),
        },
    }
}

fn text_of(argument: &OsStr) -> Result<&str> {
    argument.to_str().ok_or_else(|| {
        Failure::coded(codes::BAD_VALUE, format!("option `{}` is not UTF-8", argument.to_string_lossy()))
    })
}

fn needs_value(name: &str) -> Failure {
    Failure::coded(codes::BAD_VALUE, format!("flag needs an argument: --{name}"))
}

fn unknown_option(name: &str, path: &[&'static Command]) -> Failure {
    let failure = Failure::coded(codes::UNKNOWN_OPTION, format!("flag provided but not defined: -{name}"));
    let known =
        path.iter().flat_map(|command| command.flags).filter(|flag| !flag.hidden).map(|flag| flag.name);
    match super::nearest::nearest(name, known) {
        Some(close) => failure.hint(format!("did you mean --{close}?")),
        None => failure,
    }
}

#[cfg(test)]
mod tests;
