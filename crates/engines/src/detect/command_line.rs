//! Command lines of daemons: words, and the value of an option among them.

/// The words of a command line as systemd splits them: blanks apart, quotes and backslashes kept
/// together (`systemd.service(5)`, "Command lines").
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', _) => word.get_or_insert_default().extend(letters.next()),
            (_, Some(mark)) if letter == mark => quote = None,
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (_, None) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// The value of an option in its forms `--name=VALUE` and `--name VALUE`; the last one counts.
pub(super) fn option(arguments: &[String], names: &[&str]) -> Option<String> {
    let mut found = None;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if names.contains(&word.as_str()) {
            found = words.next().cloned().or(found);
        } else if let Some((name, value)) = word.split_once('=')
            && names.contains(&name)
        {
            found = Some(value.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_systemd_does() {
        let cases: [(&str, &[&str]); 6] = [
            ("/usr/bin/dockerd -H fd://", &["/usr/bin/dockerd", "-H", "fd://"]),
            ("  a  b\t", &["a", "b"]),
            ("a 'b c' \"d \\\" e\" f\\ g", &["a", "b c", "d \" e", "f g"]),
            ("a \"\" b", &["a", "", "b"]),
            ("\"open", &["open"]),
            ("", &[]),
        ];
        for (line, expected) in cases {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn options_have_two_forms_and_the_last_counts() {
        let names = ["--config-file"];
        let cases = [
            ("--config-file /a", Some("/a")),
            ("--config-file=/a", Some("/a")),
            ("--config-file=/a --config-file /b", Some("/b")),
            ("--config-file", None),
            ("--config-files /a", None),
        ];
        for (line, expected) in cases {
            assert_eq!(option(&words(line), &names).as_deref(), expected, "{line}");
        }
    }
}
