//! Which Docker programs are installed.

use super::{Reason, STANDARD_DIRECTORIES, look};
use host::Host;
use serde::{Deserialize, Serialize};

/// Docker programs on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// `docker`, the client.
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
        client: first(host, "docker")?,
        daemon: first(host, "dockerd")?,
        snap: look::exists(host, "/snap/docker/current")?,
        desktop: look::exists(host, "/opt/docker-desktop")?,
    })
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
