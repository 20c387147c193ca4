//! What a process must do to itself before it works beside an image.

use crate::syscalls;
use diag::{Result, ResultExt};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// What to forget besides becoming non-dumpable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing: a hook's environment may have been chosen by the image, and an engine may have
    /// leaked descriptors.
    Nothing,
    /// The environment, because the entry point already took what it needs from a trusted one.
    Environment,
}

/// Makes the process non-dumpable (others in the same pid namespace can then neither trace it nor
/// look through its `/proc` entries), closes every descriptor but the standard three and clears the
/// environment. Has to be the first thing an entry point does: no other thread and no open
/// descriptor of its own may exist.
///
/// # Errors
/// When the kernel refuses to make the process non-dumpable.
pub fn harden(keep: Keep) -> Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("cannot make this process non-dumpable")?;
    syscalls::close_all_but_standard();
    if keep == Keep::Nothing {
        syscalls::clear_environment();
    }
    Ok(())
}
