//! What a pasted text means, as text or JSON.

use crate::Facts;
use crate::explain::{Here, Recognised, Weighed, weigh};
use crate::report::Style;
use diag::render::human::{self, Colour};
use serde_json::{Value, json};

/// Version of the JSON document; raised when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

/// The explanation for people, with a final newline; `facts` are those of the machine that the text
/// is from, when that is this one.
#[must_use]
pub fn explanation(found: &[Recognised], facts: Option<&Facts>, style: Style) -> String {
    let Some((first, others)) = found.split_first() else {
        return "not known here: no text of the catalogue is in it\n".to_owned();
    };
    let mut text = headline(first, style);
    if first.symptom.is_harmless() {
        text.push_str(
            "harmless: there is nothing to do about it; if something fails, another line says why\n",
        );
    } else {
        text.push_str(&causes(first, facts, style));
    }
    others.iter().for_each(|other| text.push_str(&also(other)));
    text
}

fn headline(one: &Recognised, style: Style) -> String {
    let name = human::paint(one.symptom.name, Colour::Bold, style.colour);
    format!(
        "{name}: {}\nsaid by: {}\nline: {}\n",
        one.symptom.meaning,
        one.symptom.speaker.words(),
        shortened(&one.line)
    )
}

/// A line of a log can be as long as a page.
fn shortened(line: &str) -> String {
    const LONGEST: usize = 400;
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let tail: Vec<char> = line.chars().rev().take(LONGEST).collect();
    format!("...{}", tail.into_iter().rev().collect::<String>())
}

fn causes(one: &Recognised, facts: Option<&Facts>, style: Style) -> String {
    let weighed = weighed(one, facts);
    let mut text = String::from("\ncauses, the likeliest first\n");
    for (position, cause) in weighed.iter().enumerate() {
        let next = human::paint(cause.origin.next, Colour::Bold, style.colour);
        text.push_str(&format!("  {}. {}\n     next: {next}\n", position + 1, cause.origin.cause));
        match &cause.here {
            Here::Found(code, message) => text.push_str(&format!("     here: {message} [{code}]\n")),
            Here::NotSo => text.push_str("     here: it is not so on this machine\n"),
            Here::NotKnown => {}
        }
    }
    text
}

fn weighed(one: &Recognised, facts: Option<&Facts>) -> Vec<Weighed> {
    match facts {
        Some(facts) => weigh(one.symptom, facts),
        None => {
            let causes = one.symptom.causes.iter();
            causes.map(|origin| Weighed { origin: *origin, here: Here::NotKnown }).collect()
        }
    }
}

fn also(other: &Recognised) -> String {
    let word = match (other.symptom.is_harmless(), other.symptom.wraps) {
        (true, _) => "harmless",
        (false, true) => "around it",
        (false, false) => "also",
    };
    format!("\n{word}: {}: {}\n", other.symptom.name, other.symptom.meaning)
}

/// The explanation as one JSON document with a final newline.
#[must_use]
pub fn explanation_json(found: &[Recognised], facts: Option<&Facts>) -> String {
    let symptoms: Vec<Value> = found.iter().map(|one| described(one, facts)).collect();
    let document = json!({"schema": SCHEMA, "known": !found.is_empty(), "symptoms": symptoms});
    format!("{document:#}\n")
}

fn described(one: &Recognised, facts: Option<&Facts>) -> Value {
    let mut value = json!(one);
    value["harmless"] = json!(one.symptom.is_harmless());
    value["causes"] = json!(weighed(one, facts));
    value
}
