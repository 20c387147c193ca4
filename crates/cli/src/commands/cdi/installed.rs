//! Container engines on this machine, and their releases.

use crate::session::Session;
use cdi::{Engine, Taken, engines};
use diag::Result;
use formats::dpkg::{self, Package};
use host::{Cache, Host, exec};
use std::collections::BTreeMap;
use std::time::Duration;

const DPKG_STATUS: &str = "/var/lib/dpkg/status";

/// Where engines' daemons and programs lie.
const PLACES: [&str; 4] = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// Where the answers of programs are kept until the next boot.
const KEPT_IN: &str = "/run/longshore";
const KEPT: &str = "engines.json";
const KEPT_LIMIT: usize = 64 * 1024;

/// An engine that is installed.
#[derive(Clone, Debug)]
pub(super) struct Installed {
    pub(super) engine: &'static Engine,
    /// Its release; `None` when only the program is known to be there.
    pub(super) version: Option<String>,
}

impl Installed {
    /// What it takes; a release that nobody knows takes what every engine with CDI does.
    pub(super) fn taken(&self) -> Taken {
        let known = self.version.as_deref().and_then(|version| self.engine.takes(version));
        known.unwrap_or(Taken::UpTo(cdi::LOWEST_COMMON))
    }

    /// `podman 4.3.1`.
    pub(super) fn name(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {}", self.engine.name, short(version)),
            None => self.engine.name.to_owned(),
        }
    }
}

/// The engines on this machine: from the database of packages where there is one, else from the
/// programs, which are asked for their version when this machine is the running one.
pub(super) fn find(session: &Session) -> Vec<Installed> {
    let packages = packages(&session.host);
    let of = |engine: &'static Engine| {
        let package = packages.iter().find(|package| engine.packages.contains(&package.name.as_str()));
        match package {
            Some(package) => Some(Installed { engine, version: Some(package.version.clone()) }),
            None => by_program(&session.host, engine),
        }
    };
    engines().iter().filter_map(of).collect()
}

fn packages(host: &Host) -> Vec<Package> {
    let names: Vec<&str> = engines().iter().flat_map(|engine| engine.packages).copied().collect();
    let Ok(Some(bytes)) = host.read_optional(DPKG_STATUS) else { return Vec::new() };
    dpkg::installed(&String::from_utf8_lossy(&bytes), &names)
}

fn by_program(host: &Host, engine: &'static Engine) -> Option<Installed> {
    let name = match engine.name {
        "docker" => "dockerd",
        "cri-o" => "crio",
        name => name,
    };
    let executable = |path: &String| host.stat(path).ok().flatten().is_some_and(|stat| stat.is_executable());
    let program = PLACES.iter().map(|place| format!("{place}/{name}")).find(executable)?;
    let version = host.is_live().then(|| remembered(host, &program)).flatten();
    Some(Installed { engine, version })
}

/// What a program said of its version the last time: asking one of Go's takes a long time. A program
/// that was exchanged since is asked again.
fn remembered(host: &Host, program: &str) -> Option<String> {
    let stat = host.stat(program).ok().flatten()?;
    let stamp = format!("{:x}:{:x}:{:x}:{:x}", stat.dev, stat.ino, stat.size, stat.ctime_ns);
    let cache = Cache::open(host, KEPT_IN).ok();
    let bytes = cache.as_ref().and_then(|cache| cache.read(KEPT, KEPT_LIMIT).ok().flatten());
    let mut known: BTreeMap<String, (String, Option<String>)> =
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    if let Some((_, version)) = known.get(program).filter(|(of, _)| *of == stamp) {
        return version.clone();
    }
    let version = ask(program).ok().flatten();
    known.insert(program.to_owned(), (stamp, version.clone()));
    // A cache that cannot be written costs time and nothing else.
    let _ = cache.map(|cache| cache.replace(KEPT, &serde_json::to_vec(&known).unwrap_or_default()));
    version
}

/// The first word of `--version` that is a version.
fn ask(program: &str) -> Result<Option<String>> {
    let command = exec::Command::new(program).args(["--version"]).deadline(Duration::from_secs(3));
    let output = command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").run()?;
    Ok(version_in(&String::from_utf8_lossy(&output.stdout)))
}

fn version_in(text: &str) -> Option<String> {
    let words = text.split_whitespace().map(|word| word.trim_matches(',').trim_start_matches('v'));
    let is_version = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    words.into_iter().find(is_version).map(str::to_owned)
}

/// The release in a package's version: `5:28.5.2-1~debian.12~bookworm` is 28.5.2.
fn short(version: &str) -> &str {
    let bare = version.split_once(':').map_or(version, |(_, rest)| rest);
    let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
    bare.get(..end).unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        for (text, expected) in [
            ("Docker version 28.5.2, build ecc6942", Some("28.5.2")),
            ("podman version 4.3.1", Some("4.3.1")),
            ("containerd containerd.io v1.7.24 88bf19b", Some("1.7.24")),
            ("crio version 1.30.4\nVersion: 1.30.4", Some("1.30.4")),
            ("nothing", None),
        ] {
            assert_eq!(version_in(text).as_deref(), expected, "{text}");
        }
        assert_eq!(short("5:28.5.2-1~debian.12~bookworm"), "28.5.2");
        assert_eq!(short("4.3.1+ds1-8"), "4.3.1");
    }
}
