//! The project's own tasks: demo, test, bench, engines. Called as `cargo xtask`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a build tool: it starts programs, writes below target/ and talks to the terminal"
)]

mod bench;
mod demo;
mod dist;
mod docs;
mod engines;
mod exec;
mod images;
mod inside;
mod package;
mod progress;
mod project;
mod record;
mod report;
mod simulated;
mod static_file;
mod test;

use diag::{Failure, Result};
use lexopt::{Arg, Parser, ValueExt};
use std::process::ExitCode;

const USAGE: &str = "\
The project's own tasks. Everything that they need is put below target/; nothing else is changed.

cargo xtask demo [--record FILE]    from the famous error to GPUs in a container, on a simulated host;
                                    --record FILE.svg keeps a picture of it
cargo xtask test [--all]            all tests of this project; --only PART,... for some of them,
                                    --no-engines without root
cargo xtask bench                   what a container start costs, next to plain runc; --rounds N,
                                    --json FILE, --pieces, --against DIR (another toolkit), --only CASE,...;
                                    --shim: the shim alone, also with MIG; --specifications: `cdi generate`;
                                    --lint: `longshore lint`, beside hadolint; --doctor: `longshore doctor`;
                                    --docker: whole `docker run`s
cargo xtask dist [--out DIR]        packages: deb, rpm and tar ball of a release build; --only FORMAT,...,
                                    --sign KEY (gpg's, for the rpm)
cargo xtask docs                    write the generated pages of docs/
cargo xtask images [--all]          kinds of images on container engines, as a table; --all: on the
                                    engines of both suites; --starts N of one container (5)
cargo xtask engines [SUITE]...      unpack the container engines of Debian bookworm and trixie;
                                    drivers: real user spaces of NVIDIA's drivers (2.5 GB)
";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {}", failure.line());
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode> {
    let mut parser = Parser::from_env();
    let verb = match parser.next().map_err(usage)? {
        Some(Arg::Value(verb)) => verb.string().map_err(usage)?,
        Some(Arg::Long("help") | Arg::Short('h')) | None => {
            print!("{USAGE}");
            return Ok(ExitCode::SUCCESS);
        }
        Some(other) => return Err(usage(other.unexpected())),
    };
    // The half of xtask that runs inside a simulated host, where the checkout is not; not for people.
    if verb == "inside" {
        let job = parser.value().and_then(|job| job.string()).map_err(usage)?;
        return inside::run(&job).map(|()| ExitCode::SUCCESS);
    }
    // What an OCI runtime calls in place of a hook; not for people either.
    if verb == "rounds" {
        let word = parser.value().map_err(usage)?;
        let ended =
            if word == "hold" { inside::hold_rounds() } else { inside::carry_out_rounds(word.as_ref()) };
        return ended.map(|()| ExitCode::SUCCESS);
    }
    let project = project::Project::find()?;
    match verb.as_str() {
        "bench" => bench::run(&project, &mut parser),
        "engines" => {
            let suites = parser.raw_args().map_err(usage)?;
            let suites: Vec<String> = suites.map(|word| word.to_string_lossy().into_owned()).collect();
            engines::run(&project, &suites).map(|()| ExitCode::SUCCESS)
        }
        "dist" => package::run(&project, &mut parser),
        "docs" => docs::run().map(|()| ExitCode::SUCCESS),
        "demo" => demo::run(&project, &mut parser),
        "images" => images::run(&project, &mut parser),
        "test" => test::run(&project, &mut parser),
        other => Err(Failure::new(format!("no task {other}")).hint("cargo xtask --help lists the tasks")),
    }
}

fn usage(error: lexopt::Error) -> Failure {
    Failure::new(error.to_string()).hint("cargo xtask --help lists the tasks and their options")
}
