//! `nvidia-ctk`: the commands, options, environment variables, log lines and exit codes of the tool
//! of that name.

use crate::arguments::{self, Command, Flag, Manners, Program};
use crate::commands::{cdi, hook, info, runtime, settings, system};
use crate::exit::Exit;
use crate::session::Session;
use std::ffi::OsString;

/// The program as its help, completions and manual see it.
pub(crate) static PROGRAM: Program = Program {
    root: Command::group(
        "nvidia-ctk",
        "Configures engines, CDI specifications and settings for GPU containers",
        COMMANDS,
    )
    .flags(FLAGS),
    version,
    title: "NVIDIA Container Toolkit CLI",
    manners: Manners::Original,
};

const COMMANDS: &[Command] = &[
    hook::COMMAND,
    runtime::COMMAND,
    info::COMMAND,
    cdi::NVIDIA_CTK_COMMAND,
    system::COMMAND,
    settings::NVIDIA_CTK_COMMAND,
];

const FLAGS: &[Flag] = &[
    Flag::switch("debug", "Log more").aliases(&["d"]).env(&["NVIDIA_CTK_DEBUG"]),
    Flag::switch("quiet", "Log errors only; wins over --debug").env(&["NVIDIA_CTK_QUIET"]),
    Flag::text("config", "Settings file to take values from").env(&["NVIDIA_CTK_CONFIG"]),
];

/// Runs `nvidia-ctk` with the arguments after its name.
pub(crate) fn run(session: &mut Session, arguments: &[OsString]) -> Exit {
    session.log_like_logrus();
    arguments::dispatch(session, &PROGRAM, arguments)
}

/// The version of the toolkit that is answered for, and which Longshore answers.
fn version() -> String {
    format!("{}\ncommit: longshore-{}", ::settings::TOOLKIT_VERSION, env!("CARGO_PKG_VERSION"))
}
