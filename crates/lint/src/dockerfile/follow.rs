//! Requirements, constraints and lock files that commands name: from the path in the image back
//! to the file in the build context.
//!
//! The folder of the context is not written in a Dockerfile; it is the Dockerfile's own folder or
//! one above it. When more than one of these has the file, it is not followed.

use super::build::{Action, Argument, Build, Copy, Followed, Run, Source, Stage, Step};
use super::document::{Instruction, Keyword};
use crate::commands::requirements::{self, Line, Origin, Requirement};
use crate::commands::{base_name, lockfile, pip, proper};
use crate::file::{File, Files, join};

/// Folders above the Dockerfile's own in which the context is sought.
const ABOVE: usize = 3;
/// Files that name files are followed this far.
const DEEPEST: usize = 8;

/// The place of a command: stage, step, number in the step.
type At = (usize, usize, usize);

/// A file that a command names.
struct Wanted {
    at: At,
    /// The word that names it; for `uv sync` the verb.
    word: Argument,
    /// The path in the build context.
    path: String,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Requirements,
    Constraints,
    Lock,
}

/// Reads the files that the commands name into [`Run::followed`].
pub(super) fn fill(build: &mut Build, file: &File, files: Files<'_>) {
    if !may_name_files(&file.text) {
        return;
    }
    for wanted in wanted(build) {
        let Some(found) = find(file, files, &wanted.path) else { continue };
        let (stage, step, run) = wanted.at;
        let action = build.stages.get_mut(stage).and_then(|stage| stage.steps.get_mut(step));
        let Some(Action::Run(runs)) = action.map(|step| &mut step.action) else { continue };
        let Some(run) = runs.get_mut(run) else { continue };
        run.followed.push(read(&wanted, found, files));
    }
}

/// The paths of files that the Dockerfile `file` may name, those of all folders that may be its
/// context.
#[must_use]
pub(crate) fn references(file: &File, files: Files<'_>) -> Vec<String> {
    if !may_name_files(&file.text) {
        return Vec::new();
    }
    let build = Build::read(file, Files::new(&[]), &crate::Options::default());
    let mut out = Vec::new();
    for wanted in wanted(&build) {
        match find(file, files, &wanted.path) {
            Some(found) => nested(found, files, DEEPEST, &mut out),
            None => out.extend(contexts(file).map(|context| join(&context, &wanted.path))),
        }
    }
    out
}

fn nested(file: &File, files: Files<'_>, depth: usize, out: &mut Vec<String>) {
    for line in requirements::file(&file.text) {
        let (Line::File(path) | Line::Constraints(path)) = line else { continue };
        match files.beside(file, &path) {
            Some(found) if depth > 0 => nested(found, files, depth - 1, out),
            Some(_) => {}
            None => out.push(join(&file.path, &path)),
        }
    }
}

fn may_name_files(text: &str) -> bool {
    text.contains(".txt") || text.contains(".in ") || text.contains("uv sync")
}

/// A file in each folder that may be the context, for [`join`].
fn contexts(file: &File) -> impl Iterator<Item = String> {
    let relative = !file.path.starts_with('/');
    let depth = file.path.split('/').filter(|part| !matches!(*part, "" | ".")).count().saturating_sub(1);
    let most = if relative { ABOVE.min(depth.max(1)) } else { ABOVE.min(depth) };
    let path = file.path.clone();
    (0..=most).map(move |up| join(&path, &format!("{}x", "../".repeat(up))))
}

/// The file at a path of the context, when exactly one folder that may be the context has it.
fn find<'a>(file: &File, files: Files<'a>, path: &str) -> Option<&'a File> {
    let mut found = contexts(file).filter_map(|context| files.get(&join(&context, path)));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn wanted(build: &Build) -> Vec<Wanted> {
    let mut out = Vec::new();
    for stage in &build.stages {
        for (index, step) in stage.steps.iter().enumerate() {
            let Action::Run(runs) = &step.action else { continue };
            for (number, run) in runs.iter().enumerate() {
                let at = (stage.index, index, number);
                out.extend(named(run).filter_map(|(word, name, what)| {
                    let path = in_context(build, stage, index, number, &name)?;
                    Some(Wanted { at, word, path, what })
                }));
            }
        }
    }
    out
}

