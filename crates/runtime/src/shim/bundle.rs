//! The bundle's `config.json`: where it is, taken in, written back.

use crate::codes;
use diag::{Failure, Result};
use host::{Durability, Host, HostMut};
use oci::Config;
use oci::args::Invocation;
use std::ffi::OsStr;

/// The absolute path of the configuration that the low-level runtime will read.
pub(super) fn config_path(invocation: &Invocation) -> Result<String> {
    let bundle = absolute(invocation.bundle.as_deref().unwrap_or(OsStr::new("")))?;
    let name = invocation.config.as_deref().unwrap_or(OsStr::new("config.json"));
    Ok(match text(name)? {
        absolute if absolute.starts_with('/') => absolute.to_owned(),
        relative => format!("{}/{relative}", bundle.trim_end_matches('/')),
    })
}

/// A path as an absolute one; relative ones start at the working directory.
pub(super) fn absolute(path: &OsStr) -> Result<String> {
    let path = text(path)?;
    if path.starts_with('/') {
        return Ok(path.to_owned());
    }
    let here = rustix::process::getcwd(Vec::new()).map_err(|cause| {
        failed("cannot tell the working directory").caused_by(std::io::Error::from(cause))
    })?;
    let here = String::from_utf8(here.into_bytes())
        .map_err(|cause| failed("the working directory's name is not UTF-8").caused_by(cause))?;
    Ok(format!("{}/{path}", here.trim_end_matches('/')))
}

fn text(path: &OsStr) -> Result<&str> {
    path.to_str().ok_or_else(|| failed(&format!("the path {path:?} is not UTF-8")))
}

/// Reads the configuration; one byte more than is accepted, so that its parser sees what is too large.
pub(super) fn read(host: &Host, path: &str) -> Result<Config> {
    let in_file =
        |cause: Failure| failed(&format!("error loading OCI specification {path}")).caused_by(cause);
    let bytes = host.read_limited(path, oci::MAX_BYTES + 1).map_err(in_file)?;
    // The parser's own code tells more than ours.
    Config::parse(&bytes).map_err(|cause| cause.context(format!("error loading OCI specification {path}")))
}

/// Writes the configuration: at any moment the old or the new file is there. It is made anew with each
/// container, so there is nothing to wait for the disk for.
pub(super) fn write(host: &HostMut, path: &str, config: &Config) -> Result<()> {
    if !config.is_edited() {
        return Ok(());
    }
    host.write_with(path, &config.to_bytes(), 0o644, Durability::Volatile)
        .map_err(|cause| failed(&format!("error writing modified OCI specification {path}")).caused_by(cause))
}

fn failed(message: &str) -> Failure {
    Failure::coded(codes::BUNDLE, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_the_configuration() {
        let path = |bundle: Option<&str>, config: Option<&str>| {
            config_path(&Invocation {
                bundle: bundle.map(Into::into),
                config: config.map(Into::into),
                ..Invocation::default()
            })
            .expect("a path")
        };
        let here = rustix::process::getcwd(Vec::new()).expect("a directory").into_string().expect("UTF-8");
        assert_eq!(path(Some("/b/"), None), "/b/config.json");
        assert_eq!(path(Some("/b"), Some("other.json")), "/b/other.json");
        assert_eq!(path(Some("/b"), Some("/else.json")), "/else.json");
        assert_eq!(path(Some("b"), None), format!("{here}/b/config.json"));
        assert_eq!(path(None, None), format!("{here}/config.json"));
    }
}
