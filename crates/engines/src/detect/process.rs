//! Running processes, from `/proc` (`proc(5)`). A recording or a directory without one has none.

use host::Host;

/// A running process.
#[derive(Clone, Debug)]
pub(super) struct Process {
    /// Its id.
    pub(super) id: u32,
    /// Its program, as it was called.
    pub(super) program: String,
    /// Its arguments.
    pub(super) arguments: Vec<String>,
    /// The home of its user, unless that is root.
    pub(super) home: Option<String>,
}

/// The processes whose program has this name.
pub(super) fn named(host: &Host, name: &str) -> Vec<Process> {
    found(host, |program| program == name)
}

/// The processes whose program's name begins like this.
pub(super) fn like(host: &Host, beginning: &str) -> Vec<Process> {
    found(host, |program| program.starts_with(beginning))
}

fn found(host: &Host, wanted: impl Fn(&str) -> bool) -> Vec<Process> {
    let entries = host.list_optional("/proc").ok().flatten().unwrap_or_default();
    let ids = entries.iter().filter_map(|entry| entry.name.parse::<u32>().ok());
    ids.filter_map(|id| process(host, id, &wanted)).collect()
}

fn process(host: &Host, id: u32, wanted: impl Fn(&str) -> bool) -> Option<Process> {
    let line = host.read_optional(&format!("/proc/{id}/cmdline")).ok().flatten()?;
    let mut words = line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    let called = words.next().filter(|word| wanted(word.rsplit('/').next().unwrap_or_default()))?;
    let home = home(host, id);
    if home.is_none() && is_elsewhere(host, id) {
        return None;
    }
    let program = host.read_link(&format!("/proc/{id}/exe")).ok().flatten().unwrap_or(called);
    let mut arguments: Vec<String> = words.collect();
    // The list of arguments ends with a zero byte.
    arguments.pop_if(|last| last.is_empty());
    Some(Process { id, program, arguments, home })
}

/// Whether a process of root sees other mounts than we do: a daemon inside a container, whose files are
/// not those of this machine. One that systemd gave mounts of its own is known by its unit.
fn is_elsewhere(host: &Host, id: u32) -> bool {
    let mounts = |id: &str| host.read_link(&format!("/proc/{id}/ns/mnt")).ok().flatten();
    match (mounts("self"), mounts(&id.to_string())) {
        (Some(ours), Some(theirs)) => ours != theirs,
        _ => false,
    }
}

/// The home of a process's user; `None` for root. Inside a user namespace a daemon takes itself for
/// root, outside it is who started it.
fn home(host: &Host, id: u32) -> Option<String> {
    let status = host.read_text_optional(&format!("/proc/{id}/status")).ok().flatten()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    let uid = line.split_whitespace().nth(1)?;
    if uid == "0" {
        return None;
    }
    let passwd = host.read_text_optional("/etc/passwd").ok().flatten()?;
    let of_user = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2) == Some(&uid)).then(|| fields.get(5).map(|home| (*home).to_owned())).flatten()
    };
    passwd.lines().find_map(of_user).filter(|home| home.starts_with('/'))
}
