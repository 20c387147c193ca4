//! Finding known texts in a log.

use super::canonical::Canonical;
use super::{Symptom, symptoms};
use serde::Serialize;
use std::cmp::Reverse;
use std::sync::OnceLock;

/// How far apart two pieces of one text may be, in letters and digits: a path or a few words.
const GAP: usize = 260;
/// The longest text that is searched, in bytes; of a longer one the end counts, where errors stand.
const LIMIT: usize = 4 * 1024 * 1024;

/// A symptom that was found in a text.
#[derive(Clone, Debug, Serialize)]
pub struct Recognised {
    /// The symptom.
    #[serde(flatten)]
    pub symptom: &'static Symptom,
    /// The line that it was found in, unwrapped.
    pub line: String,
    #[serde(skip)]
    start: usize,
    #[serde(skip)]
    end: usize,
}

/// The known symptoms in a text, the one to look at first: harmless ones and wrappers last, then
/// those that come from further down.
#[must_use]
pub fn recognise(text: &str) -> Vec<Recognised> {
    let log = Canonical::of_log(tail(text));
    let mut found: Vec<Recognised> = known().iter().filter_map(|known| find_symptom(&log, known)).collect();
    let spans: Vec<(usize, usize)> = found.iter().map(|one| (one.start, one.end)).collect();
    found.retain(|one| !spans.iter().any(|span| is_inside((one.start, one.end), *span)));
    found.sort_by_key(|one| {
        let symptom = one.symptom;
        // Of messages around others the last one is the innermost.
        let place = if symptom.wraps { usize::MAX - one.start } else { one.start };
        (symptom.is_harmless(), symptom.wraps, Reverse(symptom.speaker), place)
    });
    found
}

fn tail(text: &str) -> &str {
    let mut start = text.len().saturating_sub(LIMIT);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default()
}

/// Whether a span is a true part of another.
fn is_inside(inner: (usize, usize), outer: (usize, usize)) -> bool {
    outer.0 <= inner.0 && inner.1 <= outer.1 && outer != inner
}

/// A symptom with its texts in canonical form.
struct Known {
    symptom: &'static Symptom,
    texts: Vec<Text>,
}

/// A text: pieces that follow each other.
struct Text {
    pieces: Vec<Piece>,
    /// Whether the last word may go on.
    is_open: bool,
}

/// A part of a text, and what may stand between it and the part before.
struct Piece {
    letters: String,
    gap: Gap,
}

#[derive(Clone, Copy)]
enum Gap {
    /// Any few words: `*`.
    Words,
    /// A GPU's address and nothing else: `@`. Its digits are no number that means anything.
    Address,
}

impl Text {
    fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut gap = Gap::Words;
        for part in text.split_inclusive(['*', '@']) {
            let letters = Canonical::of_piece(part);
            if !letters.is_empty() {
                pieces.push(Piece { letters, gap });
            }
            gap = if part.ends_with('@') { Gap::Address } else { Gap::Words };
        }
        Self { pieces, is_open: text.ends_with('*') }
    }
}

/// All symptoms, made canonical once.
fn known() -> &'static [Known] {
    static KNOWN: OnceLock<Vec<Known>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let texts = |symptom: &Symptom| symptom.texts.iter().map(|text| Text::new(text)).collect();
        symptoms::all().map(|symptom| Known { symptom, texts: texts(symptom) }).collect()
    })
}

/// The longest of the symptom's texts that stands in the log.
fn find_symptom(log: &Canonical, known: &Known) -> Option<Recognised> {
    let symptom = known.symptom;
    let spans = known.texts.iter().filter_map(|text| find(log, text));
    let (start, end) = spans.max_by_key(|(start, end)| end - start)?;
    Some(Recognised { symptom, line: log.quote(start, end), start, end })
}

/// The first place of a text.
fn find(log: &Canonical, text: &Text) -> Option<(usize, usize)> {
    let (first, rest) = text.pieces.split_first()?;
    let mut from = 0;
    while let Some(start) = log.text.get(from..)?.find(first.letters.as_str()).map(|at| from + at) {
        let end = follow(log, start + first.letters.len(), rest);
        if let Some(end) = end.filter(|end| log.is_boundary(start) && (text.is_open || log.is_boundary(*end)))
        {
            return Some((start, end));
        }
        from = start + 1;
    }
    None
}

/// The end of the last piece, when each follows the one before within the gap.
fn follow(log: &Canonical, mut end: usize, pieces: &[Piece]) -> Option<usize> {
    for Piece { letters, gap } in pieces {
        let start = match gap {
            Gap::Words => {
                let window = log.text.get(end..(end + GAP + letters.len()).min(log.text.len()))?;
                end + window.find(letters.as_str())?
            }
            Gap::Address => {
                let start = after_address(log, end)?;
                log.text.get(start..)?.starts_with(letters.as_str()).then_some(start)?
            }
        };
        end = start + letters.len();
    }
    Some(end)
}

/// The place after a GPU's address as the driver writes it: `(PCI:0000:41:00)`, with five digits of
/// a domain behind Intel's VMD, or of an instance of MIG `(PCI:0000:41:00 GPU-I:05)`.
fn after_address(log: &Canonical, at: usize) -> Option<usize> {
    let rest = log.text.get(at..)?;
    let start = at + rest.len() - rest.strip_prefix("pci").unwrap_or(rest).len();
    let is_hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let end = (start + 8..=start + 9).find(|end| log.is_boundary(*end))?;
    log.text.get(start..end).filter(|address| is_hexadecimal(address))?;
    let instance = log.text.get(end..end + 6).filter(|text| text.starts_with("gpui"));
    Some(if instance.is_some() { end + 6 } else { end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_no_number() {
        let place = |line: &str| find(&Canonical::of_log(line), &Text::new("NVRM: Xid @ 13")).is_some();
        for line in [
            "NVRM: Xid (PCI:0000:01:00): 13, pid=1",
            "NVRM: Xid (0000:01:00): 13",
            "NVRM: Xid (PCI:10000:13:00): 13, pid=1",
            "NVRM: Xid (PCI:0000:01:00 GPU-I:05): 13, pid=1",
            "NVRM: Xid (PCI:00\n00:01:00): 1\n3, pid=1",
        ] {
            assert!(place(line), "{line}");
        }
        for line in [
            "NVRM: Xid (PCI:0000:13:00): 79, pid=13",
            "NVRM: Xid (PCI:0000:01:00): 131, pid=13",
            "NVRM: Xid (PCI:0000:01:00): 1 13",
            "NVRM: Xid 13",
        ] {
            assert!(!place(line), "{line}");
        }
    }
}
