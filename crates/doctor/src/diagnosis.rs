//! From what the checks found to one root cause: consequences are folded under it, independent
//! problems are ranked behind it.

use crate::check::{Check, Layer};
use crate::checks;
use crate::codes;
use crate::facts::{Caller, EngineKind, Facts};
use crate::remedy::Remedy;
use crate::serving::{self, Place};
use diag::{Code, Finding, Outcome, Severity};
use serde::Serialize;

/// Version of the serialised form of [`Diagnosis`]; raised when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// What the doctor makes of a machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The engine in question.
    pub engine: EngineKind,
    /// The answer to "will `docker run --gpus` work?", or what the engine has in its place.
    pub state: State,
    /// Causes, the root first. Errors come before warnings and notes.
    pub causes: Vec<Cause>,
    /// With [`State::CannotTell`]: how to learn more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// One line for each check that matters for this engine, in the order of the catalogue.
    pub lines: Vec<Line>,
}

/// Whether `docker run --gpus` will work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// All that it needs was looked at and is well.
    Works,
    /// Something stands in the way.
    Fails,
    /// Nothing was found that stands in the way, but not all that it needs could be looked at.
    CannotTell,
}

/// One cause with what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// Code of the check that found it.
    pub code: Code,
    /// What was found.
    pub finding: Finding,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// Why it stands where it does among the causes.
    pub rank: String,
    /// Checks that fail, or cannot tell, because of it.
    pub consequences: Vec<Code>,
}

/// One check and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Code of the check.
    pub code: Code,
    /// Name of the check.
    pub name: &'static str,
    /// What was looked at, in a few words.
    pub label: &'static str,
    /// Part of the stack.
    pub layer: Layer,
    /// What it came to.
    pub outcome: Outcome,
    /// The cause that this follows from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because_of: Option<Code>,
}

/// Runs all checks over the facts and orders what they found.
#[must_use]
pub fn diagnose(facts: &Facts) -> Diagnosis {
    let asked = checks::ALL.iter().filter(|check| check.engines.contains(&facts.question.engine));
    let mut lines: Vec<Line> = asked.map(|check| line(check, facts)).collect();
    let proven = is_proven(&lines);
    lines.iter_mut().filter(|line| proven && is_of_the_way(line)).for_each(disproved);
    let found = found(&lines);
    for line in &mut lines {
        line.because_of = cause_of(line, &found);
    }
    let causes = causes(facts, &lines);
    let state = state(&causes, &lines, proven);
    let next = (state == State::CannotTell).then(|| how_to_learn_more(facts));
    Diagnosis { schema: SCHEMA, engine: facts.question.engine, state, causes, next, lines }
}

fn line(check: &Check, facts: &Facts) -> Line {
    Line {
        code: check.code,
        name: check.name,
        label: check.label,
        layer: check.layer,
        outcome: (check.run)(facts),
        because_of: None,
    }
}

impl Line {
    /// The worst severity of what was found.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        match &self.outcome {
            Outcome::Found(findings) => findings.iter().map(|finding| finding.severity).max(),
            _ => None,
        }
    }

    /// Whether the engine's promise depends on an answer.
    #[must_use]
    pub fn is_essential(&self) -> bool {
        self.check().is_some_and(|check| check.weight == Severity::Error)
    }

    fn check(&self) -> Option<&'static Check> {
        checks::ALL.iter().find(|check| check.code == self.code)
    }
}

/// Whether a container that was started now had its GPU.
fn is_proven(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.code == codes::CONTAINER_PROBE && matches!(line.outcome, Outcome::Fine(_)))
}

/// Whether a check is about the way of a GPU into a container, which a container proves; of the driver
/// itself it proves only that its nodes can be opened.
fn is_of_the_way(line: &Line) -> bool {
    matches!(line.layer, Layer::Toolkit | Layer::Engine | Layer::Permissions | Layer::Cdi)
}

/// What was found does not stop a container now, and so is no more than a warning.
fn disproved(line: &mut Line) {
    let Outcome::Found(findings) = &mut line.outcome else { return };
    for finding in findings.iter_mut().filter(|finding| finding.severity == Severity::Error) {
        finding.severity = Severity::Warning;
        finding.evidence.push("a container that was started now had its GPU all the same".to_owned());
    }
}

/// Checks that found something above a note, with how bad it is: only those explain others.
fn found(lines: &[Line]) -> Vec<(&'static Check, Severity)> {
    let above_notes = lines.iter().filter_map(|line| Some((line, line.severity()?)));
    let above_notes = above_notes.filter(|(_, severity)| *severity > Severity::Note);
    above_notes.filter_map(|(line, severity)| Some((line.check()?, severity))).collect()
}

