//! G303: the key with which the CUDA repository was signed before April 2022.

use crate::dockerfile::{Action, Argument, Build, Run, Stage};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G303"),
    name: "cuda-repo-old-key",
    severity: Severity::Error,
    family: Family::Driver,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

const OLD: &str = "7fa2af80.pub";
const NEW: &str = "3bf863cc.pub";

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let text = &context.file.text;
    // Who brings the new key in, in whatever way, knows of the two.
    if text.contains("3bf863cc") || text.contains("3BF863CC") || text.contains("cuda-keyring") {
        return;
    }
    let build = context.model;
    for stage in &build.stages {
        let runs: Vec<&Run> = stage.steps.iter().flat_map(|step| runs(&step.action)).collect();
        let Some(at) = runs.iter().position(|run| key(run).is_some() && !run.flow.conditional) else {
            continue;
        };
        let Some(key) = key(runs[at]) else { continue };
        if !uses_repository(build, stage) || !runs[at..].iter().any(|run| updates(run)) {
            continue;
        }
        report(text, key, sink);
    }
}

fn runs(action: &Action) -> &[Run] {
    match action {
        Action::Run(runs) => runs,
        _ => &[],
    }
}

/// The address of the old key of the repository for a system that still has one.
fn key(run: &Run) -> Option<&Argument> {
    run.args.iter().find(|arg| {
        let address = arg.known();
        let system = address.split_once("/compute/cuda/repos/").map_or("", |(_, rest)| rest);
        address.ends_with(OLD) && ["ubuntu18", "ubuntu20"].iter().any(|name| system.starts_with(name))
    })
}

/// Whether the packages of the repository are asked for: its line, or the package that brings it.
fn uses_repository(build: &Build, stage: &Stage) -> bool {
    let names = |arg: &Argument| {
        let word = arg.known();
        (word.contains("/compute/cuda/repos/") && word.contains("deb ")) || word.contains("cuda-repo-ubuntu")
    };
    let lists = build.steps(stage).flat_map(|(_, _, step)| runs(&step.action));
    lists.into_iter().any(|run| run.args.iter().any(names))
}

fn updates(run: &Run) -> bool {
    matches!(run.name(), "apt-get" | "apt")
        && run.args.iter().any(|arg| arg.known() == "update")
        && !run.flow.conditional
        && !run.flow.tolerated
}

fn report(text: &str, key: &Argument, sink: &mut Sink) {
    let finding = sink.report(key.span, "the CUDA repository is signed with another key since April 2022");
    finding.note(
        "`apt-get update` ends with `The following signatures couldn't be verified because the public key is not \
         available: NO_PUBKEY A4B469963BF863CC`",
    );
    finding.help(format!("the key is `{NEW}`; the package `cuda-keyring` brings it and the repository"));
    if let Some(at) = key.span.of(text).find(OLD) {
        let start = key.span.start + at;
        let edit = Edit::new(Span::new(start, start + OLD.len()), NEW);
        finding.fix(Fix::needs_review("take the new key", edit));
    }
}
