//! From a [`Document`] to a [`Build`]: stages, variables, commands.

use super::build::{Action, Argument, Base, BaseImage, Build, Copy, Set, Source, Stage, Step};
use super::document::{Document, Instruction, Keyword};
use super::expand::{self, Value, Variable};
use super::image::ImageName;
use super::logical::Logical;
use super::run;
use crate::options::Options;
use std::collections::HashMap;

/// No Dockerfile that people write has more instructions; the rest is read and not evaluated.
const MOST: usize = 1_000;

/// Evaluates a document; `text` is that of the file.
pub(super) fn build(document: Document, text: &str, options: &Options) -> Build {
    let mut evaluator = Evaluator {
        text,
        options,
        escape: document.escape,
        globals: HashMap::new(),
        stages: Vec::new(),
        scopes: Vec::new(),
        triggers: Vec::new(),
        left: MOST,
    };
    for (index, instruction) in document.instructions.iter().enumerate().take(MOST) {
        if instruction.onbuild {
            evaluator.triggers.last_mut().into_iter().for_each(|own| own.push((index, instruction)));
        } else {
            evaluator.instruction(index, instruction);
        }
    }
    let stages = evaluator.stages;
    let target = match &options.target {
        Some(name) => find_stage(&stages, name),
        None => stages.len().checked_sub(1),
    };
    Build { document, stages, target }
}

/// The variables of a stage.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    env: HashMap<String, Value>,
    args: HashMap<String, Value>,
    /// Whether the image below sets nothing: a name that is not here is not set.
    pub(super) closed: bool,
    /// How `RUN` lines are read.
    pub(super) shell: Shell,
}

/// What reads `RUN` lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shell {
    /// A shell of the Bourne family.
    #[default]
    Bourne,
    /// Another one.
    Other,
}

impl Scope {
    /// What a variable is for an instruction.
    pub(super) fn lookup(&self, name: &str) -> Variable {
        match self.env.get(name).or_else(|| self.args.get(name)) {
            Some(value) => Variable::Set(value.clone()),
            None if self.closed => Variable::Unset,
            None => Variable::Set(Value::unknown()),
        }
    }
}

struct Evaluator<'a> {
    text: &'a str,
    options: &'a Options,
    escape: char,
    globals: HashMap<String, Value>,
    stages: Vec<Stage>,
    /// The scope of each stage at its end.
    scopes: Vec<Scope>,
    /// The triggers (`ONBUILD`) of each stage, which run in the stages built on it.
    triggers: Vec<Vec<(usize, &'a Instruction)>>,
    /// How many triggers may still run.
    left: usize,
}

impl<'a> Evaluator<'a> {
    fn instruction(&mut self, index: usize, instruction: &'a Instruction) {
        if instruction.keyword == Keyword::From {
            self.from(index, instruction);
            return;
        }
        let Some(mut scope) = self.scopes.pop() else {
            if instruction.keyword == Keyword::Arg {
                self.global_args(instruction);
            }
            return;
        };
        let action = self.action(instruction, &mut scope);
        self.scopes.push(scope);
        if let Some(stage) = self.stages.last_mut() {
            stage.steps.push(Step { instruction: index, action });
        }
    }

    fn global_args(&mut self, instruction: &Instruction) {
        let globals = std::mem::take(&mut self.globals);
        let mut scope = Scope { args: globals, ..Scope::default() };
        self.args(instruction, &mut scope);
        self.globals = scope.args;
    }

    fn from(&mut self, index: usize, instruction: &'a Instruction) {
        let body = &instruction.body;
        let words = expand::words(body.text(), self.escape);
        let name = match words.as_slice() {
            [_, (start, end), (name_start, name_end)]
                if body.text()[*start..*end].eq_ignore_ascii_case("as") =>
            {
                Some(body.text()[*name_start..*name_end].to_ascii_lowercase())
            }
            _ => None,
        };
        let base = words.first().map_or(Base::Unknown, |(start, end)| self.base(body, *start, *end));
        let platform = instruction.flag("platform").map(|flag| self.global(&flag.value));
        let scope = match base {
            Base::Stage(parent) => self.scopes.get(parent).cloned().unwrap_or_default(),
            Base::Scratch => Scope { closed: true, ..Scope::default() },
            _ => Scope::default(),
        };
        let triggers = match base {
            Base::Stage(parent) => self.triggers.get(parent).cloned().unwrap_or_default(),
            _ => Vec::new(),
        };
        let number = self.stages.len();
        self.stages.push(Stage { index: number, name, from: index, base, platform, steps: Vec::new() });
        self.scopes.push(scope);
        self.triggers.push(Vec::new());
        for (index, trigger) in triggers {
            if let Some(left) = self.left.checked_sub(1) {
                self.left = left;
                self.instruction(index, trigger);
            }
        }
    }

    fn base(&self, body: &Logical, start: usize, end: usize) -> Base {
        let written = &body.text()[start..end];
        let value = self.global(written);
        let Some(text) = value.text else { return Base::Unknown };
        if text.eq_ignore_ascii_case("scratch") {
            return Base::Scratch;
        }
        let lower = text.to_ascii_lowercase();
        if let Some(stage) = self.stages.iter().rev().find(|stage| stage.name.as_deref() == Some(&lower)) {
            return Base::Stage(stage.index);
        }
        match ImageName::parse(&text) {
            Some(name) => Base::Image(BaseImage {
                name,
                span: body.span(start, end),
                written: written.to_owned(),
                origins: value.origins,
            }),
            None => Base::Unknown,
        }
    }

