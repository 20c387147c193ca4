//! `nvidia-docker`: Docker with the runtime `nvidia` for `run` and `create`, as the script of that name in
//! nvidia-docker2 did it. `NV_GPU` chooses GPUs, `NV_DOCKER` another client.

use crate::exit::Exit;
use crate::session::Session;
use diag::Failure;
use host::{Environment, Host, Kind};
use std::ffi::OsString;

/// What is run in the end.
#[derive(Debug, PartialEq, Eq)]
struct CommandLine {
    words: Vec<OsString>,
    /// Whether our own version goes before Docker's.
    with_version: bool,
}

/// Becomes Docker; comes back only with a failure.
pub(crate) fn run(session: &mut Session, arguments: &[OsString]) -> Exit {
    let environment = session.host.environment();
    let line = command_line(arguments, environment);
    let debug = environment.get_nonempty("NV_DEBUG").is_some();
    if line.with_version {
        session.out(&format!("NVIDIA Docker: {}\n", env!("CARGO_PKG_VERSION")));
    }
    if debug {
        let words: Vec<String> = line.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        session.err(&format!("+ exec {}\n", words.join(" ")));
    }
    let name = line.words.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let failure = match find(&session.host, &name) {
        Some(program) if session.host.is_live() => host::hand_over(&program, &line.words),
        Some(_) => Failure::new("a recorded machine cannot run programs"),
        None => {
            Failure::new(format!("{name}: command not found")).hint("NV_DOCKER names another Docker client")
        }
    };
    session.err(&format!("nvidia-docker: {}\n", failure.line()));
    // As a shell says it.
    Exit::Given(127.into())
}

fn command_line(arguments: &[OsString], environment: &Environment) -> CommandLine {
    let client = environment.get_nonempty("NV_DOCKER").unwrap_or("docker");
    let mut words: Vec<OsString> = client.split_whitespace().map(OsString::from).collect();
    let mut rest = arguments.iter();
    let mut with_version = false;
    for word in rest.by_ref() {
        words.push(word.clone());
        match word.to_str() {
            Some("run" | "create") => {
                words.push("--runtime=nvidia".into());
                if let Some(gpus) = environment.get_nonempty("NV_GPU") {
                    words.push("-e".into());
                    words.push(format!("NVIDIA_VISIBLE_DEVICES={}", gpus.replace(' ', ",")).into());
                }
                break;
            }
            Some("version") => {
                with_version = true;
                break;
            }
            Some("--") => break,
            _ => {}
        }
    }
    words.extend(rest.cloned());
    CommandLine { words, with_version }
}

/// Where a program is: by its path, or in `PATH`.
fn find(host: &Host, name: &str) -> Option<String> {
    let is_program = |path: &String| {
        host.stat(path).ok().flatten().is_some_and(|stat| stat.kind == Kind::File && stat.mode & 0o111 != 0)
    };
    if name.contains('/') {
        return Some(name.to_owned()).filter(is_program);
    }
    let path = host.environment().get("PATH").unwrap_or("/usr/sbin:/usr/bin:/sbin:/bin");
    let folders = path.split(':').filter(|folder| folder.starts_with('/'));
    folders.map(|folder| format!("{}/{name}", folder.trim_end_matches('/'))).find(is_program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_passed_on_with_the_runtime_after_run_and_create() {
        for (line, variables, expected) in [
            ("run --rm x nvidia-smi", "", "docker run --runtime=nvidia --rm x nvidia-smi"),
            ("--host h container create x", "", "docker --host h container create --runtime=nvidia x"),
            ("run x run create", "", "docker run --runtime=nvidia x run create"),
            ("run x", "NV_GPU=0 2", "docker run --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=0,2 x"),
            ("run x", "NV_DOCKER=sudo podman", "sudo podman run --runtime=nvidia x"),
            ("ps -a", "NV_GPU=0", "docker ps -a"),
            ("version --format x", "", "docker version --format x"),
            ("-- run x", "", "docker -- run x"),
            ("", "", "docker"),
        ] {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let environment = Environment::from(variables.split_once('='));
            let found = command_line(&words, &environment);
            let text: Vec<&str> = found.words.iter().filter_map(|word| word.to_str()).collect();
            assert_eq!(text.join(" "), expected, "{line}");
            assert_eq!(found.with_version, line.starts_with("version"), "{line}");
        }
    }
}