/// The files that a command names, with the words that name them.
fn named(run: &Run) -> impl Iterator<Item = (Argument, String, What)> {
    let mut out = Vec::new();
    if let Some(install) = pip::install(run) {
        let files = install.files.iter().map(|arg| (*arg, What::Requirements));
        let limits = install.constraints.iter().map(|arg| (*arg, What::Constraints));
        for (arg, what) in files.chain(limits).filter(|(arg, _)| arg.text.is_some()) {
            out.push((arg.clone(), pip::value_of(arg).to_owned(), what));
        }
    } else if let [uv, rest @ ..] = proper(run)
        && base_name(uv) == "uv"
        && let Some(verb) = rest.iter().find(|arg| !arg.known().starts_with('-'))
        && verb.known() == "sync"
        && rest.iter().all(|arg| arg.text.is_some() && !is_choice(arg.known()))
    {
        out.push((verb.clone(), "uv.lock".to_owned(), What::Lock));
    }
    out.into_iter()
}

/// Options with which `uv sync` takes other packages than those that the project always has, or
/// another project.
fn is_choice(word: &str) -> bool {
    [
        "--extra",
        "--all-extras",
        "--only",
        "--group",
        "--package",
        "--project",
        "--directory",
        "--index",
        "--find-links",
    ]
    .iter()
    .any(|option| word.starts_with(option))
}

/// Where in the build context a file of the image came from.
fn in_context(build: &Build, stage: &Stage, index: usize, number: usize, name: &str) -> Option<String> {
    let steps: Vec<(&Stage, usize, &Step)> =
        build.steps(stage).take_while(|(owner, at, _)| owner.index != stage.index || *at <= index).collect();
    let step = stage.steps.get(index)?;
    let here = folder(build, &steps);
    // `cd` before the command makes the folder another one.
    if let Action::Run(runs) = &step.action
        && runs.iter().take(number).any(|run| run.name() == "cd" || touches(run, name))
    {
        return None;
    }
    let wanted = absolute(&here?, name);
    if let Some(path) =
        build.instruction(step).and_then(|instruction| mounted(instruction, &wanted, &folder(build, &steps)?))
    {
        return Some(path);
    }
    for (at, (_, _, step)) in steps.iter().enumerate().rev() {
        match &step.action {
            Action::Copy(copy) => {
                let here = folder(build, steps.get(..at)?)?;
                if let Some(path) = copied(copy, &wanted, &here) {
                    return path;
                }
            }
            Action::Run(runs) if at + 1 < steps.len() && runs.iter().any(|run| touches(run, name)) => {
                return None;
            }
            Action::Opaque => return None,
            _ => {}
        }
    }
    None
}

/// Whether a command may change a file.
fn touches(run: &Run, name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    let reads =
        pip::install(run).is_some() || matches!(run.name(), "cat" | "ls" | "rm" | "echo" | "uv" | "grep");
    let named = run.args.iter().any(|arg| arg.known().contains(base));
    let written = run.redirects.iter().any(|redirect| {
        redirect.operator.contains('>')
            && redirect.target.literal().is_none_or(|target| target.contains(base))
    });
    (named && !reads) || written
}

/// The working folder after some steps; `None`: not known.
fn folder(build: &Build, steps: &[(&Stage, usize, &Step)]) -> Option<String> {
    let mut current = "/".to_owned();
    for (_, _, step) in steps {
        if build.instruction(step).is_some_and(|instruction| instruction.keyword == Keyword::Workdir)
            && let Action::Other(words) = &step.action
        {
            current = absolute(&current, words.first()?.text.as_deref()?);
        }
    }
    Some(current)
}

/// A path of the image, with `.` taken out; it ends with no slash.
fn absolute(folder: &str, path: &str) -> String {
    let joined = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    join("/x", &joined)
}

