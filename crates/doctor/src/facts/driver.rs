//! The kernel module and the versions of the user space libraries.

use super::Reason;
use super::look;
use host::Host;
use serde::{Deserialize, Serialize};

/// Where distributions put the driver's libraries; the loader cache is asked as well.
const LIBRARY_DIRECTORIES: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu/nvidia/current",
    "/usr/lib/aarch64-linux-gnu/nvidia/current",
    "/usr/lib64",
    "/usr/lib",
    "/usr/lib/wsl/lib",
    "/run/opengl-driver/lib",
];
const STEMS: &[&str] = &["libcuda.so.", "libnvidia-ml.so."];

/// Kernel module and user space of the driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriverFiles {
    /// Whether the module `nvidia` is loaded.
    pub loaded: bool,
    /// Version of the loaded module.
    pub module_version: Option<String>,
    /// Whether the loaded module is the open or the proprietary one.
    pub flavour: Option<ModuleFlavour>,
    /// Whether `nvidia-uvm` is loaded.
    pub uvm_loaded: bool,
    /// Whether the running kernel has a module `nvidia` to load (`modules.dep`); `None` when it has
    /// no such list at all.
    pub built_for_kernel: Option<bool>,
    /// Library files with a version in their name, for example
    /// `/usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05`.
    pub libraries: Vec<String>,
    /// Whether the loader cache lists `libcuda.so.1` or `libnvidia-ml.so.1`; `None` without a cache.
    #[serde(default)]
    pub in_loader_cache: Option<bool>,
    /// Other roots that hold the driver's libraries, for example `/run/nvidia/driver`.
    #[serde(default)]
    pub other_roots: Vec<String>,
    /// Whether `/usr/lib/wsl/lib` has libcuda (WSL2).
    #[serde(default)]
    pub in_wsl: bool,
}

/// The two kernel modules that NVIDIA ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModuleFlavour {
    /// `Open Kernel Module`.
    Open,
    /// The other one.
    Proprietary,
}

