//! Files as given by the caller, and what kind of file a text is.

use crate::script::Script;
use crate::text::in_view;
use serde::Serialize;
use std::collections::HashMap;

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
    /// devcontainer.json.
    Devcontainer,
    /// A shell script, or a Markdown text with commands, that starts containers with GPUs.
    Script,
}

impl Kind {
    /// The kind of a file by its name, and for YAML by its top-level keys; `None`: not linted.
    #[must_use]
    pub fn of(file: &File) -> Option<Self> {
        let name = file.path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
        if Self::is_dockerfile_name(&name) {
            let begins = if is_source_name(&name) { begins_as_dockerfile } else { may_begin_a_dockerfile };
            let is_whole_name = matches!(name.as_str(), "dockerfile" | "containerfile");
            if is_whole_name || begins(&file.text) {
                return Some(Self::Dockerfile);
            }
        }
        if is_free_name(&name) && is_a_dockerfile(&file.text) {
            return Some(Self::Dockerfile);
        }
        if matches!(name.as_str(), "devcontainer.json" | ".devcontainer.json") {
            return Some(Self::Devcontainer);
        }
        if [".sh", ".bash", ".md"].iter().any(|end| name.ends_with(end)) {
            return Script::is_about_gpus(&file.text).then_some(Self::Script);
        }
        let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"))?;
        if is_kubernetes(&file.text) {
            return Some(Self::Kubernetes);
        }
        let named =
            stem.starts_with("docker-compose") || stem.starts_with("compose") || stem.ends_with("compose");
        (named || has_top_level(&file.text, "services:")).then_some(Self::Compose)
    }

    /// Whether a file with this name may be of a kind that is linted, so that it is worth reading.
    #[must_use]
    pub fn may_be(name: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        let ends = [".yml", ".yaml", ".sh", ".bash", ".md", "devcontainer.json"];
        Self::is_dockerfile_name(&lower)
            || is_free_name(&lower)
            || ends.iter().any(|end| lower.ends_with(end))
    }

    /// Whether a lower-case file name is one of a Dockerfile: `Dockerfile`, `Dockerfile.gpu`,
    /// `gpu.Dockerfile`, `Containerfile`; `Dockerfile.dockerignore` is none.
    #[must_use]
    pub fn is_dockerfile_name(name: &str) -> bool {
        if has_other_ending(name) {
            return false;
        }
        let parts: Vec<&str> = name.split('.').collect();
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

/// Whether the ending of a name is that of something else: a template, a text, a script.
fn has_other_ending(name: &str) -> bool {
    let other = ["dockerignore", "md", "j2", "jinja", "jinja2", "em", "erb", "in", "py", "sh", "txt"];
    name.rsplit_once('.').is_some_and(|(_, last)| {
        other.contains(&last) || ["tmpl", "tpl", "template"].iter().any(|end| last.ends_with(end))
    })
}

/// Whether a lower-case name only begins like that of a Dockerfile: `Dockerfile2204-dev`, `DockerfileGPU`.
fn is_free_name(name: &str) -> bool {
    let begins = name.starts_with("dockerfile") || name.starts_with("containerfile");
    begins && !has_other_ending(name) && !is_source_name(name)
}

/// Whether a text is a Dockerfile whatever its name: it begins with `FROM` and an image, `ARG`s before it
/// or not, and without signs of a template.
fn is_a_dockerfile(text: &str) -> bool {
    let lines =
        in_view(text).lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let is =
        |line: &str, word: &str| line.split_whitespace().next().is_some_and(|w| w.eq_ignore_ascii_case(word));
    let from = lines.skip_while(|line| is(line, "arg")).find(|_| true).filter(|line| is(line, "from"));
    let words: Vec<&str> = from.map_or("", |line| line).split_whitespace().skip(1).collect();
    let image = words.iter().position(|word| !word.starts_with("--")).unwrap_or(words.len());
    let begins_well = |image: &str| image.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '$');
    match words.get(image..) {
        Some([image]) => begins_well(image),
        Some([image, word, _]) => begins_well(image) && word.eq_ignore_ascii_case("as"),
        _ => false,
    }
}

/// Whether a name may as well be that of a program about Dockerfiles: `dockerfile.go`.
fn is_source_name(name: &str) -> bool {
    let endings = [
        "c", "cc", "cpp", "cs", "css", "go", "h", "hpp", "hs", "html", "java", "js", "json", "jsx", "kt",
        "lua", "mjs", "php", "pl", "rb", "rs", "rst", "snap", "swift", "toml", "ts", "tsx", "vim", "xml",
        "yaml", "yml",
    ];
    name.rsplit_once('.').is_some_and(|(_, end)| endings.contains(&end))
}

/// Whether the first instruction is one that a Dockerfile may begin with.
fn begins_as_dockerfile(text: &str) -> bool {
    let word = first_word(text).unwrap_or("");
    ["from", "arg"].iter().any(|begin| word.eq_ignore_ascii_case(begin))
}

/// Whether the first word can be meant as an instruction: a manifest or a template that is kept under the
/// name of the Dockerfile that it belongs to (`Dockerfile.job`) begins otherwise.
fn may_begin_a_dockerfile(text: &str) -> bool {
    first_word(text)
        .is_none_or(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()) && !word.ends_with(':'))
}

