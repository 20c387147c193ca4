//! The model of a Compose file: services, their images, GPU requests and environment.
//!
//! The tree stays the truth; the model answers questions over it. What depends on a variable
//! without default, on a file that is not there, or on a tag such as `!reset` is not known.

mod interpolate;
mod merge;
mod project;
mod request;
mod service;

pub use interpolate::interpolate;
pub use request::{KEYS, Place, Request};
pub use service::{Image, Service};

use crate::file::{File, Files, join};
use crate::yaml::View;
use merge::{Merged, Merger};
use project::Project;
use std::collections::{HashMap, HashSet};

/// More services than any file that people write has.
const MAX_SERVICES: usize = 4096;

/// A Compose file.
#[derive(Debug, Default)]
pub struct Compose {
    project: Project,
    /// The services as Compose makes them of all certain parts, by name.
    merged: HashMap<String, Merged>,
}

impl Compose {
    /// Reads a Compose file; what is not YAML has no services. `order` are the files that the user
    /// calls one project, lowest first, as given to `docker compose -f`.
    #[must_use]
    pub fn read(file: &File, files: &Files<'_>, order: &[String]) -> Self {
        let mut out = Self { project: Project::read(file, files, order), merged: HashMap::new() };
        let names: Vec<String> = out
            .services()
            .iter()
            .filter(|service| out.has_parts(service))
            .map(|s| s.name.to_owned())
            .collect();
        let mut merger = Merger::new(&mut out.project);
        for name in names {
            if let Some(merged) = merger.whole(&name) {
                out.merged.insert(name, merged);
            }
        }
        out
    }

    /// Whether the file has more than is looked at.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.project.tree.is_cut()
    }

    /// Whether anything but the file itself says something of a service for certain.
    fn has_parts(&self, service: &Service<'_>) -> bool {
        self.project.layers.len() > 1 || service.get("extends").is_some()
    }

    /// The top of the file.
    #[must_use]
    pub fn top(&self) -> Option<View<'_>> {
        self.project.tree.documents().next().filter(View::is_mapping)
    }

    /// The services in the order of the file; those of a file format without `services` too
    /// (Compose 1), which nothing reads any more, are left out.
    #[must_use]
    pub fn services(&self) -> Vec<Service<'_>> {
        let Some(services) = self.top().and_then(|top| top.get("services")) else { return Vec::new() };
        let named =
            services.entries().into_iter().take(MAX_SERVICES).filter(|entry| entry.value.is_mapping());
        named
            .filter_map(|entry| Some(Service::new(entry.key.text()?, entry.key, entry.value, self)))
            .collect()
    }

    /// All GPU requests of all services, each place of the text once.
    #[must_use]
    pub fn requests(&self) -> Vec<Request<'_>> {
        let mut seen = HashSet::new();
        let all = self.services().into_iter().flat_map(|service| service.requests());
        all.filter(|request| seen.insert(request.node.span())).collect()
    }
}

/// The paths of files that a Compose file names and that rules want to follow: Dockerfiles of
/// services, files of services that are extended, included files.
#[must_use]
pub fn references(file: &File) -> Vec<String> {
    let compose = Compose::read(file, &Files::new(&[]), &[]);
    let mut paths: Vec<String> = compose.services().iter().filter_map(Service::dockerfile).collect();
    if let Some(top) = compose.top() {
        paths.extend(project::extended(top));
        paths.extend(included(top).into_iter().flatten());
    }
    paths.iter().map(|path| join(&file.path, path)).collect()
}

/// The paths under `include`, in its short and its long form; those of one item belong together.
fn included(top: View<'_>) -> Vec<Vec<String>> {
    let Some(include) = top.get("include") else { return Vec::new() };
    let paths = |item: View<'_>| -> Vec<String> {
        let path = if item.is_mapping() { item.get("path") } else { Some(item) };
        let list = path.map(|path| if path.is_sequence() { path.items() } else { vec![path] });
        list.unwrap_or_default().iter().filter_map(|path| interpolate(path.text()?)).collect()
    };
    include.items().into_iter().map(paths).collect()
}

/// Whether a file is a Compose file by its name.
pub(crate) fn is_compose_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    (name.ends_with(".yml") || name.ends_with(".yaml")) && name.contains("compose")
}

#[cfg(test)]
mod tests;
