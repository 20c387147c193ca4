//! A Dockerfile evaluated: stages, the variables of each, the commands that `RUN` runs.

use super::document::{Document, Instruction};
use super::evaluate;
use super::expand::Value;
use super::follow;
use super::image::ImageName;
use super::parse::parse;
use crate::commands::requirements::Requirement;
use crate::file::{File, Files};
use crate::options::Options;
use crate::shell::{Flow, Redirect};
use crate::text::Span;

/// A Dockerfile, read and evaluated.
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// The file as written.
    pub document: Document,
    /// The stages in order.
    pub stages: Vec<Stage>,
    /// The stage that is built: `--target`, or the last one.
    pub target: Option<usize>,
}

/// A stage.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its number from 0.
    pub index: usize,
    /// Its name in lower case (`AS name`).
    pub name: Option<String>,
    /// Its `FROM`, as index into the document's instructions.
    pub from: usize,
    /// On what it is built.
    pub base: Base,
    /// `--platform` as far as it is known.
    pub platform: Option<Value>,
    /// What it does, in order. First come the triggers (`ONBUILD`) of the stage that it is built on;
    /// its own are left out.
    pub steps: Vec<Step>,
}

/// On what a stage is built.
#[derive(Clone, Debug)]
pub enum Base {
    /// Nothing.
    Scratch,
    /// An image.
    Image(BaseImage),
    /// An earlier stage.
    Stage(usize),
    /// Depends on what only the build knows.
    Unknown,
}

/// The image under a stage.
#[derive(Clone, Debug)]
pub struct BaseImage {
    /// Its reference.
    pub name: ImageName,
    /// The reference in the `FROM` line, variables as written.
    pub span: Span,
    /// The reference as written.
    pub written: String,
    /// Where the variables in it were set.
    pub origins: Vec<Span>,
}

/// One instruction of a stage.
#[derive(Clone, Debug)]
pub struct Step {
    /// Index into the document's instructions.
    pub instruction: usize,
    /// What it does.
    pub action: Action,
}

/// What an instruction does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Runs commands.
    Run(Vec<Run>),
    /// Runs something that is not read: another shell, a script of another language.
    Opaque,
    /// Sets variables of the image.
    Env(Vec<Set>),
    /// Declares variables of the build.
    Arg(Vec<Set>),
    /// Brings files in.
    Copy(Copy),
    /// Anything else, with its words.
    Other(Vec<Argument>),
}

/// A variable that is set.
#[derive(Clone, Debug)]
pub struct Set {
    /// The name.
    pub name: String,
    /// The value as far as it is known.
    pub value: Value,
    /// The value as written, quotes included.
    pub raw: String,
    /// `name=value` or `name value`.
    pub span: Span,
    /// The value in the file, quotes included.
    pub value_span: Span,
}

/// `COPY` or `ADD`.
#[derive(Clone, Debug)]
pub struct Copy {
    /// Where from.
    pub source: Source,
    /// What.
    pub paths: Vec<Argument>,
    /// Where to.
    pub target: Option<Argument>,
}

/// Where `COPY` takes files from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The context of the build (or an address, for `ADD`).
    Context,
    /// An earlier stage.
    Stage(usize),
    /// An image.
    Image(ImageName),
    /// Depends on what only the build knows.
    Unknown,
}

/// A word of an instruction or command, evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The text when it is known.
    pub text: Option<String>,
    /// Its place in the file; fields of one variable share that of the variable.
    pub span: Span,
    /// Whether the text stands at the place just so, without quotes or variables: it may be edited.
    pub exact: bool,
}

impl Argument {
    /// The text; empty when it is not known.
    #[must_use]
    pub fn known(&self) -> &str {
        self.text.as_deref().unwrap_or("")
    }
}

/// A command of a `RUN`, evaluated.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Name and arguments.
    pub args: Vec<Argument>,
    /// `NAME=value` before the name, or alone.
    pub assignments: Vec<(String, Option<String>)>,
    /// Redirections.
    pub redirects: Vec<Redirect>,
    /// From the first to the last byte.
    pub span: Span,
    /// How it is run.
    pub flow: Flow,
    /// Files of packages that it names, read.
    pub followed: Vec<Followed>,
}

/// A requirements, constraints or lock file that a command names, read with those that it names.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// The word of the command that names it.
    pub span: Span,
    /// Whether it only limits versions (`-c`).
    pub constrains: bool,
    /// The packages; their spans are that of the word, their origin is the line.
    pub requirements: Vec<Requirement>,
    /// Where packages come from: `--index-url` and the like.
    pub sources: Vec<(&'static str, Argument)>,
    /// Whether a part of it was not found.
    pub has_unknown: bool,
}

