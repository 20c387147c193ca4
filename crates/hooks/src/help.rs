//! `--help` and `--version` in the original's layout.

use crate::catalogue::{HOOKS, Hook};
use std::fmt::Write;

/// `nvidia-cdi-hook --version`.
pub(crate) fn version() -> String {
    settings::version_text("NVIDIA CDI Hook")
}

/// `nvidia-cdi-hook --help`.
pub(crate) fn text() -> String {
    let mut commands = String::new();
    for hook in HOOKS {
        if let Some(summary) = hook.summary {
            // Writing to a string cannot fail.
            let _ = writeln!(commands, "   {:<34}{summary}", hook.name);
        }
    }
    format!(
        "NAME:\n   NVIDIA CDI Hook - Prepares a container for its GPUs; OCI runtimes call it while they create one\n\n\
         USAGE:\n   NVIDIA CDI Hook [global options] [command [command options]]\n\n\
         VERSION:\n   {}\ncommit: {}\n\n\
         COMMANDS:\n{commands}   help, h                           Shows the commands, or the help of one\n\n\
         GLOBAL OPTIONS:\n   --debug, -d    Log more\n   \
         --quiet        Log errors only; wins over --debug\n   \
         --help, -h     Show help\n   --version, -v  Print the version\n",
        settings::TOOLKIT_VERSION,
        commit()
    )
}

/// `nvidia-cdi-hook HOOK --help`.
pub(crate) fn hook_text(hook: &Hook) -> String {
    format!(
        "NAME:\n   NVIDIA CDI Hook {name} - {summary}\n\nUSAGE:\n   NVIDIA CDI Hook {name} [options]\n\nOPTIONS:\n{flags}   --help, -h  show help\n",
        name = hook.name,
        summary = hook.summary.unwrap_or("Does nothing"),
        flags = hook.flags,
    )
}

fn commit() -> String {
    format!("longshore-{}", env!("CARGO_PKG_VERSION"))
}
