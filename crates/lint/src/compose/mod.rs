//! The model of a Compose file: services, their images, GPU requests and environment.
//!
//! The tree stays the truth; the model answers questions over it. What depends on a variable
//! without default, on a file that is not there, or on a tag such as `!reset` is not known.

mod interpolate;
mod request;
mod service;

pub use interpolate::interpolate;
pub use request::{Place, Request};
pub use service::{Image, Service};

use crate::file::{File, Files, join};
use crate::yaml::{View, Yaml};
use std::collections::HashSet;

/// More further files than belong to one project.
const MAX_OTHERS: usize = 32;

/// More services than any file that people write has.
const MAX_SERVICES: usize = 4096;

/// A Compose file.
#[derive(Debug, Default)]
pub struct Compose {
    path: String,
    yaml: Yaml,
    /// Files that may say more of its services: those that services extend, those that are laid
    /// over it or under it by name, with their paths.
    others: Vec<(String, Yaml)>,
}

impl Compose {
    /// Reads a Compose file; what is not YAML has no services.
    #[must_use]
    pub fn read(file: &File, files: &Files<'_>) -> Self {
        let mut out = Self { path: file.path.clone(), yaml: Yaml::read(&file.text), others: Vec::new() };
        let extended: Vec<&File> =
            out.extended().into_iter().filter_map(|path| files.beside(file, &path)).collect();
        let beside = files.siblings(file).filter(|other| is_compose_name(&other.path));
        for other in extended.into_iter().chain(beside).take(MAX_OTHERS) {
            let path = join(&other.path, other.path.rsplit('/').next().unwrap_or(""));
            if other.path != file.path && !out.others.iter().any(|(known, _)| *known == path) {
                out.others.push((path, Yaml::read(&other.text)));
            }
        }
        out
    }

    /// The files of the services that services extend.
    fn extended(&self) -> Vec<String> {
        let file = |service: Service<'_>| Some(service.get("extends")?.get("file")?.text()?.to_owned());
        self.services().into_iter().filter_map(file).collect()
    }

    /// The service with a name in a further file.
    fn other(&self, path: &str, name: &str) -> Option<Service<'_>> {
        let (_, yaml) = self.others.iter().find(|(own, _)| own == path)?;
        let top = yaml.documents().next()?;
        let entry = top.get("services")?.entry(name).filter(|entry| entry.value.is_mapping())?;
        Some(Service::new(entry.key.text()?, entry.key, entry.value, self))
    }

    /// The top of the file.
    #[must_use]
    pub fn top(&self) -> Option<View<'_>> {
        self.yaml.documents().next().filter(View::is_mapping)
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
    let compose = Compose::read(file, &Files::new(&[]));
    let mut paths: Vec<String> = compose.services().iter().filter_map(Service::dockerfile).collect();
    paths.extend(compose.extended());
    paths.extend(included(&compose));
    paths.iter().map(|path| join(&file.path, path)).collect()
}

/// The paths under `include`, in its short and its long form.
fn included(compose: &Compose) -> Vec<String> {
    let Some(include) = compose.top().and_then(|top| top.get("include")) else { return Vec::new() };
    let paths = |item: View<'_>| -> Vec<String> {
        let path = if item.is_mapping() { item.get("path") } else { Some(item) };
        let list = path.map(|path| if path.is_sequence() { path.items() } else { vec![path] });
        list.unwrap_or_default().iter().filter_map(|path| interpolate(path.text()?)).collect()
    };
    include.items().into_iter().flat_map(paths).collect()
}

/// Whether a file is a Compose file by its name.
fn is_compose_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    (name.ends_with(".yml") || name.ends_with(".yaml")) && name.contains("compose")
}

#[cfg(test)]
mod tests;
