//! What must be unchanged for a stored driver to be true still.
//!
//! A fingerprint is a list of facts; each names what was looked at, so that the same look can be
//! taken again and a difference can be told in words. Whole files are never read: a file that was
//! overwritten in place has another change time.

use crate::gpus::GPUS;
use crate::mig::{CAPABILITIES, numbered};
use crate::options::Options;
use crate::sweep::{Swept, module_version};
use driver::{Driver, Node};
use formats::procfs;
use host::{Host, Stat};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// One fact: what was looked at and what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fact(Look, String, String);

/// How a fact is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Look {
    /// The boot: `/proc/sys/kernel/random/boot_id`.
    Boot,
    /// Version of the loaded kernel module, and whether it makes device nodes.
    Module,
    /// The NVIDIA majors in `/proc/devices`.
    Majors,
    /// PCI addresses of the GPUs in procfs.
    Gpus,
    /// MIG instances in procfs.
    Mig,
    /// Which directory this is: mount namespaces share `/run`, but not these.
    Identity,
    /// A directory: which it is, and when its entries changed.
    Directory,
    /// A file: which it is, its size, and when it changed.
    File,
    /// A device node: its numbers, mode and group.
    Node,
}

/// The facts that tell of the kernel; first in every fingerprint, since they change most.
const KERNEL: [Look; 5] = [Look::Boot, Look::Module, Look::Majors, Look::Gpus, Look::Mig];

impl Fact {
    fn see(host: &Host, look: Look, path: impl Into<String>) -> Self {
        let path = path.into();
        let seen = look.at(host, &path);
        Self(look, path, seen)
    }

    /// What changed since, in words; `None` when nothing did.
    pub(crate) fn difference(&self, host: &Host) -> Option<String> {
        let Self(look, path, seen) = self;
        (look.at(host, path) != *seen).then(|| look.name(path))
    }

    /// Whether the looked-at file changed after the time `since` (nanoseconds since 1970): then it may
    /// change again without another change time, whose steps are some milliseconds.
    pub(crate) fn is_fresh(&self, host: &Host, since: i128) -> bool {
        let Self(look, path, _) = self;
        let changed = |stat: Stat| stat.ctime_ns.max(stat.mtime_ns) >= since;
        matches!(look, Look::Directory | Look::File) && stat(host, path).is_some_and(changed)
    }
}

impl Look {
    fn at(self, host: &Host, path: &str) -> String {
        match self {
            Self::Boot => text(host, "/proc/sys/kernel/random/boot_id").trim().to_owned(),
            Self::Module => module(host),
            Self::Majors => majors(host),
            Self::Gpus => names(host, GPUS),
            Self::Mig => mig(host),
            Self::Identity => describe(host, path, |stat| format!("{:x}:{:x}", stat.dev, stat.ino)),
            Self::Directory => describe(host, path, |stat| {
                format!("{:x}:{:x}:{:x}:{:x}", stat.dev, stat.ino, stat.mtime_ns, stat.ctime_ns)
            }),
            Self::File => describe(host, path, |stat| {
                format!(
                    "{:x}:{:x}:{:x}:{:x}:{:x}",
                    stat.dev, stat.ino, stat.size, stat.mtime_ns, stat.ctime_ns
                )
            }),
            Self::Node => describe(host, path, |stat| {
                format!("{:?}:{}:{}:{:o}:{}", stat.kind, stat.major, stat.minor, stat.mode, stat.gid)
            }),
        }
    }

    fn name(self, path: &str) -> String {
        match self {
            Self::Boot => "the machine was booted".to_owned(),
            Self::Module => "the kernel module changed".to_owned(),
            Self::Majors => "the majors in /proc/devices changed".to_owned(),
            Self::Gpus => "the list of GPUs changed".to_owned(),
            Self::Mig => "the MIG layout changed".to_owned(),
            Self::Identity => format!("{path} is another file system"),
            Self::Directory | Self::File | Self::Node => format!("{path} changed"),
        }
    }
}

