//! Stable codes of failures that users meet during a set-up.

use diag::Code;

/// A disk is full: a program of the set-up could not write.
pub const NO_SPACE: Code = Code::new("I101");
/// The network, or a repository on it, was not reached.
pub const NO_NETWORK: Code = Code::new("I102");
/// Another package manager is at work.
pub const BUSY: Code = Code::new("I103");
/// A repository's signature cannot be checked: its key is missing, expired or another one.
pub const BAD_SIGNATURE: Code = Code::new("I104");
/// No repository has a package, or not in the wanted version.
pub const NO_PACKAGE: Code = Code::new("I105");
/// The package manager's database or caches are broken.
pub const BROKEN_PACKAGES: Code = Code::new("I106");
/// A program of the set-up failed for another reason.
pub const STEP_FAILED: Code = Code::new("I107");
/// Containers run that a step would stop.
pub const CONTAINERS_RUN: Code = Code::new("I108");
/// The record of a set-up cannot be read, or there is none.
pub const NO_RECORD: Code = Code::new("I109");
/// A wish cannot be fulfilled on this system.
pub const BAD_WISH: Code = Code::new("I110");
/// Packages are in the way that nobody agreed to remove.
pub const IN_THE_WAY: Code = Code::new("I111");
/// A package is held at its version, and would have to change.
pub const HELD: Code = Code::new("I112");
/// A system that is not set up with a package manager that is known here.
pub const OWN_WAY: Code = Code::new("I113");
