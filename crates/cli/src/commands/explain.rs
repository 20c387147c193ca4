//! `longshore explain`: the story of a code, or what a pasted error means.

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result};
use doctor::Facts;
use doctor::explain::{Recognised, recognise};
use doctor::report::Style;

/// The row of the tables.
pub(crate) const COMMAND: Command = Command::new(
    "explain",
    "Says what an error, a log or a code such as H301 means, and what to do next",
    explain,
)
.arguments("[CODE | TEXT | FILE | -]")
.flags(&[
    Flag::switch("json", "Print the explanation as JSON"),
    Flag::switch("elsewhere", "The text is from another machine: look at nothing here"),
    Flag::text("from", "Weigh the causes by the facts in this file instead of this machine"),
]);

/// All codes with one line each, generated from the crates' `codes.rs` (`cargo xtask docs`; a test
/// of the house keeps it fresh).
const PAGE: &str = include_str!("../../../../docs/codes.md");
/// A log above this size is cut to its end, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;

fn explain(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let words: Vec<String> = parsed.rest.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let pasted = match words.as_slice() {
        [] => piped(session)?,
        [word] if word == "-" => Some(lossy(&session.standard_input()?)),
        [word] if is_code(word) => {
            session.out(&story(word)?);
            return Ok(Exit::Well);
        }
        [word] => match file(session, word)? {
            None if is_path(word) => return Err(no_file(word)),
            text => Some(text.unwrap_or_else(|| word.clone())),
        },
        words => Some(words.join(" ")),
    };
    match pasted {
        Some(text) => explain_text(session, parsed, &text),
        None => {
            session.out(&list());
            Ok(Exit::Well)
        }
    }
}

/// What is piped in; nothing when somebody types or nothing comes.
fn piped(session: &Session) -> Result<Option<String>> {
    if session.is_typed() {
        return Ok(None);
    }
    let text = lossy(&session.standard_input()?);
    Ok((!text.trim().is_empty()).then_some(text))
}

/// The text of the file of that name, when there is one.
fn file(session: &Session, word: &str) -> Result<Option<String>> {
    let path = session.absolute(word)?;
    match session.host.stat(&path) {
        Ok(Some(stat)) if stat.is_file() => {
            let bytes = session.host.read_optional_limited(&path, LARGEST)?;
            Ok(bytes.as_deref().map(lossy))
        }
        _ => Ok(None),
    }
}

/// One word that can only be meant as a file's name: an error has spaces.
fn is_path(word: &str) -> bool {
    ["/", "./", "../"].iter().any(|start| word.starts_with(start)) && !word.contains(char::is_whitespace)
}

