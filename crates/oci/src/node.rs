//! A JSON document of which only the opened objects and lists are taken apart; the rest stays the
//! text it was.

use crate::codes;
use diag::{Failure, Result};
use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

/// One value of the document.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Text as the document had it, or as an editor wrote it.
    Text(Box<str>),
    /// An opened object, members in their order.
    Object(Vec<Member>),
    /// An opened list.
    List(Vec<Node>),
}

/// One member of an opened object.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// The decoded key.
    pub(crate) key: String,
    /// The key as the document writes it, with its quotes.
    pub(crate) raw_key: Box<str>,
    /// The value.
    pub(crate) value: Node,
}

impl Node {
    /// A node of a value that an editor made.
    pub(crate) fn of(value: &impl serde::Serialize) -> Result<Self> {
        let text = serde_json::to_string(value)
            .map_err(|cause| Failure::new("cannot write a value as JSON").caused_by(cause))?;
        Ok(Self::Text(text.into()))
    }

    /// Whether this is `null`, which stands for an absent value.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Text(text) if &**text == "null")
    }

    /// The member `key` of an object, opened for reading.
    pub(crate) fn member(&self, key: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|member| member.key == key).map(|member| &member.value)
    }

    /// Takes an object apart; `place` names it in errors.
    pub(crate) fn open_object(&mut self, place: &str) -> Result<&mut Vec<Member>> {
        if let Self::Text(text) = &*self {
            let members = if self.is_null() { Vec::new() } else { split_object(text, place)? };
            *self = Self::Object(members);
        }
        match self {
            Self::Object(members) => Ok(members),
            _ => Err(invalid(place, "is not an object")),
        }
    }

    /// Takes a list apart; `place` names it in errors.
    pub(crate) fn open_list(&mut self, place: &str) -> Result<&mut Vec<Self>> {
        if let Self::Text(text) = &*self {
            let items = if self.is_null() { Vec::new() } else { split_list(text, place)? };
            *self = Self::List(items);
        }
        match self {
            Self::List(items) => Ok(items),
            _ => Err(invalid(place, "is not a list")),
        }
    }

    /// The member `key` of an object that is opened if need be; made empty when it is absent.
    pub(crate) fn member_mut(&mut self, key: &str, place: &str) -> Result<&mut Self> {
        let members = self.open_object(place)?;
        if let Some(position) = members.iter().position(|member| member.key == key) {
            return Ok(&mut members[position].value);
        }
        members.push(Member {
            key: key.into(),
            raw_key: format!("\"{key}\"").into(),
            value: Self::Text("null".into()),
        });
        let last = members.len() - 1;
        Ok(&mut members[last].value)
    }

    /// Appends the text of the value to `out`.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Object(members) => {
                out.push('{');
                for (position, member) in members.iter().enumerate() {
                    separate(position, out);
                    out.push_str(&member.raw_key);
                    out.push(':');
                    member.value.write(out);
                }
                out.push('}');
            }
            Self::List(items) => {
                out.push('[');
                for (position, item) in items.iter().enumerate() {
                    separate(position, out);
                    item.write(out);
                }
                out.push(']');
            }
        }
    }

    /// The text of the value.
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        if let Self::Text(text) = self {
            return text.as_ref().into();
        }
        let mut out = String::new();
        self.write(&mut out);
        out.into()
    }
}

fn separate(position: usize, out: &mut String) {
    if position > 0 {
        out.push(',');
    }
}

/// The members of the object in `text`; a key that stands twice is refused.
fn split_object(text: &str, place: &str) -> Result<Vec<Member>> {
    let members = serde_json::Deserializer::from_str(text)
        .deserialize_map(Members)
        .map_err(|cause| invalid(place, "is not an object").caused_by(cause))?;
    let mut seen = HashSet::with_capacity(members.len());
    match members.iter().find(|member| !seen.insert(member.key.as_str())) {
        None => Ok(members),
        Some(twice) => Err(Failure::coded(
            codes::CONFIG_DUPLICATE_KEY,
            format!("config.json: key {:?} stands twice in {place}", twice.key),
        )
        .hint("the container engine or a wrapper runtime wrote an ambiguous file; report it there")),
    }
}

fn split_list(text: &str, place: &str) -> Result<Vec<Node>> {
    serde_json::Deserializer::from_str(text)
        .deserialize_seq(Items)
        .map_err(|cause| invalid(place, "is not a list").caused_by(cause))
}

/// The failure of a part that has another shape than the specification says.
pub(crate) fn invalid(place: &str, problem: &str) -> Failure {
    Failure::coded(codes::CONFIG_INVALID, format!("config.json: {place} {problem}"))
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<Member>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((raw_key, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
            let key = serde_json::from_str(raw_key.get()).map_err(serde::de::Error::custom)?;
            let value = Node::Text(value.get().into());
            members.push(Member { key, raw_key: raw_key.get().into(), value });
        }
        Ok(members)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<Node>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Self::Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(item) = items.next_element::<&'de RawValue>()? {
            nodes.push(Node::Text(item.get().into()));
        }
        Ok(nodes)
    }
}
