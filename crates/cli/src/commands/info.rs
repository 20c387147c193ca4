//! `nvidia-ctk info`: the original knows it as an empty command, which shows its help.

use crate::arguments::Command;

/// The row of the tables.
pub(crate) const COMMAND: Command = Command::group("info", "Tells about the system", &[]);
