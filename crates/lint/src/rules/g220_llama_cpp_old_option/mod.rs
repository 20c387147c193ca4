//! G220: an option of llama.cpp that has become an error.

use crate::commands::pip;
use crate::commands::requirements::Requirement;
use crate::dockerfile::Build;
use crate::facts::torch::installs;
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G220"),
    name: "llama-cpp-old-option",
    severity: Severity::Error,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

const OLD: &str = "LLAMA_CUBLAS";

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let text = context.file.text.as_str();
    for stage in &build.stages {
        for (place, install) in installs(build, stage) {
            let Some(package) = install.requirement("llama-cpp-python").filter(|package| is_current(package))
            else {
                continue;
            };
            // A page of ready wheels leaves the compiler alone.
            let ready = !install.extra_indexes.is_empty()
                || install.index.is_some()
                || !install.find_links.is_empty();
            if place.run.flow.tolerated
                || place.run.flow.conditional
                || ready
                || install.tool == pip::Tool::UvAdd
            {
                continue;
            }
            if let Some(span) = option(build, place, text) {
                report(package, span, sink);
            }
        }
    }
}

/// Without a version, or from the release on whose llama.cpp refuses the option.
fn is_current(package: &Requirement) -> bool {
    let Some(version) = package.pinned() else { return package.is_free() };
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    version >= (0, 3)
}

/// Where the option is given: before the command, or as a variable of the image.
fn option(build: &Build, place: crate::dockerfile::Place<'_>, text: &str) -> Option<Span> {
    let inline = place.run.assignments.iter().find(|(name, _)| name == "CMAKE_ARGS");
    if let Some((_, value)) = inline {
        return value.as_deref().is_some_and(is_on).then(|| at(text, place.run.span))?;
    }
    let set = build.variable(place.stage, place.step, "CMAKE_ARGS")?;
    set.value.as_deref().is_some_and(is_on).then(|| at(text, set.value_span))?
}

fn is_on(value: &str) -> bool {
    value.split(['-', ' ', ';']).any(|word| {
        word.strip_prefix(&format!("D{OLD}="))
            .is_some_and(|value| ["on", "1", "true", "yes"].contains(&value.to_ascii_lowercase().as_str()))
    })
}

fn at(text: &str, span: Span) -> Option<Span> {
    // Assignments stand before the command's first word, within its line.
    let line = text.get(..span.start)?.rfind("RUN").unwrap_or(span.start);
    let start = if span.of(text).contains(OLD) { span.start } else { line };
    let found = start + text.get(start..span.end)?.find(OLD)?;
    Some(Span::new(found, found + OLD.len()))
}

fn report(package: &Requirement, span: Span, sink: &mut Sink) {
    let finding = sink.report(span, format!("`{OLD}` is an error in the llama.cpp of today"));
    finding.also(package.span, "compiled here");
    finding.note("the build will stop with `LLAMA_CUBLAS is deprecated and will be removed in the future. Use GGML_CUDA instead`");
    finding.help("the option is `GGML_CUDA`");
    finding.fix(Fix::safe("use `GGML_CUDA`", Edit::new(span, "GGML_CUDA")));
}
