//! apt's lists of sources: what two generations of installation guides left there. A page of HTML
//! saved as a list, or one repository named twice with different keys, stops all of apt.

use crate::keys::Key;
use host::Host;
use plan::Step;
use serde::Serialize;
use std::collections::BTreeMap;

const FOLDER: &str = "/etc/apt/sources.list.d";

/// The distribution's own list: it is read, and never set aside.
const MAIN: &str = "/etc/apt/sources.list";

/// Something in apt's lists that stops it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The file to be taken away.
    pub path: String,
    /// Why.
    pub why: String,
    /// The key that would have to be another one, where its owner is known.
    #[serde(skip)]
    pub(crate) key: Option<Key>,
    /// Its bytes, to put it back.
    #[serde(skip)]
    pub(crate) bytes: Vec<u8>,
}

impl Trouble {
    pub(crate) fn step(&self) -> Step {
        Step::Remove { path: self.path.clone(), before: self.bytes.clone() }
    }
}

/// A list of sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) path: String,
    text: String,
    bytes: Vec<u8>,
}

/// The lists that apt reads besides the distribution's own, in the order of their names.
pub(crate) fn lists(host: &Host) -> Vec<List> {
    let entries = host.list_optional(FOLDER).ok().flatten().unwrap_or_default();
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    let is_list = |name: &&str| name.ends_with(".list") || name.ends_with(".sources");
    let list = |name: &str| {
        let path = format!("{FOLDER}/{name}");
        let bytes = host.read_optional_limited(&path, 1024 * 1024).ok()??;
        Some(List { path, text: String::from_utf8_lossy(&bytes).replace("\r\n", "\n"), bytes })
    };
    names.into_iter().filter(is_list).filter_map(list).collect()
}

/// What can be seen to stop apt.
pub(crate) fn troubles(host: &Host) -> Vec<Trouble> {
    let all = lists(host);
    let mut found = Vec::new();
    let mut keys: BTreeMap<String, (String, String)> = BTreeMap::new();
    let main = host.read_text_optional(MAIN).ok().flatten().unwrap_or_default();
    keys.extend(repositories(&main).into_iter().map(|(name, key)| (name, (MAIN.to_owned(), key))));
    for list in &all {
        if is_page(&list.text) {
            let why = format!("{} is a web page that was saved as a list of sources", list.path);
            found.push(list.trouble(why));
            continue;
        }
        for (repository, key) in repositories(&list.text) {
            match keys.get(&repository) {
                Some((_, other)) if *other == key => {}
                Some((first, other)) => {
                    let why = twice(&repository, other, &key);
                    // The list that names no key, or names it in the old place, is the older one.
                    let older = if first == MAIN || is_older(&key, other) { &list.path } else { first };
                    let known = found.iter().any(|trouble: &Trouble| trouble.path == *older);
                    found.extend(
                        all.iter().find(|list| list.path == *older && !known).map(|list| list.trouble(why)),
                    );
                }
                None => drop(keys.insert(repository, (list.path.clone(), key))),
            }
        }
    }
    found
}

fn twice(repository: &str, one: &str, other: &str) -> String {
    format!("{} is named twice, signed by {} and by {}", repository.trim(), shown(one), shown(other))
}

impl List {
    /// Whether it has this component, too.
    pub(crate) fn has(&self, component: &str) -> bool {
        let lines = self.text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        lines.flat_map(str::split_whitespace).any(|word| word == component)
    }

    /// The step that sets it aside.
    pub(crate) fn aside(&self) -> Step {
        Step::Remove { path: self.path.clone(), before: self.bytes.clone() }
    }

    fn trouble(&self, why: String) -> Trouble {
        Trouble { path: self.path.clone(), why, key: None, bytes: self.bytes.clone() }
    }
}

