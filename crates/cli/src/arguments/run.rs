//! Carries out what a command line asks for.

use super::parse::{Parsed, Request, parse};
use super::{Action, Command, help, nearest};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::Failure;
use diag::render::logrus::Level;
use std::ffi::OsString;

/// An executable for people.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) root: Command,
    /// The text that `--version` prints, without the program's name.
    pub(crate) version: fn() -> String,
    /// What `--version` and the help call it.
    pub(crate) title: &'static str,
    pub(crate) manners: Manners,
}

/// Whose exit codes and messages a program uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Longshore's own: 2 for wrong usage, failures with code and help.
    Own,
    /// Those of the original tools: 1 for everything but an unknown subcommand, which gives 3;
    /// arguments too many are ignored.
    Original,
}

/// Parses the arguments and runs what they ask for.
pub(crate) fn dispatch(session: &mut Session, program: &'static Program, arguments: &[OsString]) -> Exit {
    let environment = session.host.environment().clone();
    let request = parse(&program.root, arguments, &|name| environment.get(name).map(str::to_owned));
    match request {
        Ok(Request::Run(parsed)) => run(session, program, &parsed),
        Ok(Request::Help(path)) => {
            session.out(&help::help(program, &path));
            Exit::Well
        }
        Ok(Request::Version) => {
            session.out(&format!("{} version {}\n", program.title, (program.version)()));
            Exit::Well
        }
        Ok(Request::NoSuchCommand(path, name)) => no_such_command(session, program, &path, &name),
        Err(failure) => wrong_usage(session, program, failure),
    }
}

fn run(session: &mut Session, program: &'static Program, parsed: &Parsed) -> Exit {
    session.set_level(level(parsed));
    let Some((command, action)) = parsed.path.last().and_then(|command| Some((command, command.action?)))
    else {
        return Exit::Usage;
    };
    if let Some(first) = parsed.rest.first().filter(|_| command.arguments.is_empty()) {
        let failure = Failure::coded(
            codes::BAD_ARGUMENT,
            format!("`{}` takes no argument `{}`", command.name, first.to_string_lossy()),
        );
        match program.manners {
            Manners::Own if !command.commands.is_empty() => {
                return no_such_command(session, program, &parsed.path, &first.to_string_lossy());
            }
            Manners::Own => return wrong_usage(session, program, failure),
            Manners::Original => session.warn(&format!("ignored: {}", failure.chain())),
        }
    }
    carry_out(session, program, action, parsed)
}

fn carry_out(session: &mut Session, program: &Program, action: Action, parsed: &Parsed) -> Exit {
    match action(session, parsed) {
        Ok(exit) => exit,
        Err(failure) => {
            session.fail(&failure);
            let usage = failure.code().is_some_and(|code| code.as_str().starts_with('U'));
            if usage && program.manners == Manners::Own { Exit::Usage } else { Exit::Failed }
        }
    }
}

/// `--quiet` wins over `--debug`; a program without these options logs at the usual level.
fn level(parsed: &Parsed) -> Level {
    let on = |name| parsed.knows(name) && parsed.switch(name);
    match (on("quiet"), on("debug")) {
        (true, _) => Level::Error,
        (false, true) => Level::Debug,
        (false, false) => Level::Info,
    }
}

fn no_such_command(session: &mut Session, program: &Program, path: &[&'static Command], name: &str) -> Exit {
    let called = help::called(path);
    let mut failure = Failure::coded(codes::UNKNOWN_COMMAND, format!("{called} has no command `{name}`"));
    let known = path.iter().rev().take(1).flat_map(|command| command.commands).map(|command| command.name);
    failure = match nearest::nearest(name, known) {
        Some(close) => failure.hint(format!("did you mean `{close}`?")),
        None => failure.hint(format!("`{called} --help` lists them")),
    };
    session.fail(&failure);
    match program.manners {
        Manners::Own => Exit::Usage,
        Manners::Original => Exit::UnknownSubcommand,
    }
}

fn wrong_usage(session: &mut Session, program: &Program, failure: Failure) -> Exit {
    let helped = failure.first_hint().is_some();
    let failure = failure.context("incorrect usage");
    session.fail(&if helped { failure } else { failure.hint("--help shows what can be said") });
    match program.manners {
        Manners::Own => Exit::Usage,
        Manners::Original => Exit::Failed,
    }
}
