//! macOS and Windows: the files of whoever writes a Dockerfile there. No GPU is given to a container by
//! these systems, so that this is all that `longshore lint`, `compat` and `explain` need of them.
//!
//! Paths are absolute, with `/` between their parts: `/Users/x/Dockerfile`, `C:/x/Dockerfile`.

#![cfg_attr(
    target_os = "linux",
    expect(dead_code, unused_imports, unreachable_pub, reason = "built on Linux only to be tested")
)]

mod files;
mod write;

pub use files::{File, Host};
pub use write::HostMut;

use crate::exec::{Command, Output};
use diag::{Failure, Result};

#[cfg(not(target_os = "linux"))]
impl Command {
    /// Runs nothing: the programs that are asked are those of a Linux machine.
    ///
    /// # Errors
    /// Always.
    pub fn run(&self) -> Result<Output> {
        Err(Failure::new(format!("{} is run on Linux only", self.program)))
    }
}