    /// A word of `FROM`: only `ARG`s before the first `FROM` count.
    fn global(&self, word: &str) -> Value {
        expand::expand(word, self.escape, &mut |name| match self.globals.get(name) {
            Some(value) => Variable::Set(value.clone()),
            None => Variable::Set(Value::unknown()),
        })
    }

    fn action(&self, instruction: &Instruction, scope: &mut Scope) -> Action {
        match instruction.keyword {
            Keyword::Arg => Action::Arg(self.args(instruction, scope)),
            Keyword::Env => Action::Env(self.env(instruction, scope)),
            Keyword::Run => run::action(instruction, self.text, scope),
            Keyword::Copy | Keyword::Add => Action::Copy(self.copy(instruction, scope)),
            Keyword::Shell => {
                scope.shell = shell(instruction);
                Action::Other(Vec::new())
            }
            _ => Action::Other(self.arguments(instruction, scope)),
        }
    }

    fn args(&self, instruction: &Instruction, scope: &mut Scope) -> Vec<Set> {
        let body = &instruction.body;
        let mut sets = Vec::new();
        for (start, end) in expand::words(body.text(), self.escape) {
            let word = &body.text()[start..end];
            let (name, raw) = word.split_once('=').map_or((word, None), |(name, raw)| (name, Some(raw)));
            let value_start = if raw.is_some() { start + name.len() + 1 } else { end };
            let value_span = body.span(value_start, end);
            let mut value = match (self.options.build_args.get(name), raw) {
                (Some(given), _) => Value::known(given.clone()),
                (None, Some(raw)) => expand::expand(raw, self.escape, &mut |name| scope.lookup(name)),
                (None, None) => self.globals.get(name).cloned().unwrap_or_default(),
            };
            if raw.is_some() {
                value.origins.push(value_span);
            }
            scope.args.insert(name.to_owned(), value.clone());
            sets.push(Set {
                name: name.to_owned(),
                value,
                raw: raw.unwrap_or("").to_owned(),
                span: body.span(start, end),
                value_span,
            });
        }
        sets
    }

    fn env(&self, instruction: &Instruction, scope: &mut Scope) -> Vec<Set> {
        let body = &instruction.body;
        let text = body.text();
        let words = expand::words(text, self.escape);
        let Some(first) = words.first().copied() else { return Vec::new() };
        let pairs: Vec<(usize, usize, usize, usize)> = if text[first.0..first.1].contains('=') {
            words
                .iter()
                .filter_map(|(start, end)| {
                    let equals = start + text[*start..*end].find('=')?;
                    Some((*start, equals, equals + 1, *end))
                })
                .collect()
        } else {
            let end = text.trim_end().len();
            words.get(1).map(|second| (first.0, first.1, second.0, end)).into_iter().collect()
        };
        let mut sets = Vec::new();
        for (start, name_end, value_start, end) in pairs {
            let raw = &text[value_start..end];
            let value_span = body.span(value_start, end);
            let mut value = expand::expand(raw, self.escape, &mut |name| scope.lookup(name));
            value.origins.push(value_span);
            sets.push(Set {
                name: text[start..name_end].to_owned(),
                value,
                raw: raw.to_owned(),
                span: body.span(start, end),
                value_span,
            });
        }
        // All values of one instruction see the variables as they were before it.
        for set in &sets {
            scope.env.insert(set.name.clone(), set.value.clone());
        }
        sets
    }

    fn copy(&self, instruction: &Instruction, scope: &Scope) -> Copy {
        let source = match instruction.flag("from") {
            None => Source::Context,
            Some(flag) => self.source(&flag.value),
        };
        let mut paths = self.arguments(instruction, scope);
        let target = paths.pop();
        Copy { source, paths, target }
    }

    fn source(&self, written: &str) -> Source {
        let Some(text) = self.global(written).text else { return Source::Unknown };
        if let Some(index) = find_stage(&self.stages, &text) {
            return Source::Stage(index);
        }
        ImageName::parse(&text).map_or(Source::Unknown, Source::Image)
    }

    fn arguments(&self, instruction: &Instruction, scope: &Scope) -> Vec<Argument> {
        if let Some(words) = &instruction.json {
            return words
                .iter()
                .map(|word| Argument {
                    text: Some(word.text.clone()),
                    span: word.span,
                    exact: word.span.of(self.text) == word.text,
                })
                .collect();
        }
        let body = &instruction.body;
        expand::words(body.text(), self.escape)
            .into_iter()
            .map(|(start, end)| {
                let word = &body.text()[start..end];
                let value = expand::expand(word, self.escape, &mut |name| scope.lookup(name));
                let exact = value.text.as_deref() == Some(word) && body.is_contiguous(start, end);
                Argument { text: value.text, span: body.span(start, end), exact }
            })
            .collect()
    }
}

/// The stage with a name, or with a number.
fn find_stage(stages: &[Stage], name: &str) -> Option<usize> {
    let lower = name.to_ascii_lowercase();
    stages
        .iter()
        .rev()
        .find(|stage| stage.name.as_deref() == Some(&lower))
        .map(|stage| stage.index)
        .or_else(|| name.parse().ok().filter(|index| *index < stages.len()))
}

/// What `SHELL` sets.
fn shell(instruction: &Instruction) -> Shell {
    let words = instruction.json.as_deref().unwrap_or(&[]);
    let runs_bourne = words.iter().any(|word| {
        let name = word.text.rsplit('/').next().unwrap_or("");
        matches!(name, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "busybox")
    });
    if runs_bourne { Shell::Bourne } else { Shell::Other }
}
