//! The daemon's process: its own environment's `PATH`, when it started, which root it sees.

use super::{Known, Reason, look};
use host::Host;
use serde::{Deserialize, Serialize};
use std::time::UNIX_EPOCH;

/// Clock ticks per second in `/proc/<pid>/stat`: `USER_HZ`, 100 on every architecture that has an
/// NVIDIA driver.
const TICKS_PER_SECOND: i64 = 100;
const NANOSECONDS: i64 = 1_000_000_000;

/// A `dockerd` process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daemon {
    /// Process id.
    pub pid: u32,
    /// How it was told to be the one behind the socket.
    pub found_by: FoundBy,
    /// Effective user.
    pub uid: u32,
    /// Its executable.
    pub program: Known<String>,
    /// When it was started, in nanoseconds since 1970. Exact to some 20 ms unless the clock was set since.
    pub started_ns: i64,
    /// The directories of `PATH` in its environment; empty when it has no `PATH`.
    pub path: Known<Vec<String>>,
    /// Whether it sees the same root directory as the doctor.
    pub same_root: Known<bool>,
    /// The systemd unit that it runs in, from its control group.
    pub unit: Option<String>,
    /// `--config-file`, when it was started with that.
    pub config_file: Option<String>,
    /// Where it looks for `docker/daemon.json` when it is rootless: `XDG_CONFIG_HOME` or `HOME` of its
    /// environment, else the home of its user.
    #[serde(default)]
    pub config_home: Option<String>,
}

/// How a process was told to be the one behind a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoundBy {
    /// It holds the listening socket.
    Socket,
    /// It is the only `dockerd` that can be seen.
    OnlyOne,
}

/// The daemon behind `socket`.
pub(super) fn read(host: &Host, socket: &str) -> Result<Daemon, Reason> {
    let candidates = processes(host)?;
    let (pid, found_by) = select(host, &candidates, socket)?;
    describe(host, pid, found_by)
}

/// Ids of all processes named `dockerd`.
fn processes(host: &Host) -> Result<Vec<u32>, Reason> {
    let names = look::names(host, "/proc")?;
    let pids = names.iter().filter_map(|name| name.parse::<u32>().ok());
    // A process that ends while it is looked at is none.
    Ok(pids
        .filter(|pid| {
            look::text(host, &format!("/proc/{pid}/stat")).is_ok_and(|stat| {
                stat.is_some_and(|stat| parse_stat(&stat).is_some_and(|stat| stat.0 == "dockerd"))
            })
        })
        .collect())
}

fn select(host: &Host, candidates: &[u32], socket: &str) -> Result<(u32, FoundBy), Reason> {
    let inodes = listening_inodes(host, socket)?;
    let holder = candidates.iter().find(|pid| holds(host, **pid, &inodes));
    match (holder, candidates) {
        (Some(pid), _) => Ok((*pid, FoundBy::Socket)),
        (None, [only]) => Ok((*only, FoundBy::OnlyOne)),
        (None, []) => Err(Reason::not_asked(format!("no process named dockerd can be seen behind {socket}"))),
        (None, _) => {
            Err(Reason::denied(format!("which of the processes {candidates:?} listens on {socket}")))
        }
    }
}

/// Inodes of the sockets that listen at `socket`, from `/proc/net/unix`.
fn listening_inodes(host: &Host, socket: &str) -> Result<Vec<String>, Reason> {
    let table = look::text(host, "/proc/net/unix")?.unwrap_or_default();
    let real = host.resolve(socket).unwrap_or_else(|_| socket.to_owned());
    let same =
        |path: &str| path == socket || path == real || host.resolve(path).is_ok_and(|path| path == real);
    Ok(unix_sockets(&table).filter(|(_, path)| same(path)).map(|(inode, _)| inode.to_owned()).collect())
}

/// Inode and path of the listening sockets (flag `__SO_ACCEPTCON`, 0x10000) of the table.
fn unix_sockets(table: &str) -> impl Iterator<Item = (&str, &str)> {
    table.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let flags = u32::from_str_radix(words.nth(3)?, 16).ok()?;
        let inode = words.nth(2)?;
        let path = words.next()?;
        (flags & 0x10000 != 0).then_some((inode, path))
    })
}

