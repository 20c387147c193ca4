//! Package managers of systems: apt, dnf, yum, zypper, apk, pacman.

use super::{base_name, proper};
use crate::dockerfile::{Argument, Run};

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are the names of the programs")]
pub enum Manager {
    Apt,
    Dnf,
    Zypper,
    Apk,
    Pacman,
}

/// One call that installs packages.
#[derive(Clone, Debug)]
pub struct Install<'a> {
    /// Who installs.
    pub manager: Manager,
    /// What is installed.
    pub packages: Vec<Package<'a>>,
}

/// A package to install.
#[derive(Clone, Debug)]
pub struct Package<'a> {
    /// Its name; for a file, the file's name.
    pub name: String,
    /// The version, where one is given.
    pub version: Option<String>,
    /// The word.
    pub arg: &'a Argument,
}

/// Options with a value in the next word.
const VALUED: &[&str] = &[
    "-o",
    "--option",
    "-t",
    "--target-release",
    "--default-release",
    "-c",
    "--config-file",
    "--setopt",
    "--enablerepo",
    "--disablerepo",
    "--repo",
    "--installroot",
    "--releasever",
    "--root",
    "-X",
    "--repository",
    "--exclude",
    "-x",
    "--virtual",
    "--from",
];

/// The packages that a command installs; `None` when it installs nothing.
#[must_use]
pub fn install(run: &Run) -> Option<Install<'_>> {
    let (first, rest) = proper(run).split_first()?;
    let (manager, verbs): (Manager, &[&str]) = match base_name(first) {
        "apt-get" | "apt" | "aptitude" | "apt-fast" => (Manager::Apt, &["install", "reinstall"]),
        "dnf" | "yum" | "microdnf" | "dnf5" | "tdnf" => {
            (Manager::Dnf, &["install", "reinstall", "localinstall"])
        }
        "zypper" => (Manager::Zypper, &["install", "in"]),
        "apk" => (Manager::Apk, &["add"]),
        "pacman" => return Some(Install { manager: Manager::Pacman, packages: pacman(rest)? }),
        _ => return None,
    };
    let words = plain_words(rest, manager);
    let (verb, packages) = words.split_first()?;
    if !verbs.contains(&verb.known()) {
        return None;
    }
    Some(Install { manager, packages: packages.iter().filter_map(|arg| package(arg, manager)).collect() })
}

fn pacman(rest: &[Argument]) -> Option<Vec<Package<'_>>> {
    let syncs = rest.iter().any(|arg| arg.known().starts_with("-S") || arg.known() == "--sync");
    syncs.then(|| {
        plain_words(rest, Manager::Pacman)
            .into_iter()
            .filter_map(|arg| package(arg, Manager::Pacman))
            .collect()
    })
}

/// The words that are no options.
fn plain_words(args: &[Argument], manager: Manager) -> Vec<&Argument> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        let text = arg.known();
        // `apk add -t name` and `apt-get -t release` both take one; `dnf -x` too.
        let valued = VALUED.contains(&text) && !(manager == Manager::Dnf && text == "-t");
        at += if valued { 2 } else { 1 };
        if !valued && !text.starts_with('-') {
            out.push(arg);
        }
    }
    out
}

fn package(arg: &Argument, manager: Manager) -> Option<Package<'_>> {
    let text = arg.text.as_deref()?;
    let file = text.rsplit('/').next().unwrap_or(text);
    let is_file = (text.contains('/') && manager != Manager::Apt)
        || text.starts_with(['/', '.'])
        || text.contains("://");
    if is_file {
        return Some(Package { name: file.to_owned(), version: None, arg });
    }
    // `name/release` of apt, `name:arch`, `name=version`.
    let text = text.split('/').next().unwrap_or(text);
    let (name, version) = match text.find(['=', '~', '<', '>']) {
        Some(cut) if manager != Manager::Dnf => {
            (&text[..cut], text[cut..].trim_start_matches(['=', '~', '<', '>']))
        }
        _ => (text, ""),
    };
    let name = if manager == Manager::Apt { name.split(':').next().unwrap_or(name) } else { name };
    Some(Package { name: name.to_owned(), version: (!version.is_empty()).then(|| version.to_owned()), arg })
}

#[cfg(test)]
mod tests {
    use super::super::testing::run;
    use super::*;

    #[test]
    fn packages_are_found_behind_options() {
        let cases = [
            ("apt-get install -y --no-install-recommends a=1.2 b:amd64 c/jammy-backports", "a 1.2,b,c"),
            ("sudo DEBIAN_FRONTEND=noninteractive apt -o Dpkg::Use-Pty=0 -y install a", "a"),
            ("sudo -E apt-get -qq install a -y", "a"),
            ("env A=b apt-get install a", "a"),
            ("yum -y install https://x/y/epel.rpm a", "epel.rpm,a"),
            ("apk add --no-cache -t build a", "a"),
            ("pacman -Syu --noconfirm a b", "a,b"),
            ("zypper --non-interactive in a", "a"),
        ];
        for (script, expected) in cases {
            let run = run(script);
            let install = install(&run).unwrap_or_else(|| panic!("{script}"));
            let shown: Vec<String> = install
                .packages
                .iter()
                .map(|package| match &package.version {
                    Some(version) => format!("{} {version}", package.name),
                    None => package.name.clone(),
                })
                .collect();
            assert_eq!(shown.join(","), expected, "{script}");
        }
        for script in ["apt-get update", "apt-mark hold a", "echo apt-get install a", "pacman -R a"] {
            assert!(install(&run(script)).is_none(), "{script}");
        }
    }
}
