//! Which Docker programs are installed.

use super::{Reason, STANDARD_DIRECTORIES, look};
use host::Host;
use serde::{Deserialize, Serialize};

/// Docker programs on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// `docker`, the client; none where it is podman under that name.
    pub client: Option<String>,
    /// `dockerd`, the daemon.
    pub daemon: Option<String>,
    /// Whether there is a snap named `docker`.
    pub snap: bool,
    /// Whether Docker Desktop is installed (`/opt/docker-desktop`).
    pub desktop: bool,
}

pub(super) fn read(host: &Host) -> Result<Installed, Reason> {
    Ok(Installed {
        client: first(host, "docker")?.filter(|path| !is_podman(host, path)),
        daemon: first(host, "dockerd")?,
        snap: look::exists(host, "/snap/docker/current")?,
        desktop: look::exists(host, "/opt/docker-desktop")?,
    })
}

/// Distributions put a script or a link in place of Docker's client (package `podman-docker`).
fn is_podman(host: &Host, path: &str) -> bool {
    const LONGEST_SCRIPT: usize = 4096;
    let real = host.resolve(path).unwrap_or_default();
    let small = host.stat(&real).ok().flatten().is_some_and(|stat| stat.size <= LONGEST_SCRIPT as u64);
    let script = || host.read_optional_limited(&real, LONGEST_SCRIPT).ok().flatten().unwrap_or_default();
    real.ends_with("/podman") || (small && String::from_utf8_lossy(&script()).contains("podman"))
}

fn first(host: &Host, program: &str) -> Result<Option<String>, Reason> {
    for directory in STANDARD_DIRECTORIES {
        let path = format!("{directory}/{program}");
        if look::exists(host, &path)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
