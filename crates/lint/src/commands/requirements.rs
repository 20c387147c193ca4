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
    Some(Requirement { name: normalised(name), extras, specifier, url, span, exact })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_is_no_requirement() {
        for text in [".", "./x", "git+https://x/y", "/tmp/x.whl.bad/", "dist/x.tar.gz", "-"] {
            assert!(requirement(text, Span::default(), true).is_none(), "{text}");
        }
        let wheel = requirement("/tmp/torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl", Span::default(), true);
        assert_eq!(wheel.unwrap().local(), Some("cu118"));
    }
}
