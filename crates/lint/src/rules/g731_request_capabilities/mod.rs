//! G731: capabilities of a GPU request that no driver of the engine has, or too few.

use crate::compose::{Compose, Request, Service};
use crate::finding::{Edit, Fix};
use crate::nearest::nearest;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::yaml::View;
use diag::{Code, Severity};
use std::collections::HashSet;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G731"),
    name: "request-capabilities",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

/// What the driver `nvidia` of Docker answers to (moby/moby, `daemon/nvidia_linux.go`).
const WORDS: &[&str] = &["gpu", "nvidia", "compute", "compat32", "graphics", "utility", "video", "display"];

/// Words in the names of what looks at GPUs and computes nothing.
const MONITORS: &[&str] = &[
    "smi", "dcgm", "export", "monitor", "metric", "stat", "top", "glances", "netdata", "telegraf", "beszel",
    "nvml", "test", "check",
];

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    let text = &context.file.text;
    let mut seen = HashSet::new();
    for service in context.model.services() {
        for request in service.requests() {
            let list = request.node.get("capabilities").filter(View::is_sequence);
            let Some(list) = list.filter(|list| seen.insert(list.span())) else { continue };
            if let Some(inner) = list.items().into_iter().find(View::is_sequence) {
                nested(text, list, inner, sink);
            } else if !is_foreign(&request) {
                let words = request.capabilities().unwrap_or_default();
                match list.items().into_iter().find(|item| is_unknown(item)) {
                    Some(item) => unknown(text, &request, item, &words, sink),
                    None => too_few(&service, list, &words, sink),
                }
            }
        }
    }
}

/// Whether another driver than that for NVIDIA GPUs may answer, or a part is not known.
fn is_foreign(request: &Request<'_>) -> bool {
    let words = request.capabilities().unwrap_or_default();
    request.driver().is_some_and(|driver| driver != "nvidia")
        || !words.iter().any(|word| word == "gpu" || word == "nvidia")
        || words.iter().any(|word| matches!(word.as_str(), "amd" | "intel" | "xpu" | "tpu"))
}

fn is_unknown(item: &View<'_>) -> bool {
    item.text().is_some_and(|word| {
        !WORDS.contains(&word) && !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn nested(text: &str, list: View<'_>, inner: View<'_>, sink: &mut Sink) {
    let finding = sink.report(list.span(), "`capabilities` is a list of lists");
    finding.note("Docker Compose refuses the file: `capabilities.0 must be a string`");
    finding.help("two brackets are for the API of the engine; here one list is meant");
    if list.items().len() == 1 && list.is_flow() && list.place() == list.span() {
        finding.fix(Fix::safe("make it one list", Edit::new(list.span(), inner.span().of(text))));
    }
}

fn unknown(text: &str, request: &Request<'_>, item: View<'_>, words: &[String], sink: &mut Sink) {
    let word = item.text().unwrap_or_default();
    let finding = sink.report(item.span(), format!("no driver of the engine has the capability `{word}`"));
    finding.note(format!(
        "the engine says: could not select device driver \"{}\" with capabilities: [[{}]]",
        request.driver().unwrap_or_default(),
        words.join(" ")
    ));
    if word == "all" {
        finding.help("`[gpu]` alone leaves the choice to `NVIDIA_DRIVER_CAPABILITIES`, which may be `all`");
        return;
    }
    finding.help(format!("capabilities are {}", WORDS.join(", ")));
    if let Some(meant) = nearest(&word.to_ascii_lowercase(), WORDS).filter(|_| item.span().of(text) == word) {
        finding.fix(Fix::safe(format!("write `{meant}`"), Edit::new(item.span(), meant)));
    }
}

/// `[gpu, utility]`: nvidia-smi and nothing more.
fn too_few(service: &Service<'_>, list: View<'_>, words: &[String], sink: &mut Sink) {
    let names = |word: &str| words.iter().any(|own| own == word);
    let others = ["compute", "graphics", "video", "display"];
    if !names("utility") || others.iter().any(|word| names(word)) || is_monitor(service) {
        return;
    }
    let finding = sink.report(list.span(), "the container gets `utility` alone: nvidia-smi, and no CUDA");
    finding.severity(Severity::Warning);
    finding.note(
        "the engine sets NVIDIA_DRIVER_CAPABILITIES to what stands beside `gpu`; programs end with \
         `libcuda.so.1: cannot open shared object file` or `No CUDA GPUs are available`, unless it uses CDI",
    );
    finding.help("write `[gpu]`, or add `compute`");
}

/// Whether the name, the image or the command says that it looks at GPUs only.
fn is_monitor(service: &Service<'_>) -> bool {
    let whole = service.whole();
    let text = |key: &str| whole.get(key).and_then(|view| view.text()).unwrap_or_default();
    let items = |key: &str| whole.get(key).filter(|view| view.item_count() < 100).map(|view| view.items());
    let listed = ["entrypoint", "command"].into_iter().filter_map(items).flatten();
    let words = listed.filter_map(|word| word.text());
    let mut names =
        [service.name, text("image"), text("entrypoint"), text("command")].into_iter().chain(words);
    names.any(|name| {
        let start = name.get(..200).unwrap_or(name).to_ascii_lowercase();
        MONITORS.iter().any(|word| start.contains(word))
    })
}
