//! macOS and Windows: the files of the caller, no machine.

use super::{Session, slashed};
use diag::{Failure, Result};
use host::HostMut;

impl Session {
    /// The absolute form of a path that the caller gave, with `/` between its parts.
    pub(crate) fn absolute(&self, path: &str) -> Result<String> {
        let absolute = std::path::absolute(path).map_err(|cause| {
            Failure::new(format!("{path} has no place: no working directory")).caused_by(cause)
        })?;
        let text = absolute
            .to_str()
            .ok_or_else(|| Failure::new(format!("{} is not Unicode", absolute.display())))?;
        Ok(slashed(text))
    }

    /// The right to change files.
    pub(crate) fn writable(&self) -> HostMut {
        HostMut::new(self.host.clone())
    }
}
