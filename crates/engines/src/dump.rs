//! `--config-source=command`: what the engine itself says its configuration is.

use crate::{Engine, codes};
use diag::{Failure, Result, ResultExt};
use host::Host;
use host::exec::Command;

/// The configuration in force, as the engine prints it. `executable` is its program, where the caller
/// names one; `config` its configuration file, where that is not the usual one.
///
/// # Errors
/// The program is not installed, or does not answer, or this is not the running machine.
pub fn dump(host: &Host, engine: &Engine, executable: Option<&str>, config: Option<&str>) -> Result<Vec<u8>> {
    if !host.is_live() {
        return Err(Failure::coded(
            codes::NO_DUMP,
            format!("cannot ask {} on a machine that does not run", engine.name),
        )
        .hint("use --config-source=file"));
    }
    let commands = commands(host, engine, executable);
    let mut answer = Err(Failure::coded(codes::NO_DUMP, format!("{} is not installed", engine.name))
        .hint("name its program with --executable-path, or use --config-source=file"));
    for (program, arguments) in commands {
        answer = ask(host, &program, arguments, config);
        if answer.is_ok() {
            break;
        }
    }
    answer
}

/// Whether there is a program to ask.
#[must_use]
pub fn can_tell(host: &Host, engine: &Engine, executable: Option<&str>) -> bool {
    !commands(host, engine, executable).is_empty()
}

fn commands(
    host: &Host,
    engine: &Engine,
    executable: Option<&str>,
) -> Vec<(String, &'static [&'static str])> {
    let command = |words: &'static [&'static str]| {
        let (name, arguments) = words.split_first()?;
        let program = executable.map(str::to_owned).or_else(|| crate::installed(host, name))?;
        Some((program, arguments))
    };
    engine.dump_commands.iter().copied().filter_map(command).collect()
}

fn ask(host: &Host, program: &str, arguments: &[&str], config: Option<&str>) -> Result<Vec<u8>> {
    let named = config.map(|path| ["--config", path]).into_iter().flatten();
    let words: Vec<&str> = named.chain(arguments.iter().copied()).collect();
    let mut command = Command::new(program).args(&words);
    for name in ["PATH", "HOME"] {
        if let Some(value) = host.environment().get(name) {
            command = command.env(name, value);
        }
    }
    let shown = format!("{program} {}", words.join(" "));
    let output = command.run().with_context(|| format!("cannot ask `{shown}`"))?;
    if output.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().last().unwrap_or_default();
    Err(Failure::coded(codes::NO_DUMP, format!("`{shown}` ended with {}: {said}", output.ending()))
        .hint("use --config-source=file"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the test writes the host that it looks at")]

    use super::*;
    use crate::{containerd, crio, docker};
    use std::fs;

    #[test]
    fn only_a_program_can_be_asked() {
        let root = tempfile::tempdir().unwrap();
        let host = Host::at(root.path());
        assert!(!can_tell(&host, &containerd::ENGINE, None) && !can_tell(&host, &crio::ENGINE, None));
        assert!(can_tell(&host, &containerd::ENGINE, Some("/opt/containerd")));
        assert!(!can_tell(&host, &docker::ENGINE, Some("/opt/dockerd")));
        fs::create_dir_all(root.path().join("usr/bin")).unwrap();
        fs::write(root.path().join("usr/bin/containerd"), "").unwrap();
        assert!(can_tell(&host, &containerd::ENGINE, None) && !can_tell(&host, &crio::ENGINE, None));
    }
}
