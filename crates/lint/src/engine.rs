//! Runs the rules over files, in parallel, and applies selection and ignore comments.

use crate::compose::Compose;
use crate::devcontainer::Devcontainer;
use crate::dockerfile::Build;
use crate::file::{File, Files, Index, Kind};
use crate::finding::Finding;
use crate::fixes;
use crate::gitignore::Gitignore;
use crate::kubernetes::Manifests;
use crate::options::Options;
use crate::rule::{Check, Context, Rule};
use crate::rules;
use crate::script::Script;
use crate::sink::Sink;
use crate::suppress;
use crate::text::Span;
use diag::Severity;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What was found in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Path of the file as given.
    pub path: String,
    /// What it was read as.
    pub kind: Kind,
    /// The findings, ordered by place, then code.
    pub findings: Vec<Finding>,
}

/// The model of one file.
enum Model {
    Dockerfile(Box<Build>),
    Compose(Box<Compose>),
    Kubernetes(Box<Manifests>),
    Devcontainer(Devcontainer),
    Script(Script),
}

impl Model {
    /// Whether the file has more than is looked at.
    fn is_cut(&self) -> bool {
        match self {
            Self::Compose(compose) => compose.is_cut(),
            Self::Kubernetes(manifests) => manifests.is_cut(),
            Self::Dockerfile(_) | Self::Devcontainer(_) | Self::Script(_) => false,
        }
    }
}

/// Checks all files of a known kind; the others only answer references. Reports come in the order
/// of the files.
#[must_use]
pub fn check(files: &[File], options: &Options) -> Vec<Report> {
    let linted: Vec<(&File, Kind)> = files.iter().filter_map(|file| Some((file, Kind::of(file)?))).collect();
    let index = Index::of(files);
    let all = Files::indexed(files, &index);
    let next = AtomicUsize::new(0);
    let reports: Mutex<Vec<(usize, Report)>> = Mutex::new(Vec::with_capacity(linted.len()));
    let work = || {
        while let Some((index, (file, kind))) = take(&next, &linted) {
            let report = check_one(file, kind, all, options);
            reports.lock().unwrap_or_else(PoisonError::into_inner).push((index, report));
        }
    };
    let threads = threads(&linted);
    if threads <= 1 {
        work();
    } else {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
    }
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    reports.sort_by_key(|(index, _)| *index);
    reports.into_iter().map(|(_, report)| report).collect()
}