/// The first word that is no comment.
fn first_word(text: &str) -> Option<&str> {
    let first = in_view(text).lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.and_then(|line| line.split_whitespace().next())
}

fn has_top_level(text: &str, key: &str) -> bool {
    in_view(text).lines().any(|line| line.starts_with(key))
}

fn is_kubernetes(text: &str) -> bool {
    has_top_level(text, "apiVersion:") && has_top_level(text, "kind:")
}

/// All files of a run, found by path.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    list: &'a [File],
    index: Option<&'a Index>,
}

/// Where each file of a list stands, by its cleaned path, and by its folder.
#[derive(Debug, Default)]
pub struct Index {
    paths: HashMap<String, usize>,
    folders: HashMap<String, Vec<usize>>,
}

impl Index {
    /// Indexes a list; of files with the same path the first counts.
    #[must_use]
    pub fn of(files: &[File]) -> Self {
        let mut out = Self { paths: HashMap::with_capacity(files.len()), folders: HashMap::new() };
        for (at, file) in files.iter().enumerate() {
            out.paths.entry(clean(&file.path)).or_insert(at);
            out.folders.entry(folder(&file.path)).or_default().push(at);
        }
        out
    }
}

impl<'a> Files<'a> {
    /// The files of a run.
    #[must_use]
    pub const fn new(files: &'a [File]) -> Self {
        Self { list: files, index: None }
    }

    /// The files of a run with their index, for many questions.
    #[must_use]
    pub const fn indexed(files: &'a [File], index: &'a Index) -> Self {
        Self { list: files, index: Some(index) }
    }

    /// The file at a path; `./` and `dir/..` are taken out before comparing.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&'a File> {
        let wanted = clean(path);
        match self.index {
            Some(index) => self.list.get(*index.paths.get(&wanted)?),
            None => self.list.iter().find(|file| clean(&file.path) == wanted),
        }
    }

    /// The file that `path` names when written in `from`.
    #[must_use]
    pub fn beside(&self, from: &File, path: &str) -> Option<&'a File> {
        self.get(&join(&from.path, path))
    }

    /// The files in the folder of `from`, itself left out; none without an index.
    pub fn siblings(&self, from: &File) -> impl Iterator<Item = &'a File> {
        let (list, name) = (self.list, from.path.clone());
        let beside = self.index.and_then(|index| index.folders.get(&folder(&from.path)));
        beside.into_iter().flatten().filter_map(move |at| list.get(*at)).filter(move |file| file.path != name)
    }
}

/// The folder of a path, cleaned.
fn folder(path: &str) -> String {
    clean(path.rsplit_once('/').map_or("", |(folder, _)| folder))
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
            ("Dockerfile.runtime_template", "FROM <<base>>\n", None),
            ("Dockerfile.job", "# as root\napiVersion: batch/v1\nkind: Job\n", None),
            ("Dockerfile.snippet", "{% if cuda %}\n", None),
            ("Dockerfile.gpu", "\u{feff}# gpu\r\nFORM a\r\n", Some(Kind::Dockerfile)),
            ("Dockerfile", "apiVersion: v1\n", Some(Kind::Dockerfile)),
            ("dockerfile.rs", "//! Dockerfiles.\n", None),
            ("dockerfile.go", "package dockerfile\n", None),
            ("Dockerfile.go", "# syntax=docker/dockerfile:1\nFROM golang\n", Some(Kind::Dockerfile)),
            ("Dockerfile2204-dev", "# dev\nARG A=1\nFROM ubuntu:${A}\n", Some(Kind::Dockerfile)),
            ("DockerfileGPU", "FROM --platform=linux/amd64 nvidia/cuda\n", Some(Kind::Dockerfile)),
            ("Dockerfile2204-job", "apiVersion: v1\nkind: Pod\n", None),
            ("Dockerfile2", "FROM {{ base }}\n", None),
            ("dockerfiles", "From the book\n", None),
            ("dockerfiles.txt", "FROM ubuntu\n", None),
            ("compose.yaml", "services: {}", Some(Kind::Compose)),
            ("docker-compose.gpu.yml", "", Some(Kind::Compose)),
            ("gpu.yaml", "services:\n  a: {}\n", Some(Kind::Compose)),
            ("pod.yaml", "apiVersion: v1\nkind: Pod\n", Some(Kind::Kubernetes)),
            ("values.yaml", "a: 1\n", None),
            ("README.md", "", None),
            ("README.md", "```sh\ndocker run --gpus all a\n```\n", Some(Kind::Script)),
            ("run.sh", "docker run --gpus all a\n", Some(Kind::Script)),
            ("build.sh", "docker build .\n", None),
            ("build.sh", "docker build --gpus all .\n", Some(Kind::Script)),
            ("run.sh", "docker run --gpu all a\n", Some(Kind::Script)),
            (".devcontainer/devcontainer.json", "{}", Some(Kind::Devcontainer)),
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
