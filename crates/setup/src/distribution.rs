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
    /// The release of Debian or Ubuntu that it is, or was made from: `noble`; empty where nothing says so.
    pub codename: String,
    /// Its name for people.
    pub name: String,
    /// Its package manager, where it is one of those known.
    pub manager: Option<Manager>,
    /// The distribution whose repository of Docker fits: `debian`, `ubuntu`, `fedora`, `centos`, `rhel`;
    /// `None` where Docker has none.
    pub docker_repository: Option<&'static str>,
    /// How its own way of installing goes, where its system comes as an image or is described elsewhere
    /// and no package manager may change it.
    pub own_way: Option<&'static str>,
}

/// Systems that no package manager changes, by what `os-release` says (`ID`, or `ID` and `VARIANT_ID`), and
/// their own way.
const OWN_WAYS: &[(&str, &str)] = &[
    (
        "nixos",
        "set `virtualisation.docker.enable` and `hardware.nvidia-container-toolkit.enable` in configuration.nix",
    ),
    (
        "alpine",
        "NVIDIA's driver needs the GNU C library, which Alpine lacks: take another distribution for the host",
    ),
    ("opensuse-microos", TRANSACTIONAL),
    ("opensuse-leap-micro", TRANSACTIONAL),
    ("opensuse-aeon", TRANSACTIONAL),
    ("opensuse-kalpa", TRANSACTIONAL),
    ("sle-micro", TRANSACTIONAL),
    ("sl-micro", TRANSACTIONAL),
    ("suse-microos", TRANSACTIONAL),
    ("steamos", "`steamos-readonly disable` lets pacman change it until its next update"),
    ("ubuntu-core", "it takes snaps only: `snap install docker` and its documentation of GPUs"),
    ("flatcar", "it brings Docker; its documentation tells how the driver and a toolkit come as extensions"),
    ("cos", "it brings Docker; `cos-extensions install gpu` brings the driver"),
    ("bottlerocket", "its variants with `nvidia` in their name bring driver and toolkit"),
    ("talos", "its system extensions bring driver and toolkit"),
];

const TRANSACTIONAL: &str = "`transactional-update pkg install docker longshore`, a reboot, then `nvidia-ctk runtime configure --runtime=docker --restart`";

/// What a system says that was booted from an image of ostree.
const OSTREE: &str = "`rpm-ostree install longshore`, a reboot, then `nvidia-ctk runtime configure --runtime=docker --restart`; images of your own \
     (bootc) install it when they are made";

impl Distribution {
    /// Reads `/etc/os-release`, or the one that packages bring.
    pub(crate) fn read(host: &Host) -> Self {
        let files = ["/etc/os-release", "/usr/lib/os-release"];
        let text = files.iter().find_map(|path| host.read_text_optional(path).ok().flatten());
        let debian = host.read_text_optional("/etc/debian_version").ok().flatten().unwrap_or_default();
        let mut found = Self::parse(&text.unwrap_or_default(), debian.trim());
        if host.exists("/run/ostree-booted") {
            found.own_way = Some(OSTREE);
        }
        found
    }

    /// Whether it is Ubuntu or made from it.
    pub(crate) fn is_ubuntu(&self) -> bool {
        self.manager == Some(Manager::Apt) && self.docker_repository == Some("ubuntu")
    }

    /// `debian` is the text of `/etc/debian_version`.
    fn parse(text: &str, debian: &str) -> Self {
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
        let own = field("VERSION_CODENAME");
        let docker_repository = match (manager, id.as_str()) {
            (Some(Manager::Apt), _) if is("ubuntu") => Some("ubuntu"),
            (Some(Manager::Apt), _) => Some("debian"),
            (Some(Manager::Dnf), "fedora") => Some("fedora"),
            (Some(Manager::Dnf), "rhel") => Some("rhel"),
            // Amazon's has Docker Engine of its own, and releases that no repository of Docker's knows.
            (Some(Manager::Dnf), "amzn") => None,
            (Some(Manager::Dnf), _) => Some("centos"),
            _ => None,
        };
        let codename = match (docker_repository, id.as_str()) {
            (Some("ubuntu"), "ubuntu") | (Some("debian"), "debian") => own,
            (Some("ubuntu"), _) => field("UBUNTU_CODENAME"),
            (Some("debian"), _) => Some(field("DEBIAN_CODENAME"))
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| debian_codename(debian).to_owned()),
            _ => own,
        };
        let own_way = OWN_WAYS.iter().find(|(name, _)| *name == id).map(|(_, way)| *way);
        Self {
            version: field("VERSION_ID"),
            name: field("PRETTY_NAME"),
            id,
            codename,
            manager,
            docker_repository,
            own_way,
        }
    }
}

/// The release of Debian from which a relative was made: `12.5`, `bookworm/sid`.
fn debian_codename(version: &str) -> &'static str {
    match version.split(['.', '/']).next().unwrap_or_default() {
        "11" | "bullseye" => "bullseye",
        "12" | "bookworm" => "bookworm",
        "13" | "trixie" => "trixie",
        "14" | "forky" => "forky",
        _ => "",
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
            let found = Distribution::parse(text, "");
            assert_eq!(
                (found.manager, found.docker_repository, found.codename.as_str()),
                (manager, repository, codename),
                "{text}"
            );
        }
    }

    #[test]
    fn relatives_take_the_release_that_they_were_made_from() {
        let cases = [
            (
                "ID=linuxmint\nID_LIKE=debian\nVERSION_CODENAME=faye\nDEBIAN_CODENAME=bookworm\n",
                "",
                "bookworm",
            ),
            ("ID=kali\nID_LIKE=debian\nVERSION_CODENAME=kali-rolling\n", "kali-rolling", ""),
            ("ID=devuan\nID_LIKE=debian\nVERSION_CODENAME=daedalus\n", "12.0", "bookworm"),
            ("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"\n", "forky/sid", ""),
            (
                "ID=pop\nID_LIKE=\"ubuntu debian\"\nVERSION_CODENAME=jammy\nUBUNTU_CODENAME=jammy\n",
                "bookworm/sid",
                "jammy",
            ),
            (
                "ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=plucky\nUBUNTU_CODENAME=plucky\n",
                "trixie/sid",
                "plucky",
            ),
        ];
        for (text, debian, codename) in cases {
            assert_eq!(Distribution::parse(text, debian).codename, codename, "{text}");
        }
    }

    #[test]
    fn systems_that_no_package_manager_changes_have_a_way_of_their_own() {
        for (text, named) in [
            (
                "ID=\"opensuse-microos\"\nID_LIKE=\"suse opensuse opensuse-tumbleweed\"\n",
                "transactional-update",
            ),
            ("ID=nixos\n", "configuration.nix"),
            ("ID=alpine\n", "C library"),
        ] {
            let way = Distribution::parse(text, "").own_way.unwrap_or_default();
            assert!(way.contains(named), "{text}: {way}");
        }
        assert_eq!(Distribution::parse("ID=\"opensuse-leap\"\nID_LIKE=suse\n", "").own_way, None);
        let amazon = Distribution::parse("ID=\"amzn\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"2023\"\n", "");
        assert_eq!((amazon.manager, amazon.docker_repository), (Some(Manager::Dnf), None));
    }
}
