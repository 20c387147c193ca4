//! References to images: registry, repository, tag, digest.

/// A reference split into its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageName {
    /// Registry host in lower case; `None`: the default one.
    pub registry: Option<String>,
    /// Repository, without the `library/` of official images.
    pub repository: String,
    /// Tag as written.
    pub tag: Option<String>,
    /// Digest as written, for example `sha256:...`.
    pub digest: Option<String>,
}

impl ImageName {
    /// Splits a reference; `None` when it is empty or has blanks.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.contains(char::is_whitespace) {
            return None;
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (text, None),
        };
        let name_start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest[name_start..].find(':') {
            Some(colon) => (&rest[..name_start + colon], Some(rest[name_start + colon + 1..].to_owned())),
            None => (rest, None),
        };
        let (registry, path) = split_registry(name);
        let repository = path.strip_prefix("library/").unwrap_or(path).to_owned();
        (!repository.is_empty()).then_some(Self { registry, repository, tag, digest })
    }

    /// The repository on Docker Hub; `None` for another registry.
    #[must_use]
    pub fn hub(&self) -> Option<&str> {
        self.registry.is_none().then_some(self.repository.as_str())
    }

    /// The last part of the repository: `python` of `docker.io/library/python`.
    #[must_use]
    pub fn last(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or("")
    }
}

fn split_registry(name: &str) -> (Option<String>, &str) {
    match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => {
            let host = host.to_ascii_lowercase();
            let default = matches!(host.as_str(), "docker.io" | "index.docker.io" | "registry-1.docker.io");
            ((!default).then_some(host), path)
        }
        _ => (None, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_split() {
        let parts = |text: &str| {
            let name = ImageName::parse(text).unwrap();
            (name.registry, name.repository, name.tag, name.digest)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("ubuntu"), (None, "ubuntu".into(), None, None));
        assert_eq!(parts("docker.io/library/python:3.11"), (None, "python".into(), some("3.11"), None));
        assert_eq!(parts("localhost:5000/a/b"), (some("localhost:5000"), "a/b".into(), None, None));
        assert_eq!(
            parts("nvcr.io/nvidia/pytorch:24.05-py3@sha256:ab"),
            (some("nvcr.io"), "nvidia/pytorch".into(), some("24.05-py3"), some("sha256:ab"))
        );
        assert!(ImageName::parse("a b").is_none() && ImageName::parse("").is_none());
    }
}
