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
