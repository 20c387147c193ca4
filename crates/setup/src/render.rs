//! A route as text for people, as JSON, and as a shell script that a careful administrator can read.

use crate::keys::armor::encode;
use crate::{Changed, Item, Record, Route, Stage, Survey};
use plan::{Applicability, Plan, Step, unified_diff};
use serde_json::{Value, json};

/// Where a line is broken.
const WIDTH: usize = 96;

/// For people: each stage with its effect, before its commands.
#[must_use]
pub fn text(route: &Route) -> String {
    let mut out = machine(&route.survey);
    for (number, stage) in route.stages.iter().enumerate() {
        out.push('\n');
        out.push_str(&self::stage(number + 1, stage));
    }
    out
}

/// The machine in one line: distribution, driver, engine.
#[must_use]
pub fn machine(survey: &Survey) -> String {
    let name = if survey.distribution.name.is_empty() {
        "unknown system"
    } else {
        survey.distribution.name.as_str()
    };
    let driver = survey.driver.as_ref().map_or("no driver".to_owned(), |version| format!("driver {version}"));
    let engine = survey.engine.as_deref().unwrap_or("no Docker Engine");
    format!("{name}: {driver}, {engine}\n")
}

/// One stage for people: title, effect, changes and commands.
#[must_use]
pub fn stage(number: usize, stage: &Stage) -> String {
    let mut out = format!("{number}. {}{}\n", capital(&stage.plan.title), remark(stage));
    out.push_str(&wrapped(&stage.effect, "   "));
    for step in &stage.plan.steps {
        out.push_str(&indented(&step_text(step)));
    }
    out
}

/// What taking a set-up back does, before it happens.
#[must_use]
pub fn way_back(record: &Record) -> String {
    let changes = record.changes();
    let names = |wanted: fn(&Changed) -> bool| {
        let names: Vec<&str> =
            changes.iter().filter(|changed| wanted(changed)).map(|changed| changed.name.as_str()).collect();
        names.join(" ")
    };
    let mut out = format!("Set-up {} is taken back:\n", record.number);
    // A stage that was interrupted was begun again.
    let mut titles: Vec<&str> = record.stages.iter().rev().map(|stage| stage.title.as_str()).collect();
    titles.dedup();
    for title in titles {
        out.push_str(&format!("  - {title}\n"));
    }
    for (what, names) in [
        ("Packages that go: ", names(|changed| changed.before.is_none())),
        ("Packages that come back: ", names(|changed| changed.before.is_some())),
    ] {
        if !names.is_empty() {
            out.push_str(&wrapped(&format!("{what}{names}"), "  "));
        }
    }
    if record.removes_engine() {
        let data = if record.keeps_data() {
            "Docker's images, containers and volumes stay: some were there before."
        } else {
            "Docker's images, containers and volumes go with it: all of them were made since."
        };
        out.push_str(&wrapped(data, "  "));
    }
    out
}

/// For programs.
#[must_use]
pub fn json(route: &Route) -> String {
    let stages: Vec<Value> = route.stages.iter().map(stage_json).collect();
    let document = json!({"schema": 1, "tool": "longshore setup", "survey": route.survey, "stages": stages});
    format!("{document:#}\n")
}

