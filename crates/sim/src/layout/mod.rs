//! What a described host adds to a machine, as a list of files: pure, decided before anything is
//! touched.

mod devices;
mod procfs;
mod sysfs;
mod user_space;

use crate::{Description, Machine};
use std::collections::BTreeMap;

/// The files that a host adds, by path. Directories above them are understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    entries: BTreeMap<String, Entry>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owning group; the owner is always root.
    pub gid: u32,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An empty directory.
    Directory,
    /// A regular file: these bytes, then holes up to the size.
    File {
        /// The bytes at its beginning.
        head: Vec<u8>,
        /// Its whole size.
        size: u64,
    },
    /// A symbolic link with this text.
    Link(String),
    /// A character device.
    Device {
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A Unix socket that nobody listens on.
    Socket,
    /// The simulated NVML library with this host's facts.
    Nvml,
    /// The simulated `nvidia-smi`.
    Smi,
}

impl Layout {
    /// What `description` adds to `machine`.
    #[must_use]
    pub fn of(description: &Description, machine: &Machine) -> Self {
        let description = machine.place(description);
        let mut layout = Self::default();
        user_space::add(&description, &mut layout);
        layout.move_below(&description.driver.root);
        if description.module_loaded() {
            devices::add(&description, &mut layout);
            procfs::add(&description, machine, &mut layout);
            layout.copy_nodes_below(&description.driver.root);
        }
        sysfs::add(&description, &mut layout);
        for path in &description.faults.missing_nodes {
            layout.entries.remove(path);
        }
        layout
    }

    /// The entries in path order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// The entries below a directory, with their paths relative to it.
    pub fn below<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = (&'a str, &'a Entry)> {
        self.entries()
            .filter_map(move |(path, entry)| Some((path.strip_prefix(directory)?.strip_prefix('/')?, entry)))
    }

    /// Puts everything below a directory; links with absolute texts keep their meaning inside it.
    fn move_below(&mut self, root: &str) {
        if !root.is_empty() {
            let entries = std::mem::take(&mut self.entries);
            self.entries =
                entries.into_iter().map(|(path, entry)| (format!("{root}{path}"), entry)).collect();
        }
    }

    /// A driver container has the nodes in its own `/dev` too.
    fn copy_nodes_below(&mut self, root: &str) {
        let nodes = self.entries.iter().filter(|(path, _)| !root.is_empty() && path.starts_with("/dev/"));
        let copies: Vec<(String, Entry)> =
            nodes.map(|(path, entry)| (format!("{root}{path}"), entry.clone())).collect();
        self.entries.extend(copies);
    }

    fn add(&mut self, path: impl Into<String>, mode: u32, kind: Kind) {
        self.entries.insert(path.into(), Entry { kind, mode, gid: 0 });
    }

    fn add_text(&mut self, path: impl Into<String>, mode: u32, text: impl Into<String>) {
        let head = text.into().into_bytes();
        let size = u64::try_from(head.len()).unwrap_or(u64::MAX);
        self.add(path, mode, Kind::File { head, size });
    }

    fn add_link(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.add(path, 0o777, Kind::Link(text.into()));
    }
}

#[cfg(test)]
mod swept;
#[cfg(test)]
mod tests;
