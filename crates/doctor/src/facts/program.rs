//! Whether a program that an engine's configuration names as a low-level runtime can be one.

use host::Host;

/// Programs that people take for the runtime, of the toolkit and around it.
const OTHERS: &[(&str, &str)] = &[
    ("nvidia-container-runtime-hook", "it is the hook, not the runtime"),
    ("nvidia-container-toolkit", "it is the hook, not the runtime"),
    ("nvidia-cdi-hook", "it is a hook, not the runtime"),
    ("nvidia-ctk", "it is the toolkit's command line, not the runtime"),
    ("nvidia-container-cli", "it is the library's command line, not the runtime"),
    ("nvidia-smi", "it shows GPUs and runs nothing"),
];

/// What is wrong with a program, a path or a name that is looked up in `directories`. The outer `None`:
/// it could not be looked at, or the directories are not known.
pub(super) fn fault(host: &Host, program: &str, directories: Option<&[String]>) -> Option<Option<String>> {
    let name = program.rsplit('/').next().unwrap_or_default();
    if let Some((_, why)) = OTHERS.iter().find(|(other, _)| *other == name) {
        return Some(Some((*why).to_owned()));
    }
    if program.starts_with('/') {
        return of_file(host, program);
    }
    let paths = directories?.iter().map(|directory| format!("{directory}/{program}"));
    let executable =
        |path: &String| host.stat(path).is_ok_and(|stat| stat.is_some_and(|stat| stat.is_executable()));
    match paths.clone().find(executable) {
        Some(path) => of_file(host, &path),
        None => Some(Some("no program of that name is in the daemon's PATH".to_owned())),
    }
}

fn of_file(host: &Host, path: &str) -> Option<Option<String>> {
    let Some(stat) = host.stat(path).ok()? else {
        return Some(Some("there is no such file".to_owned()));
    };
    let fault = match stat {
        stat if !stat.is_file() => "it is no file",
        stat if !stat.is_executable() => "its mode does not let anybody execute it",
        _ => return Some(of_content(host, path).map(str::to_owned)),
    };
    Some(Some(fault.to_owned()))
}

/// A recording keeps no programs, and a program may be executable without being readable.
fn of_content(host: &Host, path: &str) -> Option<&'static str> {
    if host.is_live() { of_start(&host.read_range(path, 0, 4).ok()?) } else { None }
}

/// The kernel executes ELF files and scripts (execve(2)).
fn of_start(start: &[u8]) -> Option<&'static str> {
    match start {
        [] => Some("it is empty"),
        [0x7f, b'E', b'L', b'F', ..] | [b'#', b'!', ..] => None,
        _ => Some("it is neither a program nor a script"),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test makes the machine that it looks at")]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_cannot_be_a_runtime_is_told() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("bin/folder")).unwrap();
        for (name, mode) in [("runtime", 0o755), ("plain", 0o644)] {
            fs::write(root.path().join("bin").join(name), "").unwrap();
            fs::set_permissions(root.path().join("bin").join(name), Permissions::from_mode(mode)).unwrap();
        }
        let host = Host::at(root.path());
        let path = ["/bin".to_owned()];
        for (program, expected) in [
            ("/bin/runtime", None),
            ("runtime", None),
            ("/bin/plain", Some("its mode does not let anybody execute it")),
            ("/bin/folder", Some("it is no file")),
            ("/bin/gone", Some("there is no such file")),
            ("gone", Some("no program of that name is in the daemon's PATH")),
            ("/bin/nvidia-container-runtime-hook", Some("it is the hook, not the runtime")),
        ] {
            assert_eq!(fault(&host, program, Some(&path)).unwrap().as_deref(), expected, "{program}");
        }
        assert_eq!(fault(&host, "runtime", None), None, "without the daemon's PATH");
    }

    #[test]
    fn only_programs_and_scripts_are_executed() {
        assert_eq!(of_start(b""), Some("it is empty"));
        assert_eq!(of_start(b"{\"a\""), Some("it is neither a program nor a script"));
        assert_eq!((of_start(b"\x7fELF"), of_start(b"#!/b")), (None, None));
    }
}
