//! Findings and failures as text for people, in the layout of rustc.

use crate::{Failure, Finding, Severity};
use std::fmt::Write as _;

/// A colour of the terminal's own palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// None.
    Plain,
    /// Bold, for what is to be read first.
    Bold,
    /// Bold red, for errors.
    Red,
    /// Bold yellow, for warnings and what is not known.
    Yellow,
    /// Bold green, for what is well.
    Green,
    /// Bold blue, for notes.
    Blue,
}

impl Colour {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Bold => "1",
            Self::Red => "1;31",
            Self::Yellow => "1;33",
            Self::Green => "1;32",
            Self::Blue => "1;34",
        }
    }
}

/// `text` in a colour, or as it is when `enabled` is false. Whether to colour is the caller's
/// decision: it knows `NO_COLOR` and whether a terminal listens.
#[must_use]
pub fn paint(text: &str, colour: Colour, enabled: bool) -> String {
    if enabled && colour != Colour::Plain {
        format!("\x1b[{}m{text}\x1b[0m", colour.code())
    } else {
        text.to_owned()
    }
}

/// A failure as an `error:` line with its code, the causes and the hint below.
#[must_use]
pub fn failure(failure: &Failure) -> String {
    painted_failure(failure, false)
}

/// Like [`failure`], in colour when `colour` is set.
#[must_use]
pub fn painted_failure(failure: &Failure, colour: bool) -> String {
    let code = failure.code().map(|code| format!("[{code}]")).unwrap_or_default();
    let head = paint(&format!("error{code}"), Colour::Red, colour);
    let mut text = format!("{head}: {}\n", one_line(&failure.chain()));
    if let Some(hint) = failure.first_hint() {
        remark(&mut text, "help", hint);
    }
    text
}

/// A finding in the layout of rustc: header, then notes and help.
#[must_use]
pub fn finding(finding: &Finding) -> String {
    painted_finding(finding, false)
}

/// Like [`finding`], in colour when `colour` is set.
#[must_use]
pub fn painted_finding(finding: &Finding, colour: bool) -> String {
    let (word, shade) = match finding.severity {
        Severity::Note => ("note", Colour::Blue),
        Severity::Warning => ("warning", Colour::Yellow),
        Severity::Error => ("error", Colour::Red),
    };
    let head = paint(&format!("{word}[{}]", finding.code), shade, colour);
    let mut text = format!("{head}: {}\n", one_line(&finding.message));
    finding.evidence.iter().for_each(|proof| remark(&mut text, "note", proof));
    finding.help.iter().for_each(|step| remark(&mut text, "help", step));
    text
}

/// All findings with a blank line between them, and a last line that counts them; nothing at all
/// when there are none.
#[must_use]
pub fn findings(findings: &[Finding], colour: bool) -> String {
    let mut text = String::new();
    for finding in findings {
        text.push_str(&painted_finding(finding, colour));
        text.push('\n');
    }
    if !findings.is_empty() {
        text.push_str(&format!("{}\n", count(findings)));
    }
    text
}

/// `2 errors, 1 warning`.
fn count(findings: &[Finding]) -> String {
    let kinds = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts = kinds.map(|(severity, word)| {
        let number = findings.iter().filter(|finding| finding.severity == severity).count();
        (number, format!("{number} {word}{}", if number == 1 { "" } else { "s" }))
    });
    let present = counts.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text);
    present.collect::<Vec<_>>().join(", ")
}

/// A `note` or `help` below a header; further lines are aligned with the first.
fn remark(text: &mut String, word: &str, content: &str) {
    let mut lines = content.lines();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  = {word}: {}", visible(lines.next().unwrap_or_default()));
    for line in lines {
        let _ = writeln!(text, "          {}", visible(line));
    }
}

/// A header is one line, whatever a name or an error text brings along.
fn one_line(text: &str) -> String {
    visible(&text.replace("\r\n", " ").replace('\n', " "))
}

/// Control characters made visible: names come from files, and must not steer the terminal.
fn visible(text: &str) -> String {
    text.chars().fold(String::new(), |mut shown, character| {
        if character.is_control() && character != '\t' {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    const CODE: Code = Code::new("H301");

    fn check(given: &Finding, expected: &str) {
        assert_eq!(finding(given), expected);
    }

    #[test]
    fn findings_look_like_those_of_rustc() {
        check(&Finding::new(CODE, Severity::Note, "all is well"), "note[H301]: all is well\n");
        check(
            &Finding::new(CODE, Severity::Error, "no `x`").evidence("looked in /a").help("install x"),
            "error[H301]: no `x`\n  = note: looked in /a\n  = help: install x\n",
        );
        check(
            &Finding::new(CODE, Severity::Warning, "two\nlines").evidence("first\nsecond"),
            "warning[H301]: two lines\n  = note: first\n          second\n",
        );
        check(&Finding::new(CODE, Severity::Note, "a\x1b[31mb"), "note[H301]: a\\u{1b}[31mb\n");
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        let finding = Finding::new(CODE, Severity::Error, "x");
        assert_eq!(painted_finding(&finding, true), "\x1b[1;31merror[H301]\x1b[0m: x\n");
        assert!(!painted_finding(&finding, false).contains('\x1b'));
        assert_eq!(paint("x", Colour::Plain, true), "x");
    }

    #[test]
    fn a_list_is_counted() {
        let of = |severity| Finding::new(CODE, severity, "x");
        let list = [of(Severity::Error), of(Severity::Warning), of(Severity::Error)];
        assert!(findings(&list, false).ends_with("\n\n2 errors, 1 warning\n"));
        assert_eq!(findings(&[], false), "");
    }

    #[test]
    fn a_failure_shows_its_chain_and_hint() {
        let given = Failure::coded(CODE, "no such file").hint("make one").context("cannot start");
        assert_eq!(failure(&given), "error[H301]: cannot start: no such file\n  = help: make one\n");
    }
}
