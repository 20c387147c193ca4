//! G101: an image with CUDA inside, taken by a tag that moves.

use crate::dockerfile::Build;
use crate::dockerfile::{Base, BaseImage};
use crate::facts::base::tag_span;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G101"),
    name: "floating-gpu-tag",
    severity: Severity::Warning,
    family: Family::Base,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

/// Images whose moving tags go on to another CUDA from time to time.
const FRAMEWORKS: &[(&str, &[&str])] = &[
    ("pytorch/pytorch", &["latest"]),
    ("pytorch/pytorch-nightly", &["latest"]),
    ("tensorflow/tensorflow", &["latest-gpu", "latest-gpu-jupyter", "nightly-gpu"]),
    ("vllm/vllm-openai", &["latest", "nightly"]),
    ("lmsysorg/sglang", &["latest", "dev", "nightly"]),
    ("huggingface/text-generation-inference", &["latest"]),
    ("rapidsai/base", &["latest"]),
    ("nvidia/cuda-quantum", &["latest"]),
];

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    for stage in &context.model.stages {
        let Base::Image(image) = &stage.base else { continue };
        if image.name.digest.is_none() && floats(image) {
            report(image, sink);
        }
    }
}

fn floats(image: &BaseImage) -> bool {
    let name = &image.name;
    let here = matches!(name.registry.as_deref(), None | Some("ghcr.io" | "nvcr.io"));
    let tag = name.tag.as_deref().unwrap_or("latest");
    here && FRAMEWORKS.iter().any(|(repository, tags)| *repository == name.repository && tags.contains(&tag))
}

fn report(image: &BaseImage, sink: &mut Sink) {
    let (name, tag) = (&image.name.repository, image.name.tag.as_deref().unwrap_or("latest"));
    let finding = sink
        .report(tag_span(image), format!("`{name}:{tag}` brings another CUDA from one release to the next"));
    finding.label("this tag moves");
    for origin in &image.origins {
        finding.also(*origin, "a part of the reference comes from here");
    }
    finding.note("a build that worked may later need a newer driver: `The NVIDIA driver on your system is too old`, or give packages compiled before an `undefined symbol`");
    finding.help("name a release, or pin the image by its digest");
}
