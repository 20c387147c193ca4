//! G724: a service that builds a stage which its Dockerfile does not have.

use crate::compose::{Compose, interpolate};
use crate::dockerfile::Build;
use crate::options::Options;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G724"),
    name: "build-target-missing",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for service in context.model.services() {
        let Some(view) = service.get("build").and_then(|build| build.get("target")) else { continue };
        let Some(target) = view.text().and_then(interpolate).filter(|target| !target.is_empty()) else {
            continue;
        };
        let Some(path) = service.dockerfile() else { continue };
        let Some(file) = context.files.beside(context.file, &path) else { continue };
        let build = Build::read(file, *context.files, &Options::default());
        if build.stages.is_empty() || !build.document.problems.is_empty() {
            continue;
        }
        let named = |name: &String| name.eq_ignore_ascii_case(&target);
        let by_number = target.parse::<usize>().is_ok_and(|number| number < build.stages.len());
        if by_number || build.stages.iter().any(|stage| stage.name.as_ref().is_some_and(named)) {
            continue;
        }
        let finding = sink.report(view.span(), format!("`{path}` has no stage `{target}`"));
        finding.note(format!("the build ends with `target stage \"{target}\" could not be found`"));
        let names: Vec<&str> = build.stages.iter().filter_map(|stage| stage.name.as_deref()).collect();
        if names.is_empty() {
            finding.help("its stages have no names: leave `target` out, or name one with `FROM ... AS`");
        } else {
            finding.help(format!("its stages are {}", names.join(", ")));
        }
    }
}
