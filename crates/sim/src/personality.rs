//! The hidden personalities of the executable: a simulation's first process, the one that cleans up after
//! it, the wrapper of a container runtime inside, and that wrapper's hook.

use crate::{container_proc, door};
use diag::Result;
use diag::render::human;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Whom the simulation started the executable as.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Personality<'a> {
    Init(&'a str),
    Sweeper(&'a str),
    Hook,
    Runtime,
}

/// Runs the personality that the name and the arguments ask for; `None` when they ask for none of the
/// simulation's. An executable's `main` calls this first.
#[must_use]
pub fn run_hidden(called_as: &OsStr, arguments: &[OsString]) -> Option<ExitCode> {
    let outcome = match personality(called_as, arguments)? {
        Personality::Init(descriptor) => door::init(descriptor),
        Personality::Sweeper(descriptor) => door::sweep(descriptor),
        Personality::Hook => container_proc::hook().map(|()| 0),
        Personality::Runtime => container_proc::wrap_runtime(called_as, arguments).map(|()| 0),
    };
    Some(exit(outcome))
}

fn personality<'a>(called_as: &OsStr, arguments: &'a [OsString]) -> Option<Personality<'a>> {
    let mut words = arguments.iter().filter_map(|word| word.to_str());
    match (words.next(), words.next()) {
        (Some(first), Some(descriptor)) if first == door::INIT_ARGUMENT => {
            return Some(Personality::Init(descriptor));
        }
        (Some(first), Some(descriptor)) if first == door::SWEEPER_ARGUMENT => {
            return Some(Personality::Sweeper(descriptor));
        }
        (Some(first), _) if first == container_proc::HOOK_ARGUMENT => return Some(Personality::Hook),
        _ => {}
    }
    let name = Path::new(called_as).file_name()?.to_str()?;
    container_proc::RUNTIMES.contains(&name).then_some(Personality::Runtime)
}

fn exit(outcome: Result<i32>) -> ExitCode {
    let code = outcome.unwrap_or_else(|failure| {
        // Nobody is left to tell when standard error is closed.
        let _ = std::io::stderr().write_all(human::failure(&failure).as_bytes());
        i32::from(crate::COULD_NOT_RUN)
    });
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_first_argument_choose() {
        let cases: [(&str, &[&str], Option<Personality>); 6] = [
            ("/usr/bin/runc", &["create", "x"], Some(Personality::Runtime)),
            ("crun", &[], Some(Personality::Runtime)),
            ("/proc/self/exe", &["__simulation-init", "7"], Some(Personality::Init("7"))),
            ("/run/longshore-sim/longshore", &["__simulation-hook"], Some(Personality::Hook)),
            ("longshore", &["sim", "run"], None),
            ("longshore", &[], None),
        ];
        for (called_as, arguments, expected) in cases {
            let arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
            assert_eq!(personality(called_as.as_ref(), &arguments), expected, "{called_as}");
        }
    }
}
