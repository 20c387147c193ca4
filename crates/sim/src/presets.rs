//! The descriptions that come with the program.

use crate::{Description, codes};
use diag::{Failure, Result};

/// A description that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The name that `--host` takes.
    pub name: &'static str,
    /// The description as written.
    pub text: &'static str,
}

/// The hosts, in the order in which they are listed.
pub const HOSTS: &[Preset] = &[
    Preset { name: "workstation", text: include_str!("../presets/workstation.toml") },
    Preset { name: "dgx-h100", text: include_str!("../presets/dgx-h100.toml") },
    Preset { name: "dgx-mig", text: include_str!("../presets/dgx-mig.toml") },
    Preset { name: "dgx-mig-mixed", text: include_str!("../presets/dgx-mig-mixed.toml") },
    Preset { name: "hgx-fabric", text: include_str!("../presets/hgx-fabric.toml") },
    Preset { name: "gb200", text: include_str!("../presets/gb200.toml") },
    Preset { name: "vgpu-guest", text: include_str!("../presets/vgpu-guest.toml") },
    Preset { name: "driver-container", text: include_str!("../presets/driver-container.toml") },
    Preset { name: "debian", text: include_str!("../presets/debian.toml") },
    Preset { name: "nixos", text: include_str!("../presets/nixos.toml") },
    Preset { name: "orin", text: include_str!("../presets/orin.toml") },
    Preset { name: "wsl2", text: include_str!("../presets/wsl2.toml") },
    Preset { name: "half-upgraded", text: include_str!("../presets/half-upgraded.toml") },
    Preset { name: "no-driver", text: include_str!("../presets/no-driver.toml") },
    Preset { name: "conformance", text: include_str!("../presets/conformance.toml") },
];

/// What hosts inherit from; no hosts by themselves.
const BASES: &[Preset] = &[Preset { name: "r580", text: include_str!("../presets/r580.toml") }];

/// Name and summary of every host.
///
/// # Errors
/// When a preset is broken, which a test excludes.
pub fn list() -> Result<Vec<(&'static str, String)>> {
    HOSTS.iter().map(|preset| Ok((preset.name, Description::preset(preset.name)?.summary))).collect()
}

/// The text of a preset, or of a base that presets inherit from.
///
/// # Errors
/// When there is none of that name.
pub fn text(name: &str) -> Result<&'static str> {
    let found = HOSTS.iter().chain(BASES).find(|preset| preset.name == name);
    found.map(|preset| preset.text).ok_or_else(|| {
        let names: Vec<&str> = HOSTS.iter().map(|preset| preset.name).collect();
        Failure::coded(codes::NO_SUCH_PRESET, format!("no simulated host is called {name}"))
            .hint(format!("there are {}; a path to a description ends in .toml", names.join(", ")))
    })
}
