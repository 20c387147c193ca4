//! Driver capabilities: which families of driver files a container asks for.
//!
//! Only the prestart hook looks at them; the original's CDI modes give every container all files.

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
    let asked = variables.get("NVIDIA_DRIVER_CAPABILITIES").map(|value| (value, names(value)));
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
