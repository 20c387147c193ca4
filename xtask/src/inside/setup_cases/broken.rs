//! Machines on which installing fails, and what is said of it.

use super::machine::{Place, write};
use diag::{Failure, Result, ResultExt};
use std::fs;

const LISTS: &str = "/etc/apt/sources.list";

/// Neither is anything broken afterwards: the same call goes on once the cause is gone.
pub(super) fn told(place: &mut Place) -> Result<()> {
    let list = fs::read_to_string(LISTS).context("cannot read the list of sources")?;
    write(LISTS, "deb [trusted=yes] http://127.0.0.1:9/debian ./\n")?;
    place.ends("rm -rf /var/lib/apt/lists/*", 0)?;
    let call = place.setup("--yes");
    let network = place.ends(&call, 1);
    write(LISTS, &list)?;
    says(&network?, "I102", "was not reached")?;
    // Docker's manual pages are the first of its files that do not fit.
    place.ends(
        "mkdir -p /usr/share/doc/docker.io && mount -t tmpfs -o size=4k full /usr/share/doc/docker.io",
        0,
    )?;
    let full = place.ends(&call, 1);
    place.ends(
        "umount /usr/share/doc/docker.io; rmdir --ignore-fail-on-non-empty /usr/share/doc/docker.io || true",
        0,
    )?;
    says(&full?, "I101", "the disk is full")?;
    let said = place.ends(&call, 0)?;
    place.has_gpu(&said)?;
    place.ends(&place.undo(), 0).map(drop)
}

/// A web page saved as a list, a repository with two keys, an unsigned one, and an entry that is none.
pub(super) fn lists(place: &mut Place) -> Result<()> {
    let folder = "/etc/apt/sources.list.d";
    let files = [
        ("page.list", "<!DOCTYPE html>\n<html><body>404</body></html>\n".to_owned()),
        ("one.list", "deb [signed-by=/usr/share/keyrings/n.gpg] https://n.example/deb /\n".to_owned()),
        ("two.list", "deb [signed-by=/etc/apt/keyrings/n.gpg] https://n.example/deb /\n".to_owned()),
        ("unsigned.list", "deb file:/srv/unsigned ./\n".to_owned()),
        ("typed.list", "deb https://n.example/other\n".to_owned()),
    ];
    for (name, content) in &files {
        write(&format!("{folder}/{name}"), content)?;
    }
    write("/srv/unsigned/Packages", "")?;
    let said = place.ends(&place.setup("--yes"), 0)?;
    place.has_gpu(&said)?;
    place.ends(&place.undo(), 0)?;
    for (name, content) in &files {
        let path = format!("{folder}/{name}");
        let now = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        if now != *content {
            return Err(Failure::new(format!("{path} is not back: {now}")));
        }
        fs::remove_file(&path).with_context(|| format!("cannot remove {path}"))?;
    }
    fs::remove_dir_all("/srv/unsigned").context("cannot remove a repository")
}

/// Docker is held off by a pin of its own; then somebody else's apt is at work for a while; then dpkg was
/// interrupted with half of Docker unpacked.
pub(super) fn dpkg(place: &mut Place) -> Result<()> {
    place.ends("apt-mark hold docker.io", 0)?;
    let held = place.ends(&place.setup("--yes"), 1)?;
    says(&held, "I112", "held")?;
    place.ends("apt-mark unhold docker.io", 0)?;
    let holder = "perl -e 'use Fcntl; open(F, \">>\", \"/var/lib/apt/lists/lock\"); \
                  fcntl(F, F_SETLK, pack(\"s s l! l! i\", F_WRLCK, 0, 0, 0, 0)) or die; sleep 8' & sleep 1;";
    let said = place.ends(&format!("{holder} {}", place.setup("--yes")), 0)?;
    place.has_gpu(&said)?;
    place.ends(&place.undo(), 0)?;
    place.ends(
        "cd /root && apt-get update && apt-get download tini && dpkg --unpack tini_*.deb && rm tini_*.deb",
        0,
    )?;
    let said = place.ends(&place.setup("--yes"), 0)?;
    says(&said, "an earlier run of dpkg was interrupted", "dpkg --force-confdef")?;
    place.has_gpu(&said)?;
    place.ends(&place.undo(), 0)?;
    place.ends("dpkg --purge tini", 0).map(drop)
}

fn says(said: &str, code: &str, words: &str) -> Result<()> {
    if said.contains(code) && said.contains(words) {
        return Ok(());
    }
    Err(Failure::new(format!("it does not say {code}, `{words}`:\n{said}")))
}
