//! Stable codes of engine configuration.

use diag::Code;

/// `daemon.json` is not JSON.
pub const NOT_JSON: Code = Code::new("E101");
/// `daemon.json` is not text in UTF-8.
pub const NOT_UTF8: Code = Code::new("E102");
/// A key of `daemon.json` holds another kind of value than Docker expects there.
pub const WRONG_KIND: Code = Code::new("E103");
/// A key appears twice in `daemon.json`, so that readers disagree which one counts.
pub const DUPLICATE_KEY: Code = Code::new("E104");
/// A runtime name or path that the engine cannot use.
pub const BAD_RUNTIME: Code = Code::new("E105");
/// `daemon.json` has comments or trailing commas: Docker does not start with such a file.
pub const NOT_STRICT_JSON: Code = Code::new("E106");
