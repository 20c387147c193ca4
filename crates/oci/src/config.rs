//! `config.json` as a whole: taken in, checked, given back.

use crate::codes;
use crate::node::{Node, invalid};
use diag::{Failure, Result};

/// The largest `config.json` that is accepted, in bytes. Real ones have 10 to 100 KB; one with 10,000
/// mounts has 2 MB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The deepest nesting that is accepted. Real ones have about 8 levels; `encoding/json` of Go stops at 10000.
pub const MAX_DEPTH: usize = 128;

/// A container's configuration. Unedited it gives back the very bytes it came from; an edit rewrites
/// only the objects and lists on its way and keeps every other key and value as it was written.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) original: Box<str>,
    pub(crate) root: Node,
    pub(crate) edited: bool,
}

impl Config {
    /// Takes a `config.json` in.
    ///
    /// # Errors
    /// Text that is too large ([`MAX_BYTES`]), nested too deep ([`MAX_DEPTH`]), not UTF-8, not JSON
    /// or no object; a part that is read here and has another type than the specification says; a
    /// key that stands twice in an object that is read or edited here.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = checked_text(bytes)?;
        let mut root = Node::Text(text.trim_ascii().into());
        if root.is_null() {
            return Err(invalid("the document", "is not an object"));
        }
        root.open_object("the document")?;
        for key in ["process", "linux", "hooks"] {
            open_member(&mut root, key)?;
        }
        let config = Self { original: text.into(), root, edited: false };
        config.check()?;
        Ok(config)
    }

    /// Whether an editor changed something.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.edited
    }

    /// The text to write: the original bytes when nothing was edited.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        if !self.edited {
            return self.original.as_bytes().to_vec();
        }
        let mut out = String::with_capacity(self.original.len() + 16 * 1024);
        self.root.write(&mut out);
        out.push('\n');
        out.into_bytes()
    }
}

/// Opens an object of the document where it is present, so that readers can look into it.
fn open_member(root: &mut Node, key: &str) -> Result<()> {
    let Node::Object(members) = root else { return Ok(()) };
    match members.iter_mut().find(|member| member.key == key) {
        Some(member) if !member.value.is_null() => member.value.open_object(key).map(drop),
        _ => Ok(()),
    }
}

fn checked_text(bytes: &[u8]) -> Result<&str> {
    if bytes.len() > MAX_BYTES {
        return Err(Failure::coded(
            codes::CONFIG_TOO_LARGE,
            format!("config.json has {} bytes, more than the limit of {MAX_BYTES}", bytes.len()),
        ));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|cause| invalid("the file", "is not UTF-8 text").caused_by(cause))?;
    if depth(text) > MAX_DEPTH {
        return Err(Failure::coded(
            codes::CONFIG_TOO_LARGE,
            format!("config.json is nested deeper than {MAX_DEPTH} levels"),
        ));
    }
    serde_json::from_str::<&serde_json::value::RawValue>(text)
        .map_err(|cause| invalid("the file", "is not valid JSON").caused_by(cause))?;
    Ok(text)
}

/// The deepest nesting of brackets outside strings. Needs no valid JSON: it only bounds recursion.
fn depth(text: &str) -> usize {
    let (mut now, mut deepest, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in text.bytes() {
        match (in_string, escaped, byte) {
            (true, true, _) => escaped = false,
            (true, false, b'\\') => escaped = true,
            (_, false, b'"') => in_string = !in_string,
            (false, _, b'{' | b'[') => {
                now += 1;
                deepest = deepest.max(now);
            }
            (false, _, b'}' | b']') => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
