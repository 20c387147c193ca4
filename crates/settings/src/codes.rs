//! Stable codes of what is wrong with `config.toml`.

use diag::Code;

/// `config.toml` is not TOML.
pub const NOT_TOML: Code = Code::new("S101");
/// A key of `config.toml` has a value of the wrong type.
pub const WRONG_TYPE: Code = Code::new("S102");
/// A key of `config.toml` has a value that is not allowed.
pub const INVALID_VALUE: Code = Code::new("S103");
/// A key of `config.toml` is not known; it has no effect.
pub const UNKNOWN_KEY: Code = Code::new("S104");
/// A `--set` option cannot be understood.
pub const INVALID_OPTION: Code = Code::new("S105");