/// Those of these lists that name a repository: an address and a suite.
pub(crate) fn naming<'lists>(all: &'lists [List], address: &str, suite: &str) -> Vec<&'lists List> {
    let wanted = name(address, suite);
    let named = |list: &&List| repositories(&list.text).iter().any(|(name, _)| *name == wanted);
    all.iter().filter(|list| !is_page(&list.text)).filter(named).collect()
}

/// What apt itself said of its lists when it read them: repositories whose key is missing or expired, or
/// that are gone. The main list of the distribution is never among them.
pub(crate) fn told(host: &Host, said: &str) -> Vec<Trouble> {
    let mut found = malformed(host, said);
    let all = lists(host);
    let stops = [
        "EXPKEYSIG",
        "KEYEXPIRED",
        "NO_PUBKEY",
        "REVKEYSIG",
        "OpenPGP signature verification failed",
        "is not signed",
        "does not have a Release file",
        "Conflicting values set for option Signed-By",
    ];
    for line in said.lines().filter(|line| stops.iter().any(|words| line.contains(words))) {
        let Some(address) = address(line) else { continue };
        let naming = |list: &&List| {
            repositories(&list.text).into_iter().any(|(name, _)| name.starts_with(&format!("{address} ")))
        };
        let mut naming: Vec<&List> = all.iter().filter(naming).collect();
        let why = if line.contains("Conflicting values") {
            // One of them stays: the last, which is the newest form of a list.
            naming.truncate(naming.len().saturating_sub(1).max(1));
            format!("{address} is named twice with different keys")
        } else if line.contains("Release file") {
            format!("{address} is no repository any more")
        } else {
            format!("the signature of {address} cannot be checked: its key is missing or expired")
        };
        let keys = !line.contains("Release file") && !line.contains("Conflicting values");
        for list in naming {
            if !found.iter().any(|trouble| trouble.path == list.path) {
                let key = repositories(&list.text)
                    .into_iter()
                    .find(|(name, _)| name.starts_with(&format!("{address} ")))
                    .and_then(|(_, key)| Key::of(&address, &key))
                    .filter(|_| keys);
                found.push(Trouble { key, ..list.trouble(why.clone()) });
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
            found.push(Trouble { path: path.to_owned(), why, key: None, bytes });
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
        let stanza: String =
            stanza.lines().filter(|line| !line.starts_with('#')).map(|line| line.to_owned() + "\n").collect();
        let field = |name: &str| {
            stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
        };
        if field("Enabled").is_some_and(|value| value.eq_ignore_ascii_case("no")) {
            continue;
        }
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

/// As apt compares them: without a final slash, the architecture put in.
fn name(address: &str, suite: &str) -> String {
    format!("{} {suite}", address.trim_end_matches('/')).replace("$(ARCH)", ARCHITECTURE)
}

/// What Debian calls the architecture that this program was built for.
const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };

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
        let crlf = stanza.replace('\n', "\r\n");
        let off = format!("Enabled: no\n{stanza}");
        let architecture =
            new.replace("/deb /", "/$(ARCH) /").replace("deb [arch=amd64 ", "deb [arch=arm64 ");
        let own = format!("deb [signed-by=/k.gpg] https://n.example/{ARCHITECTURE}/ /\n");
        let cases: [Case<'_>; 10] = [
            (&[("a.list", line)], &[]),
            (&[("a.list", line), ("b.list", line)], &[]),
            (&[("a.list", line), ("b.list", new)], &["a.list"]),
            (&[("a.list", new), ("b.list", line)], &["b.list"]),
            (&[("a.sources", stanza), ("b.list", "deb https://n.example/deb /\n")], &["b.list"]),
            (&[("a.list", line), ("b.sources", &crlf)], &["a.list"]),
            (&[("a.list", line), ("b.sources", &off)], &[]),
            (&[("a.list", &architecture), ("b.list", &own)], &["b.list"]),
            (&[("../sources.list", new), ("b.list", line)], &["b.list"]),
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
                "E: Conflicting values set for option Signed-By regarding source https://a.example/deb/ x: /etc/a.gpg != ",
                Some("a.list"),
            ),
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
