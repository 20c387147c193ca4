//! G309: a GPU that is asked for during a build.

use crate::commands::{base_name, is_python, proper};
use crate::dockerfile::Build;
use crate::dockerfile::{Argument, Run};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G309"),
    name: "gpu-at-build",
    severity: Severity::Warning,
    family: Family::Driver,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in &build.stages {
        for place in build.commands(stage) {
            let flow = place.run.flow;
            let instruction = place.stage.steps.get(place.step).and_then(|step| build.instruction(step));
            let has_device = instruction.is_some_and(|instruction| instruction.flag("device").is_some());
            if has_device || flow.conditional || flow.tolerated || flow.feeds_pipe || flow.substituted {
                continue;
            }
            if let Some((arg, symptom)) = asks_for_native(place.run) {
                let finding = sink.report(arg.span, "a build has no GPU to make code for");
                finding.note(symptom);
                finding.help(
                    "name the compute capabilities of the GPUs that the image will meet, such as `80;86;89`",
                );
                continue;
            }
            let Some(symptom) = needs_gpu(place.run) else { continue };
            let finding = sink.report(place.run.span, "a build has no GPU");
            finding.note(format!("the build will stop with `{symptom}`"));
            finding.help("check it when the container starts; or give the instruction a GPU with `RUN --device=nvidia.com/gpu=all`, on a builder with CDI");
        }
    }
}

/// The option that makes code for the GPU of the machine, and what is said where there is none.
fn asks_for_native(run: &Run) -> Option<(&Argument, &'static str)> {
    let [program, rest @ ..] = proper(run) else { return None };
    let (options, symptom): (&[&str], _) = match base_name(program) {
        "cmake" => (
            &["-DCMAKE_CUDA_ARCHITECTURES=native"],
            "the build will stop with `CUDA_ARCHITECTURES is set to \"native\", but no NVIDIA GPU was detected`",
        ),
        "nvcc" => (
            &["-arch=native", "--gpu-architecture=native"],
            "nvcc takes the oldest architecture that it knows: `Cannot find valid GPU for '-arch=native', default arch is used`",
        ),
        _ => return None,
    };
    rest.iter().find(|arg| options.contains(&arg.known())).map(|arg| (arg, symptom))
}

/// What a command that needs a GPU says without one.
fn needs_gpu(run: &Run) -> Option<&'static str> {
    let [program, rest @ ..] = proper(run) else { return None };
    let name = base_name(program);
    if name == "nvidia-smi" {
        return Some("/bin/sh: 1: nvidia-smi: not found");
    }
    let code = rest.iter().skip_while(|arg| arg.known() != "-c").nth(1)?.known();
    let asserts = is_python(name) && code.contains("assert torch.cuda.is_available()");
    asserts.then_some("AssertionError")
}
