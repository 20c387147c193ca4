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

/// More services than any file that people write has.
const MAX_SERVICES: usize = 4096;

/// A Compose file.
#[derive(Debug, Default)]
pub struct Compose {
    yaml: Yaml,
}

impl Compose {
    /// Reads a Compose file; what is not YAML has no services.
    #[must_use]
    pub fn read(file: &File, _files: &Files<'_>) -> Self {
        Self { yaml: Yaml::read(&file.text) }
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
        named.filter_map(|entry| Some(Service::new(entry.key.text()?, entry.key, entry.value))).collect()
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
/// services.
#[must_use]
pub fn references(file: &File) -> Vec<String> {
    let compose = Compose { yaml: Yaml::read(&file.text) };
    compose.services().iter().filter_map(Service::dockerfile).map(|path| join(&file.path, &path)).collect()
}

#[cfg(test)]
mod tests;
