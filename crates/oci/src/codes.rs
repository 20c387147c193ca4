//! Stable codes of failures with a container's own files and command lines.

use diag::Code;

/// A container's `config.json` is not what the OCI runtime specification describes.
pub const CONFIG_INVALID: Code = Code::new("R210");
/// A container's `config.json` is larger or nested deeper than we accept.
pub const CONFIG_TOO_LARGE: Code = Code::new("R211");
/// A key stands twice in an object of `config.json` that we would have to edit.
pub const CONFIG_DUPLICATE_KEY: Code = Code::new("R212");
/// The container state on a hook's standard input cannot be understood.
pub const STATE_INVALID: Code = Code::new("R213");
/// The command line of the OCI runtime cannot be understood.
pub const ARGUMENTS_INVALID: Code = Code::new("R214");
