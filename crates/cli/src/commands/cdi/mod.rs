//! `cdi`: writes and lists CDI specifications, for `nvidia-ctk` and `longshore`.

mod apply;
mod diff;
mod generate;
mod installed;
mod list;
mod output;
mod refresh;
mod sources;
mod transform;
mod validate;
mod watch;

use crate::arguments::Command;

/// The row of the tables of `nvidia-ctk`.
pub(crate) const NVIDIA_CTK_COMMAND: Command = Command::group(
    "cdi",
    "Writes and lists CDI specifications",
    &[generate::COMMAND, list::COMMAND, transform::COMMAND],
);

/// The row of the tables of `longshore`.
pub(crate) const COMMAND: Command = Command::group(
    "cdi",
    "Writes, checks and applies CDI specifications, and keeps them fresh",
    &[
        generate::COMMAND,
        list::COMMAND,
        validate::COMMAND,
        diff::COMMAND,
        apply::COMMAND,
        refresh::COMMAND,
        watch::COMMAND,
        transform::COMMAND,
    ],
);
