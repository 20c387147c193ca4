//! The files of one project: which there are, which are certainly laid over each other, and which
//! may be.

use crate::compose::{included, is_compose_name};
use crate::file::{File, Files, join};
use crate::yaml::{Entry, Id, View, Yaml};
use std::collections::HashMap;

/// More further files than belong to one project.
const MAX_FILES: usize = 32;

/// The largest further file that is read, in bytes; all of them have four times as much.
const LARGEST: usize = 512 * 1024;

/// A file of the project.
#[derive(Debug)]
pub(super) struct Part {
    /// Its path, cleaned.
    pub(super) path: String,
    /// Its top in the common tree; `None`: it is not YAML.
    pub(super) top: Option<Id>,
    /// Whether it lies in the folder by a name of Compose, and may be laid over the others.
    pub(super) is_beside: bool,
}

/// The files of a project, all in one tree.
#[derive(Debug, Default)]
pub(super) struct Project {
    pub(super) tree: Yaml,
    /// The file itself first.
    pub(super) parts: Vec<Part>,
    /// The files that are laid over each other for certain, lowest first, as places in `parts`.
    pub(super) layers: Vec<usize>,
    /// The services of each part by their names: key and value.
    services: Vec<HashMap<String, (Id, Id)>>,
    /// Bytes of the further files.
    further: usize,
}

impl Project {
    /// Reads a file with all that it names and that lies beside it; `order` are the files that the
    /// user calls one project, lowest first.
    pub(super) fn read(file: &File, files: &Files<'_>, order: &[String]) -> Self {
        let mut out = Self { tree: Yaml::read(&file.text), ..Self::default() };
        let top = out.tree.documents().next().map(|view| view.place_id());
        out.parts.push(Part { path: clean(&file.path), top, is_beside: true });
        out.add_named(files);
        let chosen = order.iter().any(|path| clean(path) == clean(&file.path));
        if chosen {
            for path in order {
                out.add(files, &clean(path), true);
            }
        } else {
            for other in files.siblings(file).filter(|other| is_compose_name(&other.path)) {
                out.add(files, &clean(&other.path), true);
            }
        }
        out.add_named(files);
        out.layers = if chosen { out.places(order) } else { out.by_name() };
        out.services = out.parts.iter().map(|part| services(&out.tree, part)).collect();
        out
    }

    /// The place of a file.
    pub(super) fn place(&self, path: &str) -> Option<usize> {
        self.parts.iter().position(|part| part.path == path)
    }

    /// The entry of a service in a file, as it stands there.
    pub(super) fn entry(&self, place: usize, name: &str) -> Option<Entry<'_>> {
        let (key, value) = self.services.get(place)?.get(name)?;
        Some(Entry { key: View::new(&self.tree, *key), value: View::new(&self.tree, *value) })
    }

    /// The files that a file includes, in groups: those of one group are laid over each other.
    pub(super) fn included(&self, place: usize) -> Vec<Vec<usize>> {
        let Some(part) = self.parts.get(place) else { return Vec::new() };
        let Some(top) = part.top.map(|top| View::new(&self.tree, top)) else { return Vec::new() };
        let places = |group: Vec<String>| {
            group.iter().filter_map(|path| self.place(&join(&part.path, path))).collect()
        };
        included(top).into_iter().map(places).collect()
    }

    /// Adds the files that the files so far extend and include.
    fn add_named(&mut self, files: &Files<'_>) {
        let mut at = 0;
        while at < self.parts.len() {
            let named: Vec<String> = match self.parts.get(at) {
                Some(Part { path, top: Some(top), .. }) => {
                    let top = View::new(&self.tree, *top);
                    let paths = extended(top).into_iter().chain(included(top).into_iter().flatten());
                    paths.map(|named| join(path, &named)).collect()
                }
                _ => Vec::new(),
            };
            for path in named {
                self.add(files, &path, false);
            }
            at += 1;
        }
    }

    fn add(&mut self, files: &Files<'_>, path: &str, is_beside: bool) {
        if let Some(place) = self.place(path) {
            if let Some(part) = self.parts.get_mut(place) {
                part.is_beside |= is_beside;
            }
            return;
        }
        let Some(file) = files.get(path).filter(|_| self.parts.len() < MAX_FILES) else { return };
        self.further += file.text.len();
        if file.text.len() > LARGEST || self.further > 4 * LARGEST {
            return;
        }
        let top = self.tree.absorb(Yaml::read(&file.text));
        self.parts.push(Part { path: path.to_owned(), top, is_beside });
    }

    fn places(&self, order: &[String]) -> Vec<usize> {
        order.iter().filter_map(|path| self.place(&clean(path))).collect()
    }

    /// `compose.override.yaml` lies over `compose.yaml` for every command without `-f`.
    fn by_name(&self) -> Vec<usize> {
        let own = self.parts.first().map_or("", |part| part.path.as_str());
        let (folder, name) = own.rsplit_once('/').map_or(("", own), |(folder, name)| (folder, name));
        let lower = name.replace(".override.", ".");
        let Some((stem, _)) = lower.rsplit_once('.') else { return vec![0] };
        if !["compose", "docker-compose"].contains(&stem) {
            return vec![0];
        }
        let beside = |name: String| if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let find =
            |stem: &str| ["yaml", "yml"].iter().find_map(|end| self.place(&beside(format!("{stem}.{end}"))));
        let layers: Vec<usize> =
            [find(stem), find(&format!("{stem}.override"))].into_iter().flatten().collect();
        if layers.contains(&0) { layers } else { vec![0] }
    }
}

/// The services of a file. A hostile one has tens of thousands, each looked for by the one before.
fn services(tree: &Yaml, part: &Part) -> HashMap<String, (Id, Id)> {
    let top = part.top.map(|top| View::new(tree, top));
    let entries = top.and_then(|top| top.get("services")).map(|services| services.entries());
    let mappings = entries.unwrap_or_default().into_iter().filter(|entry| entry.value.is_mapping());
    mappings
        .filter_map(|entry| {
            Some((entry.key.text()?.to_owned(), (entry.key.place_id(), entry.value.place_id())))
        })
        .collect()
}

/// The files of the services that the services of a file extend, as written.
pub(super) fn extended(top: View<'_>) -> Vec<String> {
    let services = top.get("services").map(|services| services.entries()).unwrap_or_default();
    let file = |entry: Entry<'_>| Some(entry.value.get("extends")?.get("file")?.text()?.to_owned());
    services.into_iter().take(super::MAX_SERVICES).filter_map(file).collect()
}

fn clean(path: &str) -> String {
    join("", path)
}
