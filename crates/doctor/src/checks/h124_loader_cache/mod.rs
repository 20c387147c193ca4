//! H124: does the loader cache know the driver's libraries?

use crate::codes::LOADER_CACHE;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let driver = match facts.driver.as_result() {
        Ok(driver) => driver,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    match (driver.libraries.is_empty(), driver.in_loader_cache) {
        (true, _) => Outcome::DoesNotApply("there are no libraries to know".to_owned()),
        (_, None) => Outcome::DoesNotApply("this system has no loader cache".to_owned()),
        // There every program has the folder of its libraries written into it.
        _ if driver.libraries.iter().all(|path| path.starts_with("/nix/store/")) => {
            Outcome::DoesNotApply("NixOS uses no loader cache".to_owned())
        }
        (_, Some(true)) => Outcome::Fine("knows the driver's libraries".to_owned()),
        (_, Some(false)) => {
            let message = "the loader cache does not know the driver's libraries: programs of this machine do not find them";
            let first = driver.libraries.first().map_or("", String::as_str);
            let finding = Finding::new(LOADER_CACHE, Severity::Warning, message)
                .evidence("/etc/ld.so.cache lists neither libcuda.so.1 nor libnvidia-ml.so.1")
                .evidence(format!("{first} is there"))
                .help("Longshore looks into directories as well; the original toolkit does not");
            Outcome::Found(vec![finding])
        }
    }
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(Remedy::asking("sudo ldconfig", "/etc/ld.so.cache").as_root())
}
