//! Requirements as pip reads them.

use crate::text::Span;

/// A requirement as pip reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Normalised name: lower case, `-` for `_` and `.`.
    pub name: String,
    /// Extras without brackets.
    pub extras: Vec<String>,
    /// Version specifier without blanks, for example `==2.1.0`; empty without one.
    pub specifier: String,
    /// The address of a wheel or repository, when it is installed from there.
    pub url: Option<String>,
    /// Its place.
    pub span: Span,
    /// Whether the place holds the text just so, and may be edited.
    pub exact: bool,
    /// The line of a file that asks for it, when it does not stand in the command itself.
    pub origin: Option<Origin>,
}

/// A line of a requirements file or a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub path: String,
    /// The requirement in it.
    pub span: Span,
}

impl Requirement {
    /// The version when exactly one is asked for: `2.1.0+cu118` of `==2.1.0+cu118`.
    #[must_use]
    pub fn pinned(&self) -> Option<&str> {
        let version = self.specifier.strip_prefix("===").or_else(|| self.specifier.strip_prefix("=="))?;
        (!version.contains([',', '*', '<', '>', '!', '~']) && !version.is_empty()).then_some(version)
    }

    /// The local part of the pinned version: `cu118` of `==2.1.0+cu118`.
    #[must_use]
    pub fn local(&self) -> Option<&str> {
        self.pinned()?.split_once('+').map(|(_, local)| local)
    }

    /// Whether neither version nor address bind it.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.specifier.is_empty() && self.url.is_none()
    }
}

/// Reads one requirement; `None` for a path or what has no name.
#[must_use]
pub fn requirement(text: &str, span: Span, exact: bool) -> Option<Requirement> {
    let text = text.split(';').next().unwrap_or(text).trim();
    if let Some(wheel) = wheel_name(text) {
        return Some(Requirement { span, exact, ..wheel });
    }
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !starts_well || rest.starts_with(['/', ':', '\\']) || text.starts_with('.') || is_archive(text) {
        return None;
    }
    let rest = rest.trim_start();
    let (extras, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, rest)) => {
            (inside.split(',').map(|extra| extra.trim().to_ascii_lowercase()).collect(), rest)
        }
        None => (Vec::new(), rest),
    };
    let rest = rest.trim();
    let (specifier, url) = match rest.strip_prefix('@') {
        Some(url) => (String::new(), Some(url.trim().to_owned())),
        None => (rest.chars().filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')')).collect(), None),
    };
    if !specifier.is_empty() && !specifier.starts_with(['=', '<', '>', '!', '~']) {
        return None;
    }
    Some(Requirement { name: normalised(name), extras, specifier, url, span, exact, origin: None })
}

fn is_archive(text: &str) -> bool {
    [".whl", ".tar.gz", ".zip", ".txt"].iter().any(|end| text.ends_with(end))
}

/// `https://.../torch-2.0.1%2Bcu118-cp310-....whl`.
fn wheel_name(text: &str) -> Option<Requirement> {
    let file = text.split(['#', '?']).next()?.rsplit('/').next()?.strip_suffix(".whl")?;
    let mut parts = file.split('-');
    let (name, version) = (parts.next()?, parts.next()?);
    if name.is_empty() || name.contains('*') {
        return None;
    }
    Some(Requirement {
        name: normalised(name),
        extras: Vec::new(),
        specifier: format!("=={}", version.replace("%2B", "+").replace("%2b", "+")),
        url: Some(text.to_owned()),
        span: Span::new(0, 0),
        exact: false,
        origin: None,
    })
}

/// The name as indexes compare it (PEP 503).
#[must_use]
pub fn normalised(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

/// One line of a requirements file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A package.
    Package(Requirement),
    /// Another file (`-r`), seen from the folder of this one.
    File(String),
    /// A file of constraints (`-c`).
    Constraints(String),
    /// A package under a condition on the machine.
    Conditional(String),
    /// Where packages come from: the option and its value.
    Source(&'static str, String, Span),
}

/// Options of a requirements file with the spelling by which they go on.
const OPTIONS: &[(&str, &str)] = &[
    ("--requirement", "-r"),
    ("--constraint", "-c"),
    ("--index-url", "--index-url"),
    ("--extra-index-url", "--extra-index-url"),
    ("--find-links", "--find-links"),
    ("-r", "-r"),
    ("-c", "-c"),
    ("-i", "--index-url"),
    ("-f", "--find-links"),
    ("--pre", "--pre"),
    ("--no-index", "--no-index"),
];

/// Reads a requirements file: comments, continued lines, options; what is not understood is left
/// out.
#[must_use]
pub fn file(text: &str) -> Vec<Line> {
    let mut out = Vec::new();
    let mut at = 0;
    for raw in text.split_inclusive('\n') {
        let start = at;
        at += raw.len();
        let line = raw.split(" #").next().unwrap_or(raw).trim_end_matches(['\n', '\r', '\\', ' ']);
        let content = line.trim();
        let place = Span::new(start + line.len() - line.trim_start().len(), start + line.len());
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if let Some((package, _)) = content.split_once(';') {
            out.extend(requirement(package, place, false).map(|package| Line::Conditional(package.name)));
            continue;
        }
        out.extend(if content.starts_with('-') { option(content, place) } else { package(content, place) });
    }
    out
}

fn option(content: &str, place: Span) -> Option<Line> {
    let (name, canonical) = OPTIONS.iter().find(|(name, _)| content.starts_with(name))?;
    let value = content.get(name.len()..)?.trim_start_matches(['=', ' ', '\t']).to_owned();
    Some(match *canonical {
        "-r" => Line::File(value),
        "-c" => Line::Constraints(value),
        other => Line::Source(other, value, place),
    })
}

fn package(content: &str, place: Span) -> Option<Line> {
    let bare = content.split(" --").next().unwrap_or(content).trim_end();
    requirement(bare, Span::new(place.start, place.start + bare.len()), false).map(Line::Package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_line_by_line() {
        let text = "# c\n--extra-index-url https://x/cu121\ntorch==2.1.0 # why\n-r base.txt\nnumpy; python_version < '3'\n  flask >= 2 \\\n    --hash=sha256:00\n-c limits.txt\n./local\n";
        let shown: Vec<String> = file(text)
            .into_iter()
            .map(|line| match line {
                Line::Package(package) => {
                    format!("{}{} {}", package.name, package.specifier, package.span.of(text))
                }
                Line::Conditional(name) => format!("{name} if"),
                Line::File(path) => format!("-r {path}"),
                Line::Constraints(path) => format!("-c {path}"),
                Line::Source(name, value, _) => format!("{name} {value}"),
            })
            .collect();
        let expected = [
            "--extra-index-url https://x/cu121",
            "torch==2.1.0 torch==2.1.0",
            "-r base.txt",
            "numpy if",
            "flask>=2 flask >= 2",
            "-c limits.txt",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_has_no_name_is_no_requirement() {
        for text in [".", "./x", "git+https://x/y", "/tmp/x.whl.bad/", "dist/x.tar.gz", "-"] {
            assert!(requirement(text, Span::default(), true).is_none(), "{text}");
        }
        let wheel = requirement("/tmp/torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl", Span::default(), true);
        assert_eq!(wheel.unwrap().local(), Some("cu118"));
    }
}
