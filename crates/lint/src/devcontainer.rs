//! The model of a devcontainer.json: JSON with comments, read as the YAML that it nearly is.

use crate::file::File;
use crate::yaml::{View, Yaml};

/// A devcontainer.json.
#[derive(Debug, Default)]
pub struct Devcontainer {
    yaml: Yaml,
}

impl Devcontainer {
    /// Reads a file; what is not JSON has nothing in it.
    #[must_use]
    pub fn read(file: &File) -> Self {
        Self { yaml: Yaml::read(&without_comments(&file.text)) }
    }

    /// The object of the file.
    #[must_use]
    pub fn top(&self) -> Option<View<'_>> {
        self.yaml.documents().next().filter(View::is_mapping)
    }

    /// The value at the end of a way of keys.
    #[must_use]
    pub fn get(&self, way: &[&str]) -> Option<View<'_>> {
        self.top()?.at_path(way)
    }

    /// The words of `runArgs`.
    #[must_use]
    pub fn run_args(&self) -> Vec<View<'_>> {
        self.get(&["runArgs"]).map(|args| args.items()).unwrap_or_default()
    }
}

/// The text with comments and tabs outside of strings made blank, so that every other byte keeps
/// its place.
fn without_comments(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let end = match (byte, bytes.get(at + 1)) {
            (b'"', _) => string_end(bytes, at),
            (b'/', Some(b'/')) => blank_until(&mut out, bytes, at, |rest| rest.first() == Some(&b'\n')),
            (b'/', Some(b'*')) => blank_until(&mut out, bytes, at, |rest| rest.starts_with(b"*/")),
            _ => at + 1,
        };
        let copied = out.len();
        for index in copied..end {
            let byte = bytes.get(index).copied().unwrap_or(b' ');
            out.push(if byte == b'\t' && end == index + 1 && copied == index { b' ' } else { byte });
        }
        at = end.max(at + 1);
    }
    String::from_utf8(out).unwrap_or_default()
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' | b'\n' => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Writes blanks for a comment, line ends kept; gives the place after it.
fn blank_until(out: &mut Vec<u8>, bytes: &[u8], start: usize, ends: impl Fn(&[u8]) -> bool) -> usize {
    let rest = |at: usize| bytes.get(at..).unwrap_or(&[]);
    let mut end = start + 2;
    while end < bytes.len() && !ends(rest(end)) {
        end += 1;
    }
    if rest(end).starts_with(b"*/") {
        end += 2;
    }
    let end = end.min(bytes.len());
    out.extend(rest(start).iter().take(end - start).map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_places_stay() {
        let text = "// top é\n{\n\t\"image\": \"a//b\", /* x\n y */ \"runArgs\": [\"--gpus\",\t\"all\",], // end\n}\n";
        let file = File::new("devcontainer.json", text);
        let read = Devcontainer::read(&file);
        let image = read.get(&["image"]).unwrap();
        assert_eq!((image.text(), image.span().of(text)), (Some("a//b"), "\"a//b\""));
        assert_eq!(read.run_args().len(), 2);
        for text in ["{", "\"", "/*", "//", "{\"a\": \"\\", "é/*é"] {
            assert_eq!(without_comments(text).len(), text.len(), "{text}");
        }
    }
}
