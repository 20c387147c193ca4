//! Driver capabilities: which families of driver files a container asks for.

use crate::codes;
use crate::request::Variables;
use diag::{Failure, Result};
use driver::families::Family;
use oci::Config;
use settings::Settings;
use std::collections::BTreeSet;

/// Families of driver files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The families.
    pub families: BTreeSet<Family>,
    /// Whether the 32-bit libraries of these families are wanted too.
    pub compat32: bool,
}

impl Capabilities {
    /// Whether files of this family are wanted.
    #[must_use]
    pub fn has(&self, family: Family) -> bool {
        family == Family::Always || self.families.contains(&family)
    }
}

/// Libraries of other families that OpenGL, EGL and Vulkan load too: the shader compiler, the allocator
/// behind GBM, the presentation of Vulkan.
const OF_GRAPHICS_TOO: &[&str] = &["libnvidia-gpucomp.so", "libnvidia-allocator.so", "libnvidia-present.so"];

impl Capabilities {
    /// Whether a library is wanted, by its file name.
    pub(crate) fn has_library(&self, name: &str, family: Family) -> bool {
        let with_graphics = || OF_GRAPHICS_TOO.iter().any(|stem| name.starts_with(stem));
        self.has(family) || (self.families.contains(&Family::Graphics) && with_graphics())
    }
}

const VARIABLE: &str = "NVIDIA_DRIVER_CAPABILITIES";
const ALL: &[&str] = &["compat32", "compute", "display", "graphics", "ngx", "utility", "video"];

/// The capabilities that a container asks for with `NVIDIA_DRIVER_CAPABILITIES`, within
/// `supported-driver-capabilities`. Unset: `utility,compute`, and everything for images made before
/// CUDA 9.
///
/// # Errors
/// A capability that does not exist or is not supported, in the variable or in the settings.
pub fn capabilities(config: &Config, settings: &Settings) -> Result<Capabilities> {
    let supported = supported(settings)?;
    let variables = Variables::of(config);
    let asked = variables.get(VARIABLE).map(|value| (value, names(value)));
    let chosen: BTreeSet<&str> = match &asked {
        None if variables.is_legacy_image() => supported.clone(),
        Some((_, names)) if names.contains("all") => supported.clone(),
        Some((text, names)) if !names.is_empty() => {
            if !names.is_subset(&supported) {
                return Err(unsupported(text, &supported));
            }
            names.clone()
        }
        _ => BTreeSet::from(["utility", "compute"]).intersection(&supported).copied().collect(),
    };
    Ok(of_names(&chosen))
}

/// The capabilities for the modes in which the original gives every container all files: `None`, which
/// is all of them, where the container does not say what it needs. `all` is everything too, and the
/// 32-bit libraries. Words that nobody knows are passed over ([`unknown_capabilities`]): in these modes the
/// original does not look at the variable, and a container that it starts has to start.
///
/// # Errors
/// A capability that is not supported, in the variable or in the settings.
pub fn explicit_capabilities(config: &Config, settings: &Settings) -> Result<Option<Capabilities>> {
    let variables = Variables::of(config);
    let text = variables.get(VARIABLE).unwrap_or_default();
    let asked: BTreeSet<&str> = names(text).into_iter().filter(|name| is_known(name)).collect();
    if asked.is_empty() {
        return Ok(None);
    }
    let supported = supported(settings)?;
    if !asked.contains("all") {
        let within = asked.is_subset(&supported);
        return if within { Ok(Some(of_names(&asked))) } else { Err(unsupported(text, &supported)) };
    }
    let mut found = of_names(&supported);
    if ALL.iter().all(|name| supported.contains(name)) {
        found.families.insert(Family::Other);
    }
    Ok(Some(found))
}

/// Words of the container's `NVIDIA_DRIVER_CAPABILITIES` that are no capability.
#[must_use]
pub fn unknown_capabilities(config: &Config) -> Vec<String> {
    let variables = Variables::of(config);
    let asked = names(variables.get(VARIABLE).unwrap_or_default());
    asked.into_iter().filter(|name| !is_known(name)).map(str::to_owned).collect()
}

fn is_known(name: &str) -> bool {
    name == "all" || ALL.contains(&name)
}

fn names(text: &str) -> BTreeSet<&str> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

fn supported(settings: &Settings) -> Result<BTreeSet<&str>> {
    let text = settings.supported_driver_capabilities.as_str();
    let listed = names(text);
    if listed.contains("all") {
        return Ok(ALL.iter().copied().collect());
    }
    match listed.iter().find(|name| !ALL.contains(*name)) {
        None => Ok(listed),
        Some(name) => {
            let message = format!(
                "Invalid value for config option supported-driver-capabilities: {text} (unknown: {name})"
            );
            Err(Failure::coded(codes::UNSUPPORTED_CAPABILITIES, message)
                .hint(format!("known are {} and all", ALL.join(","))))
        }
    }
}

fn unsupported(text: &str, supported: &BTreeSet<&str>) -> Failure {
    let allowed = supported.iter().copied().collect::<Vec<_>>().join(",");
    Failure::coded(
        codes::UNSUPPORTED_CAPABILITIES,
        format!("unsupported capabilities found in '{text}' (allowed '{allowed}')"),
    )
    .hint("NVIDIA_DRIVER_CAPABILITIES is a comma list; `all` stands for everything allowed")
}

/// Video needs the compute libraries, display those of graphics.
fn of_names(names: &BTreeSet<&str>) -> Capabilities {
    let families = names.iter().flat_map(|name| -> &[Family] {
        match *name {
            "compute" => &[Family::Compute],
            "display" => &[Family::Display, Family::Graphics],
            "graphics" => &[Family::Graphics],
            "ngx" => &[Family::Ngx],
            "utility" => &[Family::Utility],
            "video" => &[Family::Video, Family::Compute],
            _ => &[],
        }
    });
    Capabilities { families: families.copied().collect(), compat32: names.contains("compat32") }
}
