//! The release of an installed engine: what its program says, or on a machine that does not run what
//! dpkg wrote down. Rules of configuration changed from release to release.

use crate::Engine;
use host::Host;
use host::exec::Command;
use std::time::Duration;

/// Major and minor number of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u32, pub u32);

/// The release of an engine whose program this is; `None` when nothing tells, and for engines whose
/// rules are the same in every release: nobody is asked for nothing.
#[must_use]
pub fn release(host: &Host, engine: &Engine, program: Option<&str>) -> Option<Release> {
    let name = engine.daemon.filter(|_| engine.name == "containerd")?.program;
    if host.is_live() {
        let program = program.map(str::to_owned).or_else(|| crate::installed(host, name))?;
        let command = Command::new(program).args(["--version"]).deadline(Duration::from_secs(5));
        let output = command.run().ok().filter(host::exec::Output::success)?;
        return of_program(&String::from_utf8_lossy(&output.stdout));
    }
    let status = host.read_optional("/var/lib/dpkg/status").ok().flatten()?;
    of_packages(&String::from_utf8_lossy(&status), engine.name)
}

/// `containerd containerd.io v2.1.4 75cb2b7`, `Docker version 26.1.5+dfsg1, build a72d7cd`.
fn of_program(said: &str) -> Option<Release> {
    said.split_whitespace().filter(|word| word.contains('.')).find_map(number)
}

/// From dpkg's list of packages: stanzas with `Package`, `Status` and `Version`.
fn of_packages(status: &str, engine: &str) -> Option<Release> {
    let packages: &[&str] = match engine {
        "containerd" => &["containerd", "containerd.io", "moby-containerd"],
        _ => return None,
    };
    let field = |stanza: &str, name: &str| {
        stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
    };
    let installed = |stanza: &&str| {
        let named = field(stanza, "Package").is_some_and(|name| packages.contains(&name.as_str()));
        named && field(stanza, "Status").is_some_and(|status| status.ends_with(" installed"))
    };
    let version = field(status.split("\n\n").find(installed)?, "Version")?;
    number(version.split_once(':').map_or(version.as_str(), |(_epoch, version)| version))
}

fn number(word: &str) -> Option<Release> {
    let mut parts = word.trim_start_matches('v').split(|letter: char| !letter.is_ascii_digit());
    Some(Release(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_from_programs_and_packages() {
        let programs = [
            (
                "containerd github.com/containerd/containerd 1.7.24~ds1 1.7.24~ds1-6+deb13u1",
                Some(Release(1, 7)),
            ),
            ("containerd containerd.io v2.1.4 75cb2b7193e4e490e9fbdc236c0e811ccaba3376", Some(Release(2, 1))),
            ("containerd github.com/containerd/containerd/v2 2.1.9+unknown ", Some(Release(2, 1))),
            ("Docker version 26.1.5+dfsg1, build a72d7cd", Some(Release(26, 1))),
            ("", None),
            ("version . x.y", None),
        ];
        for (said, expected) in programs {
            assert_eq!(of_program(said), expected, "{said}");
        }
        let status = "Package: containerd\nStatus: deinstall ok config-files\nVersion: 1.6.0\n\n\
                      Package: containerd.io\nStatus: install ok installed\nVersion: 2:1.7.27-1\n";
        assert_eq!(of_packages(status, "containerd"), Some(Release(1, 7)));
        assert_eq!(of_packages(status, "docker"), None);
    }
}
