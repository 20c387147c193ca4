//! H308: is a known escape open in the installed versions?

use crate::check::ANY;
use crate::codes::KNOWN_ESCAPES;
use crate::facts::{HOOK, Maker, Package};
use crate::serving;
use crate::{Check, Facts, Layer, Remedy};
use diag::{Finding, Outcome, Severity};
use knowledge::Numbers;
use knowledge::engine::{Tool, faults};

/// The check.
pub(super) const CHECK: Check = Check {
    code: KNOWN_ESCAPES,
    name: "known-escapes",
    label: "known escapes",
    layer: Layer::Toolkit,
    weight: Severity::Warning,
    engines: ANY,
    explains: &[],
    blinds: &[],
    run,
    remedy,
    doc: include_str!("doc.md"),
};

/// The first releases of runc without the escapes of January 2024 (CVE-2024-21626).
const RUNC: &str = "1.1.12";

fn run(facts: &Facts) -> Outcome {
    let mut found: Vec<Finding> = runc(facts).into_iter().collect();
    let packages = facts.packages.known();
    let toolkit = packages.and_then(|packages| {
        packages.iter().find(|package| package.name.starts_with("nvidia-container-toolkit"))
    });
    if let Some(package) = toolkit.filter(|_| !ours_serves(facts)) {
        found.extend(of_toolkit(package));
    }
    match (found.is_empty(), toolkit, serving::runc(facts)) {
        (false, _, _) => Outcome::Found(found),
        (true, Some(package), _) => {
            Outcome::Fine(format!("none known in {} {}", package.name, package.upstream()))
        }
        (true, None, Some(version)) => Outcome::Fine(format!("none known in runc {version}")),
        (true, None, None) => Outcome::DoesNotApply("no version is known that could be looked up".to_owned()),
    }
}

fn ours_serves(facts: &Facts) -> bool {
    let programs = facts.toolkit.known().map(|toolkit| toolkit.programs.as_slice()).unwrap_or_default();
    programs
        .iter()
        .find(|program| program.name == HOOK)
        .is_some_and(|program| program.maker == Some(Maker::Longshore))
}

fn of_toolkit(package: &Package) -> Option<Finding> {
    let faults = faults(Tool::Toolkit, package.upstream());
    let newest = faults.last()?;
    let message = format!(
        "{} {} has known escapes: an image can take over this machine",
        package.name,
        package.upstream()
    );
    let finding = Finding::new(KNOWN_ESCAPES, Severity::Warning, message)
        .help(format!("the first release without them is {}", newest.fixed));
    Some(
        faults.iter().fold(finding, |finding, fault| {
            finding.evidence(format!("before {}: {}", fault.fixed, fault.what))
        }),
    )
}

/// Distributions mend old versions and mark them (`1.1.5+ds1`): of those the number says nothing.
fn runc(facts: &Facts) -> Option<Finding> {
    let version = serving::runc(facts)?;
    let plain = version.chars().all(|c| c.is_ascii_digit() || c == '.');
    let old = Numbers::parse(version)? < Numbers::parse(RUNC)?;
    (plain && old).then(|| {
        let message = format!(
            "runc {version} has a known escape (CVE-2024-21626): an image can take over this machine"
        );
        Finding::new(KNOWN_ESCAPES, Severity::Warning, message)
            .evidence("the daemon names this version of runc")
            .help(format!("the first release without it is {RUNC}"))
    })
}

fn remedy(_: &Facts) -> Option<Remedy> {
    Some(Remedy::shown("upgrade the package that the finding names", "the toolkit or the engine").as_root())
}
