//! `.gitignore` files: which paths of a folder they leave out (gitignore(5)).

use crate::text::in_view;

/// The patterns of the `.gitignore` files from the uppermost folder down to one.
#[derive(Clone, Debug, Default)]
pub struct Gitignore {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// The folder of the file, empty or ending in `/`.
    folder: String,
    glob: Vec<char>,
    negated: bool,
    folders_only: bool,
    /// Whether it holds for the path from its folder, not for a name at any depth.
    anchored: bool,
}

impl Gitignore {
    /// These patterns and those of a further file, which stands in `folder` (empty for the top).
    #[must_use]
    pub fn with(&self, folder: &str, text: &str) -> Self {
        let folder =
            if folder.is_empty() || folder.ends_with('/') { folder.to_owned() } else { format!("{folder}/") };
        let mut patterns = self.patterns.clone();
        patterns.extend(in_view(text).lines().filter_map(|line| Pattern::read(line, &folder)));
        Self { patterns }
    }

    /// Whether a path below the top is left out. The last pattern that matches decides.
    #[must_use]
    pub fn ignores(&self, path: &str, is_folder: bool) -> bool {
        let last = self.patterns.iter().rev().find(|pattern| pattern.matches(path, is_folder));
        last.is_some_and(|pattern| !pattern.negated)
    }
}

impl Pattern {
    fn read(line: &str, folder: &str) -> Option<Self> {
        let line = if line.ends_with("\\ ") { line } else { line.trim_end() };
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (negated, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let (folders_only, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
        let anchored = line.contains('/');
        let line = line.strip_prefix('/').unwrap_or(line);
        Some(Self {
            folder: folder.to_owned(),
            glob: line.chars().collect(),
            negated,
            folders_only,
            anchored,
        })
    }

    fn matches(&self, path: &str, is_folder: bool) -> bool {
        if self.folders_only && !is_folder {
            return false;
        }
        let Some(below) = path.strip_prefix(&self.folder) else { return false };
        let subject = if self.anchored { below } else { below.rsplit('/').next().unwrap_or(below) };
        let subject: Vec<char> = subject.chars().collect();
        Glob { glob: &self.glob, text: &subject, steps: 0 }.matches(0, 0)
    }
}

/// A glob against a text; gives up (no match) after many steps, which hostile patterns could need.
struct Glob<'a> {
    glob: &'a [char],
    text: &'a [char],
    steps: usize,
}

impl Glob<'_> {
    fn matches(&mut self, at: usize, place: usize) -> bool {
        self.steps += 1;
        if self.steps > 10_000 {
            return false;
        }
        let Some(c) = self.glob.get(at) else { return place == self.text.len() };
        match c {
            '*' if self.glob.get(at + 1) == Some(&'*') => self.double_star(at, place),
            '*' => {
                let stop = self.text[place..]
                    .iter()
                    .position(|c| *c == '/')
                    .map_or(self.text.len(), |slash| place + slash);
                (place..=stop).any(|next| self.matches(at + 1, next))
            }
            '?' => self.text.get(place).is_some_and(|c| *c != '/') && self.matches(at + 1, place + 1),
            '[' => self.class(at, place),
            '\\' if at + 1 < self.glob.len() => {
                self.text.get(place) == self.glob.get(at + 1) && self.matches(at + 2, place + 1)
            }
            c => self.text.get(place) == Some(c) && self.matches(at + 1, place + 1),
        }
    }

    /// `**/` matches any folders, also none; `**` at the end everything below.
    fn double_star(&mut self, at: usize, place: usize) -> bool {
        if self.glob.get(at + 2) != Some(&'/') {
            return (place..=self.text.len()).any(|next| self.matches(at + 2, next));
        }
        let starts: Vec<usize> =
            (place..=self.text.len()).filter(|next| *next == place || self.text[next - 1] == '/').collect();
        starts.into_iter().any(|next| self.matches(at + 3, next))
    }

    fn class(&mut self, at: usize, place: usize) -> bool {
        let Some(length) = self.glob[at + 1..].iter().skip(1).position(|c| *c == ']') else { return false };
        let end = at + 2 + length;
        let (Some(c), Some(set)) = (self.text.get(place), self.glob.get(at + 1..end)) else { return false };
        let (negated, set) = match set.split_first() {
            Some(('!' | '^', rest)) => (true, rest),
            _ => (false, set),
        };
        let mut found = false;
        let mut index = 0;
        while let Some(low) = set.get(index) {
            if let (Some('-'), Some(high)) = (set.get(index + 1), set.get(index + 2)) {
                found |= low <= c && c <= high;
                index += 3;
            } else {
                found |= low == c;
                index += 1;
            }
        }
        found != negated && *c != '/' && self.matches(end + 1, place + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_the_manual() {
        let top = Gitignore::default()
            .with("", "# c\n*.log\n/build\ndocs/*.txt\n**/cache\nx/**/y\nvenv/\n!keep.log\n[a-c]1\n\\#z\n");
        let cases = [
            ("a.log", false, true),
            ("d/a.log", false, true),
            ("d/keep.log", false, false),
            ("build", true, true),
            ("d/build", true, false),
            ("docs/a.txt", false, true),
            ("docs/d/a.txt", false, false),
            ("d/e/cache", true, true),
            ("cache", true, true),
            ("x/y", false, true),
            ("x/a/b/y", false, true),
            ("venv", true, true),
            ("venv", false, false),
            ("b1", false, true),
            ("d1", false, false),
            ("#z", false, true),
        ];
        for (path, is_folder, expected) in cases {
            assert_eq!(top.ignores(path, is_folder), expected, "{path}");
        }
        let below = top.with("d", "/own\n!*.log\n");
        assert!(below.ignores("d/own", false) && !below.ignores("own", false));
        assert!(!below.ignores("d/a.log", false) && below.ignores("a.log", false));
        assert!(!Gitignore::default().with("", "*a*a*a*a*a*a*a*a*a*a*ab").ignores(&"a".repeat(200), false));
    }
}
