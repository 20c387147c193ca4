//! Stable codes of failures that users meet when the machine is changed.

use diag::Code;

/// What a plan expects to find is not there any more: somebody else changed it.
pub const DRIFT: Code = Code::new("P101");
/// A file cannot be written: permission, read-only file system, no space.
pub const CANNOT_WRITE: Code = Code::new("P102");
/// There is no journal entry of that name, or it cannot be read.
pub const NO_JOURNAL_ENTRY: Code = Code::new("P103");
/// This host cannot be changed: it is a recording, or the plan is only meant to be shown.
pub const NOT_CHANGEABLE: Code = Code::new("P104");
/// A program that a plan runs failed, or ran past its deadline.
pub const PROGRAM_FAILED: Code = Code::new("P105");
/// A change failed half-way and could not be taken back in full.
pub const HALF_APPLIED: Code = Code::new("P106");
