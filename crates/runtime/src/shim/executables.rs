//! Which programs are meant by the names in the settings.

use crate::codes;
use diag::{Failure, Result};
use host::{Host, Kind, Stat};

/// Searched after the directories of `PATH`: engines start runtimes with a short one or none.
const USUAL: &[&str] = &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The running program's own file.
const SELF: &str = "/proc/self/exe";

/// The low-level runtime: the first candidate that is a program, and not this one.
///
/// # Errors
/// There is none.
pub(super) fn low_level(host: &Host, candidates: &[String]) -> Result<String> {
    if candidates.is_empty() {
        return Err(none("at least one runtime candidate must be specified".into()));
    }
    let own = host.stat(SELF).ok().flatten();
    let is_other = |path: &String| !is_same_file(host.stat(path).ok().flatten(), own);
    let found = candidates
        .iter()
        .flat_map(|name| places(host, name))
        .find(|path| is_program(host, path) && is_other(path));
    found.ok_or_else(|| {
        none(format!(
            "error locating runtime: no runtime binary found from candidate list: [{}]",
            candidates.join(" ")
        ))
    })
}

/// The hook program that edits name: our own executable under its name `nvidia-cdi-hook`, wherever that
/// is. `called_as` is the path by which this program was called: its other names usually lie beside it.
/// A program of another vendor under that name comes last: it would not know our hook.
///
/// # Errors
/// There is none.
pub(super) fn cdi_hook(host: &Host, called_as: &str) -> Result<String> {
    const NAME: &str = "nvidia-cdi-hook";
    let own_path = host.read_link(SELF).ok().flatten().unwrap_or_default();
    let beside =
        [called_as, &own_path].into_iter().filter_map(|path| path.rsplit_once('/')).map(|(folder, _)| folder);
    let candidates: Vec<String> = beside
        .chain(["/usr/bin"])
        .map(|folder| format!("{folder}/{NAME}"))
        .chain(places(host, NAME))
        .filter(|path| path.starts_with('/') && is_program(host, path))
        .collect();
    let own = host.stat(SELF).ok().flatten();
    let ours = candidates.iter().find(|path| is_same_file(host.stat(path).ok().flatten(), own));
    ours.or(candidates.first()).cloned().ok_or_else(|| {
        Failure::coded(
            codes::HOOK_MISSING,
            format!("{NAME} was not found next to this program, in /usr/bin or in PATH"),
        )
        .hint(format!("make {NAME} a link to {own_path}"))
    })
}

/// The program of a name: in `PATH`, or `fallback` when it is not there. An absolute path is taken at its word:
/// whoever wrote it has to see it fail.
pub(super) fn program(host: &Host, name: &str, fallback: &str) -> String {
    if name.starts_with('/') {
        return name.to_owned();
    }
    places(host, name).find(|path| is_program(host, path)).unwrap_or_else(|| fallback.to_owned())
}

/// Where a program of this name may be; a name with a slash is a path.
fn places(host: &Host, name: &str) -> impl Iterator<Item = String> {
    let path = host.environment().get("PATH").unwrap_or_default().to_owned();
    let mut folders: Vec<String> = Vec::new();
    if name.contains('/') {
        folders.push(name.to_owned());
    } else {
        let searched = path.split(':').filter(|folder| folder.starts_with('/')).chain(USUAL.iter().copied());
        for folder in searched.map(|folder| format!("{}/{name}", folder.trim_end_matches('/'))) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    folders.into_iter().filter(|path| path.starts_with('/'))
}

fn is_program(host: &Host, path: &str) -> bool {
    host.stat(path).ok().flatten().is_some_and(|stat| stat.kind == Kind::File && stat.mode & 0o111 != 0)
}

/// Whether the file at `path` is this very program, under whatever name.
pub(super) fn is_own(host: &Host, path: &str) -> bool {
    is_same_file(host.stat(path).ok().flatten(), host.stat(SELF).ok().flatten())
}

fn is_same_file(a: Option<Stat>, b: Option<Stat>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if (a.dev, a.ino) == (b.dev, b.ino))
}

fn none(message: String) -> Failure {
    Failure::coded(codes::NO_LOW_LEVEL_RUNTIME, message)
        .hint("install runc or crun, or name the runtime's absolute path in nvidia-container-runtime.runtimes of config.toml")
}
