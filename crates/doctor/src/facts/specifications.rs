//! CDI specifications: what stands in them, held against the machine as it is.

use super::{Reason, look};
use cdi::{ContainerEdits, Format, Spec};
use host::{Host, Kind};
use serde::{Deserialize, Serialize};

/// Where engines look unless they are told otherwise.
pub const STANDARD_CDI_DIRECTORIES: &[&str] = &["/etc/cdi", "/var/run/cdi"];
/// A specification above this size is none, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;
/// More files than this in one directory are not looked at.
const MOST_FILES: usize = 256;

/// The specifications of NVIDIA's kinds on a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Specifications {
    /// The directories that were looked in, in the order of the engines.
    pub looked_in: Vec<String>,
    /// The files, of one directory in the order of their names.
    pub files: Vec<SpecificationFile>,
    /// Files with names by which engines pass them over, and people mean them.
    #[serde(default)]
    pub passed_over: Vec<String>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecificationFile {
    /// Its directory, as in [`Specifications::looked_in`].
    pub directory: String,
    /// Its path.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// What was read.
    pub content: SpecificationContent,
}

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpecificationContent {
    /// This user may not read it.
    Denied,
    /// It breaks a rule of the standard.
    Invalid(String),
    /// It is valid.
    Valid(SpecificationSeen),
}

/// A valid specification, held against the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecificationSeen {
    /// `cdiVersion`.
    pub version: String,
    /// `kind`.
    pub kind: String,
    /// Names of the devices.
    pub devices: Vec<String>,
    /// Files and nodes of this machine that it names and that are not there.
    pub missing: Vec<String>,
    /// Device nodes that it gives other numbers than they have, in words.
    pub wrong_numbers: Vec<String>,
    /// Versions of the driver in the names of the files that it mounts.
    pub driver_versions: Vec<String>,
    /// Hook programs that it names and that cannot be executed.
    pub missing_hooks: Vec<String>,
}

/// `more`: directories of the engine and of the toolkit's configuration.
pub(super) fn read(host: &Host, more: &[String]) -> Result<Specifications, Reason> {
    let mut seen = Specifications::default();
    let mut real: Vec<String> = Vec::new();
    for directory in
        STANDARD_CDI_DIRECTORIES.iter().map(|text| (*text).to_owned()).chain(more.iter().cloned())
    {
        let resolved = host.resolve(&directory).unwrap_or_else(|_| directory.clone());
        if !real.contains(&resolved) {
            take_directory(host, &directory, &mut seen)?;
            seen.looked_in.push(directory);
            real.push(resolved);
        }
    }
    Ok(seen)
}

fn take_directory(host: &Host, directory: &str, seen: &mut Specifications) -> Result<(), Reason> {
    let names = look::names(host, directory)?;
    let meant = names.iter().filter(|name| name.ends_with(".yml") && name.contains("nvidia"));
    seen.passed_over.extend(meant.take(MOST_FILES).map(|name| format!("{directory}/{name}")));
    for name in names.iter().filter(|name| Format::of_path(name).is_some()).take(MOST_FILES) {
        seen.files.extend(file(host, directory, name)?);
    }
    Ok(())
}

fn file(host: &Host, directory: &str, name: &str) -> Result<Option<SpecificationFile>, Reason> {
    let path = format!("{directory}/{name}");
    let Some(stat) = host.stat(&path).map_err(|failure| look::reason(&path, &failure))? else {
        return Ok(None);
    };
    let content = match host.read_optional_limited(&path, LARGEST) {
        Ok(Some(bytes)) => content(host, &path, &bytes),
        Ok(None) => return Ok(None),
        Err(failure) if look::reason(&path, &failure).is_denied() => Some(SpecificationContent::Denied),
        Err(failure) => Some(SpecificationContent::Invalid(look::without_values(&failure.line()))),
    };
    let mode = stat.mode & 0o7777;
    Ok(content.map(|content| SpecificationFile { directory: directory.to_owned(), path, mode, content }))
}

/// Of another vendor's files only the broken ones with NVIDIA's name matter.
fn content(host: &Host, path: &str, bytes: &[u8]) -> Option<SpecificationContent> {
    match cdi::parse(bytes, Format::of_path(path)?) {
        Ok(spec) if is_ours(&spec.kind) => Some(SpecificationContent::Valid(held_against(host, &spec))),
        Ok(_) => None,
        Err(failure) => {
            let text = String::from_utf8_lossy(bytes);
            let ours = text.contains("nvidia.com/") || path.contains("nvidia");
            ours.then(|| SpecificationContent::Invalid(look::without_values(&failure.line())))
        }
    }
}

