//! One look at a machine: each directory is listed once, and what was looked at is remembered.

use crate::options::Options;
use diag::Result;
use host::{Entry, Host, Kind};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A look at the driver's files below the driver root.
pub(crate) struct Survey<'host> {
    /// The machine: procfs and sysfs are always its own.
    pub(crate) machine: &'host Host,
    /// The driver root.
    pub(crate) root: Host,
    /// The dev root.
    pub(crate) dev: Host,
    /// Where to look.
    pub(crate) options: &'host Options,
    listings: BTreeMap<String, Option<Rc<Listing>>>,
    watched: BTreeSet<String>,
}

/// What a directory holds.
#[derive(Debug)]
pub(crate) struct Listing {
    /// Its path inside the driver root, all links resolved.
    pub(crate) directory: String,
    /// Its entries, by name.
    pub(crate) entries: Vec<Entry>,
}

impl Listing {
    /// The entry of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        let index = self.entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        self.entries.get(index)
    }

    /// The path of an entry.
    pub(crate) fn path(&self, name: &str) -> String {
        join(&self.directory, name)
    }
}

impl<'host> Survey<'host> {
    pub(crate) fn new(machine: &'host Host, options: &'host Options) -> Result<Self> {
        let (root, dev) = (machine.below(&options.driver_root)?, machine.below(&options.dev_root)?);
        Ok(Self { machine, root, dev, options, listings: BTreeMap::new(), watched: BTreeSet::new() })
    }

    /// What a directory below the driver root holds; `None` when it is not there or not readable.
    pub(crate) fn listing(&mut self, directory: &str) -> Option<Rc<Listing>> {
        if let Some(known) = self.listings.get(directory) {
            return known.clone();
        }
        let listing = self.look(directory);
        self.listings.insert(directory.to_owned(), listing.clone());
        listing
    }

    fn look(&mut self, directory: &str) -> Option<Rc<Listing>> {
        self.watch(directory);
        // Most directories of a search are absent: one failing open says so.
        self.root.stat(directory).ok().flatten().filter(host::Stat::is_dir)?;
        let canonical = self.root.resolve(directory).ok()?;
        if canonical != directory {
            return self.listing(&canonical);
        }
        let entries = self.root.list_optional(&canonical).ok()??;
        Some(Rc::new(Listing { directory: canonical, entries }))
    }

    /// Notes a directory below the driver root whose changes make what was found doubtful.
    pub(crate) fn watch(&mut self, directory: &str) {
        let path = format!("{}{directory}", self.options.driver_prefix());
        self.watched.insert(if path.len() > 1 { path.trim_end_matches('/').to_owned() } else { path });
    }

    /// The file that an entry stands for: itself, or what its link leads to.
    pub(crate) fn target(&self, listing: &Listing, entry: &Entry) -> Option<String> {
        let path = listing.path(&entry.name);
        match entry.kind {
            Kind::File => Some(path),
            Kind::Link | Kind::Unknown => {
                let target = self.root.resolve(&path).ok()?;
                self.root.stat(&target).ok()?.filter(host::Stat::is_file).map(|_| target)
            }
            _ => None,
        }
    }

    /// A path below the driver root as the host sees it.
    ///
    /// A path is kept as it was found where that leads to the same file; a link in it may point
    /// elsewhere when it is followed from outside the root, and then its resolved form is given.
    pub(crate) fn host_path(&self, found: &str) -> String {
        let prefix = self.options.driver_prefix();
        let plain = format!("{prefix}{found}");
        if prefix.is_empty() {
            return plain;
        }
        let identity =
            |host: &Host, path: &str| host.stat(path).ok().flatten().map(|stat| (stat.dev, stat.ino));
        let inside = identity(&self.root, found);
        if inside.is_some() && inside == identity(self.machine, &plain) {
            return plain;
        }
        self.root.resolve(found).map_or(plain, |canonical| format!("{prefix}{canonical}"))
    }

    /// Notes a file or directory of the machine whose changes make what was found doubtful.
    pub(crate) fn watch_machine(&mut self, path: &str) {
        self.watched.insert(path.to_owned());
    }

    /// All directories whose changes make what was found doubtful, as the host sees them.
    pub(crate) fn into_watched(self) -> BTreeSet<String> {
        self.watched
    }
}

/// A path in a directory.
pub(crate) fn join(directory: &str, name: &str) -> String {
    format!("{}/{name}", directory.trim_end_matches('/'))
}
