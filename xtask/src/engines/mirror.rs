//! Which archive the packages come from: never a host of our own choice.
//!
//! 1. `LONGSHORE_DEBIAN_MIRROR`, when it is set.
//! 2. On Debian: the archive in the machine's own apt sources that serves the machine's release.
//! 3. On Ubuntu and other relatives: the archive that the distribution's own `debootstrap`
//!    package names as its default, with the keys of its `debian-archive-keyring` package. Both
//!    are downloaded and checked by the machine's own apt, and unpacked, not installed.
//!
//! Suites are Debian's on every machine, so that the same engines are tested everywhere.

use super::{Place, remove_tree};
use crate::exec::{capture, command};
use diag::{Failure, Result, ResultExt};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

const KEYRINGS: [&str; 2] =
    ["usr/share/keyrings/debian-archive-keyring.gpg", "usr/share/keyrings/debian-archive-keyring.pgp"];

/// A Debian archive and the keys that sign it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mirror {
    /// For example `http://archive.example/debian`.
    pub(super) uri: String,
    /// The keyring file.
    pub(super) keyring: PathBuf,
}

/// Finds the archive for this machine.
pub(super) fn find(place: &Place) -> Result<Mirror> {
    let system = fs::read_to_string("/etc/os-release").context("cannot read /etc/os-release")?;
    let given = env::var("LONGSHORE_DEBIAN_MIRROR").ok().filter(|uri| !uri.is_empty());
    let own = || uri_in_sources(&apt_sources()?, &release_name(&system));
    let keyring = keyring_below(Path::new("/"));
    match (given, keyring) {
        (Some(uri), Some(keyring)) => Ok(Mirror { uri, keyring }),
        (Some(uri), None) => Ok(Mirror { uri, ..of_a_relative(place)? }),
        (None, Some(keyring)) if is_debian(&system) => Ok(Mirror { uri: own()?, keyring }),
        (None, _) => of_a_relative(place),
    }
}

fn is_debian(os_release: &str) -> bool {
    field(os_release, "ID") == Some("debian")
}

fn release_name(os_release: &str) -> String {
    field(os_release, "VERSION_CODENAME").unwrap_or("stable").to_string()
}

fn field<'a>(os_release: &'a str, key: &str) -> Option<&'a str> {
    let line = os_release.lines().find(|line| line.split('=').next() == Some(key))?;
    Some(line[key.len() + 1..].trim_matches('"'))
}

fn keyring_below(root: &Path) -> Option<PathBuf> {
    KEYRINGS.iter().map(|file| root.join(file)).find(|file| file.exists())
}

/// The text of all source files of apt, each in the form of the new style or the old.
fn apt_sources() -> Result<Vec<String>> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    }
    files.sort();
    files.retain(|file| file.exists());
    files
        .iter()
        .map(|file| fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display())))
        .collect()
}

/// The URI of the entry that serves component `main` of the machine's own release. An entry whose
/// path ends in `debian` goes before others: third parties use the release's name as well.
fn uri_in_sources(sources: &[String], release: &str) -> Result<String> {
    let mut uris: Vec<String> = sources.iter().flat_map(|text| entries(text, release)).collect();
    uris.sort_by_key(|uri| !uri.trim_end_matches('/').ends_with("debian"));
    uris.into_iter().next().ok_or_else(|| {
        Failure::new(format!("the apt sources of this machine name no archive for Debian {release}"))
            .hint("set LONGSHORE_DEBIAN_MIRROR to the address of a Debian archive")
    })
}

fn entries(text: &str, release: &str) -> Vec<String> {
    let old_style = text.lines().filter_map(|line| old_style_entry(line, release));
    let new_style = text.split("\n\n").filter_map(|stanza| new_style_entry(stanza, release));
    old_style.chain(new_style).collect()
}

fn old_style_entry(line: &str, release: &str) -> Option<String> {
    let rest = line.trim().strip_prefix("deb ")?.trim_start();
    let rest = if rest.starts_with('[') { rest.split_once(']')?.1 } else { rest };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (uri, suite, components) = (words.first()?, words.get(1)?, words.get(2..)?);
    (*suite == release && components.contains(&"main")).then(|| (*uri).to_string())
}

