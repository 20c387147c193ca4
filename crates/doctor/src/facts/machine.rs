//! The operating system: distribution, kernel, kind of machine.

use super::Reason;
use super::look;
use host::Host;
use serde::{Deserialize, Serialize};

/// The operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// `ID` of os-release(5), for example `ubuntu`.
    pub distribution: Option<String>,
    /// `ID_LIKE` of os-release(5), for example `["debian"]`.
    pub like: Vec<String>,
    /// Release of the running kernel.
    pub kernel: String,
    /// What kind of machine.
    pub platform: Platform,
    /// Whether systemd manages it (`/run/systemd/system` exists, as sd_booted(3) tells it).
    pub systemd: bool,
    /// What kind of container this is itself: `lxc`, `docker`, `podman`, as far as it can be seen.
    #[serde(default)]
    pub guest: Option<String>,
    /// Whether SELinux is enforcing.
    #[serde(default)]
    pub selinux: bool,
}

/// What kind of machine, as far as it decides how a GPU is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// A GPU is a PCI device with `/dev/nvidia*` nodes.
    Native,
    /// A Linux guest of Windows: the GPU is `/dev/dxg`, the driver is the one of Windows.
    Wsl2,
    /// A Tegra system on a chip: the GPU is no PCI device.
    Tegra,
}

pub(super) fn read(host: &Host) -> Result<Machine, Reason> {
    let release = look::text(host, "/etc/os-release")?.unwrap_or_default();
    let kernel = look::required_text(host, "/proc/sys/kernel/osrelease")?.trim().to_owned();
    let tegra = look::exists(host, "/etc/nv_tegra_release")?;
    Ok(Machine {
        distribution: release_value(&release, "ID"),
        like: release_value(&release, "ID_LIKE").map_or_else(Vec::new, |ids| words(&ids)),
        platform: platform(&kernel, tegra, is_wsl(host)?),
        systemd: look::exists(host, "/run/systemd/system")?,
        guest: guest(host),
        selinux: look::text(host, "/sys/fs/selinux/enforce")?.is_some_and(|text| text.trim() == "1"),
        kernel,
    })
}

/// systemd writes down what it runs in (`/run/systemd/container`, systemd.io/CONTAINER_INTERFACE); engines and
/// managers of containers leave marks of their own. What cannot be read is no mark.
fn guest(host: &Host) -> Option<String> {
    let known = |word: &str| {
        let kinds = ["lxc", "lxc-libvirt", "docker", "podman", "systemd-nspawn", "incus", "lxd"];
        kinds.into_iter().find(|kind| *kind == word.trim()).map(str::to_owned)
    };
    let written = look::text(host, "/run/systemd/container").ok().flatten();
    let environment = || look::text(host, "/proc/1/environ").ok().flatten().unwrap_or_default();
    let named = || environment().split('\0').find_map(|variable| known(variable.strip_prefix("container=")?));
    let mark = || {
        let marks = [
            ("/dev/lxd/sock", "lxc"),
            ("/dev/incus/sock", "lxc"),
            ("/.dockerenv", "docker"),
            ("/run/.containerenv", "podman"),
        ];
        marks.into_iter().find(|(path, _)| host.exists(path)).map(|(_, kind)| kind.to_owned())
    };
    written.as_deref().and_then(known).or_else(named).or_else(mark)
}

/// A kernel that somebody built for WSL2 need not have Microsoft's name.
fn is_wsl(host: &Host) -> Result<bool, Reason> {
    for path in ["/dev/dxg", "/usr/lib/wsl/lib", "/proc/sys/fs/binfmt_misc/WSLInterop"] {
        if look::exists(host, path)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// WSL1 has no `WSL2` in its release and no GPU at all; it is not a platform here.
fn platform(kernel: &str, tegra: bool, wsl: bool) -> Platform {
    let kernel = kernel.to_ascii_lowercase();
    match (kernel.contains("microsoft") || wsl, tegra || kernel.contains("tegra")) {
        (true, _) => Platform::Wsl2,
        (false, true) => Platform::Tegra,
        (false, false) => Platform::Native,
    }
}

fn release_value(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
    Some(value.trim().trim_matches(['"', '\'']).to_owned())
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platform_is_told_by_the_kernel_release() {
        assert_eq!(platform("6.8.0-45-generic", false, false), Platform::Native);
        assert_eq!(platform("5.15.153.1-microsoft-standard-WSL2", false, false), Platform::Wsl2);
        assert_eq!(platform("5.15.148-tegra", false, false), Platform::Tegra);
        assert_eq!(platform("6.8.0", true, false), Platform::Tegra);
    }

    #[test]
    fn a_guest_is_told_by_what_its_manager_leaves() {
        let root = tempfile::tempdir().unwrap();
        let host = Host::at(root.path());
        assert_eq!(guest(&host), None);
        for (path, text, expected) in [
            ("proc/1/environ", "TERM=linux\0container=lxc\0TOKEN=x\0", "lxc"),
            ("proc/1/environ", "container=secret\0", ""),
            ("run/systemd/container", "lxc\n", "lxc"),
        ] {
            write(root.path(), path, text);
            assert_eq!(guest(&host).unwrap_or_default(), expected, "{path}: {text}");
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the test makes a machine of its own")]
    fn write(root: &std::path::Path, path: &str, text: &str) {
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    #[test]
    fn os_release_values_lose_their_quotes() {
        let text = "NAME=x\nID=ubuntu\nID_LIKE=\"rhel fedora\"\n";
        assert_eq!(release_value(text, "ID").as_deref(), Some("ubuntu"));
        assert_eq!(words(&release_value(text, "ID_LIKE").unwrap()), ["rhel", "fedora"]);
        assert_eq!(release_value(text, "VERSION"), None);
    }
}