/// `Some(Some(path))`: the file comes from this path of the context; `Some(None)`: it comes from
/// elsewhere; `None`: this instruction does not bring it.
fn copied(copy: &Copy, wanted: &str, here: &str) -> Option<Option<String>> {
    let written = copy.target.as_ref()?.text.as_deref();
    let Some(written) = written else { return Some(None) };
    let target = absolute(here, written);
    let from_context = matches!(copy.source, Source::Context);
    let is_folder = written.ends_with('/') || written.ends_with('.') || copy.paths.len() > 1;
    for path in &copy.paths {
        let Some(source) = path.text.as_deref() else { return Some(None) };
        let source = source.trim_start_matches('/').trim_end_matches('/').trim_start_matches("./");
        let base = source.rsplit('/').next().unwrap_or(source);
        let whole = if source.is_empty() || source == "." { String::new() } else { format!("{source}/") };
        let brought = if source.contains(['*', '?', '[']) {
            let end = wanted.rsplit('/').next().unwrap_or("");
            let matches = formats_match(base, end) && absolute(&target, end) == wanted;
            matches.then(|| source.replacen(base, end, 1))
        } else if (wanted == target && !is_folder) || absolute(&target, base) == wanted {
            Some(source.to_owned())
        } else {
            let below = if target == "/" {
                wanted.strip_prefix('/')
            } else {
                wanted.strip_prefix(&format!("{target}/"))
            };
            below.filter(|_| !base.contains(".txt")).map(|below| format!("{whole}{below}"))
        };
        if let Some(path) = brought {
            return Some(from_context.then_some(path));
        }
    }
    None
}

/// A pattern with stars alone, as in `requirements*.txt`.
fn formats_match(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => {
            !end.contains('*')
                && name.len() >= start.len() + end.len()
                && name.starts_with(start)
                && name.ends_with(end)
        }
        None => false,
    }
}

/// `RUN --mount=type=bind,source=a.txt,target=a.txt`.
fn mounted(instruction: &Instruction, wanted: &str, here: &str) -> Option<String> {
    instruction.flags.iter().filter(|flag| flag.name == "mount").find_map(|flag| {
        let field = |names: &[&str]| {
            flag.value.split(',').find_map(|part| {
                let (name, value) = part.split_once('=')?;
                names.contains(&name).then(|| value.to_owned())
            })
        };
        let binds = field(&["type"]).is_none_or(|kind| kind == "bind");
        if !binds || field(&["from"]).is_some() {
            return None;
        }
        let target = absolute(here, &field(&["target", "dst", "destination"])?);
        let source = field(&["source", "src"]).unwrap_or_default();
        let source = source.trim_start_matches('/').trim_start_matches("./").to_owned();
        if target == wanted {
            return Some(source);
        }
        let below = wanted.strip_prefix(&format!("{}/", target.trim_end_matches('/')))?;
        Some(if source.is_empty() || source == "." { below.to_owned() } else { format!("{source}/{below}") })
    })
}

fn read(wanted: &Wanted, file: &File, files: Files<'_>) -> Followed {
    let span = wanted.word.span;
    let mut out = Followed { span, constrains: wanted.what == What::Constraints, ..Followed::default() };
    if wanted.what == What::Lock {
        out.requirements = lockfile::installed(&file.text)
            .into_iter()
            .map(|requirement| placed(requirement, file, span))
            .collect();
    } else {
        read_into(&mut out, file, files, DEEPEST);
    }
    out
}

fn read_into(out: &mut Followed, file: &File, files: Files<'_>, depth: usize) {
    for line in requirements::file(&file.text) {
        match line {
            Line::Package(requirement) => out.requirements.push(placed(requirement, file, out.span)),
            Line::Source(name, value, _) => {
                out.sources.push((name, Argument { text: Some(value), span: out.span, exact: false }));
            }
            Line::File(path) => match files.beside(file, &path) {
                Some(found) if depth > 0 => read_into(out, found, files, depth - 1),
                _ => out.has_unknown = true,
            },
            Line::Constraints(_) => out.has_unknown = true,
            Line::Conditional(name) => {
                let counts = ["torch", "tensorflow", "nvidia", "onnx", "vllm", "jax"];
                out.has_unknown |= counts.iter().any(|word| name.contains(word));
            }
        }
    }
}

/// A requirement of a file, placed at the word that names the file.
fn placed(requirement: Requirement, file: &File, span: crate::Span) -> Requirement {
    let origin = Some(Origin { path: file.path.clone(), span: requirement.span });
    Requirement { span, exact: false, origin, ..requirement }
}
