//! YAML with byte spans: a tree that keeps aliases, merge keys and duplicate keys as they stand.
//!
//! Nothing is expanded when reading, so a text cannot grow: an alias stays a reference, and
//! [`View`] follows it when asked. A text that is not YAML (a template) has no documents.

mod parse;
mod scalar;
mod view;

pub use scalar::Scalar;
pub use view::{Entry, View};

use crate::text::Span;

/// A YAML stream.
#[derive(Debug, Default)]
pub struct Yaml {
    nodes: Vec<Node>,
    documents: Vec<Id>,
    /// Where reading ended, and why, when the text is not YAML.
    pub error: Option<SyntaxError>,
}

/// Where and why a text is not YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The place.
    pub span: Span,
    /// Why.
    pub message: String,
}

/// The place of a node in the tree.
pub(crate) type Id = usize;

/// A node as it stands in the text.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
    /// The tag as written without its handle: `!reset` is `reset`.
    pub(crate) tag: Option<String>,
}

impl Node {
    /// The node with its children `by` places further on.
    fn moved(mut self, by: usize) -> Self {
        match &mut self.value {
            Value::Scalar { .. } => {}
            Value::Sequence { items, .. } => items.iter_mut().for_each(|id| *id += by),
            Value::Mapping { entries, .. } => entries.iter_mut().for_each(|(key, value)| {
                *key += by;
                *value += by;
            }),
            Value::Alias(id) => *id += by,
        }
        self
    }
}

#[derive(Debug)]
pub(crate) enum Value {
    Scalar { text: String, plain: bool },
    Sequence { items: Vec<Id>, flow: bool },
    Mapping { entries: Vec<(Id, Id)>, flow: bool },
    Alias(Id),
}

/// The message of a text with more nodes than are looked at.
pub(crate) const TOO_MANY: &str = "the file has more nodes than are looked at";

impl Yaml {
    /// Whether the text was not read because it is too large.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.message == TOO_MANY)
    }

    /// Reads a text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        parse::read(text)
    }

    /// The documents; empty when the text is not YAML.
    pub fn documents(&self) -> impl Iterator<Item = View<'_>> {
        self.documents.iter().map(|id| View::new(self, *id))
    }

    /// Takes the nodes of another stream in, and gives the top of its first document. The documents
    /// stay those of this stream.
    pub(crate) fn absorb(&mut self, other: Self) -> Option<Id> {
        let by = self.nodes.len();
        self.nodes.extend(other.nodes.into_iter().map(|node| node.moved(by)));
        other.documents.first().map(|id| id + by)
    }

    /// Adds a node that no document has.
    pub(crate) fn add(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    pub(crate) fn node(&self, id: Id) -> Option<&Node> {
        self.nodes.get(id)
    }
}

#[cfg(test)]
mod tests;
