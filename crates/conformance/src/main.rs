//! `conformance`: runs the recorded cases over a folder of binaries.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a development tool that reports to its caller"
)]
#![expect(clippy::disallowed_methods, reason = "an executable's main is where arguments enter")]

use conformance::{Binaries, Case, Differences, Facts, Verdict};
use diag::{Failure, Result, ResultExt};
use lexopt::prelude::*;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
conformance --bins DIR [--sim PROGRAM] [--keep] [CASE...]
conformance --recorded [CASE...]
conformance --list | --docs

  --bins DIR      folder with nvidia-ctk, nvidia-container-runtime, nvidia-cdi-hook, ...
  --sim PROGRAM   the longshore that makes the simulated host; DIR/longshore by default
  --recorded      judge the recorded answers themselves: nothing may differ
  --keep          leave the directories of the runs behind
  --list          name the cases
  --docs          print docs/differences.md
  CASE            only these cases; a pattern such as 'rt-*' is allowed

Exit status: 0 all as expected, 1 something differs, 2 it could not run.
";

#[derive(Default)]
struct Arguments {
    bins: Option<PathBuf>,
    simulator: Option<PathBuf>,
    recorded: bool,
    keep: bool,
    list: bool,
    docs: bool,
    help: bool,
    cases: Vec<String>,
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| act(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("conformance: {}", failure.line());
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<Arguments> {
    let mut given = Arguments::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().context("cannot understand the arguments")? {
        match argument {
            Long("bins") => given.bins = Some(parser.value().context("--bins")?.into()),
            Long("sim") => given.simulator = Some(parser.value().context("--sim")?.into()),
            Long("recorded") => given.recorded = true,
            Long("keep") => given.keep = true,
            Long("list") => given.list = true,
            Long("docs") => given.docs = true,
            Long("help") | Short('h') => given.help = true,
            Value(name) => given.cases.push(name.to_string_lossy().into_owned()),
            other => return Err(Failure::new(other.unexpected().to_string()).hint("see conformance --help")),
        }
    }
    Ok(given)
}

fn act(arguments: &Arguments) -> Result<bool> {
    if arguments.help {
        print!("{USAGE}");
        return Ok(true);
    }
    if arguments.docs {
        print!("{}", conformance::documentation(&Differences::load(&conformance::differences_file())?));
        return Ok(true);
    }
    let cases = selected(&arguments.cases)?;
    if arguments.list {
        cases.iter().for_each(|case| println!("{}", case.name));
        return Ok(true);
    }
    judge(arguments, &cases)
}

fn selected(wanted: &[String]) -> Result<Vec<Case>> {
    let mut cases = conformance::load(&conformance::cases_directory())?;
    for pattern in wanted {
        if !cases.iter().any(|case| formats::glob::matches(pattern, &case.name)) {
            return Err(Failure::new(format!("there is no case {pattern}")).hint("see conformance --list"));
        }
    }
    cases.retain(|case| {
        wanted.is_empty() || wanted.iter().any(|pattern| formats::glob::matches(pattern, &case.name))
    });
    Ok(cases)
}

fn judge(arguments: &Arguments, cases: &[Case]) -> Result<bool> {
    let table = match arguments.recorded {
        true => Differences::default(),
        false => Differences::load(&conformance::differences_file())?,
    };
    let verdicts: Vec<Verdict> =
        cases.iter().map(|case| verdict(arguments, case, &table)).collect::<Result<_>>()?;
    // A part of the cases cannot use every row.
    let unused = if arguments.cases.is_empty() { table.unused() } else { Vec::new() };
    print!("{}", conformance::summary(&verdicts, &unused));
    Ok(unused.is_empty() && verdicts.iter().all(Verdict::is_good))
}

fn verdict(arguments: &Arguments, case: &Case, table: &Differences) -> Result<Verdict> {
    let recorded = case.recorded()?;
    let original =
        Facts::of(case, &recorded).with_context(|| format!("in what was recorded for {}", case.name))?;
    let outcome = match arguments.recorded {
        true => recorded,
        false => conformance::run(case, &binaries(arguments)?, arguments.keep)?,
    };
    match Facts::of(case, &outcome) {
        Ok(ours) => Ok(conformance::judge(&case.name, &original, &ours, table)),
        Err(failure) => {
            let wrong = (conformance::Side::Ours, "output".to_owned(), failure.chain());
            let shown = outcome.stderr.lines().last().map(|line| {
                (conformance::Side::Ours, "last line of standard error".to_owned(), line.to_owned())
            });
            let pending = table.pending.iter().find(|pending| pending.case == case.name);
            Ok(Verdict {
                case: case.name.clone(),
                compared: original.count(),
                explained: 0,
                unexplained: [wrong].into_iter().chain(shown).collect(),
                pending: pending.map(|pending| pending.reason.clone()),
            })
        }
    }
}

fn binaries(arguments: &Arguments) -> Result<Binaries> {
    let missing = || Failure::new("no folder of binaries is given").hint("see conformance --help");
    let given = arguments.bins.as_ref().ok_or_else(missing)?;
    let folder = given.canonicalize().with_context(|| format!("cannot find {}", given.display()))?;
    let simulator = match &arguments.simulator {
        Some(program) => {
            program.canonicalize().with_context(|| format!("cannot find {}", program.display()))?
        }
        None => folder.join("longshore"),
    };
    Ok(Binaries { folder, simulator })
}
