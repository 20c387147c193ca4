//! G727: a service with a GPU that builds a torch without CUDA.

use crate::compose::Compose;
use crate::compose::{Service, interpolate};
use crate::dockerfile::Build;
use crate::facts::channels;
use crate::facts::torch::{Offer, installs, offer};
use crate::file::File;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G727"),
    name: "gpu-service-without-cuda-torch",
    severity: Severity::Warning,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for service in context.model.services() {
        let requests = service.requests();
        let Some(request) = requests.iter().find(|request| request.is_for_gpu() && !request.is_foreign())
        else {
            continue;
        };
        let Some(path) = service.dockerfile() else { continue };
        let Some(file) = context.files.beside(context.file, &path) else { continue };
        let Some(span) = cpu_torch(&service, file, context) else { continue };
        let finding =
            sink.report(request.node.span(), "this service gets a GPU, and its torch is built without CUDA");
        finding.elsewhere(file.path.clone(), span, "the build for CPUs");
        finding.note(
            "`torch.cuda.is_available()` is false: `AssertionError: Torch not compiled with CUDA enabled`",
        );
        finding.help("build another stage or with another index, or leave the request out");
    }
}

/// Where the stage that the service builds installs torch from the index for CPUs, for certain.
fn cpu_torch(service: &Service<'_>, file: &File, context: Context<'_, Compose>) -> Option<Span> {
    let build_key = service.get("build")?;
    // Arguments of the build may choose the index.
    if build_key.get("args").is_some() {
        return None;
    }
    let mut options = context.options.clone();
    options.target = match build_key.get("target") {
        None => None,
        Some(target) => Some(target.text().and_then(interpolate)?),
    };
    let build = Build::read(file, *context.files, &options);
    let target = build.stages.get(build.target?)?;
    let mut found = None;
    for stage in build.lineage(target) {
        for (place, install) in installs(&build, stage) {
            let Some(torch) = install.requirement("torch") else { continue };
            let channels = channels::of(&build, place, &install);
            let only = channels.index.as_ref().filter(|_| channels.extra.is_empty() && !channels.has_unknown);
            let is_cpu = torch.local() == Some("cpu")
                || only.is_some_and(|channel| offer(channel) == Some(Offer::Cpu));
            // A later install may bring another one.
            found = (is_cpu && !place.run.flow.conditional).then_some(torch.span);
        }
    }
    found
}