impl Run {
    /// The name of the command without its folder; empty when it is not known.
    #[must_use]
    pub fn name(&self) -> &str {
        let text = self.args.first().map_or("", Argument::known);
        text.rsplit('/').next().unwrap_or("")
    }
}

/// A command with where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The stage.
    pub stage: &'a Stage,
    /// Index of the step in the stage.
    pub step: usize,
    /// The command.
    pub run: &'a Run,
}

impl Build {
    /// Reads and evaluates a Dockerfile.
    #[must_use]
    pub fn read(file: &File, files: Files<'_>, options: &Options) -> Self {
        let mut build = evaluate::build(parse(&file.text), &file.text, options);
        follow::fill(&mut build, file, files);
        build
    }

    /// The stages from the one built on an image to `stage` itself.
    #[must_use]
    pub fn lineage<'a>(&'a self, stage: &'a Stage) -> Vec<&'a Stage> {
        let mut out = vec![stage];
        let mut current = stage;
        while let Base::Stage(index) = current.base {
            // A stage is built only on earlier ones, so this ends.
            let Some(parent) = self.stages.get(index) else { break };
            out.push(parent);
            current = parent;
        }
        out.reverse();
        out
    }

    /// The image at the bottom of a stage, when it is known.
    #[must_use]
    pub fn root_image<'a>(&'a self, stage: &'a Stage) -> Option<&'a BaseImage> {
        match self.lineage(stage).first()?.base {
            Base::Image(ref image) => Some(image),
            _ => None,
        }
    }

    /// The steps of a stage and of those it is built on, in order.
    pub fn steps<'a>(&'a self, stage: &'a Stage) -> impl Iterator<Item = (&'a Stage, usize, &'a Step)> {
        let lineage = self.lineage(stage);
        lineage
            .into_iter()
            .flat_map(|stage| stage.steps.iter().enumerate().map(move |(index, step)| (stage, index, step)))
    }

    /// The commands of a stage alone.
    pub fn commands<'a>(&'a self, stage: &'a Stage) -> impl Iterator<Item = Place<'a>> {
        stage.steps.iter().enumerate().flat_map(move |(step, content)| {
            let runs = match &content.action {
                Action::Run(runs) => runs.as_slice(),
                _ => &[],
            };
            runs.iter().map(move |run| Place { stage, step, run })
        })
    }

    /// The instruction of a step.
    #[must_use]
    pub fn instruction(&self, step: &Step) -> Option<&Instruction> {
        self.document.instructions.get(step.instruction)
    }

    /// The last `ENV` of a variable that holds before step `before` of `stage`.
    #[must_use]
    pub fn env<'a>(&'a self, stage: &'a Stage, before: usize, name: &str) -> Option<&'a Set> {
        self.last_set(stage, before, name, |action| match action {
            Action::Env(sets) => sets,
            _ => &[],
        })
    }

    /// What a variable is for the commands of a step: `ENV`, else `ARG`.
    #[must_use]
    pub fn variable<'a>(&'a self, stage: &'a Stage, before: usize, name: &str) -> Option<&'a Set> {
        self.env(stage, before, name).or_else(|| {
            self.last_set(stage, before, name, |action| match action {
                Action::Arg(sets) => sets,
                _ => &[],
            })
        })
    }

    fn last_set<'a>(
        &'a self,
        stage: &'a Stage,
        before: usize,
        name: &str,
        sets: fn(&'a Action) -> &'a [Set],
    ) -> Option<&'a Set> {
        let mut limit = before;
        for stage in self.lineage(stage).into_iter().rev() {
            let end = limit.min(stage.steps.len());
            let found = stage.steps[..end]
                .iter()
                .rev()
                .find_map(|step| sets(&step.action).iter().rev().find(|set| set.name == name));
            if found.is_some() {
                return found;
            }
            limit = usize::MAX;
        }
        None
    }

    /// Whether a stage takes part in what is built: the target, what it is built on, and what is
    /// copied or mounted from there.
    #[must_use]
    pub fn is_ancestor_of_target(&self, stage: &Stage) -> bool {
        self.target
            .and_then(|target| self.stages.get(target))
            .is_some_and(|target| self.lineage(target).iter().any(|other| other.index == stage.index))
    }
}
