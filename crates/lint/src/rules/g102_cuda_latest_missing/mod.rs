//! G102: an image of NVIDIA that has no `latest` tag.

use crate::dockerfile::{Base, BaseImage, Build};
use crate::facts::base::taken_from;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G102"),
    name: "cuda-latest-missing",
    severity: Severity::Error,
    family: Family::Base,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

/// Repositories whose `latest` tag is gone.
const REPOSITORIES: &[&str] = &["nvidia/cuda", "nvidia/cudagl", "nvidia/opengl"];

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    for stage in &context.model.stages {
        let own = match &stage.base {
            Base::Image(image) => Some(image),
            _ => None,
        };
        let taken = taken_from(context.model, stage);
        for image in own.into_iter().chain(&taken).filter(|image| is_latest(image)) {
            report(image, sink);
        }
    }
}

fn is_latest(image: &BaseImage) -> bool {
    let is_one = image.name.hub().is_some_and(|name| REPOSITORIES.contains(&name));
    is_one && image.name.digest.is_none() && image.name.tag.as_deref().is_none_or(|tag| tag == "latest")
}

fn report(image: &BaseImage, sink: &mut Sink) {
    let name = &image.name.repository;
    let finding = sink.report(image.span, format!("`{name}` has no `latest` tag"));
    finding.label(if image.name.tag.is_some() { "this tag is gone" } else { "no tag means `latest`" });
    for origin in &image.origins {
        finding.also(*origin, "the name comes from here");
    }
    finding.note(format!(
        "the build will stop with `docker.io/{name}:latest: not found` (`manifest for {name}:latest not found: manifest unknown`)"
    ));
    if name == "nvidia/cuda" {
        finding
            .help("name release, flavour and system, for example `nvidia/cuda:12.9.1-runtime-ubuntu24.04`");
    } else {
        finding.help("name a tag; NVIDIA no longer updates this repository");
    }
}
