//! Changing files: whole or not at all, and what was as the plan expects.

use super::Host;
use crate::codes;
use crate::receipt::Receipt;
use diag::{Failure, Result};
use plan::{Plan, Step};
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// A [`Host`] whose files can also be changed. Made at entry points only.
#[derive(Clone, Debug)]
pub struct HostMut {
    host: Host,
}

impl Deref for HostMut {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}

impl HostMut {
    /// The right to change the files of `host`. There is no journal here.
    #[must_use]
    pub fn new(host: Host) -> Self {
        Self { host }
    }

    /// Writes the files of a plan: all of them, or, when one cannot be written, none.
    ///
    /// # Errors
    /// When a file is not as the plan expects ([`codes::DRIFT`]), cannot be written, or the plan does
    /// more than write files.
    pub fn apply(&self, plan: &Plan) -> Result<Receipt> {
        let files = plan.steps.iter().map(|step| self.expected(step)).collect::<Result<Vec<_>>>()?;
        for (index, file) in files.iter().enumerate() {
            if let Err(failure) = self.write_atomic(file.path, file.after, 0o644) {
                self.take_back(files.get(..index).unwrap_or_default());
                return Err(failure);
            }
        }
        Ok(Receipt { id: None, changed: files.iter().map(|file| file.path.to_owned()).collect() })
    }

    /// A step as the file that it writes, which is still what the plan saw.
    fn expected<'a>(&self, step: &'a Step) -> Result<Written<'a>> {
        let Step::Write { path, before, after, .. } = step else {
            return Err(Failure::coded(codes::NOT_CHANGEABLE, "only files are changed here"));
        };
        if self.read_optional(path)? != *before {
            return Err(Failure::coded(codes::DRIFT, format!("{path} was changed meanwhile")));
        }
        Ok(Written { path, before: before.as_deref(), after })
    }

    /// What cannot be put back stays as it was written: the failure that led here is the one to tell.
    fn take_back(&self, done: &[Written<'_>]) {
        for file in done {
            let _ = match file.before {
                Some(bytes) => self.write_atomic(file.path, bytes, 0o644),
                None => self.remove_file(file.path),
            };
        }
    }

    /// Replaces or creates a file so that at any moment the old or the new one is there. The
    /// permissions of a file that is there are kept, and a link to it stays one.
    ///
    /// # Errors
    /// When it cannot be written ([`codes::CANNOT_WRITE`]); the old file is untouched.
    pub fn write_atomic(&self, path: &str, bytes: &[u8], _mode: u32) -> Result<()> {
        let given = PathBuf::from(self.host.real(path));
        let target = fs::canonicalize(&given).unwrap_or(given);
        replace(&target, bytes).map_err(|cause| {
            Failure::coded(codes::CANNOT_WRITE, format!("cannot write {path}")).caused_by(cause)
        })
    }

    /// Removes a file.
    ///
    /// # Errors
    /// When it cannot be removed, or is not there.
    pub fn remove_file(&self, path: &str) -> Result<()> {
        fs::remove_file(self.host.real(path)).map_err(|cause| {
            Failure::coded(codes::CANNOT_WRITE, format!("cannot remove {path}")).caused_by(cause)
        })
    }
}

struct Written<'a> {
    path: &'a str,
    before: Option<&'a [u8]>,
    after: &'a [u8],
}

/// A temporary file beside the target, whole before it takes its name.
fn replace(target: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = OsString::from(".longshore.");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let temporary = target.with_file_name(name);
    let written = fill(&temporary, target, bytes).and_then(|()| fs::rename(&temporary, target));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn fill(temporary: &Path, target: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::File::create(temporary)?;
    file.write_all(bytes)?;
    if let Ok(old) = fs::metadata(target) {
        file.set_permissions(old.permissions())?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plan::Applicability;

    fn step(path: &str, before: Option<&str>, after: &str) -> Step {
        let before = before.map(|text| text.as_bytes().to_vec());
        Step::Write { path: path.to_owned(), before, after: after.as_bytes().to_vec(), mode: 0o644 }
    }

    #[test]
    fn a_plan_is_carried_out_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let host = HostMut::new(Host::at(folder.path()));
        let plan = |steps| Plan { steps, ..Plan::new("fix", Applicability::Safe) };
        host.apply(&plan(vec![step("/a", None, "1"), step("/b", None, "2")])).expect("it is applied");
        let stale = plan(vec![step("/a", Some("1"), "3"), step("/b", Some("other"), "4")]);
        assert_eq!(host.apply(&stale).expect_err("drift").code(), Some(codes::DRIFT));
        assert_eq!(host.read_text("/a").expect("a"), "1");
        let broken = plan(vec![step("/a", Some("1"), "3"), step("/no/folder", None, "4")]);
        assert_eq!(host.apply(&broken).expect_err("no folder").code(), Some(codes::CANNOT_WRITE));
        assert_eq!(host.read_text("/a").expect("a"), "1");
        assert_eq!(fs::read_dir(folder.path()).expect("list").count(), 2);
    }
}