impl DriverFiles {
    /// The distinct versions of the libraries, in order of appearance.
    #[must_use]
    pub fn library_versions(&self) -> Vec<&str> {
        let mut versions: Vec<&str> = Vec::new();
        for version in self.libraries.iter().filter_map(|path| version_of(path)) {
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
        versions
    }
}

pub(super) fn read(host: &Host) -> Result<DriverFiles, Reason> {
    let kernel = look::text(host, "/proc/sys/kernel/osrelease")?.unwrap_or_default();
    let text = look::text(host, "/proc/driver/nvidia/version")?;
    let sysfs = look::text(host, "/sys/module/nvidia/version")?.map(|text| text.trim().to_owned());
    let devices = look::text(host, "/proc/devices")?.unwrap_or_default();
    let in_sysfs = look::exists(host, "/sys/module/nvidia")?;
    Ok(DriverFiles {
        loaded: text.is_some() || in_sysfs,
        module_version: text.as_deref().and_then(formats::procfs::driver_version).or(sysfs),
        flavour: text.as_deref().map(flavour),
        uvm_loaded: look::exists(host, "/sys/module/nvidia_uvm")? || devices.contains("nvidia-uvm"),
        built_for_kernel: look::text(host, &format!("/lib/modules/{}/modules.dep", kernel.trim()))?
            .map(|list| lists_module(&list)),
        libraries: libraries(host)?,
        in_loader_cache: in_loader_cache(host)?,
        other_roots: other_roots(host)?,
        in_wsl: look::exists(host, "/usr/lib/wsl/lib/libcuda.so.1")?,
    })
}

/// `None`: there is no cache, or it is not understood.
fn in_loader_cache(host: &Host) -> Result<Option<bool>, Reason> {
    let Some(bytes) = look::bytes(host, "/etc/ld.so.cache")? else { return Ok(None) };
    let Ok(cache) = formats::ldcache::LdCache::parse(&bytes) else { return Ok(None) };
    Ok(Some(cache.entries.iter().any(|entry| is_wanted(entry.soname))))
}

/// Where drivers are put that do not belong to the system's own root.
const OTHER_ROOTS: &[&str] = &[
    "/run/nvidia/driver",
    "/home/kubernetes/bin/nvidia",
    "/opt/nvidia/driver",
    "/usr/local/glibc",
    "/var/lib/nvidia",
];

fn other_roots(host: &Host) -> Result<Vec<String>, Reason> {
    let mut roots = Vec::new();
    for root in OTHER_ROOTS {
        for directory in
            ["usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib", "lib64", "lib"]
        {
            let names = look::names(host, &format!("{root}/{directory}"))?;
            if names.iter().any(|name| name.starts_with("libcuda.so.")) {
                roots.push((*root).to_owned());
                break;
            }
        }
    }
    Ok(roots)
}

fn libraries(host: &Host) -> Result<Vec<String>, Reason> {
    let mut found = Vec::new();
    for directory in LIBRARY_DIRECTORIES {
        for name in look::names(host, directory)? {
            let path = format!("{directory}/{name}");
            if version_of(&path).is_some() {
                found.push(path);
            }
        }
    }
    found.extend(cached_libraries(host)?);
    Ok(without_doubles(host, found))
}

/// Directories can be links to each other (`/usr/lib64` to `lib`): a file counts once.
fn without_doubles(host: &Host, found: Vec<String>) -> Vec<String> {
    let mut real: Vec<String> = Vec::new();
    for path in found {
        let path = host.resolve(&path).unwrap_or(path);
        if version_of(&path).is_some() && !real.contains(&path) {
            real.push(path);
        }
    }
    real
}

/// What the loader would take, wherever it lies.
fn cached_libraries(host: &Host) -> Result<Vec<String>, Reason> {
    let Some(bytes) = look::bytes(host, "/etc/ld.so.cache")? else { return Ok(Vec::new()) };
    // A cache that is not understood is no proof of anything: the directories are looked at anyway.
    let Ok(cache) = formats::ldcache::LdCache::parse(&bytes) else { return Ok(Vec::new()) };
    let wanted = cache.entries.iter().filter(|entry| is_wanted(entry.soname));
    let paths = wanted.map(|entry| String::from_utf8_lossy(entry.path).into_owned());
    Ok(paths.filter(|path| is_native(path)).filter_map(|path| host.resolve(&path).ok()).collect())
}

fn is_wanted(soname: &[u8]) -> bool {
    STEMS.iter().any(|stem| soname.starts_with(stem.as_bytes()))
}

/// 32-bit libraries follow the same version; one width is enough to compare.
fn is_native(path: &str) -> bool {
    !path.contains("i386") && !path.contains("lib32")
}

/// `580.95.05` of `/usr/lib/libcuda.so.580.95.05`; `None` for a SONAME link such as `libcuda.so.1`.
fn version_of(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    let version = STEMS.iter().find_map(|stem| name.strip_prefix(stem))?;
    let numbers = version.split('.').filter(|part| part.parse::<u32>().is_ok()).count();
    (numbers >= 2 && numbers == version.split('.').count()).then_some(version)
}

fn flavour(text: &str) -> ModuleFlavour {
    if text.contains("Open Kernel Module") { ModuleFlavour::Open } else { ModuleFlavour::Proprietary }
}

fn lists_module(list: &str) -> bool {
    list.lines().filter_map(|line| line.split(':').next()?.rsplit('/').next()).any(|name| {
        name.strip_prefix("nvidia.ko").is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_names() {
        assert_eq!(version_of("/usr/lib/libcuda.so.580.95.05"), Some("580.95.05"));
        assert_eq!(version_of("/x/libnvidia-ml.so.550.163.01"), Some("550.163.01"));
        assert_eq!(version_of("/x/libcuda.so.1"), None);
        assert_eq!(version_of("/x/libcuda.so.580.95.05.bak"), None);
        assert_eq!(version_of("/x/libcudadebugger.so.580.95.05"), None);
    }

    #[test]
    fn a_module_counts_only_under_its_own_name() {
        assert!(lists_module("updates/dkms/nvidia.ko.zst: kernel/drivers/video/backlight.ko\n"));
        assert!(lists_module("extra/nvidia.ko:\n"));
        assert!(!lists_module("kernel/drivers/net/nvidia-wmi.ko:\nkernel/x/i2c-nvidia.ko.xz: y\n"));
    }

    #[test]
    fn the_flavour_stands_in_the_version_file() {
        let open = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n";
        assert_eq!(flavour(open), ModuleFlavour::Open);
        assert_eq!(
            flavour("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.1\n"),
            ModuleFlavour::Proprietary
        );
    }
}
