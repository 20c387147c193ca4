//! What stands around a message: time stamps, names of services, JSON, escapes, colours.

use serde_json::Value;

/// How often escapes are taken off: a message of runc comes through containerd, dockerd, the client
/// and a log collector, and each may add a layer.
const LAYERS: usize = 5;
/// Keys under which log collectors keep the message.
const MESSAGE_KEYS: &[&str] =
    &["log", "msg", "message", "MESSAGE", "error", "err", "reason", "errorMessage", "stderr", "text", "note"];

/// The messages of a log, one for each line, wrappers stripped.
pub(super) fn lines(text: &str) -> Vec<String> {
    let text = without_colours(text);
    let mut lines = Vec::new();
    for line in text.lines() {
        take(line, &mut lines, 0);
    }
    lines
}

fn take(line: &str, lines: &mut Vec<String>, depth: usize) {
    let line = without_prefix(line);
    if depth < LAYERS
        && let Some(messages) = json_messages(line)
    {
        messages.iter().flat_map(|message| message.lines()).for_each(|line| take(line, lines, depth + 1));
        return;
    }
    let plain = unescaped(line);
    if depth < LAYERS && plain.contains('\n') {
        plain.lines().for_each(|line| take(line, lines, depth + 1));
        return;
    }
    lines.push(plain);
}

/// The messages in a line that is a JSON object.
fn json_messages(line: &str) -> Option<Vec<String>> {
    if !line.trim_start().starts_with('{') {
        return None;
    }
    let json: Value = serde_json::from_str(line.trim()).ok()?;
    let mut messages = Vec::new();
    collect(&json, &mut messages, 0);
    (!messages.is_empty()).then_some(messages)
}

fn collect(value: &Value, messages: &mut Vec<String>, depth: usize) {
    let Some(object) = value.as_object().filter(|_| depth < LAYERS) else { return };
    for (key, value) in object {
        match value {
            Value::String(text) if MESSAGE_KEYS.contains(&key.as_str()) => messages.push(text.clone()),
            Value::Object(_) => collect(value, messages, depth + 1),
            _ => {}
        }
    }
}

/// Terminal control sequences (ECMA-48) out.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\x1b') {
        plain.push_str(before);
        let body = after.strip_prefix('[').unwrap_or(after);
        rest = body.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';' || c == '?');
        let mut characters = rest.chars();
        characters.next();
        rest = characters.as_str();
    }
    plain.push_str(rest);
    plain.replace('\r', "")
}

/// Escapes of JSON, Go and HTML, layer by layer.
fn unescaped(line: &str) -> String {
    let mut text = line.to_owned();
    for _ in 0..LAYERS {
        let next = unescaped_once(&text);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

fn unescaped_once(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '&']) {
        let (before, after) = rest.split_at(at);
        plain.push_str(before);
        let (character, used) = escape(after);
        plain.push_str(character);
        rest = after.get(used..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// What an escape at the start of `text` stands for, and its length.
fn escape(text: &str) -> (&'static str, usize) {
    const ESCAPES: &[(&str, &str)] = &[
        ("\\n", "\n"),
        ("\\r", " "),
        ("\\t", " "),
        ("\\\"", "\""),
        ("\\'", "'"),
        ("\\\\", "\\"),
        ("\\u003e", ">"),
        ("\\u003c", "<"),
        ("\\u0026", "&"),
        ("\\u0027", "'"),
        ("\\u001b", " "),
        ("\\x1b", " "),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
        ("&nbsp;", " "),
    ];
    let known = ESCAPES.iter().find(|(escape, _)| text.starts_with(escape));
    match (known, text.starts_with('\\')) {
        (Some((escape, plain)), _) => (plain, escape.len()),
        (None, true) => (" ", 1),
        (None, false) => ("&", 1),
    }
}

/// The line without what collectors put in front of it, taken off one after the other.
fn without_prefix(line: &str) -> &str {
    let mut rest = line;
    for _ in 0..8 {
        let next = one_prefix(rest.trim_start());
        if next.len() == rest.len() {
            break;
        }
        rest = next;
    }
    rest
}

fn one_prefix(line: &str) -> &str {
    let found = [quote_mark, time_stamp, syslog_date, klog, stream, service_column, process]
        .iter()
        .find_map(|prefix| prefix(line));
    found.unwrap_or(line)
}

/// `> ` of a quoted mail or issue.
fn quote_mark(line: &str) -> Option<&str> {
    line.strip_prefix("> ")
}

/// `2026-11-20T10:11:12.123456789Z`, also with a space, slashes, a zone or brackets.
fn time_stamp(line: &str) -> Option<&str> {
    let line = line.strip_prefix('[').unwrap_or(line);
    let date = line.get(..10)?;
    let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if shape != "0000-00-00" && shape != "0000/00/00" {
        return None;
    }
    let rest = line.get(10..)?.strip_prefix(['T', ' '])?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || ":.,+-Z".contains(c))).unwrap_or(rest.len());
    rest.get(end..).map(|rest| rest.trim_start_matches(']'))
}

/// `Nov 20 10:11:12 host `, of syslog and journalctl.
fn syslog_date(line: &str) -> Option<&str> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = line.get(..3)?;
    if !MONTHS.contains(month) || !line.get(3..4)?.starts_with(' ') {
        return None;
    }
    let mut rest = line.get(3..)?.trim_start();
    for _ in 0..2 {
        let (word, after) = rest.split_once(' ')?;
        if !word.chars().all(|c| c.is_ascii_digit() || ":.".contains(c)) {
            return None;
        }
        rest = after.trim_start();
    }
    // The name of the machine.
    rest.split_once(' ').map(|(_, rest)| rest)
}