fn is_ours(kind: &str) -> bool {
    kind.split('/').next().is_some_and(|vendor| vendor == "nvidia.com" || vendor.ends_with(".nvidia.com"))
}

fn held_against(host: &Host, spec: &Spec) -> SpecificationSeen {
    let mut seen = SpecificationSeen {
        version: spec.cdi_version.clone(),
        kind: spec.kind.clone(),
        devices: spec.devices.iter().map(|device| device.name.clone()).collect(),
        ..SpecificationSeen::default()
    };
    let of_devices = spec.devices.iter().map(|device| &device.container_edits);
    for edits in of_devices.chain([&spec.container_edits]) {
        take_edits(host, edits, &mut seen);
    }
    for list in
        [&mut seen.missing, &mut seen.wrong_numbers, &mut seen.driver_versions, &mut seen.missing_hooks]
    {
        list.sort_unstable();
        list.dedup();
    }
    seen
}

fn take_edits(host: &Host, edits: &ContainerEdits, seen: &mut SpecificationSeen) {
    for mount in &edits.mounts {
        seen.driver_versions.extend(version_in(&mount.host_path).map(str::to_owned));
        if is_absent(host, &mount.host_path) {
            seen.missing.push(mount.host_path.clone());
        }
    }
    for hook in edits.hooks.iter().filter(|hook| hook.path.starts_with('/')) {
        let usable = host.stat(&hook.path).map(|stat| stat.is_some_and(|stat| stat.is_executable()));
        if usable.is_ok_and(|usable| !usable) {
            seen.missing_hooks.push(hook.path.clone());
        }
    }
    for node in &edits.device_nodes {
        let path = node.host_path.as_ref().filter(|path| !path.is_empty()).unwrap_or(&node.path);
        match host.stat(path) {
            Ok(None) => seen.missing.push(path.clone()),
            Ok(Some(stat)) if stat.kind == Kind::CharDevice => {
                seen.wrong_numbers.extend(other_numbers(
                    path,
                    (node.major, node.minor),
                    (stat.major, stat.minor),
                ));
            }
            _ => {}
        }
    }
}

fn is_absent(host: &Host, path: &str) -> bool {
    path.starts_with('/') && host.stat(path).is_ok_and(|stat| stat.is_none())
}

/// A specification may leave numbers out (0): then the engine takes those of the node.
fn other_numbers(path: &str, given: (i64, i64), real: (u32, u32)) -> Option<String> {
    let differs = given.0 != 0 && (given.0 != i64::from(real.0) || given.1 != i64::from(real.1));
    differs
        .then(|| format!("{path} is {}:{}, the specification says {}:{}", real.0, real.1, given.0, given.1))
}

/// `580.95.05` of `/usr/lib/libcuda.so.580.95.05`.
fn version_in(path: &str) -> Option<&str> {
    let (_, version) = path.rsplit('/').next()?.split_once(".so.")?;
    let parts: Vec<&str> = version.split('.').collect();
    let numbers = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let branch = parts.first()?.parse::<u32>().is_ok_and(|branch| (300..2000).contains(&branch));
    (numbers && branch && parts.len() >= 2 && is_of_driver(path)).then_some(version)
}

/// Other packages' libraries (egl-wayland, glvnd) have version numbers of their own.
fn is_of_driver(path: &str) -> bool {
    ["libcuda", "libnvidia", "libnvcuvid", "libnvoptix", "libEGL_nvidia", "libGLX_nvidia", "libGLES"]
        .iter()
        .any(|stem| path.rsplit('/').next().is_some_and(|name| name.starts_with(stem)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_the_driver_are_told_from_others() {
        assert_eq!(version_in("/usr/lib/libcuda.so.580.95.05"), Some("580.95.05"));
        assert_eq!(version_in("/usr/lib/libnvidia-egl-wayland.so.1.1.13"), None);
        assert_eq!(version_in("/usr/lib/libcuda.so.1"), None);
    }

    #[test]
    fn numbers_that_a_specification_leaves_out_are_not_wrong() {
        assert_eq!(other_numbers("/dev/x", (0, 0), (507, 0)), None);
        assert_eq!(other_numbers("/dev/x", (507, 0), (507, 0)), None);
        assert!(other_numbers("/dev/x", (510, 0), (507, 0)).is_some());
    }
}
