//! What is done only when it is asked for.

use super::machine::Place;
use crate::inside::expect::text;
use diag::{Failure, Result};
use std::time::Duration;

/// It stays with `--yes` alone. Taken back, it comes from the repository that has it; where none has, that is
/// said, and the rest is taken back all the same.
pub(super) fn desktop(place: &mut Place) -> Result<()> {
    let there = "dpkg-query -W -f '${Status}' docker-desktop | grep -q 'ok installed' && test -e /opt/docker-desktop/bin/com.docker.backend";
    let install = format!("dpkg --install {}", place.parts.desktop.display());
    place.ends(&install, 0)?;
    let before = place.state()?;
    let said = place.ends(&place.setup("--yes"), 0)?;
    place.has_gpu(&said)?;
    if !said.contains("Remove Docker Desktop (left out; --remove-desktop asks for it)") {
        return Err(Failure::new(format!("it does not say how the removal is asked for:\n{said}")));
    }
    place.ends(there, 0)?;
    place.ends(&place.undo(), 0)?;
    place.is_as(&before)?;
    let said = place.ends(&place.setup("--yes --remove-desktop"), 0)?;
    place.has_gpu(&said)?;
    place.ends(&format!("! {{ {there}; }}"), 0)?;
    let back = place.ends(&place.undo(), 0)?;
    let told = back.split_whitespace().collect::<Vec<_>>().join(" ");
    if !told.contains("docker-desktop 4.45.0-203075 is not back: no repository has it") {
        return Err(Failure::new(format!("it does not say what is not back:\n{back}")));
    }
    place.ends(&install, 0)?;
    place.is_as(&before)?;
    place
        .ends(
            "dpkg --purge docker-desktop && { [ ! -d /opt/docker-desktop ] || rmdir /opt/docker-desktop; }",
            0,
        )
        .map(drop)
}

/// From a repository with two versions, the older one; the newer one otherwise.
pub(super) fn version(place: &mut Place) -> Result<()> {
    let own = format!("--yes --repository=file:{}", place.parts.ours.display());
    for (option, expected) in [("--toolkit-version=0.1.0", "0.1.0"), ("", "0.1.1")] {
        let said = place.ends(&place.bare(&format!("{own} {option}")), 0)?;
        place.has_gpu(&said)?;
        let found = place.ends("dpkg-query -W -f '${Version}' longshore", 0)?;
        if found.trim() != expected {
            return Err(Failure::new(format!("with `{option}` {found} is installed")));
        }
        place.ends(&place.undo(), 0)?;
    }
    let none = place.ends(&place.bare(&format!("{own} --toolkit-version=9.9")), 1)?;
    if !none.contains("I105") {
        return Err(Failure::new(format!("a version that nobody has: {none}")));
    }
    place.ends(&place.undo(), 0)?;
    // Our package was never there, so its records of what was done stay.
    place.ends("rm -r /var/lib/longshore", 0).map(drop)
}

/// The user's own Docker, beside that of the machine, and back; only back where the kernel cannot have it.
pub(super) fn rootless(place: &mut Place) -> Result<()> {
    // logind serves only who lives in systemd's own control groups.
    let within = |call: String| {
        format!(
            "systemd-run --wait --pipe --quiet --collect {}",
            call.replace("env -i", "/usr/bin/env -i SUDO_USER=u")
        )
    };
    let call = within(place.setup("--yes --rootless"));
    let before = place.state()?;
    let ran = place.run(&call)?;
    let said = text(&ran);
    // Docker's own program wants a module that not every kernel has; the way back is the same.
    if !said.contains("# Load ip_tables module") {
        place.has_gpu(&said)?;
        let user = "XDG_RUNTIME_DIR=/run/user/$(id -u u) DOCKER_HOST=unix:///run/user/$(id -u u)/docker.sock";
        let knows = format!("runuser -u u -- env {user} docker info | grep -q nvidia");
        place.machine()?.wait_for(&knows, Duration::from_secs(30))?;
    }
    place.ends(&within(place.undo()), 0)?;
    place.is_as(&before)
}
