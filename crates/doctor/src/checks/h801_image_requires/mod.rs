//! H801: is the driver new enough for the image?

use crate::codes::IMAGE_DRIVER;
use crate::facts::{Known, Management, Subject};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};
use inject::requirement::{Facts as Offered, Requirement, check_one};

pub(super) fn run(facts: &Facts) -> Outcome {
    let subject = match subject(facts) {
        Ok(subject) => subject,
        Err(outcome) => return outcome,
    };
    let requirements = requirements(subject);
    if requirements.is_empty() {
        return Outcome::Fine(format!("{} asks for no version", subject.name));
    }
    let Some(offered) = offered(facts) else {
        return Outcome::CannotTell("the driver's version is not known".to_owned());
    };
    let unmet = requirements.iter().filter_map(|one| Some((one, check_one(one, &offered).err()?)));
    let found: Vec<Finding> =
        unmet.map(|(one, failure)| finding(subject, one, &failure.line(), &offered)).collect();
    if found.is_empty() {
        Outcome::Fine(format!("the driver has what {} asks for", subject.name))
    } else {
        Outcome::Found(found)
    }
}

fn requirements(subject: &Subject) -> Vec<Requirement> {
    let named = subject.variables.iter().filter(|(name, _)| name.starts_with("NVIDIA_REQUIRE_"));
    named.map(|(name, value)| Requirement { source: name.clone(), expression: value.clone() }).collect()
}

fn offered(facts: &Facts) -> Option<Offered> {
    let (driver, cuda) = match facts.management.known() {
        Some(Management::Answered { driver, cuda, .. }) => {
            (driver.clone(), cuda.as_deref().and_then(numbers))
        }
        _ => (facts.driver.known()?.module_version.clone()?, None),
    };
    let branch = driver.split('.').next().and_then(|part| part.parse().ok());
    let by_table =
        || knowledge::driver::reach(branch?).map(|(full, _)| (u32::from(full.major), u32::from(full.minor)));
    Some(Offered { cuda: cuda.or_else(by_table), driver: Some(driver), gpus: Vec::new() })
}

fn numbers(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn finding(subject: &Subject, requirement: &Requirement, why: &str, offered: &Offered) -> Finding {
    let cuda =
        offered.cuda.map_or("an unknown CUDA".to_owned(), |(major, minor)| format!("CUDA {major}.{minor}"));
    let message = format!("{} needs a newer driver than this one, which has {cuda}", subject.name);
    let finding = Finding::new(IMAGE_DRIVER, Severity::Error, message)
        .evidence(format!("{}={}", requirement.source, requirement.expression))
        .evidence(why);
    match subject.variable("NVIDIA_DISABLE_REQUIRE") {
        Some(_) => {
            finding.help("NVIDIA_DISABLE_REQUIRE is set: the container starts, and CUDA may still refuse")
        }
        None => finding,
    }
}

fn subject(facts: &Facts) -> Result<&Subject, Outcome> {
    match facts.subject.as_ref().map(Known::as_result) {
        None => Err(Outcome::DoesNotApply("no image was asked about (`--image`, `--container`)".to_owned())),
        Some(Err(reason)) => Err(Outcome::CannotTell(reason.to_string())),
        Some(Ok(subject)) => Ok(subject),
    }
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let subject = facts.subject.as_ref()?.known()?;
    let driver = facts.driver.known()?.module_version.as_deref().unwrap_or("VERSION").to_owned();
    Some(Remedy::shown(
        format!("longshore compat --driver {driver} --image {}", subject.name),
        "nothing; it says which drivers and images fit",
    ))
}