/// `E1120 10:11:12.123456    1234 remote_runtime.go:209] `, of Kubernetes.
fn klog(line: &str) -> Option<&str> {
    let mut characters = line.chars();
    let level = "IWEF".contains(characters.next()?);
    let day = line.get(1..5)?.chars().all(|c| c.is_ascii_digit());
    let (head, rest) = line.split_once("] ")?;
    (level && day && head.contains(".go:") && head.len() < 90).then_some(rest)
}

/// `stderr F `, of the log files of container runtimes.
fn stream(line: &str) -> Option<&str> {
    ["stdout F ", "stderr F ", "stdout P ", "stderr P "].iter().find_map(|prefix| line.strip_prefix(prefix))
}

/// `web-1  | `, of Compose.
fn service_column(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once(" | ")?;
    let word = name.trim_end();
    let named = !word.is_empty()
        && word.len() < 64
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    named.then_some(rest)
}

/// `dockerd[1234]: `.
fn process(line: &str) -> Option<&str> {
    let (head, rest) = line.split_once("]: ")?;
    let (name, pid) = head.split_once('[')?;
    let number = !pid.is_empty() && pid.chars().all(|c| c.is_ascii_digit());
    let named = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.()@".contains(c));
    (number && named).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_come_off() {
        for prefixed in [
            "2026-11-20T10:11:12.123456789Z stderr F x y",
            "Nov  2 10:11:12 gpu-1 kubelet[412]: E1120 10:11:12.123456    1234 remote.go:209] x y",
            "web-1  | 2026/11/20 10:11:12 x y",
            "> > x y",
            "[2026-11-20 10:11:12,123] x y",
            "Nov 20 10:11:12 host kernel: x y",
        ] {
            let lines = lines(prefixed);
            assert_eq!(lines[0].trim().trim_start_matches("kernel: "), "x y", "{prefixed}");
        }
    }

    #[test]
    fn a_text_without_wrappers_stays() {
        for text in ["May be so", "E1120 x", "a[b]: c", "", "{not json", "50% & more"] {
            assert_eq!(lines(text).concat(), text.to_owned());
        }
    }

    #[test]
    fn json_in_json_is_unpacked() {
        let inner = serde_json::json!({"level": "error", "msg": "a \"b\"\nc"}).to_string();
        let outer = serde_json::json!({"log": inner, "stream": "stderr"}).to_string();
        assert_eq!(lines(&outer), ["a \"b\"", "c"]);
        assert_eq!(lines(r#"msg="a \\\"b\\\" c""#), [r#"msg="a "b" c""#]);
    }
}
