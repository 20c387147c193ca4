//! apt's lists of sources: what two generations of installation guides left there. A page of HTML
//! saved as a list, or one repository named twice with different keys, stops all of apt.

use host::Host;
use plan::Step;
use serde::Serialize;
use std::collections::BTreeMap;

const FOLDER: &str = "/etc/apt/sources.list.d";

/// Something in apt's lists that stops it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The file to be taken away.
    pub path: String,
    /// Why.
    pub why: String,
    /// Its bytes, to put it back.
    #[serde(skip)]
    pub(crate) bytes: Vec<u8>,
}

impl Trouble {
    pub(crate) fn step(&self) -> Step {
        Step::Remove { path: self.path.clone(), before: self.bytes.clone() }
    }
}

/// What stops apt.
pub(crate) fn troubles(host: &Host) -> Vec<Trouble> {
    let entries = host.list_optional(FOLDER).ok().flatten().unwrap_or_default();
    let mut found = Vec::new();
    let mut keys: BTreeMap<String, (String, String)> = BTreeMap::new();
    for entry in entries {
        let path = format!("{FOLDER}/{}", entry.name);
        let is_list = path.ends_with(".list") || path.ends_with(".sources");
        let Some(bytes) = host.read_optional_limited(&path, 1024 * 1024).ok().flatten().filter(|_| is_list)
        else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if is_page(&text) {
            let why = format!("{path} is a web page that was saved as a list of sources");
            found.push(Trouble { path, why, bytes });
            continue;
        }
        for (repository, key) in repositories(&text) {
            match keys.get(&repository) {
                Some((_, other)) if *other == key => {}
                // The list that names no key, or names it in the old place, is the older one.
                Some((first, other)) => {
                    let why = format!(
                        "{repository} is named twice, signed by {} and by {}",
                        shown(other),
                        shown(&key)
                    );
                    let older = if is_older(&key, other) { path.clone() } else { first.clone() };
                    let bytes = host.read_optional(&older).ok().flatten().unwrap_or_default();
                    if !found.iter().any(|trouble: &Trouble| trouble.path == older) {
                        found.push(Trouble { path: older, why, bytes });
                    }
                }
                None => drop(keys.insert(repository, (path.clone(), key))),
            }
        }
    }
    found
}

/// What apt itself said of its lists when it read them: repositories whose key is missing or expired, or
/// that are gone. The main list of the distribution is never among them.
pub(crate) fn told(host: &Host, said: &str) -> Vec<Trouble> {
    let mut found = malformed(host, said);
    let stops = ["EXPKEYSIG", "NO_PUBKEY", "REVKEYSIG", "is not signed", "does not have a Release file"];
    for line in said.lines().filter(|line| stops.iter().any(|words| line.contains(words))) {
        let Some(address) = address(line) else { continue };
        let why = if line.contains("Release file") {
            format!("{address} is no repository any more")
        } else {
            format!("the signature of {address} cannot be checked: its key is missing or expired")
        };
        for entry in host.list_optional(FOLDER).ok().flatten().unwrap_or_default() {
            let path = format!("{FOLDER}/{}", entry.name);
            let is_list = path.ends_with(".list") || path.ends_with(".sources");
            let known = found.iter().any(|trouble| trouble.path == path);
            let Some(bytes) = host.read_optional_limited(&path, 1024 * 1024).ok().flatten() else { continue };
            let names = repositories(&String::from_utf8_lossy(&bytes));
            if is_list && !known && names.iter().any(|(name, _)| name.starts_with(&format!("{address} "))) {
                found.push(Trouble { path, why: why.clone(), bytes });
            }
        }
    }
    found
}

/// Lists that apt names itself: `E: Malformed entry 1 in list file /etc/apt/sources.list.d/a.list (Component)`.
fn malformed(host: &Host, said: &str) -> Vec<Trouble> {
    let words = ["Malformed entry", "Malformed stanza", "is not known on line", "is not known on stanza"];
    let lines = said.lines().filter(|line| words.iter().any(|words| line.contains(words)));
    let mut found: Vec<Trouble> = Vec::new();
    for line in lines {
        let start = line.find(FOLDER).and_then(|start| line.get(start..)).unwrap_or_default();
        let path = start.split([' ', ',', ')', ':']).next().unwrap_or_default();
        let known = found.iter().any(|trouble| trouble.path == path);
        if let (false, Some(bytes)) = (known, host.read_optional(path).ok().flatten()) {
            let why = format!("{path} has an entry that apt does not understand");
            found.push(Trouble { path: path.to_owned(), why, bytes });
        }
    }
    found
}

/// The address in a line such as `E: The repository 'http://a/b suite InRelease' is not signed.`
fn address(line: &str) -> Option<String> {
    let schemes = ["https://", "http://", "file:/", "copy:/"];
    let start = schemes.iter().filter_map(|scheme| line.find(scheme)).min()?;
    let word = line.get(start..)?.split([' ', '\'']).next()?;
    Some(word.trim_end_matches('/').to_owned())
}

