//! Podman and Docker of a user without root rights, beside those with them.

use super::super::legacy_cases::rootless as user;
use super::engine::Client;
use crate::exec::{capture, command, output, pipe};
use diag::Result;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// The daemon, as the client of the user calls it.
pub(super) const DOCKER: Client = Client {
    import: |tree, tag| {
        let mut pack = command(["tar", "--create", "--numeric-owner", "--directory"]);
        pipe(pack.arg(tree).arg("."), user::client().args(["import", "-", tag]))
    },
    words: |words| output(user::client().args(words)),
};

/// A Docker daemon without root rights.
#[derive(Debug)]
pub(super) struct Rootless {
    daemon: Child,
}

impl Rootless {
    /// Makes the user, and starts their daemon; `tools` is a tree with what that needs.
    pub(super) fn start(tools: &Path) -> Result<Self> {
        user::prepare(tools)?;
        let mut daemon = user::start()?;
        user::wait(&mut daemon)?;
        Ok(Self { daemon })
    }

    /// Ends it.
    pub(super) fn stop(mut self) -> Result<()> {
        let _ended = self.daemon.kill();
        let _status = self.daemon.wait();
        Ok(())
    }
}

/// `podman run` of the user.
pub(super) fn podman() -> Command {
    let mut podman = user::podman(user::as_user(), &user::runtime("runc"));
    podman.arg("run");
    podman
}

/// A copy of the image that belongs to the user.
pub(super) fn own(image: &Path) -> Result<PathBuf> {
    let tree = Path::new(user::HOME).join("rootfs");
    capture(command(["cp", "-a"]).arg(image).arg(&tree))?;
    capture(command(["chown", "-hR", "user:user"]).arg(&tree))?;
    Ok(tree)
}
