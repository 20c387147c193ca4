//! `cdi`: writes and lists CDI specifications, for `nvidia-ctk` and `longshore`.

mod generate;
mod list;
mod output;
mod transform;

use crate::arguments::Command;

/// The row of the tables.
pub(crate) const COMMAND: Command = Command::group(
    "cdi",
    "Writes and lists CDI specifications",
    &[generate::COMMAND, list::COMMAND, transform::COMMAND],
);
