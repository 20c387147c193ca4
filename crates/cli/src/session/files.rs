//! What commands do with files, on every system.

use super::Session;
use diag::{Failure, Result};
use host::Receipt;
use plan::Plan;
use std::io::Read;

/// A path that the caller typed, with `/` between its parts, as it is shown and joined here.
pub(crate) fn slashed(path: &str) -> String {
    if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() }
}

impl Session {
    /// Carries out a plan, with an entry in the journal.
    pub(crate) fn apply(&self, plan: &Plan) -> Result<Receipt> {
        self.writable().apply(plan)
    }

    /// Writes a file that can be made again at any time: whole or not at all, without the journal.
    /// What is no regular file is not replaced; `/dev/stdout` means standard output.
    pub(crate) fn write_file(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        if path == "/dev/stdout" {
            self.out(&String::from_utf8_lossy(bytes));
            return Ok(());
        }
        let path = self.absolute(path)?;
        if self.host.stat(&path)?.is_some_and(|stat| !stat.is_file()) {
            return Err(Failure::new(format!("{path} is not a regular file; it was left as it is")));
        }
        self.writable().write_atomic(&path, bytes, 0o644)
    }

    /// What is given on standard input, up to 16 MiB.
    pub(crate) fn standard_input(&self) -> Result<Vec<u8>> {
        const LIMIT: u64 = 16 * 1024 * 1024;
        let mut bytes = Vec::new();
        let mut input = std::io::stdin().lock().take(LIMIT + 1);
        input
            .read_to_end(&mut bytes)
            .map_err(|cause| Failure::new("cannot read standard input").caused_by(cause))?;
        if bytes.len() as u64 > LIMIT {
            return Err(Failure::new(format!("standard input is longer than {LIMIT} bytes")));
        }
        Ok(bytes)
    }
}
