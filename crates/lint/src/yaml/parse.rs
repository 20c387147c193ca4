//! From parser events to the tree.

use super::{Id, Node, SyntaxError, Value, Yaml};
use crate::text::Span;
use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// More nodes than any file that people write has.
const MAX_NODES: usize = 400_000;

/// Reads a text; what comes after an error is not looked at, nor what came before.
pub(super) fn read(text: &str) -> Yaml {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let result = match event {
            Ok((event, span)) => builder.take(event, byte_span(text, span)),
            Err(error) => Err(SyntaxError {
                span: Span::new(
                    error.marker().byte_offset().unwrap_or(0),
                    error.marker().byte_offset().unwrap_or(0),
                ),
                message: error.info(),
            }),
        };
        if let Err(error) = result {
            return Yaml { error: Some(error), ..Yaml::default() };
        }
    }
    Yaml { nodes: builder.nodes, documents: builder.documents, error: None }
}

/// The bytes of a node, without the line ends and blanks that follow a block.
fn byte_span(text: &str, span: granit_parser::Span) -> Span {
    let start = span.start.byte_offset().unwrap_or(0);
    let end = span.end.byte_offset().unwrap_or(start).min(text.len());
    let covered = text.get(start..end).unwrap_or("");
    Span::new(start, start + covered.trim_end().len())
}

/// A collection that is not closed yet.
struct Open {
    id: Id,
    /// The key that waits for its value.
    key: Option<Id>,
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    documents: Vec<Id>,
    open: Vec<Open>,
    anchors: HashMap<usize, Id>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                self.add(span, value, anchor, tag.as_ref())?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                let value = Value::Sequence { items: Vec::new(), flow: style == StructureStyle::Flow };
                self.begin(span, value, anchor, tag.as_ref())?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let value = Value::Mapping { entries: Vec::new(), flow: style == StructureStyle::Flow };
                self.begin(span, value, anchor, tag.as_ref())?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).copied();
                let value = target.map_or(Value::Scalar { text: String::new(), plain: true }, Value::Alias);
                self.add(span, value, 0, None)?;
            }
            Event::DocumentStart(..) => self.anchors.clear(),
            _ => {}
        }
        Ok(())
    }

    fn begin(
        &mut self,
        span: Span,
        value: Value,
        anchor: usize,
        tag: Option<&Cow<'_, Tag>>,
    ) -> Result<(), SyntaxError> {
        let id = self.add(span, value, anchor, tag)?;
        self.open.push(Open { id, key: None });
        Ok(())
    }

    /// Closes a collection; its span reaches over its last child.
    fn end(&mut self, span: Span) {
        let Some(open) = self.open.pop() else { return };
        let last = match self.nodes.get(open.id).map(|node| &node.value) {
            Some(Value::Mapping { entries, flow: false }) => entries.last().map(|(_, value)| *value),
            Some(Value::Sequence { items, flow: false }) => items.last().copied(),
            _ => None,
        };
        let end = last.and_then(|id| self.nodes.get(id)).map_or(span.end, |node| node.span.end);
        if let Some(node) = self.nodes.get_mut(open.id) {
            node.span = Span::new(node.span.start, end.max(node.span.end));
        }
    }

    fn add(
        &mut self,
        span: Span,
        value: Value,
        anchor: usize,
        tag: Option<&Cow<'_, Tag>>,
    ) -> Result<Id, SyntaxError> {
        let id = self.nodes.len();
        if id >= MAX_NODES {
            return Err(SyntaxError { span, message: super::TOO_MANY.into() });
        }
        let tag = tag.map(|tag| tag.suffix().to_owned());
        self.nodes.push(Node { span, value, tag });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        self.attach(id);
        Ok(id)
    }

    /// Puts a node into the collection that is open, as item, key or value.
    fn attach(&mut self, id: Id) {
        let Some(open) = self.open.last_mut() else {
            self.documents.push(id);
            return;
        };
        match self.nodes.get_mut(open.id).map(|node| &mut node.value) {
            Some(Value::Sequence { items, .. }) => items.push(id),
            Some(Value::Mapping { entries, .. }) => match open.key.take() {
                None => open.key = Some(id),
                Some(key) => entries.push((key, id)),
            },
            _ => {}
        }
    }
}
