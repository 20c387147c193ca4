//! G405: `LD_LIBRARY_PATH` set without the value that the base gave it.

use crate::dockerfile::{Action, Build, Set};
use crate::facts::base::{CudaBase, cuda_base};
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
    let Some(base) = cuda_base(build, target).filter(sets_variable) else { return };
    let image = base.image;
    let sets = lineage.iter().flat_map(|stage| &stage.steps).filter_map(|step| match &step.action {
        Action::Env(sets) => Some(sets),
        _ => None,
    });
    // The first one loses what the base gave; later ones lose what the author wrote.
    let Some(set) = sets.flatten().find(|set| set.name == NAME) else { return };
    if loses_driver(set) {
        let finding =
            sink.report(set.value_span, format!("`{NAME}` loses the folders that the base image set"));
        finding.label(format!("does not contain `${NAME}`"));
        finding.also(image.span, "sets it to `/usr/local/nvidia/lib:/usr/local/nvidia/lib64`");
        finding.note("where the driver is mounted there (Kubernetes nodes of some providers, old runtimes) programs will stop with `libcuda.so.1: cannot open shared object file`");
        finding.help(format!("append `:${NAME}`"));
        if let Some(edit) = edit::append(&set.raw, set.value_span, &format!(":${{{NAME}}}")) {
            finding.fix(Fix::safe("append the old value", edit));
        }
    }
}

/// Images up to CUDA 12 set it; those on Amazon Linux and later ones need not.
fn sets_variable(base: &CudaBase<'_>) -> bool {
    let system = base.tag.system.as_deref().unwrap_or("");
    base.cuda.major <= 12
        && ["ubuntu", "ubi", "centos", "rockylinux"].iter().any(|name| system.starts_with(name))
}

fn loses_driver(set: &Set) -> bool {
    !set.raw.is_empty() && !set.raw.contains('$') && !set.raw.contains("/usr/local/nvidia")
}
