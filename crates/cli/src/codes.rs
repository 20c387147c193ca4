//! Stable codes of usage errors.

use diag::Code;

/// No command of that name.
pub(crate) const UNKNOWN_COMMAND: Code = Code::new("U001");
/// An option that the command does not have.
pub(crate) const UNKNOWN_OPTION: Code = Code::new("U002");
/// An option without its value, or with a value that cannot be.
pub(crate) const BAD_VALUE: Code = Code::new("U003");
/// An argument too many, or one missing.
pub(crate) const BAD_ARGUMENT: Code = Code::new("U005");
#[cfg(any(test, not(target_os = "linux")))]
/// The command looks at a Linux machine, and runs on another system.
pub(crate) const NEEDS_LINUX: Code = Code::new("U006");
/// There is no usable GPU where the command runs.
pub(crate) const NO_GPU: Code = Code::new("D150");
