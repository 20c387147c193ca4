//! Stable codes of failures with CDI specifications.

use diag::Code;

/// A CDI specification cannot be parsed.
pub const SPEC_UNREADABLE: Code = Code::new("C101");
/// A CDI specification parses but breaks a rule of the CDI standard.
pub const SPEC_INVALID: Code = Code::new("C102");
/// Two CDI specifications of the same directory define the same device.
pub const DEVICE_CONFLICT: Code = Code::new("C103");
/// A requested CDI device is in no specification, or in conflicting ones.
pub const DEVICE_UNRESOLVABLE: Code = Code::new("C104");
/// The edits of a CDI device cannot be applied to a container.
pub const EDITS_NOT_APPLICABLE: Code = Code::new("C105");
/// An engine does not take a CDI specification that is valid.
pub const ENGINE_REFUSES: Code = Code::new("C106");
/// Something that a CDI specification names is not on this machine.
pub const HOST_PATH_MISSING: Code = Code::new("C107");
/// A device node has other numbers or another type than a CDI specification says.
pub const NODE_CHANGED: Code = Code::new("C108");
/// A CDI device is defined in several directories, and the last one counts.
pub const DEVICE_SHADOWED: Code = Code::new("C109");
/// No engine reads a file of this name.
pub const NOT_READ: Code = Code::new("C110");
/// A CDI specification does not fit the machine as it is now.
pub const STALE: Code = Code::new("C111");