fn stage_json(stage: &Stage) -> Value {
    let step = |step: &Step| match step {
        Step::Run { argv, undo } => json!({"run": argv, "undo": undo}),
        Step::Settle { argv, undo } => json!({"run": argv, "undo": undo}),
        Step::Write { path, after, mode, .. } => {
            let mode = format!("{mode:o}");
            match std::str::from_utf8(after) {
                Ok(text) => json!({"write": path, "text": text, "mode": mode}),
                Err(_) => json!({"write": path, "base64": encode(after), "mode": mode}),
            }
        }
        Step::Remove { path, .. } => json!({"remove": path}),
        Step::Symlink { path, target, .. } => json!({"link": path, "target": target}),
    };
    json!({
        "kind": stage.kind,
        "title": stage.plan.title,
        "effect": stage.effect,
        "applicability": stage.plan.applicability,
        "only_with": stage.only_with,
        "steps": stage.plan.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

/// The check list, for programs.
#[must_use]
pub fn items(items: &[Item]) -> String {
    let document = json!({"schema": 1, "tool": "longshore setup --verify", "items": items});
    format!("{document:#}\n")
}

/// A script that stops at the first failure. Stages that were not asked for stand in it as comments.
#[must_use]
pub fn shell(route: &Route) -> String {
    let mut out = String::from(
        "#!/bin/sh\n# Made by `longshore setup --plan --form=shell`. Read it, then run it as root.\n# It keeps no record: \
         `longshore undo setup` takes back what `longshore setup` did, and not this.\nset -eu\nexport LC_ALL=C DEBIAN_FRONTEND=noninteractive\n",
    );
    for stage in &route.stages {
        let off = stage.only_with.is_some() || stage.plan.applicability == Applicability::ShownOnly;
        out.push_str(&format!("\n# {}{}\n", capital(&stage.plan.title), remark(stage)));
        out.push_str(&wrapped(&stage.effect, "# "));
        let commands: String = stage.plan.steps.iter().map(step_shell).collect();
        for line in commands.lines() {
            out.push_str(if off { "# " } else { "" });
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn remark(stage: &Stage) -> String {
    match (stage.only_with, stage.plan.applicability) {
        (Some(flag), _) => format!(" (left out; {flag} asks for it)"),
        (None, Applicability::ShownOnly) => " (left to you)".to_owned(),
        (None, _) => String::new(),
    }
}

fn step_text(step: &Step) -> String {
    match step {
        Step::Run { argv, .. } | Step::Settle { argv, .. } => format!("$ {}\n", command(argv)),
        file => unified_diff(&Plan::new("", Applicability::Safe).step(file.clone())),
    }
}

fn step_shell(step: &Step) -> String {
    match step {
        Step::Run { argv, .. } | Step::Settle { argv, .. } => command(argv) + "\n",
        Step::Remove { path, .. } => format!("mv -- {0} {0}.longshore-removed\n", quoted(path)),
        Step::Symlink { path, target, .. } => format!("ln -sfn -- {} {}\n", quoted(target), quoted(path)),
        Step::Write { path, after, mode, .. } => {
            let print = match std::str::from_utf8(after) {
                Ok(text) => format!("printf %s {}", quoted(text)),
                Err(_) => format!("printf %s {} | base64 --decode", encode(after)),
            };
            let draft = quoted(&format!("{path}.longshore-new"));
            let folder = quoted(path.rsplit_once('/').map_or("/", |(folder, _)| folder));
            format!(
                "mkdir -p -- {folder}\n{print} > {draft}\n[ ! -e {path} ] || chmod --reference={path} -- {draft}\n\
                 [ -e {path} ] || chmod {mode:o} -- {draft}\nmv -- {draft} {path}\n",
                path = quoted(path),
            )
        }
    }
}

/// A call as a person would type it.
#[must_use]
pub fn command(argv: &[String]) -> String {
    argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word as the shell takes it literally.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_=./:,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("     {line}").trim_end().to_owned() + "\n").collect()
}

fn wrapped(text: &str, margin: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && margin.len() + line.chars().count() + word.chars().count() >= WIDTH {
            out.push_str(&format!("{margin}{line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    out + &format!("{margin}{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_shell_as_they_are() {
        for (word, expected) in [("a-b", "a-b"), ("", "''"), ("it's $x", "'it'\\''s $x'"), ("a\nb", "'a\nb'")]
        {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn bytes_that_are_no_text_reach_the_file_through_the_script() {
        let after = vec![0x99, 0x00, b'a'];
        let step = Step::Write { path: "/k.gpg".to_owned(), before: None, after, mode: 0o644 };
        assert!(step_shell(&step).contains("printf %s mQBh | base64 --decode > /k.gpg.longshore-new"));
    }

    #[test]
    fn long_sentences_are_broken() {
        let text = wrapped(&"word ".repeat(40), "# ");
        assert!(
            text.lines().count() == 3
                && text.lines().all(|line| line.len() <= WIDTH && line.starts_with("# ")),
            "{text}"
        );
    }
}
