//! Which packages are installed, and the calls that install and remove them.

use crate::{Distribution, Manager};
use host::Host;
use host::exec::Command;
use std::collections::{BTreeMap, BTreeSet};

/// Installed packages with their versions.
pub(crate) type Versions = BTreeMap<String, String>;

/// In place of a version: the package is gone, its settings are there (dpkg's `config-files`).
pub(crate) const SETTINGS_ONLY: &str = "(settings only)";

/// Packages that Docker's own cannot stand beside (docs.docker.com, "Uninstall old versions"), and those that
/// Debian has split from them since.
pub(crate) const CONFLICTING: [&str; 13] = [
    "docker",
    "docker-engine",
    "docker.io",
    "docker-cli",
    "docker-doc",
    "docker-buildx",
    "docker-compose",
    "docker-compose-v2",
    PODMAN_S,
    "containerd",
    "runc",
    "docker-client",
    "docker-common",
];

/// Podman under the name of Docker's client.
pub(crate) const PODMAN_S: &str = "podman-docker";

/// The packages of Docker's own repository.
pub(crate) const DOCKER_CE: [&str; 5] =
    ["docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin", "docker-compose-plugin"];

/// Names of the installed packages; `None` where nothing tells.
pub(crate) fn installed(host: &Host, manager: Manager) -> Option<BTreeSet<String>> {
    let versions = versions(host, manager)?;
    let there = versions.into_iter().filter(|(_, version)| version != SETTINGS_ONLY);
    Some(there.map(|(name, _)| name.split(':').next().unwrap_or_default().to_owned()).collect())
}

/// What is installed; `None` where nothing tells.
pub(crate) fn versions(host: &Host, manager: Manager) -> Option<Versions> {
    match manager {
        Manager::Apt => Some(dpkg(&host.read_text_optional("/var/lib/dpkg/status").ok()??)),
        Manager::Pacman => pacman(host),
        Manager::Dnf | Manager::Zypper => rpm(host),
    }
}

/// A package of which several architectures may be installed carries its own behind a colon, as apt
/// names it.
fn dpkg(status: &str) -> Versions {
    let package = |stanza: &str| {
        let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let state = field("Status")?.rsplit(' ').next()?;
        let name = match (field("Multi-Arch"), field("Architecture")) {
            (Some("same"), Some(architecture)) => format!("{}:{architecture}", field("Package")?),
            _ => field("Package")?.to_owned(),
        };
        match state {
            "not-installed" => None,
            "config-files" => Some((name, SETTINGS_ONLY.to_owned())),
            _ => Some((name, field("Version").unwrap_or_default().to_owned())),
        }
    };
    status.split("\n\n").filter_map(package).collect()
}

/// Whether dpkg was interrupted: packages are unpacked but not configured, or its own notes are left.
pub(crate) fn is_interrupted(host: &Host) -> bool {
    let notes = host.list_optional("/var/lib/dpkg/updates").ok().flatten().unwrap_or_default();
    let status = host.read_text_optional("/var/lib/dpkg/status").ok().flatten().unwrap_or_default();
    let half = |line: &str| {
        line.strip_prefix("Status: ").is_some_and(|state| {
            ["half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"]
                .iter()
                .any(|half| state.ends_with(half))
        })
    };
    notes.iter().any(|entry| entry.name.chars().all(|letter| letter.is_ascii_digit()))
        || status.lines().any(half)
}

/// Packages that apt installed because others need them.
pub(crate) fn automatic(host: &Host) -> BTreeSet<String> {
    let text = host.read_text_optional("/var/lib/apt/extended_states").ok().flatten().unwrap_or_default();
    let name = |stanza: &str| {
        let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        field("Package").filter(|_| field("Auto-Installed") == Some("1")).map(str::to_owned)
    };
    text.split("\n\n").filter_map(name).collect()
}

/// pacman keeps one folder per package, `NAME-VERSION-RELEASE`.
fn pacman(host: &Host) -> Option<Versions> {
    let entries = host.list_optional("/var/lib/pacman/local").ok()??;
    let package = |folder: &str| {
        let mut parts = folder.rsplitn(3, '-');
        let (release, version, name) = (parts.next()?, parts.next()?, parts.next()?);
        Some((name.to_owned(), format!("{version}-{release}")))
    };
    Some(entries.iter().filter_map(|entry| package(&entry.name)).collect())
}

/// The database of rpm is no text: its own program is asked. Keys that were imported are packages, too,
/// all of one name.
fn rpm(host: &Host) -> Option<Versions> {
    if !host.is_live() {
        return None;
    }
    let format = "%{NAME}\\t%{VERSION}-%{RELEASE}\\n";
    let command = Command::new("/usr/bin/rpm").args(["-qa", "--qf", format]).env("PATH", "/usr/bin:/bin");
    let output = command.run().ok().filter(host::exec::Output::success)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let package = |line: &str| {
        let (name, version) = line.split_once('\t')?;
        let name = if name == KEY { format!("{KEY}-{version}") } else { name.to_owned() };
        Some((name, version.to_owned()))
    };
    Some(text.lines().filter_map(package).collect())
}