/// The first cause, in the order of repair, that this line follows from. Nothing follows from what is less
/// bad than itself.
fn cause_of(line: &Line, found: &[(&'static Check, Severity)]) -> Option<Code> {
    let follows = |(check, severity): &&(&'static Check, Severity)| match line.outcome {
        // Whatever else was found is what stopped the container that was started.
        Outcome::Found(_) if line.code == codes::CONTAINER_PROBE => {
            *severity == Severity::Error && check.code != line.code
        }
        Outcome::Found(_) => check.explains.contains(&line.code) && Some(*severity) >= line.severity(),
        Outcome::CannotTell(_) if *severity == Severity::Error => {
            check.blinds.contains(&line.code) || check.explains.contains(&line.code)
        }
        _ => false,
    };
    found.iter().find(follows).map(|(check, _)| check.code)
}

fn causes(facts: &Facts, lines: &[Line]) -> Vec<Cause> {
    let mut causes: Vec<Cause> = lines
        .iter()
        .filter(|line| line.because_of.is_none())
        .filter_map(|line| cause(facts, line, lines))
        .collect();
    // Stable: within one severity the order of the catalogue, which is the order of repair, stays.
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.finding.severity));
    for position in 0..causes.len() {
        let rank = rank(&causes, position, facts.question.engine);
        if let Some(cause) = causes.get_mut(position) {
            cause.rank = rank;
        }
    }
    causes
}

fn cause(facts: &Facts, line: &Line, lines: &[Line]) -> Option<Cause> {
    let Outcome::Found(findings) = &line.outcome else { return None };
    Some(Cause {
        code: line.code,
        finding: findings.iter().max_by_key(|finding| finding.severity)?.clone(),
        remedy: line.check().and_then(|check| (check.remedy)(facts)),
        rank: String::new(),
        consequences: consequences(line.code, lines),
    })
}

/// All that follows from `code`, also by way of other findings.
fn consequences(code: Code, lines: &[Line]) -> Vec<Code> {
    let mut reached = vec![code];
    let mut next = 0;
    while let Some(cause) = reached.get(next).copied() {
        let direct = lines.iter().filter(|line| line.because_of == Some(cause)).map(|line| line.code);
        let new: Vec<Code> = direct.filter(|code| !reached.contains(code)).collect();
        reached.extend(new);
        next += 1;
    }
    reached.split_off(1)
}

fn rank(causes: &[Cause], position: usize, engine: EngineKind) -> String {
    let Some(cause) = causes.get(position) else { return String::new() };
    match (cause.finding.severity, position) {
        (Severity::Error, 0) => {
            "nothing that was found explains it, and it is the first to put right".to_owned()
        }
        (Severity::Error, _) => {
            let first = causes.first().map_or("", |first| first.code.as_str());
            format!("independent of {first}: it will still stand in the way when {first} is put right")
        }
        _ => format!("does not stop {}", engine.promise()),
    }
}

fn state(causes: &[Cause], lines: &[Line], proven: bool) -> State {
    if causes.iter().any(|cause| cause.finding.severity == Severity::Error) {
        return State::Fails;
    }
    let is_open = |line: &Line| matches!(line.outcome, Outcome::CannotTell(_)) && line.is_essential();
    let open = lines.iter().any(|line| is_open(line) && !(proven && is_of_the_way(line)));
    if open { State::CannotTell } else { State::Works }
}

/// Root may read more, the machine of the daemon knows more; otherwise the reasons are all there is.
fn how_to_learn_more(facts: &Facts) -> String {
    if let (EngineKind::Docker, Place::Elsewhere(address)) = (facts.question.engine, serving::place(facts)) {
        return format!("run `longshore doctor` on the machine at {address}");
    }
    if facts.caller.known().is_some_and(Caller::is_root) {
        "`longshore doctor -v` shows what could not be read, and why".to_owned()
    } else {
        "sudo longshore doctor".to_owned()
    }
}

impl Diagnosis {
    /// The root cause: the first error.
    #[must_use]
    pub fn root(&self) -> Option<&Cause> {
        self.causes.first().filter(|cause| cause.finding.severity == Severity::Error)
    }

    /// Exit code of a command that reports this: 0 it works, 1 something was found that stands in
    /// the way, 2 it cannot be told.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.state {
            State::Works => 0,
            State::Fails => 1,
            State::CannotTell => 2,
        }
    }
}
