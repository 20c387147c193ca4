//! The exit codes: one table for every command.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Exit {
    /// All well: 0.
    Well,
    /// Findings or a failure: 1.
    Failed,
    /// Wrong usage, or the command could not run: 2.
    Usage,
    /// `nvidia-ctk` only: a subcommand that does not exist, 3 as in the original.
    UnknownSubcommand,
    /// What a program or part ended with that was run for the user (`longshore sim run`).
    Given(ExitCode),
}

impl Exit {
    /// The code for the kernel.
    pub(crate) fn code(self) -> ExitCode {
        match self {
            Self::Well => ExitCode::SUCCESS,
            Self::Failed => ExitCode::from(1),
            Self::Usage => ExitCode::from(2),
            Self::UnknownSubcommand => ExitCode::from(3),
            Self::Given(code) => code,
        }
    }
}