/// rpm's name for an imported key.
pub(crate) const KEY: &str = "gpg-pubkey";

/// The calls of apt that change packages: they wait for another package manager instead of giving up,
/// and files in /etc that somebody changed stay as they are.
const APT_CHANGES: [&str; 4] = ["-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold"];

/// Whether a call is one of a package manager, whose effect is seen in the list of packages.
pub(crate) fn is_manager(argv: &[String]) -> bool {
    let all = [Manager::Apt, Manager::Dnf, Manager::Zypper, Manager::Pacman];
    argv.first().is_some_and(|first| all.into_iter().any(|manager| program(manager) == first))
}

/// The call of apt that only says what one that installs or removes would do.
pub(crate) fn simulated(argv: &[String]) -> Option<Vec<String>> {
    let [program, verb, ..] = argv else { return None };
    let changes = program == "/usr/bin/apt-get" && ["install", "remove"].contains(&verb.as_str());
    changes.then(|| [argv, &["--simulate".to_owned()]].concat())
}

/// What such a call says: packages that come, and packages that go. `Inst runc (1.1.15 ...)`, `Remv runc [1.1.15]`.
pub(crate) fn foreseen(said: &str) -> Vec<(&'static str, Vec<String>)> {
    let named = |word: &str| -> Vec<String> {
        let names = said.lines().filter_map(|line| line.strip_prefix(word)?.split_whitespace().next());
        names.map(str::to_owned).collect()
    };
    let rows = [("come", named("Inst ")), ("go", named("Remv "))];
    rows.into_iter().filter(|(_, names)| !names.is_empty()).collect()
}

/// The program of a package manager.
pub(crate) fn program(manager: Manager) -> &'static str {
    match manager {
        Manager::Apt => "/usr/bin/apt-get",
        Manager::Dnf => "/usr/bin/dnf",
        Manager::Zypper => "/usr/bin/zypper",
        Manager::Pacman => "/usr/bin/pacman",
    }
}

/// The call that installs packages.
pub(crate) fn install(manager: Manager, packages: &[&str]) -> Vec<String> {
    let file = packages.iter().any(|package| package.starts_with('/'));
    let words: &[&str] = match manager {
        Manager::Apt => &["/usr/bin/apt-get", "install", "--yes", "--no-install-recommends"],
        Manager::Dnf if file => &["/usr/bin/dnf", "install", "--assumeyes", "--nogpgcheck"],
        Manager::Dnf => &["/usr/bin/dnf", "install", "--assumeyes"],
        Manager::Zypper if file => {
            &["/usr/bin/zypper", "--non-interactive", "install", "--no-recommends", "--allow-unsigned-rpm"]
        }
        Manager::Zypper => &["/usr/bin/zypper", "--non-interactive", "install", "--no-recommends"],
        Manager::Pacman if file => &["/usr/bin/pacman", "--upgrade", "--needed", "--noconfirm"],
        Manager::Pacman => &["/usr/bin/pacman", "--sync", "--needed", "--noconfirm"],
    };
    call(manager, words, packages)
}

/// The same, and nothing is removed for it: apt would, unasked; the others refuse by themselves.
pub(crate) fn install_beside(manager: Manager, packages: &[&str]) -> Vec<String> {
    let mut call = install(manager, packages);
    if manager == Manager::Apt {
        call.insert(2, "--no-remove".to_owned());
    }
    call
}

/// The call that removes packages and leaves their settings and data.
pub(crate) fn remove(manager: Manager, packages: &[&str]) -> Vec<String> {
    let words: &[&str] = match manager {
        Manager::Apt => &["/usr/bin/apt-get", "remove", "--yes"],
        Manager::Dnf => {
            &["/usr/bin/dnf", "remove", "--assumeyes", "--setopt=clean_requirements_on_remove=False"]
        }
        Manager::Zypper => &["/usr/bin/zypper", "--non-interactive", "remove"],
        Manager::Pacman => &["/usr/bin/pacman", "--remove", "--noconfirm"],
    };
    call(manager, words, packages)
}

