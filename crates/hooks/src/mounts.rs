//! Files of the host that the fused hook shows in the container, in place of mounts in `config.json`.
//!
//! An OCI runtime does each mount of its configuration with a dozen system calls and a round of its
//! own checks; the hook does it with four, by descriptor. All sources are taken before the first one
//! is attached: a missing file of the driver ends the start before the container was touched.

use crate::codes;
use diag::{Failure, Result};
use rootfs::{Access, ContainerRoot, Source};

/// A file, directory or socket of the host, and where the container sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostMount {
    /// Path on the host.
    pub host: String,
    /// Path in the container.
    pub container: String,
    /// What the container may do through it.
    pub access: Access,
}

impl HostMount {
    /// Reads `HOST[::CONTAINER[::OPTIONS]]`. Without options the mount is `ro,nosuid,nodev`; with them
    /// it is what they say, out of `ro`, `nosuid`, `nodev` and `noexec`. All mounts are recursive and
    /// private.
    ///
    /// # Errors
    /// When it has another form, a path is not absolute, or an option is unknown.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = text.splitn(3, "::");
        let host = parts.next().unwrap_or_default();
        let container = parts.next().unwrap_or(host);
        let access = parts.next().map_or(Some(Access::FILE), access);
        match access {
            Some(access) if host.starts_with('/') && container.starts_with('/') => {
                Ok(Self { host: host.to_owned(), container: container.to_owned(), access })
            }
            _ => Err(Failure::coded(codes::BAD_ARGUMENTS, format!("invalid mount specification {text}"))),
        }
    }
}

/// Attaches the mounts in their order.
pub(crate) fn attach(root: &ContainerRoot, mounts: &[HostMount]) -> Result<()> {
    let open = |mount: &HostMount| Source::open(&mount.host, mount.access);
    let sources: Vec<Source> = mounts.iter().map(open).collect::<Result<_>>()?;
    let pairs: Vec<(&Source, &str)> =
        sources.iter().zip(mounts.iter().map(|mount| mount.container.as_str())).collect();
    root.attach_all(&pairs)
}

fn access(options: &str) -> Option<Access> {
    let mut access = Access { read_only: false, no_suid: false, no_dev: false, no_exec: false };
    for option in options.split(',') {
        match option {
            "ro" => access.read_only = true,
            "nosuid" => access.no_suid = true,
            "nodev" => access.no_dev = true,
            "noexec" => access.no_exec = true,
            _ => return None,
        }
    }
    Some(access)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_a_path_two_paths_or_two_paths_with_options() {
        let mount = |host: &str, container: &str, access| {
            Some(HostMount { host: host.to_owned(), container: container.to_owned(), access })
        };
        let socket = Access::SOCKET;
        let table = [
            ("/usr/bin/nvidia-smi", mount("/usr/bin/nvidia-smi", "/usr/bin/nvidia-smi", Access::FILE)),
            ("/drv/lib/a.so.1::/usr/lib/a.so.1", mount("/drv/lib/a.so.1", "/usr/lib/a.so.1", Access::FILE)),
            ("/run/p/s::/run/p/s::nosuid,nodev,noexec", mount("/run/p/s", "/run/p/s", socket)),
            ("/a::/b::", None),
            ("/a::/b::rw", None),
            ("/a::/b::ro::ro", None),
            ("/a::b", None),
            ("a::/b", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(HostMount::parse(text).ok(), expected, "{text}");
        }
    }
}
