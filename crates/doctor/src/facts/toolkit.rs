//! The programs that bring a GPU into a container: where they are, and since when.

use super::{Reason, look};
use host::{Host, Stat};
use serde::{Deserialize, Serialize};

/// What Docker before 29.2 looks for, and later ones fall back to.
pub const HOOK: &str = "nvidia-container-runtime-hook";
/// What Docker from 29.2 on looks for first.
pub const CDI_HOOK: &str = "nvidia-cdi-hook";

const PROGRAMS: &[&str] = &[HOOK, CDI_HOOK, "nvidia-container-runtime", "nvidia-ctk"];

/// Directories in which installations put programs: those of systemd's default `PATH`, then those
/// of archives, NixOS, the Kubernetes operator and snap.
pub const STANDARD_DIRECTORIES: &[&str] = &[
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
    "/opt/bin",
    "/opt/longshore/bin",
    "/usr/libexec/longshore",
    "/usr/local/nvidia/toolkit",
    "/run/current-system/sw/bin",
    "/snap/bin",
];

/// What was found of the toolkit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolkit {
    /// The directories that were looked in, in order: the daemon's `PATH` first.
    pub looked_in: Vec<String>,
    /// The programs found. A file that several directories lead to comes once for each.
    pub programs: Vec<Program>,
    /// `longshore-runtime` next to the doctor, when it is there: it can be put in place as the toolkit.
    pub own_runtime: Option<String>,
}

/// One program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its name, for example `nvidia-container-runtime-hook`.
    pub name: String,
    /// The directory it was found in.
    pub directory: String,
    /// Whether it can be executed: a regular file, links followed, with an execute bit. A dangling
    /// link cannot.
    pub executable: bool,
    /// When the name was put into its directory or the file behind it was changed, whichever is
    /// later: the latest change time of the link and of the file, in nanoseconds since 1970.
    pub changed_ns: i64,
    /// Whose program it is; `None`: it could not be read.
    #[serde(default)]
    pub maker: Option<Maker>,
}

/// Who made a program of the toolkit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Maker {
    /// Longshore.
    Longshore,
    /// NVIDIA: a program in Go.
    Nvidia,
    /// Somebody else: a script that wraps one of them.
    Other,
}

impl Program {
    /// Directory and name.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.directory, self.name)
    }
}

/// Looks as the daemon would, whose `PATH` is `daemon_path` when it is known, and around it.
pub(super) fn read(
    host: &Host,
    daemon_path: &[String],
    caller_path: &str,
    own_directory: Option<&str>,
) -> Result<Toolkit, Reason> {
    let looked_in = directories(daemon_path, caller_path);
    let mut programs = Vec::new();
    for directory in &looked_in {
        for name in PROGRAMS {
            programs.extend(program(host, directory, name)?);
        }
    }
    let own_runtime = own_directory.and_then(|directory| own_runtime(host, directory));
    Ok(Toolkit { looked_in, programs, own_runtime })
}

/// The folder of the doctor itself is not where a toolkit is installed, unless it is one of the
/// directories that are looked in anyway: what lies there can be put in place.
fn own_runtime(host: &Host, directory: &str) -> Option<String> {
    let paths = ["longshore-runtime", HOOK].map(|name| format!("{directory}/{name}"));
    paths.into_iter().find(|path| host.exists(path))
}

fn directories(daemon_path: &[String], caller_path: &str) -> Vec<String> {
    let caller = caller_path.split(':').filter(|entry| entry.starts_with('/'));
    let standard = STANDARD_DIRECTORIES.iter().copied();
    let mut directories: Vec<String> = Vec::new();
    for directory in daemon_path.iter().map(String::as_str).chain(standard).chain(caller) {
        if !directories.iter().any(|known| known == directory) {
            directories.push(directory.to_owned());
        }
    }
    directories
}

fn program(host: &Host, directory: &str, name: &str) -> Result<Option<Program>, Reason> {
    let path = format!("{directory}/{name}");
    let entry = match host.lstat(&path) {
        Ok(Some(entry)) => entry,
        Ok(None) => return Ok(None),
        // A directory of somebody else's PATH that this user may not enter hides nothing from the daemon.
        Err(failure) if look::reason(&path, &failure).is_denied() => return Ok(None),
        Err(failure) => return Err(look::reason(&path, &failure)),
    };
    let file = host.stat(&path).map_err(|failure| look::reason(&path, &failure))?;
    Ok(Some(Program {
        name: name.to_owned(),
        directory: directory.to_owned(),
        executable: file.is_some_and(|file| file.is_executable()),
        changed_ns: changed(&entry).max(file.as_ref().map_or(0, changed)),
        maker: maker(host, &path),
    }))
}

/// Told by the name of the file behind a link, then by what the program's head says of its compiler.
fn maker(host: &Host, path: &str) -> Option<Maker> {
    const HEAD: usize = 4096;
    let real = host.resolve(path).ok()?;
    if real.contains("longshore") {
        return Some(Maker::Longshore);
    }
    let head = host.read_range(&real, 0, HEAD).ok()?;
    if !head.starts_with(b"\x7fELF") {
        return Some(Maker::Other);
    }
    let size = host.stat(&real).ok()??.size;
    let end = host.read_range(&real, size.saturating_sub(64 * 1024), 64 * 1024).ok()?;
    let holds =
        |word: &[u8]| [&head, &end].iter().any(|part| part.windows(word.len()).any(|window| window == word));
    (holds(b"Go build ID") || holds(b".gopclntab") || holds(b".note.go.buildid")).then_some(Maker::Nvidia)
}

fn changed(stat: &Stat) -> i64 {
    i64::try_from(stat.ctime_ns).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_daemon_comes_first_and_nothing_twice() {
        let daemon = ["/opt/x".to_owned(), "/usr/bin".to_owned()];
        let directories = directories(&daemon, "/home/ada/bin:relative:/usr/bin");
        assert_eq!(directories[..2], daemon);
        assert_eq!(directories.iter().filter(|directory| *directory == "/usr/bin").count(), 1);
        assert!(directories.contains(&"/home/ada/bin".to_owned()));
        assert!(!directories.contains(&"relative".to_owned()));
    }
}
