//! H308: is a known escape open in the installed versions?

use crate::codes::KNOWN_ESCAPES;
use crate::facts::{HOOK, Maker, Package};
use crate::serving;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};
use knowledge::escape::{Escape, Program, escapes};

/// Packages that their own makers publish, with what is in them. Distributions mend old versions, and
/// of those the number says nothing.
const PACKAGES: &[(&str, Program)] = &[
    ("nvidia-container-toolkit", Program::Toolkit),
    ("nvidia-container-toolkit-base", Program::Toolkit),
    ("docker-ce", Program::Docker),
    ("containerd.io", Program::Containerd),
    ("podman", Program::Podman),
    ("crun", Program::Crun),
];

/// Something with a version, and who says so.
struct Installed {
    program: Program,
    name: String,
    version: String,
    said_by: &'static str,
}

pub(super) fn run(facts: &Facts) -> Outcome {
    let installed = installed(facts);
    let found: Vec<Finding> = installed.iter().filter_map(finding).collect();
    if !found.is_empty() {
        return Outcome::Found(found);
    }
    match (installed.first(), serving::runc(facts)) {
        (Some(_), _) => {
            let names = installed.iter().map(|one| format!("{} {}", one.name, one.version));
            Outcome::Fine(format!("none known in {}", names.collect::<Vec<_>>().join(", ")))
        }
        (None, Some(runc)) => {
            Outcome::Fine(format!("runc {runc} is of a distribution, which mends old versions"))
        }
        (None, None) => Outcome::DoesNotApply("no version is known that could be looked up".to_owned()),
    }
}

fn installed(facts: &Facts) -> Vec<Installed> {
    let packages = facts.packages.known().map(Vec::as_slice).unwrap_or_default();
    let mut installed: Vec<Installed> = PACKAGES
        .iter()
        .filter_map(|(name, program)| {
            let package = packages.iter().find(|package| package.name == *name)?;
            Some(Installed {
                program: *program,
                name: package.name.clone(),
                version: of_its_maker(package, *program)?,
                said_by: "the list of packages",
            })
        })
        .filter(|one| one.program != Program::Toolkit || !ours_serves(facts))
        .collect();
    installed.dedup_by(|one, before| one.program == before.program);
    let runc = serving::runc(facts).filter(|version| is_plain(version));
    installed.extend(runc.map(|version| Installed {
        program: Program::Runc,
        name: "runc".to_owned(),
        version: version.to_owned(),
        said_by: "the daemon",
    }));
    installed
}

/// The version, when the package is the maker's own.
fn of_its_maker(package: &Package, program: Program) -> Option<String> {
    let own = match program {
        Program::Docker | Program::Containerd | Program::Toolkit => true,
        // Who publishes a package shows in its revision: `5.6.0-1` is nobody's, `5.6.0-1.el9` is.
        _ => package.version.rsplit('-').next().is_some_and(is_plain),
    };
    own.then(|| package.upstream().to_owned())
}

fn is_plain(version: &str) -> bool {
    version.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn ours_serves(facts: &Facts) -> bool {
    let programs = facts.toolkit.known().map(|toolkit| toolkit.programs.as_slice()).unwrap_or_default();
    programs
        .iter()
        .find(|program| program.name == HOOK)
        .is_some_and(|program| program.maker == Some(Maker::Longshore))
}

fn finding(one: &Installed) -> Option<Finding> {
    let escapes: Vec<&Escape> = escapes(one.program, &one.version);
    let newest = escapes.last()?;
    let worst = escapes.iter().rfind(|escape| escape.by_image);
    let count = if escapes.len() == 1 {
        "a known escape".to_owned()
    } else {
        format!("{} known escapes", escapes.len())
    };
    let message = match worst {
        Some(worst) => format!(
            "{} {} has {count} ({}): an image can take over this machine",
            one.name, one.version, worst.cve
        ),
        None => format!("{} {} has {count} ({})", one.name, one.version, newest.cve),
    };
    let severity = if worst.is_some() { Severity::Warning } else { Severity::Note };
    let finding = Finding::new(KNOWN_ESCAPES, severity, message)
        .evidence(format!("{} names this version", one.said_by))
        .help(format!("the first release without it is {}", newest.way_out(&one.version)));
    Some(escapes.iter().fold(finding, |finding, escape| {
        finding.evidence(format!("{}: {} ({})", escape.cve, escape.what, escape.source.document))
    }))
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(Remedy::shown("upgrade the package that the finding names", "the toolkit or the engine").as_root())
}
