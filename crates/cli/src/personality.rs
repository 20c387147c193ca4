//! The name by which the executable was called, and who answers to it.

use crate::exit::Exit;
use crate::session::Session;
use crate::{commands, nvidia_container_cli, nvidia_ctk, nvidia_docker};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

/// Called by this name, the executable asks NVML for those that cannot load it and do not trust PATH:
/// it is `/usr/libexec/longshore/inventory` ([`discover::NVML_PROGRAM`]).
const INVENTORY: &str = "inventory";

/// The exit code when the executable was called by itself, as a part of a larger run.
pub(crate) fn hidden(called_as: &OsStr, arguments: &[OsString]) -> Option<ExitCode> {
    if let Some(exit) = sim::run_hidden(called_as, arguments) {
        return Some(exit);
    }
    if let [first, rest @ ..] = arguments
        && first == nvml::CHILD_ARGUMENT
    {
        return Some(nvml::child::main(rest));
    }
    let is_inventory = Path::new(called_as).file_name().is_some_and(|name| name == INVENTORY);
    is_inventory.then(|| nvml::child::main(arguments))
}

/// Runs the personality of that name.
pub(crate) fn run(called_as: &OsStr, session: &mut Session, arguments: &[OsString]) -> Exit {
    match personality(called_as) {
        Personality::NvidiaCtk => nvidia_ctk::run(session, arguments),
        Personality::NvidiaContainerCli => nvidia_container_cli::run(session, arguments),
        Personality::NvidiaDocker => nvidia_docker::run(session, arguments),
        Personality::Longshore => commands::run(session, arguments),
    }
}

/// Whom the executable answers as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Personality {
    Longshore,
    NvidiaCtk,
    NvidiaContainerCli,
    NvidiaDocker,
}

/// The personality for the name by which the executable was called.
pub(crate) fn personality(called_as: &OsStr) -> Personality {
    let name = Path::new(called_as).file_name().unwrap_or_default();
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
