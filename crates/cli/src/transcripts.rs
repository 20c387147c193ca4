//! Transcripts of commands, carried out on a machine that is a directory, compared word for word.
//!
//! A file of `cases/` is a sequence of lines:
//! `file PATH` makes a file of the lines after it that begin with `| `; `env NAME=VALUE` sets a
//! variable for the commands after it; `host NAME` goes to the recorded machine `fixtures/hosts/NAME`;
//! `$ COMMAND` runs `longshore` or another personality; `$ cat PATH`
//! shows a file. Expected after a command: `> ` lines of standard output, `! ` lines of standard
//! error, `exit CODE` unless it is 0; `\` ends text without a newline. Other lines are comments.
//! `UPDATE_CASES=1 cargo test -p cli` writes down what the commands say now.
#![expect(clippy::disallowed_methods, reason = "tests prepare and inspect directories of their own")]

use crate::personality::{Personality, personality, run};
use crate::session::Session;
use host::{Environment, Host};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// One machine, and what was said on it so far.
struct Play {
    root: tempfile::TempDir,
    recorded: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

#[test]
fn commands_say_what_the_transcripts_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let expected = fs::read_to_string(&path).unwrap();
        let actual = play(&expected);
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::write(&path, &actual).unwrap();
            continue;
        }
        for (number, (expected, actual)) in expected.lines().zip(actual.lines()).enumerate() {
            assert_eq!(expected, actual, "{} line {}", path.display(), number + 1);
        }
        assert_eq!(expected, actual, "{}", path.display());
    }
}

/// The transcript as it comes out: all lines that are input kept, all that are output made anew.
fn play(transcript: &str) -> String {
    let mut play = Play { root: tempfile::tempdir().unwrap(), recorded: None, environment: Vec::new() };
    let mut text = String::new();
    let mut lines = transcript.lines().peekable();
    while let Some(line) = lines.next() {
        if is_output(line) {
            continue;
        }
        text.push_str(line);
        text.push('\n');
        if let Some(path) = line.strip_prefix("file ") {
            let mut content = String::new();
            while let Some(line) = lines.next_if(|line| line.starts_with('|')) {
                text.push_str(line);
                text.push('\n');
                content.push_str(line.get(2..).unwrap_or_default());
                content.push('\n');
            }
            play.write(path, &content);
        } else if let Some((name, value)) = line.strip_prefix("env ").and_then(|line| line.split_once('=')) {
            play.environment.push((name.to_owned(), value.to_owned()));
        } else if let Some(name) = line.strip_prefix("host ") {
            play.recorded =
                Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/hosts").join(name));
        } else if let Some(command) = line.strip_prefix("$ ") {
            text.push_str(&play.command(command));
        }
    }
    text
}

fn is_output(line: &str) -> bool {
    ["> ", "! ", "exit ", "\\"].iter().any(|mark| line.starts_with(mark)) || [">", "!"].contains(&line)
}

impl Play {
    fn write(&self, path: &str, content: &str) {
        let path = self.root.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn command(&self, command: &str) -> String {
        let host = match &self.recorded {
            Some(folder) => Host::recorded(folder).unwrap(),
            None => Host::at(self.root.path()),
        };
        let host = host.with_environment(Environment::from(self.environment.clone()));
        if let Some(path) = command.strip_prefix("cat ") {
            return match host.read_text_optional(path).unwrap() {
                Some(content) => marked("> ", &content),
                None => "! no such file\n".to_owned(),
            };
        }
        let mut words = command.split(' ').filter(|word| !word.is_empty()).map(OsString::from);
        let program = words.next().unwrap();
        let who = personality(&program);
        assert!(who != Personality::Longshore || program == "longshore", "{program:?} is no personality");
        let mut session = Session::kept(host);
        let exit = run(&program, &mut session, &words.collect::<Vec<_>>());
        let code = session.finish(exit);
        let (out, err) = session.printed();
        let mut text = marked("> ", &without_times(out)) + &marked("! ", &without_times(err));
        if code != ExitCode::SUCCESS {
            let number = (0..=255).find(|number| ExitCode::from(*number) == code).unwrap();
            text.push_str(&format!("exit {number}\n"));
        }
        text
    }
}

fn marked(mark: &str, text: &str) -> String {
    let mut marked: String =
        text.lines().map(|line| format!("{mark}{line}").trim_end().to_owned() + "\n").collect();
    if !text.is_empty() && !text.ends_with('\n') {
        marked.push_str("\\\n");
    }
    marked
}

/// The text with `NOW` for every time like `2026-11-20T22:55:57Z`.
fn without_times(text: &str) -> String {
    let is_time = |word: &str| word.len() == 20 && word.ends_with('Z') && word.get(10..11) == Some("T");
    let pieces = text.split_inclusive([' ', '"', '\n']).map(|piece| {
        let word = piece.trim_end_matches([' ', '"', '\n']);
        if is_time(word) { piece.replace(word, "NOW") } else { piece.to_owned() }
    });
    pieces.collect()
}
