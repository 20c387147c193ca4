//! `NVIDIA_DRIVER_CAPABILITIES` with a word that is no capability, for the rules on all kinds of files.

use crate::finding::{Edit, Finding, Fix};
use crate::nearest::nearest;
use crate::text::Span;

/// The variable.
pub(crate) const NAME: &str = "NVIDIA_DRIVER_CAPABILITIES";

/// The words that the container toolkit takes.
pub(crate) const WORDS: &[&str] =
    &["compute", "compat32", "display", "graphics", "ngx", "utility", "video", "all"];

/// The first word of a value that the toolkit refuses. Beside `all` it takes anything, and what holds
/// signs of a template is not known.
pub(crate) fn unknown(value: &str) -> Option<&str> {
    let words: Vec<&str> = value.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    let is_plain = |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_ ".contains(&b));
    if words.contains(&"all") || !words.iter().all(|word| is_plain(word)) {
        return None;
    }
    words.into_iter().find(|word| !WORDS.contains(word))
}

/// What to say at the place.
pub(crate) fn message(word: &str) -> String {
    format!("`{word}` is no capability of the driver")
}

/// Says what follows, and offers the word that was meant. `span` is where the value is written.
pub(crate) fn explain(finding: &mut Finding, text: &str, span: Span, value: &str, word: &str) {
    finding.note(format!(
        "by `--gpus`, and in mode `legacy`, the container does not start: `unsupported capabilities found in '{value}'`; \
         in the other modes the word has no effect"
    ));
    finding.help(format!("the capabilities are {}", WORDS.join(", ")));
    let Some(meant) = nearest(&word.to_ascii_lowercase(), WORDS) else { return };
    finding.help(format!("`{meant}` is the nearest one"));
    if let Some(place) = only(text, span, word) {
        finding.fix(Fix::safe(format!("write `{meant}`"), Edit::new(place, meant)));
    }
}

/// Where a word stands in a span when it stands there once.
fn only(text: &str, span: Span, word: &str) -> Option<Span> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let written = span.of(text);
    let mut places = written.match_indices(word).filter(|(at, _)| {
        !written[..*at].ends_with(is_letter) && !written[at + word.len()..].starts_with(is_letter)
    });
    let (at, _) = places.next()?;
    let start = span.start + at;
    places.next().is_none().then(|| Span::new(start, start + word.len()))
}
