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

/// All values of an option that may be given several times. `-H` takes its value in its own word too.
pub(super) fn values(arguments: &[String], names: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if names.contains(&word.as_str()) {
            found.extend(words.next().cloned());
        } else if let Some((_, value)) = word.split_once('=').filter(|(name, _)| names.contains(name)) {
            found.push(value.to_owned());
        } else if let Some(value) = word.strip_prefix("-H").filter(|_| names.contains(&"-H")) {
            found.push(value.to_owned());
        }
    }
    found
}

/// The path of the Unix socket among some addresses; `usual` where systemd hands it over or none is
/// given; `None` where a daemon listens elsewhere only.
pub(crate) fn socket(addresses: &[String], usual: &str) -> Option<String> {
    let path = |address: &String| {
        Some(address.trim_start_matches("unix://")).filter(|path| path.starts_with('/')).map(str::to_owned)
    };
    let handed = addresses.is_empty() || addresses.iter().any(|address| address.starts_with("fd:"));
    addresses.iter().find_map(path).or_else(|| handed.then(|| usual.to_owned()))
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
    fn a_daemon_listens_where_its_line_says() {
        let cases = [
            ("-H fd://", Some("/run/docker.sock")),
            ("", Some("/run/docker.sock")),
            ("-H unix:///srv/d.sock -H tcp://0.0.0.0:2375", Some("/srv/d.sock")),
            ("-Hunix:///srv/d.sock", Some("/srv/d.sock")),
            ("--host=tcp://0.0.0.0:2375 --host fd://", Some("/run/docker.sock")),
            ("-H tcp://0.0.0.0:2375", None),
            ("-H", Some("/run/docker.sock")),
        ];
        for (line, expected) in cases {
            let found = socket(&values(&words(line), &["-H", "--host"]), "/run/docker.sock");
            assert_eq!(found.as_deref(), expected, "{line}");
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
