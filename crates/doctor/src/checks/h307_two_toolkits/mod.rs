//! H307: is there one toolkit, or two side by side?

use crate::codes::TWO_TOOLKITS;
use crate::facts::{HOOK, Maker, Program};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let toolkit = match facts.toolkit.as_result() {
        Ok(toolkit) => toolkit,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let mut makers: Vec<(Maker, &Program)> = Vec::new();
    for name in [HOOK, "nvidia-container-runtime"] {
        let named = toolkit.programs.iter().filter(|program| program.name == name && program.executable);
        for (maker, program) in named.filter_map(|program| Some((program.maker?, program))) {
            if maker != Maker::Other && !makers.iter().any(|(known, _)| *known == maker) {
                makers.push((maker, program));
            }
        }
    }
    match makers.as_slice() {
        [] => Outcome::DoesNotApply("whose programs are installed cannot be told".to_owned()),
        [(Maker::Longshore, _)] => Outcome::Fine("Longshore's".to_owned()),
        [_] => Outcome::Fine("NVIDIA's".to_owned()),
        [(_, first), (_, second), ..] => Outcome::Found(vec![finding(first, second)]),
    }
}

fn finding(first: &Program, second: &Program) -> Finding {
    let whose = |program: &Program| match program.maker {
        Some(Maker::Longshore) => "Longshore's",
        _ => "NVIDIA's",
    };
    let message = format!(
        "two toolkits are installed side by side: {} {} comes before {} {}",
        whose(first),
        first.path(),
        whose(second),
        second.path()
    );
    Finding::new(TWO_TOOLKITS, Severity::Warning, message)
        .evidence("which of them serves a container depends on the PATH of the engine that starts it")
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(Remedy::shown("remove the packages of one of them", "which toolkit serves containers").as_root())
}
