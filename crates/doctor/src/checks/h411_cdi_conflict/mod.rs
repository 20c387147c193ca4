//! H411: does one specification define each device?

use crate::codes::CDI_CONFLICT;
use crate::facts::SpecificationFile;
use crate::specifications;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let files = match specifications::applicable(facts) {
        Ok(files) => files,
        Err(outcome) => return outcome,
    };
    let found = conflicts(files);
    if found.is_empty() {
        return Outcome::Fine("each device stands in one file".to_owned());
    }
    let severity = specifications::weight(facts);
    Outcome::Found(found.into_iter().map(|(file, proof)| finding(file, proof, severity)).collect())
}

fn finding(file: &SpecificationFile, proof: Vec<String>, severity: Severity) -> Finding {
    let message = format!(
        "{} defines devices that another file of the same directory defines too: engines use neither",
        file.path
    );
    proof.into_iter().fold(Finding::new(CDI_CONFLICT, severity, message), Finding::evidence)
}

/// Engines drop a device that two files of one directory define.
fn conflicts(files: &[SpecificationFile]) -> Vec<(&SpecificationFile, Vec<String>)> {
    let all: Vec<_> = specifications::valid(files).collect();
    let mut found = Vec::new();
    for (position, (file, spec)) in all.iter().enumerate() {
        let earlier = all
            .iter()
            .take(position)
            .filter(|(other, before)| other.directory == file.directory && before.kind == spec.kind);
        for (other, before) in earlier {
            let names: Vec<&str> = spec
                .devices
                .iter()
                .filter(|name| before.devices.contains(name))
                .map(String::as_str)
                .collect();
            if !names.is_empty() {
                found.push((
                    *file,
                    vec![format!(
                        "{} and {} both define {}={}",
                        other.path,
                        file.path,
                        spec.kind,
                        names.join(", ")
                    )],
                ));
            }
        }
    }
    found
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let files = &facts.specifications.known()?.files;
    let (file, _) = conflicts(files).into_iter().next()?;
    Some(
        Remedy::asking(
            format!("sudo rm {}", file.path),
            "removes the second definition; look first which of them is kept up to date",
        )
        .as_root(),
    )
}
