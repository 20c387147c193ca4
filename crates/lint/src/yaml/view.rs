//! Looking at the tree: aliases followed, merge keys looked through.

use super::{Id, Node, Scalar, Value, Yaml};
use crate::text::Span;
use std::collections::HashSet;

/// How many aliases and merges are followed for one answer.
const MAX_STEPS: usize = 20;

/// A node seen from its place.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    yaml: &'a Yaml,
    /// The node after aliases.
    id: Id,
    /// The node as it stands at the place: an alias, or the same.
    place: Id,
}

/// A key with its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The key.
    pub key: View<'a>,
    /// The value.
    pub value: View<'a>,
}

impl<'a> View<'a> {
    pub(crate) fn new(yaml: &'a Yaml, place: Id) -> Self {
        let mut id = place;
        for _ in 0..MAX_STEPS {
            match yaml.node(id).map(|node| &node.value) {
                Some(Value::Alias(target)) => id = *target,
                _ => break,
            }
        }
        Self { yaml, id, place }
    }

    fn node(&self) -> Option<&'a Node> {
        self.yaml.node(self.id)
    }

    /// The node at the place.
    pub(crate) fn place_id(&self) -> Id {
        self.place
    }

    fn at(&self, id: Id) -> Self {
        Self::new(self.yaml, id)
    }

    /// The bytes of the node itself, where its anchor is when it was reached by an alias.
    #[must_use]
    pub fn span(&self) -> Span {
        self.node().map_or(Span::new(0, 0), |node| node.span)
    }

    /// The bytes at the place from which it was reached: the alias, or the node itself.
    #[must_use]
    pub fn place(&self) -> Span {
        self.yaml.node(self.place).map_or(Span::new(0, 0), |node| node.span)
    }

    /// The tag without its handle: `reset`, `override`.
    #[must_use]
    pub fn tag(&self) -> Option<&'a str> {
        self.node()?.tag.as_deref()
    }

    /// The text of a scalar, whatever it means.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        match &self.node()?.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What a scalar means.
    #[must_use]
    pub fn scalar(&self) -> Option<Scalar<'a>> {
        let node = self.node()?;
        match &node.value {
            Value::Scalar { text, plain: true } if node.tag.is_none() => Some(Scalar::plain(text)),
            Value::Scalar { text, .. } => Some(Scalar::Text(text)),
            _ => None,
        }
    }

    /// Whether it is a scalar without quotes.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(self.node().map(|node| &node.value), Some(Value::Scalar { plain: true, .. }))
    }

    /// Whether it is a mapping.
    #[must_use]
    pub fn is_mapping(&self) -> bool {
        matches!(self.node().map(|node| &node.value), Some(Value::Mapping { .. }))
    }

    /// Whether it is a sequence.
    #[must_use]
    pub fn is_sequence(&self) -> bool {
        matches!(self.node().map(|node| &node.value), Some(Value::Sequence { .. }))
    }

    /// Whether it is a collection in braces or brackets.
    #[must_use]
    pub fn is_flow(&self) -> bool {
        matches!(
            self.node().map(|node| &node.value),
            Some(Value::Mapping { flow: true, .. } | Value::Sequence { flow: true, .. })
        )
    }

    /// How many items a sequence has.
    #[must_use]
    pub fn item_count(&self) -> usize {
        match self.node().map(|node| &node.value) {
            Some(Value::Sequence { items, .. }) => items.len(),
            _ => 0,
        }
    }

    /// The items of a sequence; empty for others.
    #[must_use]
    pub fn items(&self) -> Vec<Self> {
        match self.node().map(|node| &node.value) {
            Some(Value::Sequence { items, .. }) => items.iter().map(|id| self.at(*id)).collect(),
            _ => Vec::new(),
        }
    }

    /// The entries that stand in a mapping itself, merge keys included, duplicates too.
    #[must_use]
    pub fn own_entries(&self) -> Vec<Entry<'a>> {
        match self.node().map(|node| &node.value) {
            Some(Value::Mapping { entries, .. }) => entries
                .iter()
                .map(|(key, value)| Entry { key: self.at(*key), value: self.at(*value) })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The entries of a mapping with what it merges; its own keys go before merged ones, and an
    /// earlier merge before a later one. Of duplicates the last counts.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry<'a>> {
        let (mut out, mut seen, mut steps) = (Vec::new(), HashSet::new(), MAX_STEPS);
        self.collect(&mut out, &mut seen, &mut steps);
        out
    }

    fn collect(&self, out: &mut Vec<Entry<'a>>, seen: &mut HashSet<&'a str>, steps: &mut usize) {
        if *steps == 0 {
            return;
        }
        *steps -= 1;
        let own = self.own_entries();
        let start = out.len();
        for entry in own.iter().rev().filter(|entry| !entry.is_merge()) {
            if entry.key.text().is_none_or(|key| seen.insert(key)) {
                out.push(*entry);
            }
        }
        out[start..].reverse();
        for merged in own.iter().filter(|entry| entry.is_merge()).flat_map(Entry::merged) {
            merged.collect(out, seen, steps);
        }
    }

    /// The entry with a key, merged ones included.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<Entry<'a>> {
        self.find(key, &mut { MAX_STEPS })
    }

    fn find(&self, key: &str, steps: &mut usize) -> Option<Entry<'a>> {
        *steps = steps.checked_sub(1)?;
        let Some(Value::Mapping { entries, .. }) = self.node().map(|node| &node.value) else { return None };
        let at = |(key, value): &(Id, Id)| Entry { key: self.at(*key), value: self.at(*value) };
        let own = entries.iter().rev().map(at).find(|entry| entry.key.text() == Some(key));
        own.filter(|entry| !entry.is_merge()).or_else(|| {
            let merges = entries.iter().map(at).filter(Entry::is_merge);
            merges.flat_map(|entry| entry.merged()).find_map(|merged| merged.find(key, steps))
        })
    }

    /// The value of a key, merged ones included.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Self> {
        self.entry(key).map(|entry| entry.value)
    }

    /// The value at the end of a way of keys.
    #[must_use]
    pub fn at_path(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(*self, |view, key| view.get(key))
    }
}

impl<'a> Entry<'a> {
    fn is_merge(&self) -> bool {
        self.key.text() == Some("<<")
    }

    /// The mappings that a merge key brings, in the order in which they count.
    fn merged(&self) -> Vec<View<'a>> {
        if self.value.is_mapping() { vec![self.value] } else { self.value.items() }
    }
}
