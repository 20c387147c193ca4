//! Runs the rules over files, in parallel, and applies selection and ignore comments.

use crate::compose::Compose;
use crate::dockerfile::Build;
use crate::file::{File, Files, Kind};
use crate::finding::Finding;
use crate::kubernetes::Manifests;
use crate::options::Options;
use crate::rule::{Check, Context, Rule};
use crate::rules;
use crate::sink::Sink;
use crate::suppress;
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
}

/// Checks all files of a known kind; the others only answer references. Reports come in the order
/// of the files.
#[must_use]
pub fn check(files: &[File], options: &Options) -> Vec<Report> {
    let linted: Vec<(&File, Kind)> = files.iter().filter_map(|file| Some((file, Kind::of(file)?))).collect();
    let all = Files::new(files);
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
    let all = Files::new(files);
    let mut paths = Vec::new();
    for file in files.iter().filter(|file| Kind::of(file) == Some(Kind::Compose)) {
        paths.extend(crate::compose::references(file));
    }
    paths.retain(|path| all.get(path).is_none());
    paths.sort();
    paths.dedup();
    paths
}

fn check_one(file: &File, kind: Kind, files: Files<'_>, options: &Options) -> Report {
    let model = read(file, kind, files, options);
    let chosen = rules::ALL.iter().filter(|rule| is_selected(rule, options));
    let mut findings: Vec<Finding> =
        chosen.flat_map(|rule| run(rule, &model, file, files, options)).collect();
    findings = suppress::apply(file, kind, findings, &|rule| is_selected(rule, options));
    findings.sort_by_key(|finding| (finding.primary.span, finding.code));
    Report { path: file.path.clone(), kind, findings }
}

fn read(file: &File, kind: Kind, files: Files<'_>, options: &Options) -> Model {
    match kind {
        Kind::Dockerfile => Model::Dockerfile(Box::new(Build::read(file, files, options))),
        Kind::Compose => Model::Compose(Box::new(Compose::read(file, &files))),
        Kind::Kubernetes => Model::Kubernetes(Box::new(Manifests::read(file))),
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
        _ => {}
    }
    sink.into_findings()
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

fn matches(rule: &Rule, word: &str) -> bool {
    word.eq_ignore_ascii_case("all")
        || word.eq_ignore_ascii_case(rule.name)
        || (!word.is_empty() && rule.code.as_str().starts_with(&word.to_ascii_uppercase()))
}
