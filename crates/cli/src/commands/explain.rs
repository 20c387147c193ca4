//! `longshore explain CODE`: the story of a code.

use crate::arguments::{Command, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result};

/// The row of the tables.
pub(crate) const COMMAND: Command =
    Command::new("explain", "Tells the story of a code such as H301, or lists all codes", explain)
        .arguments("[CODE]");

/// All codes with one line each, generated from the crates' `codes.rs` (`cargo xtask docs`; a test
/// of the house keeps it fresh).
const PAGE: &str = include_str!("../../../../docs/codes.md");

fn explain(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let text = match parsed.rest.as_slice() {
        [] => list(),
        [code] => story(&code.to_string_lossy())?,
        _ => return Err(Failure::coded(codes::BAD_ARGUMENT, "explain tells of one code at a time")),
    };
    session.out(&text);
    Ok(Exit::Well)
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
}
