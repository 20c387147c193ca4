//! G406: the stub of libcuda in the search path of the image that is run.

use crate::dockerfile::{Action, Build, Run, Stage, Step};
use crate::facts::base::cuda_base;
use crate::finding::Finding;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G406"),
    name: "stubs-in-path",
    severity: Severity::Warning,
    family: Family::Environment,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

const NAME: &str = "LD_LIBRARY_PATH";

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let Some(target) = build.target.and_then(|target| build.stages.get(target)) else { return };
    // Other flavours have no such folder: the entry is dead there.
    let Some(base) = cuda_base(build, target).filter(|base| base.has_compiler()) else { return };
    if let Some(place) = in_path(build, target, &context.file.text) {
        let finding =
            sink.report(place, format!("`{NAME}` of the finished image leads to the stub of libcuda"));
        explain(finding, base.image.span);
        finding.help(
            "the stub is for linking: set `LIBRARY_PATH`, or this variable only for the command that links",
        );
    }
    if let Some(place) = in_cache(build, target) {
        let finding =
            sink.report(place, "the loader's cache of the finished image leads to the stub of libcuda");
        explain(finding, base.image.span);
        finding.help("the stub is for linking: set `LIBRARY_PATH` for the command that links");
    }
}

fn explain(finding: &mut Finding, image: Span) {
    finding.label("the folder holds a libcuda.so without a driver behind it");
    finding.also(image, "brings the stub");
    finding.note("programs that load `libcuda.so` by this name get the stub: `CUDA driver is a stub library` (error 34)");
}

fn in_path(build: &Build, target: &Stage, text: &str) -> Option<Span> {
    let set = build.env(target, usize::MAX, NAME)?;
    let start = set.value_span.start + set.value_span.of(text).find("/stubs")?;
    Some(Span::new(start, start + "/stubs".len()))
}

/// The folder of lists for the loader's cache.
const LISTS: &str = "/etc/ld.so.conf.d/";

/// The list that names the folder of the system, in which the host's libcuda is put. A list with a later
/// name comes behind it, as authors of `z-cuda-stubs.conf` know.
const OF_SYSTEM: &str = "x86_64-linux-gnu.conf";

/// The word with the folder where it is written to a list that comes before the system's, and stays there.
fn in_cache(build: &Build, target: &Stage) -> Option<Span> {
    let names =
        |run: &Run| run.args.iter().any(|arg| arg.text.is_none() || arg.known().contains("/ld.so.conf"));
    let mut all = build.steps(target).flat_map(|(_, _, step)| runs(step));
    if all.any(|run| matches!(run.name(), "rm" | "sed" | "mv") && names(run)) {
        return None;
    }
    build.steps(target).find_map(|(_, _, step)| {
        let runs = runs(step);
        let at = runs.iter().position(writes_early_list)?;
        // The word stands in the command itself, or in that which feeds it.
        let near = runs.get(at.saturating_sub(usize::from(runs[at].flow.reads_pipe))..=at)?;
        let words = near.iter().filter(|run| !run.flow.conditional).flat_map(|run| &run.args);
        words.into_iter().find(|arg| arg.known().contains("/stubs")).map(|arg| arg.span)
    })
}

fn writes_early_list(run: &Run) -> bool {
    let is_early = |path: &str| path.strip_prefix(LISTS).is_some_and(|name| name < OF_SYSTEM);
    let mut redirects = run.redirects.iter().filter_map(|redirect| redirect.target.literal());
    redirects.any(|path| is_early(&path))
        || (run.name() == "tee" && run.args.iter().any(|arg| is_early(arg.known())))
}

fn runs(step: &Step) -> &[Run] {
    match &step.action {
        Action::Run(runs) => runs,
        _ => &[],
    }
}
