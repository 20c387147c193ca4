//! Stable codes of engine configuration.

use diag::Code;

/// `daemon.json` is not JSON.
pub const NOT_JSON: Code = Code::new("E101");
/// A configuration file of an engine is not text in UTF-8.
pub const NOT_UTF8: Code = Code::new("E102");
/// A key of a configuration file holds another kind of value than the engine expects there.
pub const WRONG_KIND: Code = Code::new("E103");
/// A key appears twice in `daemon.json`, so that readers disagree which one counts.
pub const DUPLICATE_KEY: Code = Code::new("E104");
/// A runtime name or path that the engine cannot use.
pub const BAD_RUNTIME: Code = Code::new("E105");
/// `daemon.json` has comments or trailing commas: Docker does not start with such a file.
pub const NOT_STRICT_JSON: Code = Code::new("E106");
/// A configuration file that must be TOML is not.
pub const NOT_TOML: Code = Code::new("E107");
/// A TOML file is written so that nothing can be added to it without writing it anew.
pub const RIGID_TOML: Code = Code::new("E108");
/// containerd's CRI plugin is switched off, so that runtimes registered with it are not seen.
pub const CRI_DISABLED: Code = Code::new("E109");
/// A file that the engine reads later takes back what the drop-in says.
pub const OVERRIDDEN: Code = Code::new("E110");
/// The engine's program could not say what its configuration is.
pub const NO_DUMP: Code = Code::new("E111");
/// Several installations of an engine would do, and nothing tells which one is meant.
pub const AMBIGUOUS: Code = Code::new("E112");
/// An installation that cannot be configured from outside: a snap, a virtual machine.
pub const REFUSED_ENGINE: Code = Code::new("E113");
/// There is no such engine on this machine.
pub const NO_ENGINE: Code = Code::new("E114");
/// The file is written anew by the engine itself: a change would be lost.
pub const GENERATED_FILE: Code = Code::new("E115");
/// A restart would stop running containers.
pub const WOULD_STOP_CONTAINERS: Code = Code::new("E116");
/// The engine does not show its new configuration.
pub const NOT_IN_FORCE: Code = Code::new("E117");
