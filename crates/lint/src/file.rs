//! Files as given by the caller, and what kind of file a text is.

use serde::Serialize;

/// A file: path as the user wrote it, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path for people and for following references; `/` separates.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl File {
    /// A file.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

/// Kinds of files that are linted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Dockerfile or Containerfile.
    Dockerfile,
    /// Compose file.
    Compose,
    /// Kubernetes objects.
    Kubernetes,
}

impl Kind {
    /// The kind of a file by its name, and for YAML by its top-level keys; `None`: not linted.
    #[must_use]
    pub fn of(file: &File) -> Option<Self> {
        let name = file.path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
        if Self::is_dockerfile_name(&name) {
            return Some(Self::Dockerfile);
        }
        let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"))?;
        if is_kubernetes(&file.text) {
            return Some(Self::Kubernetes);
        }
        let named =
            stem.starts_with("docker-compose") || stem.starts_with("compose") || stem.ends_with("compose");
        (named || has_top_level(&file.text, "services:")).then_some(Self::Compose)
    }

    /// Whether a lower-case file name is one of a Dockerfile: `Dockerfile`, `Dockerfile.gpu`,
    /// `gpu.Dockerfile`, `Containerfile`; `Dockerfile.dockerignore` is none.
    #[must_use]
    pub fn is_dockerfile_name(name: &str) -> bool {
        let parts: Vec<&str> = name.split('.').collect();
        let other = [
            "dockerignore",
            "md",
            "j2",
            "jinja",
            "jinja2",
            "tmpl",
            "template",
            "erb",
            "in",
            "py",
            "sh",
            "txt",
        ];
        if parts.last().is_some_and(|last| parts.len() > 1 && other.contains(last)) {
            return false;
        }
        let word = |part: &str| {
            part == "dockerfile"
                || part == "containerfile"
                || ["-", "_"].iter().any(|sep| {
                    part.starts_with(&format!("dockerfile{sep}"))
                        || part.ends_with(&format!("{sep}dockerfile"))
                })
        };
        parts.first().is_some_and(|part| word(part)) || parts.last().is_some_and(|part| word(part))
    }
}

fn has_top_level(text: &str, key: &str) -> bool {
    text.lines().any(|line| line.starts_with(key))
}

fn is_kubernetes(text: &str) -> bool {
    has_top_level(text, "apiVersion:") && has_top_level(text, "kind:")
}

/// All files of a run, found by path.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a>(pub(crate) &'a [File]);

impl<'a> Files<'a> {
    /// The files of a run.
    #[must_use]
    pub const fn new(files: &'a [File]) -> Self {
        Self(files)
    }

    /// The file at a path; `./` and `dir/..` are taken out before comparing.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&'a File> {
        let wanted = clean(path);
        self.0.iter().find(|file| clean(&file.path) == wanted)
    }

    /// The file that `path` names when written in `from`.
    #[must_use]
    pub fn beside(&self, from: &File, path: &str) -> Option<&'a File> {
        self.get(&join(&from.path, path))
    }
}

/// `path` as seen from the folder of the file `from`, cleaned.
#[must_use]
pub(crate) fn join(from: &str, path: &str) -> String {
    if path.starts_with('/') {
        return clean(path);
    }
    match from.rfind('/') {
        Some(cut) => clean(&format!("{}/{path}", &from[..cut])),
        None => clean(path),
    }
}

/// Takes `.` and `dir/..` out of a path, textually.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    if path.starts_with('/') { format!("/{joined}") } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys_tell_the_kind() {
        let cases = [
            ("Dockerfile", "", Some(Kind::Dockerfile)),
            ("docker/Dockerfile.cuda-12.4", "", Some(Kind::Dockerfile)),
            ("cuda.dockerfile", "", Some(Kind::Dockerfile)),
            ("Dockerfile-gpu", "", Some(Kind::Dockerfile)),
            ("Containerfile", "", Some(Kind::Dockerfile)),
            ("Dockerfile.dockerignore", "", None),
            ("dockerfile_lint.py", "", None),
            ("Dockerfile.j2", "", None),
            ("compose.yaml", "services: {}", Some(Kind::Compose)),
            ("docker-compose.gpu.yml", "", Some(Kind::Compose)),
            ("gpu.yaml", "services:\n  a: {}\n", Some(Kind::Compose)),
            ("pod.yaml", "apiVersion: v1\nkind: Pod\n", Some(Kind::Kubernetes)),
            ("values.yaml", "a: 1\n", None),
            ("README.md", "", None),
        ];
        for (path, text, expected) in cases {
            assert_eq!(Kind::of(&File::new(path, text)), expected, "{path}");
        }
    }

    #[test]
    fn references_are_found_beside_the_file() {
        let files = [File::new("a/b/requirements.txt", "torch"), File::new("./c.txt", "")];
        let all = Files::new(&files);
        assert!(all.beside(&File::new("a/x/Dockerfile", ""), "../b/./requirements.txt").is_some());
        assert!(all.get("c.txt").is_some());
        assert!(all.beside(&File::new("Dockerfile", ""), "d.txt").is_none());
    }
}
