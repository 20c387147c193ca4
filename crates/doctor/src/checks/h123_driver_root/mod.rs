//! H123: are the driver's libraries where the toolkit looks for them?

use crate::codes::DRIVER_ROOT;
use crate::facts::ToolkitSettings;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let driver = match facts.driver.as_result() {
        Ok(driver) => driver,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    if !driver.libraries.is_empty() || driver.in_wsl {
        return Outcome::Fine("its libraries are in this system's own root".to_owned());
    }
    let Some(root) = driver.other_roots.first() else {
        return Outcome::DoesNotApply("no driver in another root".to_owned());
    };
    if let Err(reason) = facts.settings.as_result() {
        return Outcome::CannotTell(reason.to_string());
    }
    match configured(facts) {
        Some(configured) if driver.other_roots.iter().any(|root| root == configured) => {
            Outcome::Fine(format!("{configured}, as the toolkit is told"))
        }
        configured => Outcome::Found(vec![finding(root, configured)]),
    }
}

fn configured(facts: &Facts) -> Option<&str> {
    match &facts.settings.known()?.content {
        ToolkitSettings::Read { root, .. } => root.as_deref(),
        _ => None,
    }
}

fn finding(root: &str, configured: Option<&str>) -> Finding {
    let message = format!("the driver's libraries are in {root}, where the toolkit does not look");
    Finding::new(DRIVER_ROOT, Severity::Error, message)
        .evidence(format!("libcuda.so.* is below {root} and in no directory of this system's own root"))
        .evidence(format!("`nvidia-container-cli.root` is {}", configured.unwrap_or("not set")))
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let root = facts.driver.known()?.other_roots.first()?;
    Some(
        Remedy::safe(
            format!("sudo nvidia-ctk config --set nvidia-container-cli.root={root} --in-place"),
            "the toolkit's configuration file",
        )
        .as_root(),
    )
}
