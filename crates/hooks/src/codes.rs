//! Codes of failures of hooks.

use diag::Code;

/// A hook was called with arguments that it does not understand.
pub const BAD_ARGUMENTS: Code = Code::new("R311");
/// The container's state or configuration does not say where its root is.
pub const NO_ROOT: Code = Code::new("R312");
/// The container's library configuration cannot be brought to know the driver's libraries.
pub const LOADER: Code = Code::new("R313");