fn holds(host: &Host, pid: u32, inodes: &[String]) -> bool {
    let directory = format!("/proc/{pid}/fd");
    let descriptors = look::names(host, &directory).unwrap_or_default();
    descriptors.iter().any(|descriptor| {
        let target = look::link(host, &format!("{directory}/{descriptor}")).unwrap_or_default();
        inodes.iter().any(|inode| target == format!("socket:[{inode}]"))
    })
}

fn describe(host: &Host, pid: u32, found_by: FoundBy) -> Result<Daemon, Reason> {
    let file = |name: &str| format!("/proc/{pid}/{name}");
    let status = look::required_text(host, &file("status"))?;
    let words = look::text(host, &file("cmdline"))?.unwrap_or_default();
    let uid =
        effective_user(&status).ok_or_else(|| Reason::malformed(file("status"), "it has no Uid line"))?;
    let environment = look::required_text(host, &file("environ"));
    Ok(Daemon {
        pid,
        found_by,
        uid,
        program: look::link(host, &file("exe")).into(),
        started_ns: started(host, pid)?,
        config_home: config_home(host, environment.as_deref().unwrap_or_default(), uid),
        path: environment.map(|text| directories(&text)).into(),
        same_root: same_root(host, pid).into(),
        unit: look::text(host, &file("cgroup"))?.as_deref().and_then(unit),
        config_file: config_file(&words),
    })
}

fn effective_user(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?.parse().ok()
}

/// `now - uptime + start`: `/proc/stat` has the time of boot in whole seconds only.
fn started(host: &Host, pid: u32) -> Result<i64, Reason> {
    let path = format!("/proc/{pid}/stat");
    let stat = look::required_text(host, &path)?;
    let (_, ticks) = parse_stat(&stat).ok_or_else(|| Reason::malformed(path, "it has no start time"))?;
    let uptime = look::required_text(host, "/proc/uptime")?;
    let uptime =
        parse_uptime(&uptime).ok_or_else(|| Reason::malformed("/proc/uptime", "it has no number"))?;
    let now = host.now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    Ok(now.saturating_sub(uptime).saturating_add(ticks.saturating_mul(NANOSECONDS / TICKS_PER_SECOND)))
}

/// Name and start time (field 22, in ticks since boot). The name stands in brackets and may hold any byte.
fn parse_stat(stat: &str) -> Option<(&str, i64)> {
    let (head, rest) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    Some((name, rest.split_whitespace().nth(19)?.parse().ok()?))
}

