//! Log lines as logrus writes them: `time="..." level=info msg="..."`.

use super::Facts;

/// Adds the lines that `wanted` says yes to, as `level: message`; a line of another form as it is.
pub(super) fn add(facts: &mut Facts, field: &str, text: &str, wanted: impl Fn(&str) -> bool) {
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match parse(line) {
            Some((level, message)) if wanted(level) => facts.add(field, format!("{level}: {message}")),
            Some(_) => {}
            None => facts.add(field, line.trim_end()),
        }
    }
}

pub(super) fn is_error(level: &str) -> bool {
    matches!(level, "error" | "fatal" | "panic")
}

fn parse(line: &str) -> Option<(&str, String)> {
    let rest = line.split_once("level=")?.1;
    let (level, rest) = rest.split_once(' ')?;
    let message = rest.strip_prefix("msg=")?;
    let quoted = message.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let text = quoted.map(|text| text.replace("\\\"", "\"").replace("\\n", " / ").replace("\\\\", "\\"));
    Some((level, text.unwrap_or_else(|| message.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_give_level_and_message() {
        let table = [
            (r#"time="2026-01-02T03:04:05Z" level=info msg="Found \"x\"""#, Some(("info", "Found \"x\""))),
            ("level=error msg=short", Some(("error", "short"))),
            ("Usage of x:", None),
        ];
        for (line, expected) in table {
            let parsed = parse(line);
            assert_eq!(parsed.as_ref().map(|(level, message)| (*level, message.as_str())), expected);
        }
    }
}