/// The call that brings packages back in the version that they had, and removes others with it.
pub(crate) fn bring_back(manager: Manager, old: &[(String, String)], gone: &[&str]) -> Vec<String> {
    let pinned = |(name, version): &(String, String)| pinned(manager, name, version);
    let names: Vec<String> = match manager {
        Manager::Apt => old.iter().map(pinned).chain(gone.iter().map(|name| format!("{name}-"))).collect(),
        _ => old.iter().map(pinned).collect(),
    };
    let words: &[&str] = match manager {
        Manager::Apt => {
            &["/usr/bin/apt-get", "install", "--yes", "--no-install-recommends", "--allow-downgrades"]
        }
        Manager::Dnf => &["/usr/bin/dnf", "install", "--assumeyes", "--allowerasing"],
        Manager::Zypper => {
            &["/usr/bin/zypper", "--non-interactive", "install", "--no-recommends", "--oldpackage"]
        }
        Manager::Pacman => &["/usr/bin/pacman", "--sync", "--noconfirm"],
    };
    call(manager, words, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A package in one version, as the manager names it; pacman knows no versions.
pub(crate) fn pinned(manager: Manager, name: &str, version: &str) -> String {
    match manager {
        _ if version.is_empty() => name.to_owned(),
        Manager::Apt | Manager::Zypper => format!("{name}={version}"),
        Manager::Dnf => format!("{name}-{version}"),
        Manager::Pacman => name.to_owned(),
    }
}

fn call(manager: Manager, words: &[&str], packages: &[&str]) -> Vec<String> {
    let options: &[&str] = if manager == Manager::Apt { &APT_CHANGES } else { &[] };
    words.iter().chain(options).chain(packages).map(|word| (*word).to_owned()).collect()
}

/// The call that reads the lists of packages anew; `None` where installing does that by itself.
pub(crate) fn refresh(manager: Manager) -> Option<Vec<String>> {
    let words: &[&str] = match manager {
        Manager::Apt => &["/usr/bin/apt-get", "update"],
        Manager::Zypper => &["/usr/bin/zypper", "--non-interactive", "refresh"],
        Manager::Pacman => &["/usr/bin/pacman", "--sync", "--refresh"],
        Manager::Dnf => return None,
    };
    Some(words.iter().map(|word| (*word).to_owned()).collect())
}

/// The packages of Docker Engine in the distribution's own repository. Debian 13 took the client out
/// of `docker.io`, which only recommends it; Ubuntu did not.
pub(crate) fn docker_of_distribution(distribution: &Distribution) -> &'static [&'static str] {
    let whole = ["bullseye", "bookworm"].contains(&distribution.codename.as_str());
    match distribution.manager {
        Some(Manager::Apt) if whole || distribution.is_ubuntu() => &["docker.io"],
        Some(Manager::Apt) => &["docker.io", "docker-cli"],
        Some(Manager::Dnf) if distribution.id == "amzn" => &["docker"],
        Some(Manager::Dnf) => &["moby-engine"],
        Some(Manager::Zypper | Manager::Pacman) => &["docker"],
        None => &[],
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]

    use super::*;
    use std::fs;

    #[test]
    fn installed_packages_are_read_from_dpkg() {
        let status = "Package: docker.io\nStatus: install ok installed\n\nPackage: runc\nStatus: deinstall ok config-files\n\n\
                      Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nVersion: 2.41-1\n\n\
                      Package: gone\nStatus: deinstall ok not-installed\n";
        let expected = [("docker.io", ""), ("libc6:amd64", "2.41-1"), ("runc", SETTINGS_ONLY)];
        let expected: Versions = expected.map(|(name, version)| (name.to_owned(), version.to_owned())).into();
        assert_eq!(dpkg(status), expected);
    }

    #[test]
    fn the_client_is_a_package_of_its_own_from_debian_13_on() {
        let clients = |text: &str| {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir_all(root.path().join("etc")).unwrap();
            fs::write(root.path().join("etc/os-release"), text).unwrap();
            docker_of_distribution(&Distribution::read(&Host::at(root.path()))).contains(&"docker-cli")
        };
        assert!(clients("ID=debian\nVERSION_CODENAME=trixie\n") && clients("ID=debian\n"));
        assert!(clients("ID=kali\nID_LIKE=debian\nVERSION_CODENAME=kali-rolling\n"));
        assert!(!clients("ID=debian\nVERSION_CODENAME=bookworm\n"));
        assert!(!clients("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n"));
    }

    #[test]
    fn what_apt_would_do_is_understood() {
        let said = "Reading...\nRemv nvidia-x [1.20]\nInst tini (0.19.0-3 local [amd64])\nInst docker.io [1] (26 local [amd64])\nConf tini (x)\n";
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(foreseen(said), [("come", names(&["tini", "docker.io"])), ("go", names(&["nvidia-x"]))]);
        assert_eq!(simulated(&names(&["/usr/bin/apt-get", "update"])), None);
    }

    #[test]
    fn calls_never_ask() {
        for manager in [Manager::Apt, Manager::Dnf, Manager::Zypper, Manager::Pacman] {
            let quiet = ["--yes", "--assumeyes", "--non-interactive", "--noconfirm"];
            for call in [install(manager, &["a"]), install_beside(manager, &["a"]), remove(manager, &["a"])] {
                assert!(
                    call.iter().any(|word| quiet.contains(&word.as_str()))
                        && call.last().is_some_and(|word| word == "a")
                );
            }
        }
    }
}
