//! Commands, argument tables, output and exit codes of every executable for people.
//!
//! The name by which the file was called chooses the personality: `nvidia-ctk`, `nvidia-container-cli`
//! and `nvidia-docker` answer as the tools of these names, every other name is `longshore`. A command is one file in `commands` (or
//! `nvidia_ctk`) and one line in the table of its personality; `arguments` drives parsing and
//! help from those tables.

mod arguments;
mod codes;
mod commands;
mod exit;
mod nvidia_container_cli;
mod nvidia_ctk;
mod nvidia_docker;
mod session;
#[cfg(test)]
mod transcripts;

use exit::Exit;
use session::Session;
use std::ffi::OsString;
use std::process::ExitCode;

/// Called by this name, the executable asks NVML for those that cannot load it and do not trust PATH:
/// it is `/usr/libexec/longshore/inventory` ([`discover::NVML_PROGRAM`]).
const INVENTORY: &str = "inventory";

/// Runs the personality that `arguments[0]` names and gives its exit code.
#[must_use]
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let called_as = arguments.next().unwrap_or_default();
    let arguments: Vec<OsString> = arguments.collect();
    if let Some(exit) = sim::run_hidden(&called_as, &arguments) {
        return exit;
    }
    if let [first, rest @ ..] = arguments.as_slice()
        && first == nvml::CHILD_ARGUMENT
    {
        return nvml::child::main(rest);
    }
    if std::path::Path::new(&called_as).file_name().is_some_and(|name| name == INVENTORY) {
        return nvml::child::main(&arguments);
    }
    let mut session = Session::live();
    let exit = run(personality(&called_as), &mut session, &arguments);
    session.finish(exit)
}

fn run(personality: Personality, session: &mut Session, arguments: &[OsString]) -> Exit {
    match personality {
        Personality::NvidiaCtk => nvidia_ctk::run(session, arguments),
        Personality::NvidiaContainerCli => nvidia_container_cli::run(session, arguments),
        Personality::NvidiaDocker => nvidia_docker::run(session, arguments),
        Personality::Longshore => commands::run(session, arguments),
    }
}

/// Whom the executable answers as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Personality {
    Longshore,
    NvidiaCtk,
    NvidiaContainerCli,
    NvidiaDocker,
}

/// The personality for the name by which the executable was called.
fn personality(called_as: &std::ffi::OsStr) -> Personality {
    let name = std::path::Path::new(called_as).file_name().unwrap_or_default();
    match name.to_str() {
        Some("nvidia-ctk") => Personality::NvidiaCtk,
        Some("nvidia-container-cli") => Personality::NvidiaContainerCli,
        Some("nvidia-docker") => Personality::NvidiaDocker,
        _ => Personality::Longshore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_name_chooses_the_personality() {
        let cases = [
            ("nvidia-ctk", Personality::NvidiaCtk),
            ("/usr/bin/nvidia-ctk", Personality::NvidiaCtk),
            ("/usr/bin/nvidia-container-cli", Personality::NvidiaContainerCli),
            ("nvidia-docker", Personality::NvidiaDocker),
            ("longshore", Personality::Longshore),
            ("/opt/nvidia-ctk/longshore", Personality::Longshore),
            ("nvidia-ctk.real", Personality::Longshore),
            ("", Personality::Longshore),
        ];
        for (called_as, expected) in cases {
            assert_eq!(personality(called_as.as_ref()), expected, "{called_as}");
        }
    }
}
