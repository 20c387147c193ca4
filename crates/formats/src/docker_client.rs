//! The Docker client's `~/.docker/config.json`: members are taken out of it, and every other byte stays as
//! it is, since it holds people's logins.

use serde_json::Value;

/// What is taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Residue {
    /// Whether `currentContext` goes.
    pub context: bool,
    /// The credential helpers that go from `credsStore` and `credHelpers`, as they stand there: `desktop`
    /// for the program `docker-credential-desktop`.
    pub helpers: Vec<String>,
}

/// The file without the residue; `None` when nothing of it is there, or the file is not understood.
#[must_use]
pub fn without(text: &str, residue: &Residue) -> Option<String> {
    let json: Value = serde_json::from_str(text).ok()?;
    let is_gone =
        |value: &Value| value.as_str().is_some_and(|name| residue.helpers.iter().any(|gone| gone == name));
    let mut paths: Vec<Vec<&str>> = Vec::new();
    if residue.context && json.get("currentContext").is_some() {
        paths.push(vec!["currentContext"]);
    }
    if json.get("credsStore").is_some_and(is_gone) {
        paths.push(vec!["credsStore"]);
    }
    let entries = json.get("credHelpers").and_then(Value::as_object).into_iter().flatten();
    let entries = entries.filter(|(_, value)| is_gone(value));
    paths.extend(entries.map(|(registry, _)| vec!["credHelpers", registry.as_str()]));
    if paths.is_empty() {
        return None;
    }
    paths.iter().try_fold(text.to_owned(), |text, path| cut(&text, path))
}

/// The text without one member; `None` when it is not there, or the rest would not be the same value
/// without it.
fn cut(text: &str, path: &[&str]) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "{\n\t\"auths\": {\n\t\t\"nvcr.io\": {\"auth\": \"eA==\"}\n\t},\n\t\"credsStore\": \"desktop\",\n\t\"currentContext\": \"desktop-linux\"\n}\n";

    fn residue(context: bool, helpers: &[&str]) -> Residue {
        Residue { context, helpers: helpers.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn only_the_members_go_and_every_other_byte_stays() {
        for (text, residue, expected) in [
            (
                FILE,
                residue(false, &["desktop"]),
                "{\n\t\"auths\": {\n\t\t\"nvcr.io\": {\"auth\": \"eA==\"}\n\t},\n\t\"currentContext\": \"desktop-linux\"\n}\n",
            ),
            (
                FILE,
                residue(true, &["desktop"]),
                "{\n\t\"auths\": {\n\t\t\"nvcr.io\": {\"auth\": \"eA==\"}\n\t}\n}\n",
            ),
            (
                r#"{"credHelpers": {"a.io": "desktop", "b.io": "pass"}}"#,
                residue(false, &["desktop"]),
                r#"{"credHelpers": {"b.io": "pass"}}"#,
            ),
            (
                r#"{"credHelpers": {"a.io": "desktop"}, "x": 1.0}"#,
                residue(true, &["desktop"]),
                r#"{"credHelpers": {}, "x": 1.0}"#,
            ),
            (
                "{\r\n  \"currentContext\" : \"a, \\\"b\" ,\r\n  \"x\": [1, {\"y\": 2}]\r\n}",
                residue(true, &[]),
                "{\r\n  \"x\": [1, {\"y\": 2}]\r\n}",
            ),
        ] {
            assert_eq!(without(text, &residue).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_there_or_not_understood_is_left() {
        let all = residue(true, &["pass"]);
        for text in [
            "{",
            "",
            "[]",
            "7",
            r#"{"credsStore": "desktop"}"#,
            r#"{"credsStore": "pass", "credsStore": "pass"}"#,
        ] {
            assert_eq!(without(text, &all), None, "{text}");
        }
    }
}
