//! Commands, argument tables, output and exit codes of every executable for people.
//!
//! The name by which the file was called chooses the personality: `nvidia-ctk`, `nvidia-container-cli`
//! and `nvidia-docker` answer as the tools of these names, every other name is `longshore`. A command is one file in `commands` (or
//! `nvidia_ctk`) and one line in the table of its personality; `arguments` drives parsing and
//! help from those tables.
//!
//! On macOS and Windows there is `longshore` alone (`elsewhere`), with the commands that read container files.
#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "the tables and the session offer what only commands on Linux use")
)]

mod arguments;
mod codes;
mod commands;
mod exit;
mod session;

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod personality;

#[cfg(target_os = "linux")]
mod nvidia_container_cli;
#[cfg(target_os = "linux")]
mod nvidia_ctk;
#[cfg(target_os = "linux")]
mod nvidia_docker;
#[cfg(test)]
mod transcripts;

#[cfg(not(target_os = "linux"))]
use elsewhere as personality;

use session::Session;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the personality that `arguments[0]` names and gives its exit code.
#[must_use]
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let called_as = arguments.next().unwrap_or_default();
    let arguments: Vec<OsString> = arguments.collect();
    if let Some(exit) = personality::hidden(&called_as, &arguments) {
        return exit;
    }
    let mut session = Session::live();
    let exit = personality::run(&called_as, &mut session, &arguments);
    session.finish(exit)
}
