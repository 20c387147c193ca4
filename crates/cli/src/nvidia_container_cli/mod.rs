//! `nvidia-container-cli`: what `ctr run --gpus`, Apptainer, Enroot, LXC and the original's own hook call to
//! give a container its GPUs, and what every issue template asks to be run.
//!
//! Its messages are those that people and programs match on, each followed by our code and hint.

mod argp;
mod configure;
mod info;
mod list;
mod log;
mod machine;
mod options;

use crate::exit::Exit;
use crate::session::Session;
use argp::Stop;
use diag::Result;
use log::Log;
use options::{Command, Invocation};
use std::ffi::OsString;

/// The name in messages.
const NAME: &str = "nvidia-container-cli";

/// Runs the program with the arguments after its name.
pub(crate) fn run(session: &mut Session, arguments: &[OsString]) -> Exit {
    match options::parse(arguments) {
        Ok(invocation) => carry_out(session, &invocation),
        Err(Stop::Help(text)) => {
            session.out(&text);
            Exit::Well
        }
        Err(Stop::Version) => {
            session.out(&version());
            Exit::Well
        }
        Err(Stop::Wrong(text)) => {
            session.err(&text);
            Exit::Failed
        }
    }
}

fn carry_out(session: &mut Session, invocation: &Invocation) -> Exit {
    // What the option sets for the library in the original.
    let variable = session.host.environment().get_nonempty("NVC_DEBUG_FILE").map(str::to_owned);
    let log = Log::open(session, invocation.global.last("debug").or(variable.as_deref()));
    log.info(&format!(
        "initializing library context (version={}, build=longshore-{})",
        ::settings::TOOLKIT_VERSION,
        env!("CARGO_PKG_VERSION")
    ));
    let end = act(session, invocation, &log);
    match &end {
        Ok(_) => log.info("shutting down library context"),
        Err(failure) => log.error(&failure.line()),
    }
    log.finish(session);
    match end {
        Ok(text) => {
            session.out(&text);
            Exit::Well
        }
        Err(failure) => {
            session.err(&format!("{NAME}: {}\n", failure.line()));
            Exit::Failed
        }
    }
}

/// Carries out the command and gives what it prints.
fn act(session: &mut Session, invocation: &Invocation, log: &Log) -> Result<String> {
    check(session, invocation)?;
    match invocation.command {
        Command::Info => info::info(session, invocation, log),
        Command::List => list::list(session, invocation, log),
        Command::Configure => configure::configure(session, invocation, log).map(|()| String::new()),
    }
}

/// Options that have no effect here must still make sense.
fn check(session: &Session, invocation: &Invocation) -> Result<()> {
    let table = |path: &str| session.host.read_text_optional(path).ok().flatten().unwrap_or_default();
    for user in invocation.global.all("user") {
        options::check_user(user, &table("/etc/passwd"), &table("/etc/group"))?;
    }
    Ok(())
}

/// The lines that scripts read the version from.
fn version() -> String {
    let toolkit = ::settings::TOOLKIT_VERSION;
    format!(
        "cli-version: {toolkit}\nlib-version: {toolkit}\nbuild revision: longshore-{}\nbuild platform: {}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH
    )
}
