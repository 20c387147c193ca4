//! Which distribution this is, from `os-release(5)`.

use host::Host;
use serde::{Deserialize, Serialize};

/// The program that installs packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Manager {
    /// Debian, Ubuntu and their relatives.
    Apt,
    /// Fedora, Red Hat Enterprise Linux and their relatives.
    Dnf,
    /// openSUSE and SUSE Linux Enterprise.
    Zypper,
    /// Arch Linux and its relatives.
    Pacman,
}

/// A distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// `ID`: `ubuntu`.
    pub id: String,
    /// `VERSION_ID`: `24.04`; empty for distributions without releases.
    pub version: String,
    /// `VERSION_CODENAME`, or `UBUNTU_CODENAME` of a relative: `noble`.
    pub codename: String,
    /// Its name for people.
    pub name: String,
    /// Its package manager, where it is one of those known.
    pub manager: Option<Manager>,
    /// The distribution whose repository of Docker fits: `debian`, `ubuntu`, `fedora`, `centos`, `rhel`;
    /// `None` where Docker has none.
    pub docker_repository: Option<&'static str>,
}

impl Distribution {
    /// Reads `/etc/os-release`, or the one that packages bring.
    pub(crate) fn read(host: &Host) -> Self {
        let files = ["/etc/os-release", "/usr/lib/os-release"];
        let text = files.iter().find_map(|path| host.read_text_optional(path).ok().flatten());
        Self::parse(&text.unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='));
            line.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
        };
        let (id, alike) = (field("ID"), field("ID_LIKE"));
        let family: Vec<&str> = std::iter::once(id.as_str()).chain(alike.split_whitespace()).collect();
        let is = |name: &str| family.contains(&name);
        let manager = if is("debian") || is("ubuntu") {
            Some(Manager::Apt)
        } else if is("fedora") || is("rhel") || is("centos") {
            Some(Manager::Dnf)
        } else if family.iter().any(|name| name.contains("suse") || *name == "sles") {
            Some(Manager::Zypper)
        } else if is("arch") {
            Some(Manager::Pacman)
        } else {
            None
        };
        let ubuntu = field("UBUNTU_CODENAME");
        let codename = if ubuntu.is_empty() { field("VERSION_CODENAME") } else { ubuntu };
        let docker_repository = match (manager, id.as_str()) {
            (Some(Manager::Apt), _) if is("ubuntu") => Some("ubuntu"),
            (Some(Manager::Apt), _) => Some("debian"),
            (Some(Manager::Dnf), "fedora") => Some("fedora"),
            (Some(Manager::Dnf), "rhel") => Some("rhel"),
            (Some(Manager::Dnf), _) => Some("centos"),
            _ => None,
        };
        Self {
            version: field("VERSION_ID"),
            name: field("PRETTY_NAME"),
            id,
            codename,
            manager,
            docker_repository,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_are_told_by_their_family() {
        let cases = [
            ("ID=debian\nVERSION_CODENAME=trixie\n", Some(Manager::Apt), Some("debian"), "trixie"),
            (
                "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n",
                Some(Manager::Apt),
                Some("ubuntu"),
                "noble",
            ),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", Some(Manager::Dnf), Some("centos"), ""),
            ("ID=rhel\nID_LIKE=fedora\n", Some(Manager::Dnf), Some("rhel"), ""),
            ("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", Some(Manager::Zypper), None, ""),
            ("ID=manjaro\nID_LIKE=arch\n", Some(Manager::Pacman), None, ""),
            ("ID=nixos\n", None, None, ""),
            ("", None, None, ""),
        ];
        for (text, manager, repository, codename) in cases {
            let found = Distribution::parse(text);
            assert_eq!(
                (found.manager, found.docker_repository, found.codename.as_str()),
                (manager, repository, codename),
                "{text}"
            );
        }
    }
}
