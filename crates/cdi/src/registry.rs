//! All specifications of a machine: which device comes from which file.

use crate::{ContainerEdits, Device, Format, Spec, codes, parse};
use diag::{Failure, Result};
use std::collections::BTreeMap;

/// A specification file that was already read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Position of its directory in the list of directories; a later directory wins.
    pub directory: usize,
    /// Path of the file, for messages and for its format.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The devices of all specifications that could be read.
#[derive(Debug, Default)]
pub struct Registry {
    specs: Vec<Loaded>,
    /// Qualified name to `(spec, device)`; conflicting names are absent.
    devices: BTreeMap<String, (usize, usize)>,
    errors: Vec<(String, Failure)>,
}

#[derive(Debug)]
struct Loaded {
    directory: usize,
    path: String,
    spec: Spec,
}

impl Registry {
    /// Takes specifications in, files of one directory in the order of their names.
    ///
    /// A file that cannot be used is recorded in [`Registry::errors`] and hurts no other. A device
    /// that two files of the same directory define is in conflict and cannot be resolved, not even
    /// when a later directory defines it again: so do the engines.
    #[must_use]
    pub fn new(mut files: Vec<SourceFile>) -> Self {
        files.sort_by(|a, b| (a.directory, &a.path).cmp(&(b.directory, &b.path)));
        let mut registry = Self::default();
        for file in files {
            registry.take(file);
        }
        registry.index();
        registry
    }

    /// The fully qualified names of all devices that can be resolved, sorted.
    pub fn devices(&self) -> impl Iterator<Item = &str> {
        self.devices.keys().map(String::as_str)
    }

    /// What is wrong with files, as `(path, failure)`.
    #[must_use]
    pub fn errors(&self) -> &[(String, Failure)] {
        &self.errors
    }

    /// A device and the specification it is from.
    #[must_use]
    pub fn get(&self, qualified: &str) -> Option<(&Spec, &Device)> {
        let (spec, device) = *self.devices.get(qualified)?;
        let spec = &self.specs.get(spec)?.spec;
        Some((spec, spec.devices.get(device)?))
    }

    /// The path of the file that a device is from.
    #[must_use]
    pub fn path_of(&self, qualified: &str) -> Option<&str> {
        let (spec, _) = *self.devices.get(qualified)?;
        self.specs.get(spec).map(|loaded| loaded.path.as_str())
    }

    /// Devices that a file of a later directory defines again: `(name, file that loses)`.
    pub fn shadowed(&self) -> impl Iterator<Item = (String, &str)> {
        self.specs.iter().enumerate().flat_map(move |(position, loaded)| {
            loaded.spec.devices.iter().filter_map(move |device| {
                let name = loaded.spec.qualified(device);
                let (winner, _) = *self.devices.get(&name)?;
                let later = self.specs.get(winner)?.directory > loaded.directory;
                (winner != position && later).then_some((name, loaded.path.as_str()))
            })
        })
    }

    /// The edits that give the named devices, in the order of the names: before the first device of a
    /// specification come the edits of the specification itself.
    ///
    /// # Errors
    /// Names that are not defined or in conflict, with what is known about the reason.
    pub fn resolve<S: AsRef<str>>(&self, names: &[S]) -> Result<ContainerEdits> {
        let unknown: Vec<&str> =
            names.iter().map(AsRef::as_ref).filter(|name| !self.devices.contains_key(*name)).collect();
        if !unknown.is_empty() {
            return Err(self.unresolvable(&unknown));
        }
        let mut edits = ContainerEdits::default();
        let mut used = Vec::new();
        for name in names {
            let Some((spec, device)) = self.devices.get(name.as_ref()).copied() else { continue };
            let source = &self.specs[spec].spec;
            if !used.contains(&spec) {
                used.push(spec);
                edits.append(&source.container_edits);
            }
            edits.append(&source.devices[device].container_edits);
        }
        Ok(edits)
    }

    fn take(&mut self, file: SourceFile) {
        let Some(format) = Format::of_path(&file.path) else { return };
        match parse(&file.bytes, format) {
            Ok(spec) => self.specs.push(Loaded { directory: file.directory, path: file.path, spec }),
            Err(failure) => self.errors.push((file.path, failure)),
        }
    }

    fn index(&mut self) {
        let mut conflicts = Vec::new();
        for (position, loaded) in self.specs.iter().enumerate() {
            for (index, device) in loaded.spec.devices.iter().enumerate() {
                let name = loaded.spec.qualified(device);
                if let Some((other, _)) = self.devices.get(&name)
                    && self.specs[*other].directory == loaded.directory
                {
                    conflicts.push((name, loaded.path.clone(), self.specs[*other].path.clone()));
                } else {
                    self.devices.insert(name, (position, index));
                }
            }
        }
        for (name, path, other) in conflicts {
            self.devices.remove(&name);
            let message = format!("conflicting device {name:?} (specs {path:?}, {other:?})");
            self.errors.push((path, Failure::coded(codes::DEVICE_CONFLICT, message)));
        }
    }

    fn unresolvable(&self, names: &[&str]) -> Failure {
        let message = format!("unresolvable CDI devices {}", names.join(", "));
        let failure = Failure::coded(codes::DEVICE_UNRESOLVABLE, message);
        let conflict = self.errors.iter().find(|(_, error)| {
            error.code() == Some(codes::DEVICE_CONFLICT)
                && names.iter().any(|name| error.message().contains(&format!("{name:?}")))
        });
        match (conflict, self.errors.first()) {
            (Some((_, error)), _) => failure.hint(format!("{}; remove one of the files", error.message())),
            (None, Some((path, error))) => {
                failure.hint(format!("{path} could not be used: {}", error.chain()))
            }
            (None, None) if self.devices.is_empty() => failure
                .hint("no CDI specification defines any device; create one with `nvidia-ctk cdi generate`"),
            (None, None) => failure.hint("`nvidia-ctk cdi list` shows the devices that exist"),
        }
    }
}
