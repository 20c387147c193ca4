//! A request for GPUs, in one of the two places that Compose has for it.

use crate::compose::interpolate;
use crate::text::Span;
use crate::yaml::{Entry, Scalar, View};
use std::collections::HashSet;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An item of `deploy.resources.reservations.devices`.
    Deploy,
    /// An item of `gpus`, or `gpus: all`.
    Gpus,
}

/// A request for GPUs.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Where it stands.
    pub place: Place,
    /// The item; for `gpus: all` the word.
    pub node: View<'a>,
    /// The list that it is an item of.
    pub list: Option<View<'a>>,
}

/// The keys of a request; the schema takes no others but extensions (`x-`).
pub const KEYS: &[&str] = &["capabilities", "count", "device_ids", "driver", "options"];

impl<'a> Request<'a> {
    /// The entry with a key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<Entry<'a>> {
        self.node.entry(key)
    }

    /// The keys that no request has; a request with one is refused whatever else it says.
    #[must_use]
    pub fn unknown_keys(&self) -> Vec<Entry<'a>> {
        let is_unknown = |entry: &Entry<'_>| {
            entry.key.text().is_some_and(|key| !KEYS.contains(&key) && !key.starts_with("x-"))
        };
        self.node.entries().into_iter().filter(is_unknown).collect()
    }

    /// The items of its list when they are the pieces of one request, which one hyphen too many has
    /// taken apart: no key stands in two of them, and only one has `capabilities`, which every request
    /// must have.
    #[must_use]
    pub fn pieces(&self) -> Option<Vec<View<'a>>> {
        let is_torn = |list: &View<'_>| !list.is_flow() && (2..=KEYS.len()).contains(&list.item_count());
        let items = self.list.filter(|list| self.place == Place::Deploy && is_torn(list))?.items();
        let mut seen = HashSet::new();
        for entry in items.iter().flat_map(View::own_entries) {
            let key = entry.key.text().filter(|key| KEYS.contains(key))?;
            if !seen.insert(key) {
                return None;
            }
        }
        let is_one =
            seen.contains("capabilities") && !(seen.contains("count") && seen.contains("device_ids"));
        let is_block = |item: &View<'_>| item.is_mapping() && !item.is_flow() && item.place() == item.span();
        let are_blocks = items.iter().all(is_block);
        (is_one && are_blocks).then_some(items)
    }

    /// The driver, as far as it is known; `None`: not given. An unknown one is empty.
    #[must_use]
    pub fn driver(&self) -> Option<String> {
        let value = self.node.get("driver")?;
        Some(value.text().and_then(interpolate).unwrap_or_default())
    }

    /// Whether it may ask for something else than NVIDIA GPUs by device requests: another driver,
    /// or one that is not known.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.driver().is_some_and(|driver| !driver.starts_with("nvidia"))
    }

    /// The words of its capabilities; `None`: not given, or not a list of known words.
    #[must_use]
    pub fn capabilities(&self) -> Option<Vec<String>> {
        let list = self.node.get("capabilities").filter(View::is_sequence)?;
        flat(list).iter().map(|item| item.text().and_then(interpolate)).collect()
    }

    /// Whether it asks for GPUs: it is a `gpus` item, or says `gpu` or `nvidia`.
    #[must_use]
    pub fn is_for_gpu(&self) -> bool {
        self.place == Place::Gpus
            || self.driver().is_some_and(|driver| driver.starts_with("nvidia"))
            || self
                .capabilities()
                .is_some_and(|words| words.iter().any(|word| word == "gpu" || word == "nvidia"))
    }

    /// How many GPUs it asks for at least, when that is known; `all` counts as one.
    #[must_use]
    pub fn least(&self) -> Option<usize> {
        if let Some(ids) = self.node.get("device_ids").filter(View::is_sequence) {
            return Some(ids.items().len());
        }
        match self.node.get("count")?.scalar()? {
            Scalar::Int(number) => usize::try_from(number).ok(),
            Scalar::Text(text) => match interpolate(text)?.as_str() {
                "all" => Some(1),
                number => number.parse().ok(),
            },
            _ => None,
        }
    }

    /// The span of the first key, before which an entry can be put, and what separates entries:
    /// in block style a line end with the indentation, in flow style a comma.
    #[must_use]
    pub fn insertion(&self, text: &str) -> Option<(Span, String)> {
        let first = self.node.own_entries().into_iter().next()?.key.place();
        let at = Span::new(first.start, first.start);
        if self.node.is_flow() {
            return Some((at, ", ".to_owned()));
        }
        let line = text.get(..first.start)?.rfind('\n').map_or(0, |end| end + 1);
        let before = text.get(line..first.start)?;
        let blank = before.bytes().all(|byte| matches!(byte, b' ' | b'-'));
        blank.then(|| (at, format!("\n{}", " ".repeat(before.len()))))
    }
}

/// The items of a list, with the items of lists in it (`capabilities: [[gpu]]`).
fn flat(list: View<'_>) -> Vec<View<'_>> {
    list.items()
        .into_iter()
        .flat_map(|item| if item.is_sequence() { item.items() } else { vec![item] })
        .collect()
}
