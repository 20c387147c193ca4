//! Models of the commands that install packages.

pub mod conda;
pub mod lockfile;
pub mod pip;
pub mod requirements;
pub mod system;

use crate::dockerfile::{Argument, Run};

/// Commands that run the command after them, with their options that take a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("sudo", &["-u", "-g", "-H"]),
    ("env", &["-u", "-C"]),
    ("exec", &[]),
    ("command", &[]),
    ("time", &[]),
    ("nice", &["-n"]),
    ("nohup", &[]),
    ("eatmydata", &[]),
    ("stdbuf", &[]),
];

/// The command proper: without `sudo`, `env A=B` and the like.
#[must_use]
pub fn proper(run: &Run) -> &[Argument] {
    let mut args = run.args.as_slice();
    while let Some((first, rest)) = args.split_first() {
        let name = base_name(first);
        let Some((_, valued)) = WRAPPERS.iter().find(|(wrapper, _)| *wrapper == name) else { break };
        let mut at = 0;
        while let Some(arg) = rest.get(at) {
            let text = arg.known();
            if valued.contains(&text) && text != "-H" {
                at += 2;
            } else if text.starts_with('-') || (matches!(name, "env" | "sudo") && text.contains('=')) {
                at += 1;
            } else {
                break;
            }
        }
        args = rest.get(at..).unwrap_or(&[]);
    }
    args
}

/// The name of a command without its folder.
#[must_use]
pub fn base_name(arg: &Argument) -> &str {
    arg.known().rsplit('/').next().unwrap_or("")
}

/// Whether a command is a Python interpreter: `python`, `python3`, `python3.11`.
#[must_use]
pub fn is_python(name: &str) -> bool {
    name.strip_prefix("python").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

#[cfg(test)]
pub(crate) mod testing {
    //! One command for the tests of this folder.

    use crate::dockerfile::{Build, Run};
    use crate::file::{File, Files};
    use crate::options::Options;

    /// The first command of a script.
    pub(crate) fn run(script: &str) -> Run {
        let file = File::new("Dockerfile", format!("FROM a\nRUN {script}\n"));
        let build = Build::read(&file, Files::new(&[]), &Options::default());
        build.commands(&build.stages[0]).next().expect("a command").run.clone()
    }
}