/// The facts about the kernel.
pub(crate) fn of_kernel(host: &Host) -> Vec<Fact> {
    KERNEL.map(|look| Fact::see(host, look, "")).into()
}

/// All facts on which what was swept rests, those of the kernel as seen before the sweep.
pub(crate) fn of(host: &Host, options: &Options, kernel: Vec<Fact>, swept: &Swept) -> Vec<Fact> {
    let mut facts = kernel;
    let driver_root = options.driver_prefix();
    let mut add = |look, path: &str| facts.push(Fact::see(host, look, path));
    let dev = format!("{}/dev", options.dev_prefix());
    for path in ["/", &dev, if driver_root.is_empty() { "/" } else { driver_root }] {
        add(Look::Identity, path);
    }
    for path in [dev.clone(), format!("{dev}/dri"), format!("{dev}/nvidia-caps")] {
        add(Look::Directory, &path);
    }
    let cache = options.loader_cache.as_deref().unwrap_or("/etc/ld.so.cache");
    add(Look::File, &format!("{driver_root}{cache}"));
    add(Look::File, &options.settings_file);
    for path in &swept.watched {
        add(Look::Directory, path);
    }
    for path in files(&swept.driver) {
        add(Look::File, path);
    }
    for node in nodes(&swept.driver) {
        add(Look::Node, node.host_path.as_deref().unwrap_or(&node.path));
    }
    facts
}

/// The files that go into containers.
fn files(driver: &Driver) -> impl Iterator<Item = &str> {
    let plain =
        [&driver.binaries, &driver.firmware, &driver.sockets, &driver.configs, &driver.xorg, &driver.others];
    let libraries = driver.libraries.iter().map(|library| &library.file);
    libraries.chain(plain.into_iter().flatten()).map(|file| file.host_path.as_str())
}

/// The nodes that go into containers.
fn nodes(driver: &Driver) -> impl Iterator<Item = &Node> {
    let of_gpus = driver.gpus.iter().flat_map(|gpu| {
        gpu.node.iter().chain(&gpu.drm).chain(&gpu.companions).chain(gpu.mig.iter().flat_map(|mig| &mig.caps))
    });
    driver.control_nodes.iter().chain(&driver.mig_config).chain(&driver.mig_monitor).chain(of_gpus)
}

fn text(host: &Host, path: &str) -> String {
    host.read_text_optional(path).ok().flatten().unwrap_or_default()
}

fn stat(host: &Host, path: &str) -> Option<Stat> {
    host.stat(path).ok().flatten()
}

fn describe(host: &Host, path: &str, words: impl Fn(Stat) -> String) -> String {
    stat(host, path).map_or_else(|| "absent".to_owned(), words)
}

fn module(host: &Host) -> String {
    let version = module_version(host).unwrap_or_default();
    let modifies = procfs::params(&text(host, "/proc/driver/nvidia/params")).modify_device_files();
    format!("{version} {modifies:?}")
}

fn majors(host: &Host) -> String {
    let table = procfs::devices(&text(host, "/proc/devices"));
    let ours = table.iter().filter(|(name, _)| name.contains("nvidia") || *name == "drm");
    ours.fold(String::new(), |mut all, (name, major)| {
        let _ = write!(all, "{name}={major} ");
        all
    })
}

fn names(host: &Host, directory: &str) -> String {
    let entries = host.list_optional(directory).ok().flatten().unwrap_or_default();
    entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn mig(host: &Host) -> String {
    let mut all = String::new();
    for gpu in numbered(host, CAPABILITIES, "gpu") {
        let directory = format!("{CAPABILITIES}/gpu{gpu}/mig");
        for instance in numbered(host, &directory, "gi") {
            let compute = numbered(host, &format!("{directory}/gi{instance}"), "ci");
            let _ = write!(all, "{gpu}/{instance}/{compute:?} ");
        }
    }
    all
}
