//! G406: the stub of libcuda in the search path of the image that is run.

use crate::dockerfile::Build;
use crate::facts::base::cuda_base;
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
    let Some(set) = build.env(target, usize::MAX, NAME) else { return };
    let text = &context.file.text;
    let Some(at) = set.value_span.of(text).find("/stubs") else { return };
    let place = Span::new(set.value_span.start + at, set.value_span.start + at + "/stubs".len());
    let finding = sink.report(place, format!("`{NAME}` of the finished image leads to the stub of libcuda"));
    finding.label("the folder holds a libcuda.so without a driver behind it");
    finding.also(base.image.span, "brings the stub");
    finding.note("programs that load `libcuda.so` by this name get the stub: `CUDA driver is a stub library` (error 34)");
    finding.help(
        "the stub is for linking: set `LIBRARY_PATH`, or this variable only for the command that links",
    );
}
