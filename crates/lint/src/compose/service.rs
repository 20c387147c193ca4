//! A service.

use crate::compose::request::{Place, Request};
use crate::compose::{Compose, interpolate};
use crate::text::Span;
use crate::yaml::{Scalar, View};

/// A service of a Compose file.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where the name stands.
    pub key: View<'a>,
    /// What it says.
    pub node: View<'a>,
    model: &'a Compose,
}

/// An image reference with known text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Registry and repository as written: `nvcr.io/nvidia/pytorch`.
    pub name: String,
    /// The tag; empty without one.
    pub tag: String,
    /// Where the reference stands.
    pub span: Span,
}

impl<'a> Service<'a> {
    pub(super) fn new(name: &'a str, key: View<'a>, node: View<'a>, model: &'a Compose) -> Self {
        Self { name, key, node, model }
    }

    /// The service as Compose makes it: with what it extends, what includes bring, and the files that
    /// are certainly laid over this one or under it, `!reset` and `!override` heeded. Its nodes may stand
    /// in other files.
    #[must_use]
    pub fn whole(&self) -> Self {
        let merged = self.model.merged.get(self.name);
        let node = merged.map_or(self.node, |merged| View::new(&self.model.project.tree, merged.node));
        Self { node, ..*self }
    }

    /// The whole service, and after it what may say something of it too: services of its name in
    /// Compose files of the same folder, of which nobody knows whether they are laid over it.
    #[must_use]
    pub fn parts(&self) -> Vec<Self> {
        let project = &self.model.project;
        let perhaps = (1..project.parts.len()).filter(|place| {
            !project.layers.contains(place) && project.parts.get(*place).is_some_and(|part| part.is_beside)
        });
        let named = perhaps.filter_map(|place| project.entry(place, self.name));
        let others = named.map(|entry| Self { key: entry.key, node: entry.value, ..*self });
        std::iter::once(self.whole()).chain(others).collect()
    }

    /// Whether parts of it stand where they cannot be seen: it extends a service of a file that is
    /// not there, has neither image nor build anywhere, or a file that may be laid over it takes parts
    /// away by tags of merging. Nothing can then be said from what is absent.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        let parts = self.parts();
        let has = |key: &str| parts.iter().any(|part| part.node.entry(key).is_some());
        let tagged = |entry: &crate::yaml::Entry<'_>| matches!(entry.value.tag(), Some("reset" | "override"));
        let is_cut = |part: &Self| part.node.entries().iter().any(tagged);
        !(has("image") || has("build"))
            || self.model.merged.get(self.name).is_some_and(|merged| merged.lacks_part)
            || parts.iter().skip(1).any(|part| part.get("extends").is_some() || is_cut(part))
            || (self.model.project.layers.len() < 2 && is_cut(self))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<View<'a>> {
        self.node.get(key)
    }

    /// The image, when its text is known and no file that is certainly laid over this one has another.
    #[must_use]
    pub fn kept_image(&self) -> Option<Image> {
        let (own, whole) = (self.image()?, self.whole().image()?);
        (own.name == whole.name && own.tag == whole.tag).then_some(own)
    }

    /// The image, when its text is known.
    #[must_use]
    pub fn image(&self) -> Option<Image> {
        let view = self.get("image")?;
        let text = interpolate(view.text()?)?;
        let bare = text.split('@').next().unwrap_or(&text);
        let (name, tag) = match bare.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name.to_owned(), tag.to_owned()),
            _ => (bare.to_owned(), String::new()),
        };
        Some(Image { name, tag, span: view.span() })
    }

    /// The requests for devices, those for other things than GPUs too.
    #[must_use]
    pub fn requests(&self) -> Vec<Request<'a>> {
        let mut out = Vec::new();
        let way = ["deploy", "resources", "reservations", "devices"];
        let deploy = self.node.at_path(&way).filter(View::is_sequence);
        let of_deploy = |node| Request { place: Place::Deploy, node, list: deploy };
        out.extend(deploy.iter().flat_map(View::items).map(of_deploy));
        if let Some(gpus) = self.get("gpus") {
            let items = if gpus.is_sequence() { gpus.items() } else { vec![gpus] };
            let list = Some(gpus).filter(View::is_sequence);
            out.extend(items.into_iter().map(|node| Request { place: Place::Gpus, node, list }));
        }
        out
    }

    /// The value of an environment variable with its place: `None` when it is not set here;
    /// `Some((.., None))` when it is set to something not known.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<(View<'a>, Option<String>)> {
        let environment = self.get("environment")?;
        if environment.is_sequence() {
            return environment.items().into_iter().rev().find_map(|item| {
                let (key, value) = item.text()?.split_once('=')?;
                (key.trim() == name).then(|| (item, interpolate(value)))
            });
        }
        let entry = environment.entry(name)?;
        let value = match entry.value.scalar()? {
            Scalar::Null => None,
            _ => interpolate(entry.value.text()?),
        };
        Some((entry.value, value))
    }

    /// Whether variables may come from elsewhere: `env_file`, or a name without value.
    #[must_use]
    pub fn has_open_environment(&self, name: &str) -> bool {
        let listed = self.get("environment").is_some_and(|environment| {
            environment.items().iter().any(|item| item.text().is_some_and(|text| text.trim() == name))
                || environment.entry(name).is_some()
        });
        self.get("env_file").is_some() || listed
    }

    /// The entries under `devices`.
    #[must_use]
    pub fn devices(&self) -> Vec<View<'a>> {
        self.get("devices").map(|devices| devices.items()).unwrap_or_default()
    }

    /// The texts of `volumes` and the sources and targets of their long forms.
    #[must_use]
    pub fn volumes(&self) -> Vec<View<'a>> {
        let long = |item: View<'a>| {
            if item.is_mapping() {
                [item.get("source"), item.get("target")].into_iter().flatten().collect()
            } else {
                vec![item]
            }
        };
        self.get("volumes")
            .map(|volumes| volumes.items().into_iter().flat_map(long).collect())
            .unwrap_or_default()
    }

    /// The words of the command and of the entry point, variables without default as empty words.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut out = Vec::new();
        for view in [self.get("entrypoint"), self.get("command")].into_iter().flatten() {
            let texts = if view.is_sequence() { view.items() } else { vec![view] };
            for word in texts.iter().filter_map(View::text).flat_map(str::split_whitespace) {
                out.push(interpolate(word).unwrap_or_default().trim_matches(['"', '\'']).to_owned());
            }
        }
        out
    }

    /// The path of its Dockerfile as seen from the Compose file; `None`: none, or not known.
    #[must_use]
    pub fn dockerfile(&self) -> Option<String> {
        let build = self.get("build")?;
        let known = |view: Option<View<'a>>, default: &str| {
            view.map_or(Some(default.to_owned()), |view| interpolate(view.text()?))
        };
        let (context, file) = if build.is_mapping() {
            if build.get("dockerfile_inline").is_some() {
                return None;
            }
            (known(build.get("context"), ".")?, known(build.get("dockerfile"), "Dockerfile")?)
        } else {
            (known(Some(build), ".")?, "Dockerfile".to_owned())
        };
        let is_remote = context.contains("://") || context.starts_with("git@");
        (!is_remote).then(|| if file.starts_with('/') { file.clone() } else { format!("{context}/{file}") })
    }
}
