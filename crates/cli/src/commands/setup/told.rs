//! A set-up on the terminal: each step with its effect before it happens, questions, progress.

use crate::arguments::Parsed;
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use ::setup::{Answer, Progress, Record, Stage, Teller, UndoOptions, render};
use diag::render::logrus;
use diag::{Failure, Finding, Result};
use plan::Step;
use std::time::Duration;

/// How much of a program's last line is shown.
const WIDTH: usize = 72;

/// Prints through the session; asks unless told not to.
pub(super) struct Told<'session> {
    session: &'session mut Session,
    /// Whether everything was consented to beforehand.
    all: bool,
    number: usize,
    /// Whether a line of progress stands on the terminal.
    open: bool,
    /// The commands of the stage at work, which stand above in full.
    shown: Vec<Vec<String>>,
}

impl<'session> Told<'session> {
    pub(super) fn new(session: &'session mut Session, all: bool) -> Self {
        Self { session, all, number: 0, open: false, shown: Vec::new() }
    }

    /// Takes the line of progress away.
    pub(super) fn clear(&mut self) {
        if std::mem::replace(&mut self.open, false) {
            self.session.err("\r\x1b[K");
        }
    }

    fn line(&mut self, text: &str) {
        self.clear();
        self.session.out(&format!("     {text}\n"));
    }

    fn question(&mut self, stage: &Stage) -> Answer {
        let (question, default) = match stage.only_with {
            Some(_) => ("   Do you want this? [y]es, [N]o, [q]uit: ", Answer::No),
            None => ("   Carry this out? [Y]es, [n]o, [q]uit: ", Answer::Yes),
        };
        loop {
            self.session.err(question);
            let Ok(line) = self.session.typed_line() else { return Answer::Stop };
            // The end of the input is no consent.
            match line.to_lowercase().as_str() {
                "" => return Answer::Stop,
                "\n" => return default,
                "y\n" | "yes\n" => return Answer::Yes,
                "n\n" | "no\n" => return Answer::No,
                "q\n" | "quit\n" => return Answer::Stop,
                _ => self.session.err("   Please answer y, n or q.\n"),
            }
        }
    }
}

impl Teller for Told<'_> {
    fn resumes(&mut self, record: &Record) {
        let at = record.stages.last().map_or("its beginning", |stage| stage.title.as_str());
        let time = logrus::rfc3339(record.time);
        self.session.info(&format!(
            "The set-up of {time} was interrupted at: {at}. It goes on; `longshore undo setup` takes it back instead."
        ));
    }

    fn stage(&mut self, stage: &Stage) {
        self.clear();
        self.number += 1;
        self.shown = stage.plan.steps.iter().filter_map(argv).collect();
        self.session.out(&format!("\n{}", render::stage(self.number, stage)));
    }

    fn consents(&mut self, stage: &Stage) -> Answer {
        match (self.all, stage.only_with) {
            (false, _) => self.question(stage),
            (true, None) => Answer::Yes,
            (true, Some(_)) => Answer::No,
        }
    }

    fn command(&mut self, argv: &[String]) {
        let brief =
            if self.shown.iter().any(|shown| shown == argv) { brief(argv) } else { render::command(argv) };
        self.line(&format!("-> {brief}"));
    }

    fn file(&mut self, path: &str, removed: bool) {
        self.line(&format!("-> {} {path}", if removed { "removes" } else { "writes" }));
    }

    fn progress(&mut self, line: &str) {
        if self.session.can_ask() {
            let line: String = line.chars().filter(|letter| !letter.is_control()).take(WIDTH).collect();
            self.session.err(&format!("\r\x1b[K        {line}"));
            self.open = true;
        }
    }

    fn ended(&mut self, time: Duration) {
        self.line(&format!("done ({} s)", time.as_secs()));
    }

    fn note(&mut self, text: &str) {
        self.clear();
        self.session.info(text);
    }

    fn finding(&mut self, finding: &Finding) {
        self.session.warn(&finding.message);
    }
}

fn argv(step: &Step) -> Option<Vec<String>> {
    match step {
        Step::Run { argv, .. } | Step::Settle { argv, .. } => Some(argv.clone()),
        Step::Write { .. } | Step::Remove { .. } | Step::Symlink { .. } => None,
    }
}

/// A call that stands in full above: without its options and the folders of its program.
fn brief(argv: &[String]) -> String {
    let Some((program, rest)) = argv.split_first() else { return String::new() };
    let mut words = vec![program.rsplit('/').next().unwrap_or_default().to_owned()];
    let mut value = false;
    for word in rest {
        // `-o` of apt has its value in a word of its own.
        if !value && !word.starts_with('-') {
            words.push(word.clone());
        }
        value = word == "-o";
    }
    render::command(&words)
}

/// `longshore undo setup`.
pub(crate) fn take_back(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    if session.host.uid() != 0 || !session.host.is_live() {
        return Err(Failure::coded(codes::BAD_ARGUMENT, "a set-up is taken back by root of its own machine")
            .hint("sudo longshore undo setup"));
    }
    let records = ::setup::records(&session.host)?;
    if let Some(record) = records.iter().rfind(|record| record.progress != Progress::Undone) {
        session.out(&render::way_back(record));
        if !parsed.switch("yes") && !agreed(session)? {
            session.info("Nothing was changed.");
            return Ok(Exit::Failed);
        }
    }
    let options = UndoOptions {
        stop_containers: parsed.switch("stop-containers"),
        proxy: parsed.text("proxy").to_owned(),
    };
    let host = session.writable();
    let mut told = Told::new(session, true);
    let ended = ::setup::undo(&host, &options, &mut told);
    told.clear();
    let number = ended?;
    session.info(&format!("Set-up {number} is taken back."));
    Ok(Exit::Well)
}

fn agreed(session: &mut Session) -> Result<bool> {
    if !session.can_ask() {
        return Err(Failure::coded(codes::BAD_ARGUMENT, "nobody can be asked here whether to take it back")
            .hint("--yes takes it back without asking"));
    }
    session.err("Take it back? [y]es, [N]o: ");
    let line = session.typed_line()?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_repeated_in_brief() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (call, expected) in [
            (
                "/usr/bin/apt-get install --yes -o A=1 -o B=2 docker.io docker-cli",
                "apt-get install docker.io docker-cli",
            ),
            ("/usr/bin/systemctl restart docker.service", "systemctl restart docker.service"),
        ] {
            assert_eq!(brief(&words(call)), expected);
        }
    }
}
