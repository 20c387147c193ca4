//! Versions of installed packages, from the lists of dpkg and of rpm. Other package managers keep databases
//! that are not read: then it is not known.

use super::{Reason, look, rpm};
use host::Host;
use serde::{Deserialize, Serialize};

const DPKG: &str = "/var/lib/dpkg/status";
/// The packages that matter.
const NAMES: &[&str] = &[
    "nvidia-container-toolkit",
    "nvidia-container-toolkit-base",
    "libnvidia-container-tools",
    "libnvidia-container1",
    "nvidia-docker2",
    "nvidia-container-runtime",
    "docker-ce",
    "docker.io",
    "containerd.io",
    "containerd",
    "runc",
    "podman",
    "crun",
];

/// One installed package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version, epoch and revision included.
    pub version: String,
}

impl Package {
    /// The version of what is in it: without epoch and revision.
    #[must_use]
    pub fn upstream(&self) -> &str {
        let version = self.version.split_once(':').map_or(self.version.as_str(), |(_, rest)| rest);
        version.split(['-', '+', '~']).next().unwrap_or(version)
    }
}

pub(super) fn read(host: &Host) -> Result<Vec<Package>, Reason> {
    match look::text(host, DPKG)? {
        Some(text) => Ok(installed(&text)),
        None => rpm::read(host, NAMES)?.ok_or_else(|| {
            Reason::not_asked("this machine has no list of packages that is read here (dpkg, rpm)")
        }),
    }
}

fn installed(text: &str) -> Vec<Package> {
    text.split("\n\n").filter_map(package).collect()
}

fn package(stanza: &str) -> Option<Package> {
    let field = |name: &str| {
        stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::trim)
    };
    let name = field("Package").filter(|name| NAMES.contains(name))?;
    let there = field("Status").is_some_and(|status| status.ends_with(" installed"));
    let version = field("Version")?;
    there.then(|| Package { name: name.to_owned(), version: version.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_that_matter_are_kept() {
        let text = "Package: bash\nStatus: install ok installed\nVersion: 5\n\n\
            Package: nvidia-container-toolkit\nStatus: install ok installed\nVersion: 1.17.4-1\n\n\
            Package: podman\nStatus: deinstall ok config-files\nVersion: 4.9.3\n";
        let packages = installed(text);
        assert_eq!(packages.len(), 1);
        assert_eq!(packages[0].upstream(), "1.17.4");
        let docker = Package { name: "docker-ce".to_owned(), version: "5:28.5.2-1~ubuntu".to_owned() };
        assert_eq!(docker.upstream(), "28.5.2");
    }
}
