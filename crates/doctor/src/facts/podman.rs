//! Podman: whether it is there, and the old hook that injects a second time.

use super::{Reason, STANDARD_DIRECTORIES, look};
use host::Host;
use serde::{Deserialize, Serialize};

const HOOK_DIRECTORIES: &[&str] = &["/usr/share/containers/oci/hooks.d", "/etc/containers/oci/hooks.d"];

/// Podman on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Podman {
    /// `podman`, the program.
    pub program: Option<String>,
    /// Files of hooks that call the toolkit's prestart hook.
    pub old_hooks: Vec<String>,
}

pub(super) fn read(host: &Host) -> Result<Podman, Reason> {
    Ok(Podman { program: program(host)?, old_hooks: old_hooks(host)? })
}

fn program(host: &Host) -> Result<Option<String>, Reason> {
    for directory in STANDARD_DIRECTORIES {
        let path = format!("{directory}/podman");
        if look::exists(host, &path)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn old_hooks(host: &Host) -> Result<Vec<String>, Reason> {
    let mut found = Vec::new();
    for directory in HOOK_DIRECTORIES {
        for name in look::names(host, directory)?.iter().filter(|name| name.ends_with(".json")) {
            let path = format!("{directory}/{name}");
            let text = look::text(host, &path)?.unwrap_or_default();
            if text.contains("nvidia-container-runtime-hook") || text.contains("nvidia-container-toolkit") {
                found.push(path);
            }
        }
    }
    Ok(found)
}
