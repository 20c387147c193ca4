//! G405: `LD_LIBRARY_PATH` set without the value that the base gave it.

use crate::dockerfile::{Action, Base, Build, Set};
use crate::facts::base::is_cuda_repository;
use crate::facts::edit;
use crate::finding::Fix;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G405"),
    name: "ld-path-clobber",
    severity: Severity::Warning,
    family: Family::Environment,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

const NAME: &str = "LD_LIBRARY_PATH";

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let Some(target) = build.target.and_then(|target| build.stages.get(target)) else { return };
    let lineage = build.lineage(target);
    let Some(Base::Image(image)) = lineage.first().map(|stage| &stage.base) else { return };
    if !is_cuda_repository(image) {
        return;
    }
    let sets = lineage.iter().flat_map(|stage| &stage.steps).filter_map(|step| match &step.action {
        Action::Env(sets) => Some(sets),
        _ => None,
    });
    // The first one loses what the base gave; later ones lose what the author wrote.
    let Some(set) = sets.flatten().find(|set| set.name == NAME) else { return };
    if loses_driver(set) {
        let finding = sink.report(set.value_span, format!("`{NAME}` loses the folders that the base image set"));
        finding.label(format!("does not contain `${NAME}`"));
        finding.also(image.span, "sets it to `/usr/local/nvidia/lib:/usr/local/nvidia/lib64`");
        finding.note("where the driver is mounted there (Kubernetes nodes of some providers, old runtimes) programs will stop with `libcuda.so.1: cannot open shared object file`");
        finding.help(format!("append `:${NAME}`"));
        if let Some(edit) = edit::append(&set.raw, set.value_span, &format!(":${{{NAME}}}")) {
            finding.fix(Fix::safe("append the old value", edit));
        }
    }
}

fn loses_driver(set: &Set) -> bool {
    !set.raw.is_empty() && !set.raw.contains('$') && !set.raw.contains("/usr/local/nvidia")
}
