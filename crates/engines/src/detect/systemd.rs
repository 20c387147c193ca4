//! Units of systemd, read from their files with drop-ins, as `systemd.unit(5)` finds them.

use super::Service;
use super::command_line::words;
use host::Host;
use std::collections::{BTreeMap, BTreeSet};

/// A service that starts a program.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// Its name: `docker.service`.
    pub(super) name: String,
    /// The program of its `ExecStart`.
    pub(super) program: String,
    /// The arguments after it, variables put in.
    pub(super) arguments: Vec<String>,
    reloads: bool,
}

impl Unit {
    /// Whether its program has this name.
    pub(super) fn runs(&self, name: &str) -> bool {
        self.program.rsplit('/').next() == Some(name)
    }

    pub(super) fn service(&self, user: bool) -> Service {
        Service { unit: self.name.clone(), user, reloads: self.reloads }
    }
}

/// Where units of the system lie, the first wins.
pub(super) fn system_folders() -> Vec<String> {
    let folders = ["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system"];
    let of_packages = ["/usr/lib/systemd/system", "/lib/systemd/system"];
    folders.iter().chain(&of_packages).map(|folder| (*folder).to_owned()).collect()
}

/// Where units of a user lie whose configuration is in `folder`.
pub(super) fn user_folders(folder: &str) -> Vec<String> {
    let of_packages = ["/etc/systemd/user", "/usr/lib/systemd/user", "/lib/systemd/user"];
    let own = format!("{folder}/systemd/user");
    std::iter::once(own).chain(of_packages.map(str::to_owned)).collect()
}

/// The services whose files name a program, masked ones left out. What cannot be read is not there.
pub(super) fn units(host: &Host, folders: &[String], program: &str) -> Vec<Unit> {
    let mut names = BTreeSet::new();
    for folder in folders {
        for entry in list(host, folder) {
            let name = entry.strip_suffix(".d").unwrap_or(&entry).to_owned();
            if name.ends_with(".service") && !name.contains('@') {
                names.insert(name);
            }
        }
    }
    names.iter().filter_map(|name| unit(host, folders, name, program)).collect()
}

fn unit(host: &Host, folders: &[String], name: &str, program: &str) -> Option<Unit> {
    let file = folders.iter().find_map(|folder| text(host, &format!("{folder}/{name}")))?;
    // A masked unit is a link to /dev/null, or empty.
    if file.trim().is_empty() {
        return None;
    }
    let mut drop_ins = BTreeMap::new();
    for folder in folders.iter().rev() {
        let folder = format!("{folder}/{name}.d");
        for entry in list(host, &folder).into_iter().filter(|entry| entry.ends_with(".conf")) {
            drop_ins.insert(entry.clone(), format!("{folder}/{entry}"));
        }
    }
    let texts: Vec<String> =
        std::iter::once(file).chain(drop_ins.values().filter_map(|path| text(host, path))).collect();
    if !texts.iter().any(|text| text.contains(program)) {
        return None;
    }
    let settings = Settings::read(&texts);
    let variables = settings.variables(host);
    let mut line =
        settings.start?.iter().flat_map(|word| expanded(word, &variables)).collect::<Vec<_>>().into_iter();
    let program = line.next()?.trim_start_matches(['@', '-', ':', '+', '!']).to_owned();
    Some(Unit { name: name.to_owned(), program, arguments: line.collect(), reloads: settings.reloads })
}

/// What of a unit's `[Service]` matters here.
#[derive(Debug, Default)]
struct Settings {
    start: Option<Vec<String>>,
    reloads: bool,
    environment: Vec<String>,
    files: Vec<String>,
}

impl Settings {
    /// The unit's file and its drop-ins in order. An empty value takes back what was set before.
    fn read(texts: &[String]) -> Self {
        let mut settings = Self::default();
        for text in texts {
            let mut section = "";
            let joined = text.replace("\\\n", " ");
            for line in joined.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
                if line.starts_with('[') {
                    section = line;
                } else if let (Some((key, value)), "[Service]") = (line.split_once('='), section) {
                    settings.set(key.trim(), value.trim());
                }
            }
        }
        settings
    }

    fn set(&mut self, key: &str, value: &str) {
        match key {
            "ExecStart" if value.is_empty() => self.start = None,
            "ExecStart" => self.start = Some(words(value)),
            "ExecReload" => self.reloads = !value.is_empty(),
            "Environment" if value.is_empty() => self.environment.clear(),
            "Environment" => self.environment.extend(words(value)),
            "EnvironmentFile" if value.is_empty() => self.files.clear(),
            "EnvironmentFile" => self.files.push(value.trim_start_matches('-').to_owned()),
            _ => {}
        }
    }

    /// The variables of the unit; those of files win (`systemd.exec(5)`).
    fn variables(&self, host: &Host) -> BTreeMap<String, String> {
        let mut assignments = self.environment.clone();
        for path in &self.files {
            let text = text(host, path).unwrap_or_default();
            let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
            assignments.extend(lines.filter_map(|line| {
                let (name, value) = line.split_once('=')?;
                let quoted = value.starts_with(['"', '\'']);
                let value = if quoted { words(value).join(" ") } else { value.to_owned() };
                Some(format!("{name}={value}"))
            }));
        }
        let pair =
            |text: &String| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        assignments.iter().filter_map(pair).collect()
    }
}

/// A word with its variables put in: `$NAME` as a word of its own becomes several words, `${NAME}`
/// stays in its word.
fn expanded(word: &str, variables: &BTreeMap<String, String>) -> Vec<String> {
    let value = |name: &str| variables.get(name).cloned().unwrap_or_default();
    if let Some(name) = word.strip_prefix('$').filter(|name| !name.starts_with(['{', '$'])) {
        return words(&value(name));
    }
    let mut out = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, tail)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&value(name));
        rest = tail;
    }
    vec![out + rest]
}

fn list(host: &Host, folder: &str) -> Vec<String> {
    let entries = host.list_optional(folder).ok().flatten().unwrap_or_default();
    entries.into_iter().map(|entry| entry.name).collect()
}

fn text(host: &Host, path: &str) -> Option<String> {
    if !path.starts_with('/') || path.contains('\0') {
        return None;
    }
    if host.read_link(path).ok().flatten().is_some_and(|target| target == "/dev/null") {
        return Some(String::new());
    }
    let bytes = host.read_optional_limited(path, 1024 * 1024).ok().flatten()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn drop_ins_replace_or_add_and_comments_say_nothing() {
        let unit = "[Unit]\nExecStart=/not/this\n[Service]\n# ExecStart=/nor/this\nEnvironment=\"A=x y\" B=z\nExecStart=/usr/bin/d $A ${B}q \\\n  --last\n";
        let settings = Settings::read(&[unit.to_owned()]);
        let variables = settings.variables(&Host::at("/nonexistent"));
        let line: Vec<String> =
            settings.start.iter().flatten().flat_map(|word| expanded(word, &variables)).collect();
        assert_eq!(line, ["/usr/bin/d", "x", "y", "zq", "--last"]);
        let emptied = Settings::read(&[unit.to_owned(), "[Service]\nExecStart=\nEnvironment=\n".to_owned()]);
        assert!(emptied.start.is_none() && emptied.environment.is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "[\\[\\]A-Za-z=$ {}'\"#;\\\\\n]{0,200}") {
            let text = format!("[Service]\n{text}");
            let settings = Settings::read(&[text]);
            let variables = settings.variables(&Host::at("/nonexistent"));
            for word in settings.start.iter().flatten() {
                drop(expanded(word, &variables));
            }
        }
    }
}
