//! G206: an extra index whose builds lose against newer ones of the default index.

use crate::commands::pip::{Install, Tool};
use crate::dockerfile::{Build, Stage};
use crate::facts::channels::{self, Channel};
use crate::facts::torch::{self as wheels, FAMILY, Offer, installs, is_open, offer};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};
use knowledge::torch::{CURRENT, RELEASES};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G206"),
    name: "extra-index-shadowed",
    severity: Severity::Warning,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in &build.stages {
        if wheels::ships_torch(build, stage) || wheels::is_foreign_platform(stage) {
            continue;
        }
        let mut seen = false;
        for (place, install) in installs(build, stage) {
            let channels = channels::of(build, place, &install);
            let names_torch = install.requirement("torch").is_some();
            // pip alone takes the highest version from anywhere; uv asks one index after the other.
            let alone = channels.index.is_none() && channels.find_links.is_empty() && !channels.has_unknown;
            if !seen && alone && install.tool == Tool::Pip && !wheels::is_bound(&install) {
                judge(context, stage, &install, &channels.extra, sink);
            }
            seen |= names_torch || install.has_unknown || !install.files.is_empty();
        }
    }
}

fn judge(
    context: Context<'_, Build>,
    stage: &Stage,
    install: &Install<'_>,
    extra: &[Channel],
    sink: &mut Sink,
) {
    let [channel] = extra else { return };
    let Some(torch) = install.requirement("torch") else { return };
    let Some(Offer::Cuda(suffix)) = offer(channel) else { return };
    if torch.url.is_some() || !is_open(&torch.specifier) {
        return;
    }
    let Some(python) = wheels::python_of(context.model, stage, install) else { return };
    let Some((index, default)) = newest(&suffix, python) else { return };
    if index >= default {
        return;
    }
    let finding =
        sink.report_requirement(torch, format!("pip will not take torch from the index `{suffix}`"));
    finding.label(format!("the newest one is {}.{} of the default index", default.0, default.1));
    finding.also(channel.span, format!("this index ends at {}.{}", index.0, index.1));
    finding.note("pip takes the highest version of all indexes, and an extra index has no precedence: another CUDA than this one is installed, which may need a newer driver (`The NVIDIA driver on your system is too old`)");
    finding.help("use `--index-url`, or pin a version that this index has");
    if let Some(edit) = replace_option(&context.file.text, install, channel) {
        finding.fix(Fix::needs_review("replace the default index", edit));
    }
}

/// The newest torch of an index and of the default index, for a Python.
fn newest(suffix: &str, python: u32) -> Option<((u32, u32), (u32, u32))> {
    let fits = |release: &&knowledge::torch::Release| {
        release.pythons.is_some_and(|(first, last)| first <= python && python <= last)
    };
    // A suffix that the last releases still have goes on with the default index.
    let goes_on = RELEASES.last().is_some_and(|release| release.builds.contains(&suffix));
    let index = RELEASES.iter().rev().filter(fits).find(|release| release.builds.contains(&suffix))?;
    let default = if python >= 11 { CURRENT.0 } else { RELEASES.iter().rev().find(fits)?.version };
    (!goes_on).then_some((index.version, default))
}

/// `--index-url` in place of `--extra-index-url`, where all packages are on PyTorch's index.
fn replace_option(text: &str, install: &Install<'_>, channel: &Channel) -> Option<Edit> {
    let all_there =
        install.requirements.iter().all(|requirement| FAMILY.contains(&requirement.name.as_str()));
    let option = install.options.iter().find(|arg| arg.known().starts_with("--extra-index-url"))?;
    let written = Span::new(option.span.start, option.span.start + "--extra-index-url".len());
    let near = channel.span.start >= option.span.start;
    (all_there && near && written.of(text) == "--extra-index-url").then(|| Edit::new(written, "--index-url"))
}
