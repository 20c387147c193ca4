//! H408: has the daemon CDI switched on?

use crate::codes::CDI_ENABLED;
use crate::facts::{CDI_HOOK, DaemonJson, HOOK};
use crate::serving;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let Some(answer) = serving::answer(facts) else {
        return Outcome::CannotTell("the daemon did not answer".to_owned());
    };
    let on = answer.cdi_directories.as_ref().is_some_and(|list| !list.is_empty());
    let version = serving::version(&answer.version);
    match (on, version) {
        (true, _) => Outcome::Fine("switched on".to_owned()),
        (false, Some(version)) if version < (25, 0) => {
            Outcome::DoesNotApply(format!("Docker {} has no CDI", answer.version))
        }
        (false, Some(version)) if version < (28, 2) => {
            Outcome::DoesNotApply("switched off, as is usual before Docker 28.2".to_owned())
        }
        (false, _) => off(facts),
    }
}

/// From 28.2 on somebody has switched it off; that hurts `--gpus` only when nothing else serves it.
fn off(facts: &Facts) -> Outcome {
    let programs = facts.toolkit.known().map(|toolkit| toolkit.programs.as_slice()).unwrap_or_default();
    let has = |name: &str| programs.iter().any(|program| program.name == name && program.executable);
    let severity = if has(CDI_HOOK) && !has(HOOK) { Severity::Error } else { Severity::Note };
    let named = facts
        .configuration
        .known()
        .is_some_and(|file| matches!(&file.content, DaemonJson::Valid { cdi: Some(false), .. }));
    let finding = Finding::new(
        CDI_ENABLED,
        severity,
        "CDI is switched off in this daemon: `--device nvidia.com/gpu=all` is refused",
    )
    .evidence("the daemon names no CDI directories");
    Outcome::Found(vec![if named {
        finding.evidence("`features.cdi` is false in its daemon.json")
    } else {
        finding
    }])
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let (restart, _) = serving::restart(facts);
    Some(
        Remedy::asking(
            format!("sudo nvidia-ctk runtime configure --runtime=docker --cdi.enabled && {restart}"),
            "`features.cdi` in daemon.json",
        )
        .as_root()
        .restarting("dockerd"),
    )
}
