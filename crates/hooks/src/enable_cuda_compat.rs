//! `enable-cuda-compat`: CUDA's forward compatibility. An image may carry a newer `libcuda` than the
//! host's driver; where NVIDIA released it for that driver it comes first in the loader's search.

use crate::catalogue::Hook;
use crate::loader::{self, InContainer};
use crate::{arguments, container, log};
use diag::Result;
use formats::Version;
use formats::elf::{ForwardCompatibility, fwd_compat_note_source};
use rootfs::{ContainerRoot, Kind};
use std::ffi::OsString;

pub(crate) const HOOK: Hook = Hook {
    name: "enable-cuda-compat",
    summary: Some("Lets the image's own CUDA compat libraries come first where they are newer and allowed."),
    flags: "   --host-driver-version V         version of the host's driver\n   \
            --host-cuda-version V           CUDA version of the host's driver\n   \
            --cuda-compat-container-root D  where the compat libraries are in the image\n",
    run,
};

/// Where NVIDIA's images have the compat libraries.
pub(crate) const DEFAULT_FOLDER: &str = "/usr/local/cuda/compat";

/// What the host has, and where the image's libraries would be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    driver: Option<Version>,
    cuda: Option<Version>,
    folder: Option<String>,
}

impl Request {
    /// A request that goes by the driver's version alone.
    pub(crate) fn for_driver(version: &str) -> Self {
        Self { driver: Version::parse(version), ..Self::default() }
    }
}

fn run(arguments: &[OsString]) -> Result<()> {
    let mut request = Request::default();
    let specification = arguments::flags(arguments, |name, values| {
        match name {
            "host-driver-version" => request.driver = Version::parse(&values.text()?),
            "host-cuda-version" => request.cuda = Version::parse(&values.text()?),
            "cuda-compat-container-root" => request.folder = Some(values.text()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if request.driver.is_none() && request.cuda.is_none() {
        return Ok(());
    }
    update(&container::root(specification.as_deref())?, &request)
}

/// Leaves or takes away the drop-in that puts the compat libraries first. The loader cache follows it
/// (see [`loader::update`]).
pub(crate) fn update(root: &ContainerRoot, request: &Request) -> Result<()> {
    let folder = request.folder.as_deref().unwrap_or(DEFAULT_FOLDER);
    if wants_compat(root, folder, request)? {
        let content = format!("{folder}\n");
        return root.write_file_atomic(loader::COMPAT_DROP_IN, content.as_bytes(), 0o644).map(drop);
    }
    loader::remove(root, loader::COMPAT_DROP_IN)
}

fn wants_compat(root: &ContainerRoot, folder: &str, request: &Request) -> Result<bool> {
    let Some(library) = compat_library(root, folder)? else { return Ok(false) };
    let Some(version) = library.strip_prefix("libcuda.so.").and_then(Version::parse) else {
        return Ok(false);
    };
    let note = match root.open_file(format!("{folder}/{library}"))? {
        // As in the original, a note that cannot be read is no note.
        Some(file) => fwd_compat_note_source(&mut InContainer(&file)).unwrap_or_default(),
        None => None,
    };
    let (is_wanted, why) = decide(note.as_ref(), &version, request);
    let verb = if is_wanted { "used" } else { "left alone" };
    log::info(&format!("CUDA compatibility libraries of the image ({library}) are {verb}: {why}"));
    Ok(is_wanted)
}

/// The one regular file `libcuda.so.*.*`; with none or several nothing can be said.
fn compat_library(root: &ContainerRoot, folder: &str) -> Result<Option<String>> {
    if root.stat(folder)?.is_none_or(|stat| stat.kind != Kind::Directory) {
        return Ok(None);
    }
    let mut found = Vec::new();
    for entry in root.list(folder)?.unwrap_or_default() {
        let name = entry.name.to_string_lossy().into_owned();
        let is_regular = |name: &str| {
            root.lstat(format!("{folder}/{name}"))
                .map(|stat| stat.is_some_and(|stat| stat.kind == Kind::File))
        };
        if formats::glob::matches("libcuda.so.*.*", &name) && is_regular(&name)? {
            found.push(name);
        }
    }
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// Whether the compat library of this version is to be used on this host, and why. One that was not made
/// for the driver's branch ends in error 803, an older one than the driver's own takes features away.
fn decide(note: Option<&ForwardCompatibility>, compat: &Version, host: &Request) -> (bool, &'static str) {
    let newer = |driver: &Version| compat > driver;
    match (note, &host.driver, &host.cuda) {
        (Some(note), Some(driver), _) if !note.driver_branches.contains(&driver.major()) => {
            (false, "their note does not list the branch of the host's driver (error 803)")
        }
        (Some(_), Some(driver), _) if newer(driver) => {
            (true, "they are newer than the host's driver, and their note lists its branch")
        }
        (Some(_), Some(_), _) => (false, "they are not newer than the host's driver"),
        (Some(note), None, Some(cuda)) => match Version::parse(&note.cuda_version) {
            Some(own) if own > *cuda => (true, "their CUDA is newer than that of the host's driver"),
            _ => (false, "their CUDA is not newer than that of the host's driver"),
        },
        (None, Some(driver), _) if compat.major() > driver.major() => (
            true,
            "they have no note of the drivers that they are for, and are of a newer branch than the host's",
        ),
        (None, Some(_), _) => (
            false,
            "they have no note of the drivers that they are for, and are of no newer branch than the host's",
        ),
        (_, None, _) => (false, "the version of the host's driver is not known"),
    }
}

/// The folder that the drop-in names, when there is one.
pub(crate) fn active_folder(root: &ContainerRoot) -> Result<Option<String>> {
    let bytes = loader::read_small(root, loader::COMPAT_DROP_IN)?;
    let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    Ok(text.filter(|folder| folder.starts_with('/') && !folder.contains('\n')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compat_libraries_are_used_only_where_they_are_newer_and_released_for_the_driver() {
        let note = |cuda: &str, branches: &[u32]| {
            Some(ForwardCompatibility {
                cuda_version: cuda.to_owned(),
                driver_branches: branches.to_vec(),
                ..ForwardCompatibility::default()
            })
        };
        let driver = |version: &str| Request::for_driver(version);
        let cuda = |version: &str| Request { cuda: Version::parse(version), ..Request::default() };
        let table = [
            (note("13.0", &[535, 550]), "580.65.06", driver("550.163.01"), true),
            (note("13.0", &[535]), "580.65.06", driver("550.163.01"), false),
            (note("13.0", &[580]), "580.65.06", driver("580.95.05"), false),
            (note("13.0", &[]), "580.65.06", cuda("12.4"), true),
            (note("13.0", &[]), "580.65.06", cuda("13.0"), false),
            (None, "580.65.06", driver("550.163.01"), true),
            (None, "550.200.00", driver("550.163.01"), false),
            (None, "580.65.06", cuda("12.4"), false),
        ];
        for (note, compat, host, expected) in table {
            let version = Version::parse(compat).unwrap();
            assert_eq!(decide(note.as_ref(), &version, &host).0, expected, "{note:?} {compat} {host:?}");
        }
    }
}