fn new_style_entry(stanza: &str, release: &str) -> Option<String> {
    let value = |key: &str| {
        let line = stanza.lines().find(|line| line.split(':').next() == Some(key))?;
        Some(line[key.len() + 1..].split_whitespace().collect::<Vec<_>>())
    };
    let serves = value("Suites")?.contains(&release) && value("Components")?.contains(&"main");
    let disabled = value("Enabled").is_some_and(|words| words.contains(&"no"));
    (serves && !disabled && value("Types")?.contains(&"deb"))
        .then(|| value("URIs")?.first().map(|uri| (*uri).to_string()))?
}

/// The archive as the distribution's own `debootstrap` and `debian-archive-keyring` give it.
fn of_a_relative(place: &Place) -> Result<Mirror> {
    let tools = place.file("tools");
    remove_tree(&tools)?;
    fs::create_dir_all(tools.join("lists/partial")).context("cannot make the tools folder")?;
    let lists = format!("Dir::State::lists={}", tools.join("lists").display());
    let apt = |words: &[&str]| {
        let mut apt = command(["apt-get", "-qq", "-o", &lists, "-o", "APT::Sandbox::User=root"]);
        capture(apt.args(words).current_dir(&tools))
    };
    apt(&["update"])
        .and_then(|_| apt(&["download", "debootstrap", "debian-archive-keyring"]))
        .context("cannot get debootstrap and debian-archive-keyring from the machine's own archive")?;
    for package in super::apt::archives_in(&tools)? {
        capture(command(["dpkg-deb", "-x"]).arg(&package).arg(&tools))?;
    }
    let script = fs::read_to_string(tools.join("usr/sbin/debootstrap")).context("cannot read debootstrap")?;
    let uri = default_mirror(&script).ok_or_else(|| {
        Failure::new("this distribution's debootstrap names no default archive")
            .hint("set LONGSHORE_DEBIAN_MIRROR to the address of a Debian archive")
    })?;
    let keyring = keyring_below(&tools).ok_or_else(|| Failure::new("the keyring package has no keyring"))?;
    Ok(Mirror { uri, keyring })
}

fn default_mirror(debootstrap: &str) -> Option<String> {
    let line = debootstrap.lines().find_map(|line| line.trim().strip_prefix("DEF_MIRROR="))?;
    Some(line.trim_matches('"').to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "Types: deb\n# a remark\nURIs: http://one.example/debian\nSuites: bookworm bookworm-updates\n\
                       Components: main contrib\n\nTypes: deb\nURIs: http://two.example/debian-security\n\
                       Suites: bookworm-security\nComponents: main\n";

    #[test]
    fn the_machine_s_own_archive_is_found_in_both_styles() {
        for (sources, wanted) in [
            (vec![NEW], Some("http://one.example/debian")),
            (vec!["deb http://one.example/debian bookworm main"], Some("http://one.example/debian")),
            (
                vec!["deb [arch=amd64 signed-by=/x] http://one.example/debian/ bookworm main"],
                Some("http://one.example/debian/"),
            ),
            (vec!["deb http://vendor.example/apt bookworm main", NEW], Some("http://one.example/debian")),
            (vec!["deb http://engine.example/linux/debian bookworm stable"], None),
            (vec!["deb http://cloud.example/apt cloud-sdk-bookworm main"], None),
            (vec!["#deb http://one.example/debian bookworm main"], None),
            (vec!["deb-src http://one.example/debian bookworm main"], None),
            (vec![], None),
        ] {
            let sources: Vec<String> = sources.into_iter().map(str::to_string).collect();
            let found = uri_in_sources(&sources, "bookworm").ok();
            assert_eq!(found.as_deref(), wanted, "{sources:?}");
        }
    }

    #[test]
    fn a_disabled_stanza_does_not_count() {
        let disabled = NEW.replace("Types: deb\n# a remark", "Types: deb\nEnabled: no");
        assert!(uri_in_sources(&[disabled], "bookworm").is_err());
    }

    #[test]
    fn os_release_fields_are_read_with_and_without_quotes() {
        let text = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        assert!(is_debian(text));
        assert_eq!(release_name(text), "bookworm");
        assert!(!is_debian("ID=ubuntu\nID_LIKE=debian\n"));
    }

    #[test]
    fn debootstrap_s_default_is_read() {
        assert_eq!(
            default_mirror("x=1\nDEF_MIRROR=\"http://one.example/debian\"\n").as_deref(),
            Some("http://one.example/debian")
        );
        assert_eq!(default_mirror("x=1\n"), None);
    }
}
