//! Images that a registry is known not to have, for the rules on Compose and Kubernetes.

use crate::finding::{Edit, Finding, Fix};
use crate::text::Span;
use knowledge::image::{Verdict, judge};

/// Why the image with this reference does not exist, with a tag that does; `None` for images that
/// exist or are not known.
pub(crate) fn missing(reference: &str) -> Option<(String, Option<String>)> {
    let bare = reference.strip_prefix("docker.io/").unwrap_or(reference);
    let rest = bare.strip_prefix("nvidia/cuda")?;
    let tag = match rest.strip_prefix(':') {
        Some(tag) => tag,
        None if rest.is_empty() => "latest",
        None => return None,
    };
    match judge(tag) {
        Verdict::Missing { reason, instead, .. } => Some((reason, instead)),
        Verdict::Plausible | Verdict::Unknown => None,
    }
}

/// Says what follows, and offers the tag that exists.
pub(crate) fn explain(
    finding: &mut Finding,
    text: &str,
    span: Span,
    reference: &str,
    why: (String, Option<String>),
) {
    let (reason, instead) = why;
    finding.note(reason);
    finding.note(format!("pulling ends with `manifest for {reference} not found: manifest unknown`"));
    let Some(tag) = instead else {
        finding.help("choose a tag that NVIDIA offers, such as `12.8.1-base-ubuntu22.04`");
        return;
    };
    finding.help(format!("`nvidia/cuda:{tag}` exists"));
    // Only where the tag is written out is it replaced.
    let Some((name, old)) = reference.rsplit_once(':') else { return };
    let written = span.of(text);
    if written.contains(&format!("{name}:{old}")) {
        let new = written.replacen(&format!("{name}:{old}"), &format!("{name}:{tag}"), 1);
        finding.fix(Fix::needs_review(format!("use the tag `{tag}`"), Edit::new(span, new)));
    }
}
