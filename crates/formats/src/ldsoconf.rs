//! `/etc/ld.so.conf` and the files that it includes: where `ldconfig` looks for libraries.

/// One line of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directive {
    /// An absolute directory, without final slashes.
    Directory(String),
    /// A pattern of further files, to be read in sorted order; a relative one counts from the
    /// directory of the including file. Includes can be circular: bound the depth.
    Include(String),
}

/// Reads one configuration file, line by line as asked for: a hostile one has a million lines. `hwcap` lines
/// (ignored by glibc since 2.37), relative directories and the old `=TYPE` suffix are left out.
pub fn parse(text: &str) -> impl Iterator<Item = Directive> {
    text.lines().flat_map(line)
}

fn line(line: &str) -> impl Iterator<Item = Directive> {
    let content = line.split('#').next().unwrap_or_default().trim();
    let mut words = content.split_whitespace();
    let (directory, patterns) = match words.next() {
        Some("include") => (None, Some(words)),
        Some("hwcap") | None => (None, None),
        Some(_) => (directory(content), None),
    };
    let includes = patterns.into_iter().flatten().map(|pattern| Directive::Include(pattern.to_owned()));
    directory.into_iter().chain(includes)
}

fn directory(content: &str) -> Option<Directive> {
    let path = content.split('=').next().unwrap_or_default().trim_end();
    if !path.starts_with('/') {
        return None;
    }
    let path = path.trim_end_matches('/');
    Some(Directive::Directory(if path.is_empty() { "/".to_owned() } else { path.to_owned() }))
}

/// The pattern of an include as an absolute one, `conf_directory` being where the including file
/// lies.
#[must_use]
pub fn absolute_pattern(pattern: &str, conf_directory: &str) -> String {
    if pattern.starts_with('/') {
        return pattern.to_owned();
    }
    format!("{}/{pattern}", conf_directory.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_ldconfig_does() {
        let directory = |path: &str| Directive::Directory(path.to_owned());
        let include = |pattern: &str| Directive::Include(pattern.to_owned());
        let table = [
            ("/usr/lib/wsl/lib\n", vec![directory("/usr/lib/wsl/lib")]),
            ("  /opt/a/  # why\n#/opt/b\n\n", vec![directory("/opt/a")]),
            ("include /etc/ld.so.conf.d/*.conf", vec![include("/etc/ld.so.conf.d/*.conf")]),
            ("include\ta.conf b.conf", vec![include("a.conf"), include("b.conf")]),
            ("/usr/lib=libc5\n", vec![directory("/usr/lib")]),
            ("/opt/with blank\n", vec![directory("/opt/with blank")]),
            ("hwcap 1 nosegneg\nrelative/dir\n", vec![]),
            ("/\n///\n", vec![directory("/"), directory("/")]),
            ("included/dir\n/x\r\n", vec![directory("/x")]),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }

    #[test]
    fn relative_includes_count_from_the_including_file() {
        assert_eq!(absolute_pattern("ld.so.conf.d/*.conf", "/etc"), "/etc/ld.so.conf.d/*.conf");
        assert_eq!(absolute_pattern("/a/*.conf", "/etc"), "/a/*.conf");
    }
}
