//! apt with directories of our own: the machine's package database is neither read nor changed.

use super::mirror::Mirror;
use super::{Place, remove_tree};
use crate::exec::{capture, command};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

/// Each apt run is tried this often, with longer and longer pauses: networks have hiccups.
const TRIES: u32 = 4;

/// A private apt for one suite.
#[derive(Debug)]
pub(super) struct Apt {
    folder: PathBuf,
    /// Another architecture than that of the machine.
    architecture: Option<&'static str>,
}

impl Apt {
    /// Writes the private configuration; what an earlier, interrupted run downloaded is kept.
    pub(super) fn new(place: &Place, mirror: &Mirror, suite: &str) -> Result<Self> {
        let folder = place.file("apt");
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part)).with_context(|| format!("cannot make {part}"))?;
        }
        let keyring = mirror.keyring.display();
        let sources = format!("deb [signed-by={keyring}] {} {suite} main\n", mirror.uri);
        fs::write(folder.join("sources.list"), sources).context("cannot write sources.list")?;
        fs::write(folder.join("status"), "").context("cannot write the package state")?;
        Ok(Self { folder, architecture: None })
    }

    /// The same for packages that are not free, of another architecture too.
    pub(super) fn of_drivers(
        place: &Place,
        mirror: &Mirror,
        suite: &str,
        architecture: &'static str,
    ) -> Result<Self> {
        let apt = Self::new(place, mirror, suite)?;
        let keyring = mirror.keyring.display();
        let components = "main contrib non-free non-free-firmware";
        let options = format!("signed-by={keyring} arch={architecture}");
        let sources = format!("deb [{options}] {} {suite} {components}\n", mirror.uri);
        fs::write(apt.folder.join("sources.list"), sources).context("cannot write sources.list")?;
        Ok(Self { architecture: Some(architecture), ..apt })
    }

    /// The names of all packages that come from a source package.
    pub(super) fn of_source(&self, source: &str) -> Result<Vec<String>> {
        let available = capture(self.run("apt-cache").arg("dumpavail"))?;
        let field = |stanza: &str, name: &str| {
            let line = stanza.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.split_whitespace().next()).map(str::to_owned)
        };
        let of_it = available
            .split("\n\n")
            .filter(|stanza| field(stanza, "Source:").as_deref() == Some(source))
            .filter_map(|stanza| field(stanza, "Package:"));
        let mut names: Vec<String> = of_it.collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Downloads packages without what they depend on.
    pub(super) fn download_alone(&self, packages: &[&str]) -> Result<Vec<PathBuf>> {
        let folder = self.folder.join("cache/archives");
        persistently(|| capture(self.get().arg("download").args(packages).current_dir(&folder)).map(drop))?;
        archives_in(&folder)
    }

    /// Fetches the package index.
    pub(super) fn update(&self) -> Result<()> {
        persistently(|| {
            // Without `Error-Mode=any` a failed download of the index is only a warning.
            capture(self.get().args(["-o", "APT::Update::Error-Mode=any", "update"])).map(drop)
        })
    }

    /// Downloads packages with all they depend on; gives the package files.
    pub(super) fn download(&self, packages: &[&str]) -> Result<Vec<PathBuf>> {
        self.download_with(packages, &[])
    }

    /// The same, and packages without what they depend on.
    pub(super) fn download_with(&self, packages: &[&str], alone: &[&str]) -> Result<Vec<PathBuf>> {
        persistently(|| {
            let mut get = self.get();
            capture(get.args(["install", "-y", "--download-only"]).args(packages)).map(drop)
        })?;
        if !alone.is_empty() {
            persistently(|| {
                let mut get = self.get();
                get.arg("download").args(alone).current_dir(self.folder.join("cache/archives"));
                capture(&mut get).map(drop)
            })?;
        }
        let archives = archives_in(&self.folder.join("cache/archives"))?;
        if archives.is_empty() {
            return Err(Failure::new("apt downloaded no package"));
        }
        Ok(archives)
    }

    /// Gives back the disk space of index and packages, once the root is complete.
    pub(super) fn clean(self) -> Result<()> {
        remove_tree(&self.folder)
    }

    fn get(&self) -> Command {
        self.run("apt-get")
    }

    fn run(&self, program: &str) -> Command {
        let folder = self.folder.display();
        let mut get = command([program, "-qq"]);
        if let Some(name) = self.architecture {
            get.arg("-o").arg(format!("APT::Architecture={name}"));
            get.arg("-o").arg(format!("APT::Architectures={name}"));
        }
        for option in [
            format!("Dir::Etc::sourcelist={folder}/sources.list"),
            "Dir::Etc::sourceparts=/dev/null".to_string(),
            "Dir::Etc::preferences=/dev/null".to_string(),
            "Dir::Etc::preferencesparts=/dev/null".to_string(),
            format!("Dir::State::lists={folder}/lists"),
            format!("Dir::State::status={folder}/status"),
            format!("Dir::Cache={folder}/cache"),
            "Acquire::Check-Valid-Until=false".to_string(),
            "Acquire::Languages=none".to_string(),
            "Acquire::Retries=3".to_string(),
            "APT::Sandbox::User=root".to_string(),
            "APT::Install-Recommends=false".to_string(),
            "Debug::NoLocking=1".to_string(),
        ] {
            get.arg("-o").arg(option);
        }
        get.env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
        get
    }
}

/// The package files in a folder, sorted by name.
pub(super) fn archives_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut archives: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    archives.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
    archives.sort();
    Ok(archives)
}

fn persistently(run: impl Fn() -> Result<()>) -> Result<()> {
    let mut result = run();
    for attempt in 1..TRIES {
        if result.is_ok() {
            break;
        }
        sleep(Duration::from_secs(u64::from(3 * attempt)));
        result = run();
    }
    result.map_err(|failure| {
        let hint = "check the network, or set LONGSHORE_DEBIAN_MIRROR to another Debian archive";
        failure.context("apt-get failed repeatedly").hint(hint)
    })
}
