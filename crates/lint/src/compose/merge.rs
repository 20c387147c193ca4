//! What Compose makes of a service whose parts stand in several places: `extends`, `include`, and
//! files that are laid over each other, with `!reset` and `!override`.
//!
//! The order of the Compose specification ("Merge", "Extends", "Include"): a mapping is merged key by
//! key, a list goes behind the list below it, a command replaces the command below it.

use crate::compose::project::Project;
use crate::file::join;
use crate::yaml::{Id, Node, Value, View};
use std::collections::HashMap;

/// Services that extend services are followed this far.
const DEEPEST: usize = 16;

/// Mappings within mappings are merged this far.
const INMOST: usize = 16;

/// More entries than the merged services of any project have.
const MAX_STEPS: usize = 200_000;

/// Keys whose list replaces the one below it.
const REPLACED: &[&str] = &["command", "entrypoint", "test"];

/// Keys whose list of `NAME=VALUE` and whose mapping mean the same.
const NAMED: &[&str] = &["environment", "labels", "args", "annotations", "sysctls", "extra_hosts"];

/// A service as Compose sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Merged {
    pub(super) node: Id,
    /// Whether a part of it stands in a file that is not there.
    pub(super) lacks_part: bool,
}

/// Merges the services of a project.
pub(super) struct Merger<'a> {
    project: &'a mut Project,
    known: HashMap<(usize, String), Option<Merged>>,
    steps: usize,
}

impl<'a> Merger<'a> {
    pub(super) fn new(project: &'a mut Project) -> Self {
        Self { project, known: HashMap::new(), steps: MAX_STEPS }
    }

    /// The service of the file itself, with all layers that are certain.
    pub(super) fn whole(&mut self, name: &str) -> Option<Merged> {
        let layers = if self.project.layers.is_empty() { vec![0] } else { self.project.layers.clone() };
        let mut out: Option<Merged> = None;
        for place in layers {
            let layer = self.of_file(place, name, DEEPEST).or_else(|| self.of_included(place, name, DEEPEST));
            out = match (out, layer) {
                (Some(below), Some(above)) => Some(self.joined(below, above)),
                (below, above) => above.or(below),
            };
        }
        out
    }

    /// The service of a file with what it extends.
    fn of_file(&mut self, place: usize, name: &str, left: usize) -> Option<Merged> {
        let key = (place, name.to_owned());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        // A service that extends itself by a detour finds nothing.
        self.known.insert(key.clone(), None);
        let out = self.extending(place, name, left);
        self.known.insert(key, out);
        out
    }

    fn extending(&mut self, place: usize, name: &str, left: usize) -> Option<Merged> {
        let entry = self.project.entry(place, name)?;
        let own = entry.value.place_id();
        let Some(extends) = entry.value.get("extends") else {
            return Some(Merged { node: own, lacks_part: false });
        };
        let base = extends.text().or_else(|| extends.get("service")?.text()).map(str::to_owned);
        let file = extends.get("file").map(|file| file.text().unwrap_or_default().to_owned());
        let own = Merged { node: own, lacks_part: false };
        let below = base.zip(left.checked_sub(1)).and_then(|(base, left)| match file {
            None => self.of_file(place, &base, left).or_else(|| self.of_included(place, &base, left)),
            Some(file) => {
                let from = self.project.parts.get(place)?.path.clone();
                let place = self.project.place(&join(&from, &file))?;
                self.of_file(place, &base, left)
            }
        });
        Some(match below {
            Some(below) => self.joined(below, own),
            None => Merged { lacks_part: true, ..own },
        })
    }

    /// The service of an included file.
    fn of_included(&mut self, place: usize, name: &str, left: usize) -> Option<Merged> {
        let left = left.checked_sub(1)?;
        for group in self.project.included(place) {
            let mut out: Option<Merged> = None;
            for place in group {
                let layer = self.of_file(place, name, left).or_else(|| self.of_included(place, name, left));
                out = match (out, layer) {
                    (Some(below), Some(above)) => Some(self.joined(below, above)),
                    (below, above) => above.or(below),
                };
            }
            if out.is_some() {
                return out;
            }
        }
        None
    }

    fn joined(&mut self, below: Merged, above: Merged) -> Merged {
        let node = self.merge(below.node, above.node, "", INMOST);
        Merged { node, lacks_part: below.lacks_part || above.lacks_part }
    }

    /// The node that comes of one laid over another.
    fn merge(&mut self, below: Id, above: Id, key: &str, left: usize) -> Id {
        let tree = &self.project.tree;
        let (low, high) = (View::new(tree, below), View::new(tree, above));
        if high.tag() == Some("override") || left == 0 || self.steps == 0 {
            return above;
        }
        if low.is_mapping() && high.is_mapping() {
            return self.mappings(below, above, left - 1);
        }
        let is_list = |view: &View<'_>| view.is_sequence() || (NAMED.contains(&key) && view.is_mapping());
        if !is_list(&low) || !is_list(&high) || REPLACED.contains(&key) {
            return above;
        }
        let mut items = self.items(below);
        items.extend(self.items(above));
        self.add(above, Value::Sequence { items, flow: high_is_flow(self, above) })
    }

    fn mappings(&mut self, below: Id, above: Id, left: usize) -> Id {
        let mut out = self.entries(below);
        for (key, value) in self.entries(above) {
            let text = View::new(&self.project.tree, key).text().unwrap_or_default().to_owned();
            let is_reset = View::new(&self.project.tree, value).tag() == Some("reset");
            let same =
                |(low, _): &(Id, Id)| View::new(&self.project.tree, *low).text() == Some(text.as_str());
            let found = out.iter().position(same);
            self.steps = self.steps.saturating_sub(1 + out.len() / 8);
            match found {
                Some(at) if is_reset => drop(out.remove(at)),
                None if is_reset => {}
                Some(at) => {
                    let low = out.get(at).map_or(value, |(_, low)| *low);
                    let merged = self.merge(low, value, &text, left);
                    if let Some(slot) = out.get_mut(at) {
                        *slot = (key, merged);
                    }
                }
                None => out.push((key, value)),
            }
        }
        self.add(above, Value::Mapping { entries: out, flow: false })
    }

    /// The entries of a mapping, merge keys looked through; what a `!reset` takes away is not there.
    fn entries(&mut self, id: Id) -> Vec<(Id, Id)> {
        let view = View::new(&self.project.tree, id);
        view.entries().iter().map(|entry| (entry.key.place_id(), entry.value.place_id())).collect()
    }

    /// The items of a list; an entry of a mapping as `NAME=VALUE`.
    fn items(&mut self, id: Id) -> Vec<Id> {
        let view = View::new(&self.project.tree, id);
        if view.is_sequence() {
            return view.items().iter().map(View::place_id).collect();
        }
        let texts: Vec<(Id, String)> = view
            .entries()
            .iter()
            .filter_map(|entry| {
                let name = entry.key.text()?;
                let is_null = matches!(entry.value.scalar()?, crate::yaml::Scalar::Null);
                let text = if is_null { name.to_owned() } else { format!("{name}={}", entry.value.text()?) };
                Some((entry.value.place_id(), text))
            })
            .collect();
        texts.into_iter().map(|(id, text)| self.add(id, Value::Scalar { text, plain: false })).collect()
    }

    /// Adds a node that stands where `id` stands.
    fn add(&mut self, id: Id, value: Value) -> Id {
        let span = View::new(&self.project.tree, id).span();
        self.project.tree.add(Node { span, value, tag: None })
    }
}

fn high_is_flow(merger: &Merger<'_>, id: Id) -> bool {
    View::new(&merger.project.tree, id).is_flow()
}
