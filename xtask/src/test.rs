//! `cargo xtask test`: everything that has to hold, one part after the other, and a table at the end.

mod conformance;
mod elsewhere;
mod engines;
mod fuzz;
mod managers;
mod mirror;
mod packages;
mod parts;
mod setup;
mod units;

pub(crate) use engines::images_on;
pub(crate) use mirror::VERSION as DOCKER_VERSION;

use crate::inside::Check;
use crate::project::Project;
use crate::report;
use diag::{Failure, Result};
use lexopt::{Arg, Parser, ValueExt};
use std::process::ExitCode;
use std::time::Instant;

/// What was asked for on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// The full forms, which take hours.
    pub(crate) all: bool,
    /// Leave out what needs root and container engines.
    pub(crate) no_engines: bool,
    /// Only the parts with these names.
    pub(crate) only: Vec<String>,
}

/// A part of the tests.
pub(crate) struct Part {
    /// Its name, for `--only`.
    pub(crate) name: &'static str,
    /// Whether it needs root and a simulated host.
    pub(crate) engines: bool,
    /// Carries it out; an error is one failed check.
    pub(crate) run: fn(&Project, &Options) -> Result<Vec<Check>>,
}

/// The end of a part.
pub(crate) struct Outcome {
    /// The part.
    pub(crate) name: &'static str,
    /// Its checks.
    pub(crate) checks: Vec<Check>,
    /// Wall time, in seconds.
    pub(crate) seconds: f64,
}

/// The command.
pub(crate) fn run(project: &Project, parser: &mut Parser) -> Result<ExitCode> {
    let options = parse(parser)?;
    let wanted = |part: &&Part| options.only.is_empty() || options.only.iter().any(|name| name == part.name);
    let mut outcomes = Vec::new();
    for part in parts::ALL.iter().filter(wanted) {
        if part.engines && options.no_engines {
            eprintln!("== {}: left out (--no-engines)", part.name);
            continue;
        }
        outcomes.push(carry_out(project, &options, part));
    }
    report::table(&outcomes);
    let failed = outcomes.iter().flat_map(|outcome| &outcome.checks).any(|check| check.failure.is_some());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn carry_out(project: &Project, options: &Options, part: &Part) -> Outcome {
    eprintln!("== {}", part.name);
    let started = Instant::now();
    let checks = (part.run)(project, options).unwrap_or_else(|failure| {
        eprintln!("  FAILED {}", failure.line());
        vec![Check::new(part.name, "can run", 0.0, Err(failure))]
    });
    Outcome { name: part.name, checks, seconds: started.elapsed().as_secs_f64() }
}

fn parse(parser: &mut Parser) -> Result<Options> {
    let mut options = Options::default();
    while let Some(argument) = parser.next().map_err(crate::usage)? {
        match argument {
            Arg::Long("all") => options.all = true,
            Arg::Long("no-engines") => options.no_engines = true,
            Arg::Long("only") => {
                let names = parser.value().and_then(|value| value.string()).map_err(crate::usage)?;
                options.only.extend(names.split(',').map(str::to_string));
            }
            other => return Err(crate::usage(other.unexpected())),
        }
    }
    match options.only.iter().find(|name| !parts::ALL.iter().any(|part| part.name == name.as_str())) {
        None => Ok(options),
        Some(name) => Err(Failure::new(format!("no part {name}")).hint(format!("the parts are {}", names()))),
    }
}

fn names() -> String {
    parts::ALL.map(|part| part.name).join(", ")
}
