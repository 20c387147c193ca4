//! G407: the forward compatibility libraries in the search path of an image.

use crate::commands::system;
use crate::dockerfile::{Action, Build, Stage};
use crate::facts::base::cuda_base;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G407"),
    name: "compat-in-path",
    severity: Severity::Warning,
    family: Family::Environment,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

const NAME: &str = "LD_LIBRARY_PATH";

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let Some(target) = build.target.and_then(|target| build.stages.get(target)) else { return };
    let Some(set) = build.env(target, usize::MAX, NAME).filter(|_| has_libraries(build, target)) else {
        return;
    };
    let written = set.value_span.of(&context.file.text);
    let Some((at, entry)) = compat(written) else { return };
    let start = set.value_span.start + at;
    let finding = sink.report(
        Span::new(start, start + entry.len()),
        format!("`{NAME}` puts the driver libraries of the image before those of the host"),
    );
    finding.label("a libcuda of the CUDA release of the image");
    finding.note(
        "with a newer driver CUDA ends with error 803 (`system has unsupported display driver / cuda driver combination`), \
         on a GeForce with 804 (`forward compatibility was attempted on non supported HW`)",
    );
    finding
        .help("leave the folder out: the container toolkit puts it into the path where the driver needs it");
}

/// The entry of a list of folders that is the folder of compatibility libraries, with its place.
fn compat(written: &str) -> Option<(usize, &str)> {
    let mut at = 0;
    for entry in written.split([':', '"', '\'']) {
        let folder = entry.trim_end_matches('/');
        if folder.starts_with("/usr/local/cuda") && folder.ends_with("/compat") {
            return Some((at, entry));
        }
        at += entry.len() + 1;
    }
    None
}

/// Whether the image has the libraries: those of `nvidia/cuda` have, and the package brings them.
fn has_libraries(build: &Build, stage: &Stage) -> bool {
    cuda_base(build, stage).is_some()
        || build.steps(stage).any(|(_, _, step)| {
            let Action::Run(runs) = &step.action else { return false };
            let installs = runs.iter().filter_map(system::install);
            installs
                .into_iter()
                .any(|install| install.packages.iter().any(|package| package.name.starts_with("cuda-compat")))
        })
}