fn no_file(path: &str) -> Failure {
    Failure::coded(codes::BAD_VALUE, format!("there is no file {path}"))
        .hint("the words of an error are taken as they are; `-` reads standard input")
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn explain_text(session: &mut Session, parsed: &Parsed, text: &str) -> Result<Exit> {
    let found = recognise(text);
    let facts = facts(session, parsed, &found)?;
    let shown = if parsed.switch("json") {
        doctor::report::explanation_json(&found, facts.as_ref())
    } else {
        let style = Style { colour: session.colour(), verbose: false };
        doctor::report::explanation(&found, facts.as_ref(), style)
    };
    session.out(&shown);
    Ok(if found.is_empty() { Exit::Failed } else { Exit::Well })
}

/// The facts that tell the causes apart: only when there are such causes, and never about a machine
/// that has nothing of NVIDIA, for which the text cannot be from it.
fn facts(session: &Session, parsed: &Parsed, found: &[Recognised]) -> Result<Option<Facts>> {
    let checks =
        found.first().is_some_and(|one| one.symptom.causes.iter().any(|cause| !cause.checks.is_empty()));
    if parsed.given("from") {
        return facts_of_file(session, parsed.text("from")).map(Some);
    }
    Ok(if checks && !parsed.switch("elsewhere") { facts_here(session) } else { None })
}

/// The facts of another machine, or of another time.
pub(super) fn facts_of_file(session: &Session, path: &str) -> Result<Facts> {
    let path = session.absolute(path)?;
    Facts::from_json(&session.host.read(&path)?).map_err(|failure| failure.context(path))
}

/// The facts of this machine, when it has anything of NVIDIA.
#[cfg(target_os = "linux")]
fn facts_here(session: &Session) -> Option<Facts> {
    let facts = super::doctor::facts_here(session);
    facts.has_nvidia().then_some(facts)
}

/// No text of a container with a GPU can be from macOS or Windows themselves.
#[cfg(not(target_os = "linux"))]
fn facts_here(_session: &Session) -> Option<Facts> {
    None
}

/// `H301` or the name of a check or rule: known, or of that form.
fn is_code(word: &str) -> bool {
    let form = word.len() == 4
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().skip(1).all(|c| c.is_ascii_digit());
    form || doctor::checks::by_code(word).is_some() || lint::rules::find(word).is_some()
}

/// The page of a check, or the line about any other code.
fn story(code: &str) -> Result<String> {
    if let Some(check) = doctor::checks::by_code(code) {
        return Ok(check.doc.to_owned());
    }
    if let Some(rule) = lint::rules::find(code) {
        return Ok(rule.page());
    }
    let row = rows().find(|row| row.code.eq_ignore_ascii_case(code));
    row.map(|row| format!("# {}\n\n{} (from `{}`)\n", row.code, row.meaning, row.owner)).ok_or_else(|| {
        Failure::coded(codes::BAD_VALUE, format!("there is no code `{code}`"))
            .hint("`longshore explain` lists all codes")
    })
}

fn list() -> String {
    let rules = lint::rules::ALL.iter().map(|rule| format!("{}  {}\n", rule.code, rule.name));
    rows().map(|row| format!("{}  {}\n", row.code, row.meaning)).chain(rules).collect()
}

struct Row {
    code: &'static str,
    owner: &'static str,
    meaning: String,
}

/// The rows of the page's table.
fn rows() -> impl Iterator<Item = Row> {
    PAGE.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.splitn(3, " | ");
        let (code, owner, meaning) = (cells.next()?, cells.next()?, cells.next()?);
        let is_code = code.len() == 4 && code.chars().skip(1).all(|c| c.is_ascii_digit());
        is_code.then(|| Row { code, owner: owner.trim_matches('`'), meaning: meaning.replace("\\|", "|") })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands;
    use host::Host;

    #[test]
    fn checks_have_a_page_and_other_codes_a_line() {
        assert!(story("H301").unwrap().starts_with("# H301"));
        assert_eq!(story("h301").unwrap(), story("toolkit-present").unwrap());
        assert!(story("u001").unwrap().contains("No command of that name"));
        assert!(story("Z999").is_err());
    }

    #[test]
    fn every_check_is_in_the_list() {
        let list = list();
        for check in doctor::checks::ALL {
            assert!(list.contains(check.code.as_str()), "{} is not in docs/codes.md", check.code);
        }
    }

    fn run(arguments: &[&str]) -> (Exit, String, String) {
        let root = tempfile::tempdir().unwrap();
        let mut session = Session::kept(Host::at(root.path()));
        let arguments: Vec<_> = arguments.iter().map(Into::into).collect();
        let exit = commands::run(&mut session, &arguments);
        let (out, err) = session.printed();
        (exit, out.to_owned(), err.to_owned())
    }

    #[test]
    fn a_text_is_explained_however_it_is_given() {
        for arguments in [
            &["explain", "Failed to initialize NVML: Unknown Error"][..],
            &["explain", "Failed", "to", "initialize", "NVML:", "Unknown", "Error"],
        ] {
            let (exit, out, err) = run(arguments);
            assert_eq!((exit, err.as_str()), (Exit::Well, ""));
            assert!(out.starts_with("nvml-unknown: ") && out.contains("daemon-reload"), "{out}");
        }
    }

    #[test]
    fn what_is_not_known_is_said_to_be_so() {
        let (exit, out, _) = run(&["explain", "the quick brown fox"]);
        assert_eq!((exit, out.starts_with("not known here")), (Exit::Failed, true), "{out}");
        let (exit, out, _) = run(&["explain", "--json", "the quick brown fox"]);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((exit, &json["known"]), (Exit::Failed, &false.into()));
        assert_eq!(run(&["explain", "Z999"]).0, Exit::Usage);
    }
}