fn take<'a>(next: &AtomicUsize, linted: &[(&'a File, Kind)]) -> Option<(usize, (&'a File, Kind))> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    linted.get(index).map(|item| (index, *item))
}

/// Starting a thread costs more than a small file: one thread for each 64 KiB at most.
fn threads(linted: &[(&File, Kind)]) -> usize {
    let bytes: usize = linted.iter().map(|(file, _)| file.text.len()).sum();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores.min(linted.len()).min(bytes / 65_536 + 1)
}

/// The paths that the given files name and that are not among them: Dockerfiles and included files
/// of a Compose file. The caller reads those it can and asks again until nothing new comes.
#[must_use]
pub fn references(files: &[File]) -> Vec<String> {
    let index = Index::of(files);
    let all = Files::indexed(files, &index);
    let mut paths = Vec::new();
    for file in files {
        match Kind::of(file) {
            Some(Kind::Compose) => paths.extend(crate::compose::references(file)),
            Some(Kind::Dockerfile) if file.text.len() <= LARGEST => {
                paths.extend(crate::dockerfile::follow::references(file, all))
            }
            _ => {}
        }
    }
    paths.retain(|path| all.get(path).is_none());
    paths.sort();
    paths.dedup();
    paths
}

/// More findings of one rule in one file than anybody reads.
const MOST: usize = 1000;

/// Larger Dockerfiles, scripts and devcontainers are not written by people: that they are not looked at
/// is said. YAML has a limit of its own, because a bundle of definitions may be large.
const LARGEST: usize = 1024 * 1024;

fn check_one(file: &File, kind: Kind, files: Files<'_>, options: &Options) -> Report {
    if file.text.len() > LARGEST && !matches!(kind, Kind::Compose | Kind::Kubernetes) {
        return Report { path: file.path.clone(), kind, findings: vec![too_large(file)] };
    }
    let model = read(file, kind, files, options);
    if model.is_cut() {
        return Report { path: file.path.clone(), kind, findings: vec![too_large(file)] };
    }
    let chosen = rules::ALL.iter().filter(|rule| is_selected(rule, options));
    let mut findings: Vec<Finding> =
        chosen.flat_map(|rule| run(rule, &model, file, files, options)).collect();
    findings = suppress::apply(file, kind, findings, &|rule| is_selected(rule, options));
    findings.retain(|finding| !is_ignored_here(finding, file, options));
    findings.sort_by_key(|finding| (finding.primary.span, finding.code));
    // A trigger runs in each stage that is built on its own.
    findings.dedup();
    fixes::end_lines_as(&file.text, &mut findings);
    Report { path: file.path.clone(), kind, findings }
}

/// The finding of a file that was not looked at: no rule may seem to have passed it.
fn too_large(file: &File) -> Finding {
    let mut sink = Sink::new(&rules::NOT_READ);
    sink.report(Span { start: 0, end: 0 }, format!("{} bytes: not looked at", file.text.len()))
        .severity(Severity::Warning)
        .help("files of this size are not written by people; leave it out by name, or in .gitignore");
    sink.into_findings().remove(0)
}

fn read(file: &File, kind: Kind, files: Files<'_>, options: &Options) -> Model {
    match kind {
        Kind::Dockerfile => Model::Dockerfile(Box::new(Build::read(file, files, options))),
        Kind::Compose => Model::Compose(Box::new(Compose::read(file, &files, &options.compose_files))),
        Kind::Kubernetes => Model::Kubernetes(Box::new(Manifests::read(file))),
        Kind::Devcontainer => Model::Devcontainer(Devcontainer::read(file)),
        Kind::Script => Model::Script(Script::read(file)),
    }
}

fn run(rule: &'static Rule, model: &Model, file: &File, files: Files<'_>, options: &Options) -> Vec<Finding> {
    let mut sink = Sink::new(rule);
    match (rule.check, model) {
        (Check::Dockerfile(check), Model::Dockerfile(model)) => {
            check(Context { model, file, files: &files, options }, &mut sink);
        }
        (Check::Compose(check), Model::Compose(model)) => {
            check(Context { model, file, files: &files, options }, &mut sink);
        }
        (Check::Kubernetes(check), Model::Kubernetes(model)) => {
            check(Context { model, file, files: &files, options }, &mut sink);
        }
        (Check::Devcontainer(check), Model::Devcontainer(model)) => {
            check(Context { model, file, files: &files, options }, &mut sink);
        }
        (Check::Script(check), Model::Script(model)) => {
            check(Context { model, file, files: &files, options }, &mut sink);
        }
        _ => {}
    }
    let mut findings = sink.into_findings();
    let more = findings.len().saturating_sub(MOST);
    findings.truncate(MOST);
    if let Some(last) = findings.last_mut().filter(|_| more > 0) {
        last.note(format!("{more} further findings of this rule in this file are not shown"));
    }
    findings
}

/// Whether a rule is asked for: by code, name, prefix (`G2`) or `ALL`; without a selection all
/// rules of severity warning and error.
pub(crate) fn is_selected(rule: &Rule, options: &Options) -> bool {
    let chosen = if options.select.is_empty() {
        rule.severity >= Severity::Warning
    } else {
        options.select.iter().any(|word| matches(rule, word))
    };
    chosen && !options.ignore.iter().any(|word| matches(rule, word))
}

/// Whether the configuration leaves a finding out in this file.
fn is_ignored_here(finding: &Finding, file: &File, options: &Options) -> bool {
    let path = file.path.trim_start_matches("./");
    options.per_file.iter().any(|row| {
        Gitignore::default().with("", &row.files).ignores(path, false)
            && rules::find(finding.code.as_str())
                .is_some_and(|rule| row.rules.iter().any(|word| matches(rule, word)))
    })
}

/// Whether a word names a rule, several by a prefix of their codes, or all.
#[must_use]
pub fn names_a_rule(word: &str) -> bool {
    rules::ALL.iter().any(|rule| matches(rule, word))
}

fn matches(rule: &Rule, word: &str) -> bool {
    word.eq_ignore_ascii_case("all")
        || word.eq_ignore_ascii_case(rule.name)
        || (!word.is_empty() && rule.code.as_str().starts_with(&word.to_ascii_uppercase()))
}
