//! The report for people: one screen, grouped by layer, then the root cause.

use crate::Layer;
use crate::diagnosis::{Cause, Diagnosis, Line, State};
use diag::render::human::{self, Colour};
use diag::{Outcome, Severity};

/// How the report looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour it.
    pub colour: bool,
    /// Whether to show evidence, and lines that do not apply.
    pub verbose: bool,
}

const LAYERS: [Layer; 7] =
    [Layer::Gpu, Layer::Driver, Layer::Toolkit, Layer::Engine, Layer::Permissions, Layer::Cdi, Layer::Images];

/// The report, with a final newline.
#[must_use]
pub fn text(diagnosis: &Diagnosis, style: Style) -> String {
    let mut text = String::new();
    for layer in LAYERS {
        let lines: Vec<&Line> =
            diagnosis.lines.iter().filter(|line| line.layer == layer && is_shown(line, style)).collect();
        if !lines.is_empty() {
            text.push_str(&format!("{}\n", human::paint(layer.heading(), Colour::Bold, style.colour)));
        }
        lines.into_iter().for_each(|line| text.push_str(&row(line, style)));
    }
    text.push_str(&hidden(diagnosis, style));
    text.push('\n');
    text.push_str(&conclusion(diagnosis, style));
    text
}

/// What does not apply, or follows from another finding, is noise unless it was asked for.
fn is_shown(line: &Line, style: Style) -> bool {
    style.verbose
        || match line.outcome {
            Outcome::DoesNotApply(_) => false,
            // What hurts only some uses, and could not be looked at, is counted at the end.
            Outcome::CannotTell(_) => line.because_of.is_none() && line.is_essential(),
            Outcome::Fine(_) | Outcome::Found(_) => line.because_of.is_none(),
        }
}

fn hidden(diagnosis: &Diagnosis, style: Style) -> String {
    let open = |line: &&Line| matches!(line.outcome, Outcome::CannotTell(_)) && line.because_of.is_none();
    match diagnosis.lines.iter().filter(open).filter(|line| !is_shown(line, style)).count() {
        0 => String::new(),
        count => format!("  ?     {count} more that hurt only some uses cannot be told (`-v` shows them)\n"),
    }
}

fn row(line: &Line, style: Style) -> String {
    let (mark, colour) = mark(line);
    let mark = human::paint(&format!("{mark:<4}"), colour, style.colour);
    let mut text = format!("  {mark}  {:<16}  {}", line.label, value(line));
    if let Some(cause) = line.because_of {
        text.push_str(&format!(" (because of {cause})"));
    }
    text.push('\n');
    if let (Outcome::Found(findings), true) = (&line.outcome, style.verbose) {
        for proof in findings.iter().flat_map(|finding| &finding.evidence) {
            text.push_str(&format!("        {:<16}  {proof}\n", ""));
        }
    }
    text
}

fn mark(line: &Line) -> (&'static str, Colour) {
    match (&line.outcome, line.severity()) {
        (Outcome::Fine(_), _) => ("ok", Colour::Green),
        (Outcome::CannotTell(_), _) => ("?", Colour::Yellow),
        (Outcome::DoesNotApply(_), _) => ("-", Colour::Plain),
        (Outcome::Found(_), Some(Severity::Error)) => ("FAIL", Colour::Red),
        (Outcome::Found(_), Some(Severity::Warning)) => ("warn", Colour::Yellow),
        (Outcome::Found(_), _) => ("note", Colour::Blue),
    }
}

fn value(line: &Line) -> String {
    match &line.outcome {
        Outcome::Fine(text) => text.clone(),
        Outcome::CannotTell(why) => format!("cannot tell: {why}"),
        Outcome::DoesNotApply(why) => why.clone(),
        Outcome::Found(findings) => findings
            .iter()
            .map(|finding| format!("{} [{}]", finding.message, finding.code))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

fn conclusion(diagnosis: &Diagnosis, style: Style) -> String {
    let promise = diagnosis.engine.promise();
    let mut text = match diagnosis.state {
        State::Works => format!("{promise} will work on this machine\n"),
        State::CannotTell => format!(
            "nothing was found that stands in the way of {promise}, but not all could be read\nnext:  {}\n",
            diagnosis.next.as_deref().unwrap_or_default()
        ),
        State::Fails => String::new(),
    };
    for (position, cause) in diagnosis.causes.iter().enumerate() {
        text.push_str(&described(cause, position, style));
    }
    text
}

/// Two lines for the cause and the next step, and one for what follows from it.
fn described(cause: &Cause, position: usize, style: Style) -> String {
    let (word, colour) = match (cause.finding.severity, position) {
        (Severity::Error, 0) => ("cause", Colour::Red),
        (Severity::Error, _) => ("also", Colour::Red),
        (Severity::Warning, _) => ("warning", Colour::Yellow),
        (Severity::Note, _) => ("note", Colour::Blue),
    };
    let head = human::paint(&format!("{word}[{}]", cause.code), colour, style.colour);
    let mut text = format!("{head}: {}\n", cause.finding.message);
    if let Some(remedy) = &cause.remedy {
        let command = human::paint(&remedy.command, Colour::Bold, style.colour);
        text.push_str(&format!("next:  {command}  ({})\n", remedy.consequences()));
    }
    cause.finding.help.iter().for_each(|help| text.push_str(&format!("  = help: {help}\n")));
    if position > 0 && cause.finding.severity == Severity::Error {
        text.push_str(&format!("  = note: {}\n", cause.rank));
    }
    if !cause.consequences.is_empty() {
        let codes: Vec<&str> = cause.consequences.iter().map(|code| code.as_str()).collect();
        text.push_str(&format!(
            "  = note: because of {}: {} (`-v` shows them)\n",
            cause.code,
            codes.join(", ")
        ));
    }
    text
}