/// Nanoseconds since boot: `/proc/uptime` has hundredths of a second.
fn parse_uptime(text: &str) -> Option<i64> {
    let (seconds, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    let seconds: i64 = seconds.parse().ok()?;
    let hundredths: i64 = hundredths.parse().ok()?;
    seconds.checked_mul(NANOSECONDS)?.checked_add(hundredths.checked_mul(NANOSECONDS / 100)?)
}

/// The directories of `PATH` in an environment block; nothing else of it is kept.
fn directories(environment: &str) -> Vec<String> {
    let path = environment.split('\0').find_map(|variable| variable.strip_prefix("PATH="));
    path.unwrap_or_default().split(':').filter(|entry| entry.starts_with('/')).map(trimmed).collect()
}

fn config_home(host: &Host, environment: &str, uid: u32) -> Option<String> {
    let variable = |name: &str| {
        let assigned = environment.split('\0').find_map(|one| one.strip_prefix(name)?.strip_prefix('='));
        assigned.filter(|path| path.starts_with('/')).map(str::to_owned)
    };
    let home = || variable("HOME").or_else(|| super::client::home_of_id(host, uid));
    variable("XDG_CONFIG_HOME").or_else(|| Some(format!("{}/.config", home()?)))
}

fn trimmed(entry: &str) -> String {
    if entry == "/" { entry.to_owned() } else { entry.trim_end_matches('/').to_owned() }
}

fn same_root(host: &Host, pid: u32) -> Result<bool, Reason> {
    let own = look::link(host, "/proc/self/ns/mnt")?;
    let its = look::link(host, &format!("/proc/{pid}/ns/mnt"))?;
    Ok(own == its && look::link(host, &format!("/proc/{pid}/root"))? == "/")
}

/// The last part of the control group's path that is a service.
fn unit(groups: &str) -> Option<String> {
    let paths = groups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let mut parts = paths.flat_map(|path| path.split('/').rev());
    parts.find(|part| part.ends_with(".service") && !part.starts_with("user@")).map(str::to_owned)
}

fn config_file(command_line: &str) -> Option<String> {
    let mut words = command_line.split('\0');
    while let Some(word) = words.next() {
        match word.strip_prefix("--config-file") {
            Some("") => return words.next().map(str::to_owned),
            Some(rest) => return rest.strip_prefix('=').map(str::to_owned),
            None => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_with_any_name_gives_its_start() {
        let tail = "S 1 412 412 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 14 0 123456 1 2 3";
        assert_eq!(parse_stat(&format!("412 (dockerd) {tail}")), Some(("dockerd", 123_456)));
        assert_eq!(parse_stat(&format!("412 (a) b ( c) {tail}")), Some(("a) b ( c", 123_456)));
        assert_eq!(parse_stat("412 (dockerd) S 1"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn only_path_is_taken_from_an_environment() {
        let block = "SECRET=x\0PATH=/usr/local/bin:/usr/bin/::relative:/bin\0LD_PATH=/no\0";
        assert_eq!(directories(block), ["/usr/local/bin", "/usr/bin", "/bin"]);
        assert!(directories("SECRET=PATH=/x\0").is_empty());
    }

    #[test]
    fn a_rootless_daemon_has_its_own_folder_of_configuration() {
        let host = Host::at("/nonexistent");
        for (environment, expected) in [
            ("HOME=/home/ada\0PATH=/bin\0", Some("/home/ada/.config")),
            ("HOME=/home/ada\0XDG_CONFIG_HOME=/srv/ada\0", Some("/srv/ada")),
            ("XDG_CONFIG_HOME=\0HOME=relative\0", None),
        ] {
            assert_eq!(config_home(&host, environment, 1000).as_deref(), expected, "{environment}");
        }
    }

    #[test]
    fn the_unit_is_the_innermost_service() {
        assert_eq!(unit("0::/system.slice/docker.service\n").as_deref(), Some("docker.service"));
        let rootless = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service\n";
        assert_eq!(unit(rootless).as_deref(), Some("docker.service"));
        assert_eq!(unit("0::/user.slice/user@1000.service/x.scope\n"), None);
        assert_eq!(unit("0::/\n"), None);
    }

    #[test]
    fn listening_sockets_are_told_from_connected_ones() {
        let table = "Num RefCount Protocol Flags Type St Inode Path\n\
            ffff: 00000002 00000000 00010000 0001 01 24137 /run/docker.sock\n\
            ffff: 00000003 00000000 00000000 0001 03 24999 /run/docker.sock\n\
            ffff: 00000003 00000000 00010000 0001 01 777\n";
        assert_eq!(unix_sockets(table).collect::<Vec<_>>(), [("24137", "/run/docker.sock")]);
    }

    #[test]
    fn the_configuration_file_is_taken_from_the_command_line() {
        assert_eq!(config_file("dockerd\0--config-file\0/x\0").as_deref(), Some("/x"));
        assert_eq!(config_file("dockerd\0--config-file=/y\0").as_deref(), Some("/y"));
        assert_eq!(config_file("dockerd\0--config-files\0/x\0"), None);
    }

    #[test]
    fn uptime_has_hundredths() {
        assert_eq!(parse_uptime("12.34 5.6\n"), Some(12_340_000_000));
        assert_eq!(parse_uptime("x"), None);
    }
}
