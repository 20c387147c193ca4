//! G215: bindings that nobody maintains under this name.

use crate::dockerfile::Build;
use crate::facts::torch::installs;
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G215"),
    name: "abandoned-bindings",
    severity: Severity::Note,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

/// Name, what is wrong with it, name of today.
const ABANDONED: &[(&str, &str, &str)] = &[
    ("nvidia-ml-py3", "its last release is of 2019", "nvidia-ml-py"),
    ("pynvml", "deprecated: a shell around `nvidia-ml-py`", "nvidia-ml-py"),
    ("py3nvml", "its last release is of 2021", "nvidia-ml-py"),
];

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in &build.stages {
        for (_, install) in installs(build, stage) {
            for package in install.requirements.iter().filter(|package| package.url.is_none()) {
                let Some((name, why, instead)) = ABANDONED.iter().find(|row| row.0 == package.name) else {
                    continue;
                };
                let finding = sink.report_requirement(package, format!("`{name}` is not maintained"));
                finding.label(*why);
                finding.note("`FutureWarning: The pynvml package is deprecated. Please install nvidia-ml-py instead.`, or wrong answers on new drivers");
                finding.help(format!("`{instead}` is NVIDIA's own and has the module `pynvml`"));
                if package.exact && package.is_free() && *name != "py3nvml" {
                    finding.fix(Fix::safe(format!("install `{instead}`"), Edit::new(package.span, *instead)));
                }
            }
        }
    }
}
