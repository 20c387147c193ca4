//! Running other programs: quietly, with their output kept for the case that they fail.

use diag::{Failure, Result, ResultExt};
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A command from its words, with nothing on standard input.
pub(crate) fn command<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Command {
    let mut words = words.into_iter();
    let program = words.next();
    let mut command = Command::new(program.as_ref().map_or(OsStr::new("true"), |word| word.as_ref()));
    command.args(words).stdin(Stdio::null());
    command
}

/// Runs a command to its end and gives its standard output; any other end than success is a
/// failure that holds the last lines that it wrote.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    if !output.status.success() {
        return Err(failed(command, &output));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command to its end, whatever its exit status is.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    command.output().with_context(|| format!("cannot start {}", shown(command)))
}

/// Runs a command with its output on the terminal.
pub(crate) fn visible(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{} ended with {status}", shown(command))))
    }
}

/// Connects two commands as a pipe and waits for both.
pub(crate) fn pipe(source: &mut Command, sink: &mut Command) -> Result<()> {
    let mut first = source
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(source)))?;
    let stream = first.stdout.take().ok_or_else(|| Failure::new("no pipe"))?;
    let second = output(sink.stdin(stream))?;
    let first = first.wait_with_output().context("cannot wait for the first program of a pipe")?;
    match (first.status.success(), second.status.success()) {
        (_, false) => Err(failed(sink, &second)),
        (false, true) => Err(failed(source, &first)),
        (true, true) => Ok(()),
    }
}

/// Gives a text to a command's standard input, and what it writes.
pub(crate) fn pipe_text(mut command: Command, text: &str) -> Result<Vec<u8>> {
    let failure = format!("cannot start {}", shown(&command));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context(failure)?;
    let mut input = child.stdin.take().ok_or_else(|| Failure::new("no pipe"))?;
    // In a thread of its own: a program that writes while it reads would block both.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(text.as_bytes()));
        child.wait_with_output()
    });
    let output = output.context("cannot wait for a program")?;
    if output.status.success() { Ok(output.stdout) } else { Err(failed(&command, &output)) }
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let arguments = command.get_args().map(|word| quoted(&word.to_string_lossy()));
    shortened(&[name].into_iter().chain(arguments).collect::<Vec<_>>().join(" "))
}

/// A long command by its beginning and its end.
fn shortened(line: &str) -> String {
    let letters: Vec<char> = line.chars().collect();
    if letters.len() <= 300 {
        return line.to_string();
    }
    let text = |letters: &[char]| letters.iter().collect::<String>();
    format!("{} ... {}", text(&letters[..100]), text(&letters[letters.len() - 60..]))
}

/// A word as the shell needs it: in single quotes when it holds more than plain characters.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The last `count` lines of a text.
pub(crate) fn tail(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn failed(command: &Command, output: &Output) -> Failure {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Failure::new(format!("{} ended with {}:\n{}", shown(command), output.status, tail(&text, 30)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_when_the_shell_needs_it() {
        for (word, wanted) in [
            ("--gpus", "--gpus"),
            ("nvidia.com/gpu=all", "nvidia.com/gpu=all"),
            ("\"device=0,3\"", "'\"device=0,3\"'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), wanted);
        }
    }

    #[test]
    fn only_very_long_commands_are_shortened() {
        assert_eq!(shown(&command(["/usr/bin/echo", "a b"])), "echo 'a b'");
        let long = shown(&command(["echo", &"x".repeat(1000)]));
        assert!(long.starts_with("echo xx") && long.contains(" ... ") && long.len() < 200, "{long}");
    }

    #[test]
    fn tail_keeps_the_last_lines() {
        assert_eq!(tail("a\nb\nc\n", 2), "b\nc");
        assert_eq!(tail("a", 2), "a");
    }
}
