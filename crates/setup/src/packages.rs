//! Which packages are installed, and the calls that install and remove them.

use crate::Manager;
use host::Host;
use host::exec::Command;
use std::collections::BTreeSet;

/// Packages that Docker's own cannot stand beside (docs.docker.com, "Uninstall old versions").
pub(crate) const CONFLICTING: [&str; 9] = [
    "docker",
    "docker-engine",
    "docker.io",
    "docker-doc",
    "podman-docker",
    "containerd",
    "runc",
    "docker-client",
    "docker-common",
];

/// The packages of Docker's own repository.
pub(crate) const DOCKER_CE: [&str; 5] =
    ["docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin", "docker-compose-plugin"];

/// Those of the interesting packages that are installed; `None` where nothing tells.
pub(crate) fn installed(host: &Host, manager: Manager) -> Option<BTreeSet<String>> {
    match manager {
        Manager::Apt => dpkg(&host.read_text_optional("/var/lib/dpkg/status").ok()??),
        Manager::Pacman => pacman(host),
        Manager::Dnf | Manager::Zypper => rpm(host),
    }
}

fn dpkg(status: &str) -> Option<BTreeSet<String>> {
    let name = |stanza: &str| {
        let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let installed = field("Status").is_some_and(|status| status.ends_with(" installed"));
        field("Package").filter(|_| installed).map(str::to_owned)
    };
    Some(status.split("\n\n").filter_map(name).collect())
}

/// pacman keeps one folder per package, `NAME-VERSION-RELEASE`.
fn pacman(host: &Host) -> Option<BTreeSet<String>> {
    let entries = host.list_optional("/var/lib/pacman/local").ok()??;
    let name = |folder: &str| Some(folder.rsplitn(3, '-').nth(2)?.to_owned());
    Some(entries.iter().filter_map(|entry| name(&entry.name)).collect())
}

/// The database of rpm is no text: its own program is asked.
fn rpm(host: &Host) -> Option<BTreeSet<String>> {
    if !host.is_live() {
        return None;
    }
    let command =
        Command::new("/usr/bin/rpm").args(["-qa", "--qf", "%{NAME}\\n"]).env("PATH", "/usr/bin:/bin");
    let output = command.run().ok().filter(host::exec::Output::success)?;
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// The call that installs packages.
pub(crate) fn install(manager: Manager, packages: &[&str]) -> Vec<String> {
    let words: &[&str] = match manager {
        Manager::Apt => &["/usr/bin/apt-get", "install", "--yes", "--no-install-recommends"],
        Manager::Dnf => &["/usr/bin/dnf", "install", "--assumeyes"],
        Manager::Zypper => &["/usr/bin/zypper", "--non-interactive", "install"],
        Manager::Pacman => &["/usr/bin/pacman", "--sync", "--needed", "--noconfirm"],
    };
    words.iter().chain(packages).map(|word| (*word).to_owned()).collect()
}

/// The call that removes packages and leaves their settings and data.
pub(crate) fn remove(manager: Manager, packages: &[&str]) -> Vec<String> {
    let words: &[&str] = match manager {
        Manager::Apt => &["/usr/bin/apt-get", "remove", "--yes"],
        Manager::Dnf => &["/usr/bin/dnf", "remove", "--assumeyes"],
        Manager::Zypper => &["/usr/bin/zypper", "--non-interactive", "remove"],
        Manager::Pacman => &["/usr/bin/pacman", "--remove", "--noconfirm"],
    };
    words.iter().chain(packages).map(|word| (*word).to_owned()).collect()
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

/// The packages of Docker Engine in the distribution's own repository.
pub(crate) fn docker_of_distribution(manager: Manager, id: &str) -> &'static [&'static str] {
    match (manager, id) {
        (Manager::Apt, _) => &["docker.io"],
        (Manager::Dnf, _) => &["moby-engine"],
        (Manager::Zypper | Manager::Pacman, _) => &["docker"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_packages_are_read_from_dpkg() {
        let status = "Package: docker.io\nStatus: install ok installed\n\nPackage: runc\nStatus: deinstall ok config-files\n";
        assert_eq!(dpkg(status), Some(["docker.io".to_owned()].into()));
    }

    #[test]
    fn calls_never_ask() {
        for manager in [Manager::Apt, Manager::Dnf, Manager::Zypper, Manager::Pacman] {
            let quiet = ["--yes", "--assumeyes", "--non-interactive", "--noconfirm"];
            for call in [install(manager, &["a"]), remove(manager, &["a"])] {
                assert!(
                    call.iter().any(|word| quiet.contains(&word.as_str()))
                        && call.last().is_some_and(|word| word == "a")
                );
            }
        }
    }
}
