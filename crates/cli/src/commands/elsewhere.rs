//! The commands on macOS and Windows: what reads container files and pasted errors works, what looks
//! at a machine with GPUs or changes it says that it needs Linux.

use super::{PROGRAM, compat, completions, explain, lint};
use crate::arguments::{self, Command, Parsed, Program};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result};

/// Every verb, in the order of the help.
pub(super) const VERBS: &[Command] = &[
    lint::COMMAND,
    compat::COMMAND,
    explain::COMMAND,
    completions::COMMAND,
    completions::MANUAL,
    linux_only("doctor"),
    linux_only("gpus"),
    linux_only("cdi"),
    linux_only("config"),
    linux_only("setup"),
    linux_only("sim"),
    linux_only("undo"),
];

/// A command that is not here, whatever its arguments.
const fn linux_only(name: &'static str) -> Command {
    Command::new(name, "(on Linux only)", refuse).arguments("[ARGUMENTS...]").passes_everything()
}

/// The only program of this executable here, for completions and the manual.
pub(crate) fn programs() -> Vec<&'static Program> {
    vec![&PROGRAM]
}

/// `longshore` alone: the verbs.
pub(super) fn overview(session: &mut Session, _parsed: &Parsed) -> Result<Exit> {
    session.out(&arguments::overview(&PROGRAM));
    Ok(Exit::Well)
}

fn refuse(_session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let name = parsed.path.last().map_or("this", |command| command.name);
    Err(Failure::coded(codes::NEEDS_LINUX, format!("`longshore {name}` needs Linux"))
        .hint("run it on the machine that has the GPU; lint, compat and explain work here too"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_known_on_each_system() {
        let names = |verbs: &[Command]| {
            let mut names: Vec<&str> = verbs.iter().map(|verb| verb.name).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(names(VERBS), names(super::super::here::VERBS));
        assert_eq!(programs().len(), 1);
    }

    #[test]
    fn what_needs_linux_says_so() {
        static ELSEWHERE: Program = Program {
            root: Command::new("longshore", "", overview).commands(VERBS),
            version: String::new,
            title: "longshore",
            manners: arguments::Manners::Own,
        };
        let root = tempfile::tempdir().unwrap();
        let mut session = Session::kept(host::Host::at(root.path()));
        let words = ["doctor", "--probe", "--help"].map(Into::into);
        assert_eq!(arguments::dispatch(&mut session, &ELSEWHERE, &words), Exit::Usage);
        assert!(session.printed().1.contains("`longshore doctor` needs Linux"), "{}", session.printed().1);
    }
}
