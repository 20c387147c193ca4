//! The commands of a `RUN`, evaluated with the variables of its stage.

use super::build::{Action, Argument, Run};
use super::document::{Heredoc, Instruction};
use super::evaluate::{Scope, Shell};
use super::expand::Variable;
use super::logical::Logical;
use crate::shell::{self, Command};
use std::collections::HashMap;

const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh"];

/// No `RUN` that people write has more commands; the rest is left out.
const MOST: usize = 1_000;

/// Scripts inside `bash -c` inside `bash -c` are followed this far.
const DEEPEST: usize = 3;

/// What a `RUN` does.
pub(super) fn action(instruction: &Instruction, text: &str, scope: &Scope) -> Action {
    if let Some(words) = &instruction.json {
        let args = words
            .iter()
            .map(|word| Argument {
                text: Some(word.text.clone()),
                span: word.span,
                exact: word.span.of(text) == word.text,
            })
            .collect();
        let run = Run { args, span: instruction.span, ..Run::default() };
        let mut runs = vec![run];
        Locals::new(scope).inner_scripts(text, &mut runs, 0);
        return Action::Run(runs);
    }
    if scope.shell == Shell::Other {
        return Action::Opaque;
    }
    let Some(script) = script(instruction, text) else { return Action::Opaque };
    let mut locals = Locals::new(scope);
    let mut runs = locals.evaluate(&script);
    locals.inner_scripts(text, &mut runs, 0);
    Action::Run(runs)
}

/// The script: the line, or the heredoc that the line consists of or hands to a shell; `None` for
/// a script of another language.
fn script(instruction: &Instruction, text: &str) -> Option<Logical> {
    let [heredoc] = instruction.heredocs.as_slice() else { return Some(instruction.body.clone()) };
    let body = instruction.body.text();
    let (start, end) = heredoc.opener;
    let around = format!("{} {}", &body[..start], &body[end..]);
    let words: Vec<&str> = around.split_whitespace().collect();
    let name = words.first().map(|word| word.rsplit('/').next().unwrap_or(""));
    match name {
        None => heredoc_script(heredoc, text),
        Some(name) if SHELLS.contains(&name) && words[1..].iter().all(|word| word.starts_with('-')) => {
            heredoc_script(heredoc, text)
        }
        _ => Some(instruction.body.clone()),
    }
}

/// A heredoc as script of the shell; `None` when its first line names another interpreter.
fn heredoc_script(heredoc: &Heredoc, text: &str) -> Option<Logical> {
    let content = heredoc.body.of(text);
    if let Some(interpreter) = content.strip_prefix("#!") {
        let line = interpreter.lines().next().unwrap_or("");
        let is_shell =
            line.split_whitespace().any(|word| SHELLS.contains(&word.rsplit('/').next().unwrap_or("")));
        if !is_shell {
            return None;
        }
    }
    let mut script = Logical::at(heredoc.body.start);
    script.push(content, heredoc.body.start);
    Some(script)
}

/// The variables of the shell that runs one `RUN`.
struct Locals<'a> {
    scope: &'a Scope,
    /// Set by the script; `None`: changed to something that is not known.
    own: HashMap<String, Option<String>>,
}

impl<'a> Locals<'a> {
    fn new(scope: &'a Scope) -> Self {
        Self { scope, own: HashMap::new() }
    }

    fn lookup(&self, name: &str) -> Option<String> {
        if let Some(value) = self.own.get(name) {
            return value.clone();
        }
        match self.scope.lookup(name) {
            Variable::Set(value) => value.text,
            // The shell sets names of its own.
            Variable::Unset => None,
        }
    }

    fn evaluate(&mut self, script: &Logical) -> Vec<Run> {
        shell::split(script).into_iter().take(MOST).map(|command| self.command(command)).collect()
    }

    fn command(&mut self, command: Command) -> Run {
        let mut args = Vec::with_capacity(command.words.len());
        for word in &command.words {
            let literal = word.bare().is_some() && word.contiguous;
            for text in word.fields(&mut |name| self.lookup(name)) {
                args.push(Argument { text, span: word.span, exact: literal });
            }
        }
        let assignments: Vec<(String, Option<String>)> = command
            .assignments
            .iter()
            .map(|assignment| {
                let mut fields = assignment.value.fields(&mut |name| self.lookup(name));
                let value = if fields.len() == 1 { fields.remove(0) } else { None };
                let empty = assignment.value.literal().is_some_and(|text| text.is_empty());
                (assignment.name.clone(), if empty { Some(String::new()) } else { value })
            })
            .collect();
        let run = Run {
            args,
            assignments,
            redirects: command.redirects,
            span: command.span,
            flow: command.flow,
            followed: Vec::new(),
        };
        self.remember(&run);
        run
    }

    /// Keeps what the command sets for the commands after it.
    fn remember(&mut self, run: &Run) {
        let keep = |value: Option<String>| if run.flow.conditional { None } else { value };
        if run.args.is_empty() {
            for (name, value) in &run.assignments {
                self.own.insert(name.clone(), keep(value.clone()));
            }
        } else if matches!(run.name(), "export" | "declare" | "local" | "readonly" | "typeset") {
            for arg in &run.args[1..] {
                if let Some((name, value)) = arg.known().split_once('=') {
                    self.own.insert(name.to_owned(), keep(Some(value.to_owned())));
                }
            }
        } else if matches!(run.name(), "read" | "unset" | "mapfile") {
            for arg in &run.args[1..] {
                self.own.insert(arg.known().to_owned(), None);
            }
        }
    }

    /// Adds the commands of `bash -c "..."` behind the command that runs them.
    fn inner_scripts(&mut self, text: &str, runs: &mut Vec<Run>, depth: usize) {
        if depth >= DEEPEST {
            return;
        }
        let mut index = 0;
        while index < runs.len() {
            let inner = inner_script(&runs[index], text);
            index += 1;
            let Some(script) = inner else { continue };
            let outer = runs[index - 1].flow;
            let mut found = self.evaluate(&script);
            self.inner_scripts(text, &mut found, depth + 1);
            for run in &mut found {
                run.flow.conditional |= outer.conditional;
                run.flow.tolerated |= outer.tolerated;
            }
            let count = found.len();
            runs.splice(index..index, found);
            index += count;
        }
    }
}

/// The script after `-c` of a shell, when it stands in the file just so.
fn inner_script(run: &Run, text: &str) -> Option<Logical> {
    let start = usize::from(run.name() == "sudo");
    let args = run.args.get(start..)?;
    let name = args.first()?.known().rsplit('/').next()?;
    if !SHELLS.contains(&name) {
        return None;
    }
    let flag = args.iter().skip(1).position(|arg| is_command_flag(arg.known()))? + 1;
    if !args[1..flag].iter().all(|arg| arg.known().starts_with(['-', '+']) || arg.known() == "pipefail") {
        return None;
    }
    let script = args.get(flag + 1)?;
    let content = script.text.as_deref()?;
    let whole = script.span.of(text);
    let inside =
        whole.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\''])).unwrap_or(whole);
    if inside != content {
        return None;
    }
    let offset = script.span.start + usize::from(inside.len() != whole.len());
    let mut logical = Logical::at(offset);
    logical.push(content, offset);
    Some(logical)
}

/// `-c`, `-lc`, `-ec`...
fn is_command_flag(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| {
        rest.ends_with('c') && !rest.starts_with('-') && rest.chars().all(|c| c.is_ascii_alphabetic())
    })
}
