//! Takes one member out of a JSON text and leaves every other byte as it is.

use serde_json::Value;

/// The text without the member at `path`; `None` when it is not there, or the rest would not be the
/// same value without it.
pub(super) fn without(text: &str, path: &[&str]) -> Option<String> {
    let span = member(text.as_bytes(), path)?;
    let cut = format!("{}{}", text.get(..span.start)?, text.get(span.end..)?);
    (expected(text, path)? == serde_json::from_str::<Value>(&cut).ok()?).then_some(cut)
}

fn expected(text: &str, path: &[&str]) -> Option<Value> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    let (last, outer) = path.split_last()?;
    let mut object = &mut value;
    for key in outer {
        object = object.get_mut(key)?;
    }
    object.as_object_mut()?.remove(*last)?;
    Some(value)
}

struct Span {
    start: usize,
    end: usize,
}

/// The member with one of the commas around it: the one after it, or of the last member the one before.
fn member(bytes: &[u8], path: &[&str]) -> Option<Span> {
    let mut at = skip_space(bytes, 0);
    for (depth, wanted) in path.iter().enumerate() {
        let mut before = at;
        at = skip_space(bytes, expect(bytes, at, b'{')?);
        loop {
            let key_end = skip_string(bytes, at)?;
            let key: String = serde_json::from_slice(bytes.get(at..key_end)?).ok()?;
            let value = skip_space(bytes, expect(bytes, skip_space(bytes, key_end), b':')?);
            if key == *wanted {
                if depth + 1 < path.len() {
                    at = value;
                    break;
                }
                return Some(with_comma(bytes, before, at, skip_value(bytes, value)?));
            }
            let after = skip_space(bytes, skip_value(bytes, value)?);
            before = after;
            at = skip_space(bytes, expect(bytes, after, b',')?);
        }
    }
    None
}

/// `before` is where the comma before the member stands, or the opening brace.
fn with_comma(bytes: &[u8], before: usize, start: usize, end: usize) -> Span {
    let after = skip_space(bytes, end);
    match (bytes.get(after), bytes.get(before)) {
        (Some(b','), _) => Span { start, end: skip_space(bytes, after + 1) },
        (_, Some(b',')) => Span { start: before, end },
        _ => Span { start, end },
    }
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

fn expect(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    (bytes.get(at) == Some(&byte)).then_some(at + 1)
}

fn skip_string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = expect(bytes, at, b'"')?;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn skip_value(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => at = skip_string(bytes, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            b',' | b'}' | b']' if depth == 0 => return Some(trim(bytes, start, at)),
            _ => at += 1,
        }
        if depth == 0 && matches!(bytes.get(at.saturating_sub(1)), Some(b'}' | b']' | b'"')) {
            return Some(at);
        }
    }
}

fn trim(bytes: &[u8], start: usize, mut end: usize) -> usize {
    while end > start && bytes.get(end - 1).is_some_and(u8::is_ascii_whitespace) {
        end -= 1;
    }
    end
}