fn shown(key: &str) -> &str {
    if key.is_empty() { "no key of its own" } else { key }
}

/// Guides moved from no key to `/usr/share/keyrings` and from there to `/etc/apt/keyrings`.
fn is_older(key: &str, other: &str) -> bool {
    let age = |key: &str| match key {
        "" => 0,
        key if key.starts_with("/usr/share/keyrings/") => 1,
        _ => 2,
    };
    age(key) <= age(other)
}

fn is_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(200).collect::<String>().to_lowercase();
    start.starts_with("<!doctype")
        || start.starts_with("<html")
        || start.contains("# unsupported distribution")
}

/// The repositories of a list with their keys, in the form of one line (`sources.list(5)`) or of stanzas.
fn repositories(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("deb"));
    let mut found: Vec<(String, String)> = lines.filter_map(one_line).collect();
    for stanza in text.split("\n\n") {
        let field = |name: &str| {
            stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
        };
        let key = field("Signed-By").unwrap_or_default();
        let addresses = field("URIs").unwrap_or_default().split_whitespace();
        let suites: Vec<&str> = field("Suites").unwrap_or_default().split_whitespace().collect();
        found.extend(
            addresses
                .flat_map(|address| suites.iter().map(move |suite| (name(address, suite), key.to_owned()))),
        );
    }
    found
}

/// `deb [arch=amd64 signed-by=/k.gpg] https://host/path suite main`.
fn one_line(line: &str) -> Option<(String, String)> {
    let rest = line.strip_prefix("deb-src").or_else(|| line.strip_prefix("deb"))?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace();
    let (address, suite) = (words.next()?, words.next()?);
    let key = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
    Some((name(address, suite), key.unwrap_or_default().to_owned()))
}

fn name(address: &str, suite: &str) -> String {
    format!("{} {suite}", address.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]

    use super::*;
    use std::fs;

    /// Lists with their names, and those that stop apt.
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

    #[test]
    fn what_stops_apt_is_found_and_nothing_else() {
        let line = "deb [signed-by=/usr/share/keyrings/n.gpg] https://n.example/deb/ / \n";
        let new = "deb [arch=amd64 signed-by=/etc/apt/keyrings/n.gpg] https://n.example/deb /\n";
        let stanza =
            "Types: deb\nURIs: https://n.example/deb\nSuites: /\nSigned-By: /etc/apt/keyrings/n.gpg\n";
        let cases: [Case<'_>; 6] = [
            (&[("a.list", line)], &[]),
            (&[("a.list", line), ("b.list", line)], &[]),
            (&[("a.list", line), ("b.list", new)], &["a.list"]),
            (&[("a.list", new), ("b.list", line)], &["b.list"]),
            (&[("a.sources", stanza), ("b.list", "deb https://n.example/deb /\n")], &["b.list"]),
            (&[("a.list", "<!DOCTYPE html>\n<html>"), ("b.list", line), ("c.save", "<html>")], &["a.list"]),
        ];
        for (files, expected) in cases {
            let root = tempfile::tempdir().unwrap();
            let folder = root.path().join("etc/apt/sources.list.d");
            fs::create_dir_all(&folder).unwrap();
            for (name, text) in files {
                fs::write(folder.join(name), text).unwrap();
            }
            let found = troubles(&Host::at(root.path()));
            let paths: Vec<&str> =
                found.iter().filter_map(|trouble| trouble.path.rsplit('/').next()).collect();
            assert_eq!(paths, *expected, "{files:?}");
        }
        assert_eq!(troubles(&Host::at("/nonexistent")), []);
    }

    #[test]
    fn what_apt_says_leads_to_the_list() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("etc/apt/sources.list.d");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.list"), "deb https://a.example/deb/ x main\n").unwrap();
        fs::write(folder.join("b.sources"), "Types: deb\nURIs: http://b.example/\nSuites: /\n").unwrap();
        let cases = [
            (
                "W: GPG error: https://a.example/deb x InRelease: The following signatures were invalid: EXPKEYSIG 1 A",
                Some("a.list"),
            ),
            ("E: The repository 'http://b.example  InRelease' is not signed.", Some("b.sources")),
            (
                "E: The repository 'http://b.example/ / Release' does not have a Release file.",
                Some("b.sources"),
            ),
            ("E: The repository 'http://deb.example/debian x InRelease' is not signed.", None),
            (
                "W: Failed to fetch https://a.example/deb/dists/x/InRelease  Could not resolve 'a.example'",
                None,
            ),
        ];
        for (said, expected) in cases {
            let found = told(&Host::at(root.path()), said);
            let paths: Vec<&str> =
                found.iter().filter_map(|trouble| trouble.path.rsplit('/').next()).collect();
            assert_eq!(paths, expected.into_iter().collect::<Vec<_>>(), "{said}");
        }
    }
}
