//! `NVIDIA_REQUIRE_*`: what an image needs of the driver and the GPUs, and whether they give it.
//!
//! The grammar is that of libnvidia-container (`src/cli/dsl.c`): a blank is "or", a comma is "and", a
//! factor is `property op value`. What is not known of a machine counts as satisfied.

mod advice;
mod expression;
mod facts;

pub use facts::{Facts, GpuFacts};

use crate::request::Variables;
use crate::{Target, codes};
use diag::{Failure, Result};
use driver::Driver;
use oci::Config;
use settings::Settings;

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Where it was read, for messages: `NVIDIA_REQUIRE_CUDA`, `--require`.
    pub source: String,
    /// The expression: `cuda>=12.8 brand=tesla,driver>=535,driver<536`.
    pub expression: String,
}

/// The requirements of a container, by the names of their variables; none where the settings or
/// `NVIDIA_DISABLE_REQUIRE` say so. `implied` adds what the `CUDA_VERSION` of an image made before
/// CUDA 9 stands for; the original does that in its legacy and csv modes alone.
///
/// # Errors
/// Such a `CUDA_VERSION` is no version.
pub fn requirements(config: &Config, settings: &Settings, implied: bool) -> Result<Vec<Requirement>> {
    let variables = Variables::of(config);
    if settings.disable_require || variables.get("NVIDIA_DISABLE_REQUIRE").is_some_and(is_true) {
        return Ok(Vec::new());
    }
    let mut found: Vec<Requirement> = variables
        .named(|name| name.starts_with("NVIDIA_REQUIRE_") && !name.starts_with("NVIDIA_REQUIRE_JETPACK"))
        .into_iter()
        .map(|(name, value)| Requirement { source: name.to_owned(), expression: value.to_owned() })
        .collect();
    if implied && variables.is_legacy_image() {
        found.push(of_cuda_version(variables.get("CUDA_VERSION").unwrap_or_default())?);
    }
    Ok(found)
}

/// Holds requirements against the GPUs that a container gets; with none of them, against the driver
/// alone.
///
/// # Errors
/// The first requirement that is not met, in the words of the original, and as a hint what the image
/// needs, what the machine gives and what would do; or one that cannot be understood.
pub fn check(requirements: &[Requirement], driver: &Driver, targets: &[Target]) -> Result<()> {
    if requirements.is_empty() {
        return Ok(());
    }
    let facts = Facts::of(driver, targets);
    requirements.iter().try_for_each(|requirement| check_one(requirement, &facts))
}

/// Holds one requirement against what is known of a machine.
///
/// # Errors
/// As for [`check`].
pub fn check_one(requirement: &Requirement, facts: &Facts) -> Result<()> {
    let gpus: Vec<Option<&GpuFacts>> = match facts.gpus.len() {
        0 => vec![None],
        _ => facts.gpus.iter().map(Some).collect(),
    };
    for gpu in gpus {
        match expression::holds(&requirement.expression, facts, gpu) {
            Ok(true) => {}
            Ok(false) => return Err(unsatisfied(requirement, facts, gpu)),
            Err(factor) => return Err(invalid(requirement, factor)),
        }
    }
    Ok(())
}

/// Go's `strconv.ParseBool`; what it does not understand is false.
fn is_true(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn of_cuda_version(version: &str) -> Result<Requirement> {
    let mut parts = version.trim_start_matches('v').splitn(3, '.');
    let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
    match (number(), number()) {
        (Some(major), minor) => Ok(Requirement {
            source: "CUDA_VERSION".to_owned(),
            expression: format!("cuda>={major}.{}", minor.unwrap_or(0)),
        }),
        _ => Err(Failure::coded(
            codes::INVALID_REQUIREMENT,
            format!("requirement error: CUDA_VERSION {version:?} is not a version"),
        )
        .hint(
            "it is a variable of the image; NVIDIA_REQUIRE_CUDA set to `cuda>=MAJOR.MINOR` takes its place",
        )),
    }
}

fn unsatisfied(requirement: &Requirement, facts: &Facts, gpu: Option<&GpuFacts>) -> Failure {
    let first = requirement.expression.split(' ').find(|term| !term.is_empty()).unwrap_or_default();
    let advice = if first.starts_with("cuda>=") {
        ", please update your driver to a newer version, or use an earlier cuda container"
    } else {
        ""
    };
    Failure::coded(
        codes::REQUIREMENT_NOT_MET,
        format!("requirement error: unsatisfied condition: {first}{advice}"),
    )
    .hint(advice::of(requirement, first, facts, gpu))
}

fn invalid(requirement: &Requirement, factor: &str) -> Failure {
    Failure::coded(codes::INVALID_REQUIREMENT, "requirement error: invalid expression").hint(format!(
        "{} has the part {factor:?}; a part is cuda, driver, arch or brand, then =, !=, <, <=, > or >=, then a value; \
         a comma is \"and\", a blank is \"or\"",
        requirement.source
    ))
}
