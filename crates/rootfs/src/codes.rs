//! Codes of failures that concern a container's files.

use diag::Code;

/// The container root itself cannot be used: missing, not a directory, or the machine's own `/`.
pub const BAD_ROOT: Code = Code::new("R301");
/// A file of the container cannot be read or is not what it must be.
pub const UNREADABLE: Code = Code::new("R302");
/// A file, directory or link cannot be made in the container.
pub const NOT_WRITABLE: Code = Code::new("R303");
/// A path of the container leads where it must not: a magic link, a link loop, a kernel file system.
pub const LEADS_ASTRAY: Code = Code::new("R304");
/// A mount cannot be attached in the container.
pub const MOUNT_FAILED: Code = Code::new("R305");
/// The kernel lacks a system call that safe work in a container root needs.
pub const KERNEL_TOO_OLD: Code = Code::new("R306");
/// A file of the engine or of the kernel that a hook needs cannot be read.
pub const HOST_FILE: Code = Code::new("R307");
