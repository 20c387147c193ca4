//! The change of an engine's configuration that a cause asks for: the plan of `nvidia-ctk runtime
//! configure`, with what makes the daemon act on it as its last step.

use crate::session::Session;
use diag::{Code, Result};
use doctor::facts::EngineKind;
use doctor::{Cause, Facts, codes};
use engines::restart::{self, Way};
use engines::{Desired, Engine, Files, Wish};
use plan::{Applicability, Plan};

/// The plan; `None` where the cause asks for none, or no program is installed that could be registered.
pub(super) fn plan(session: &mut Session, facts: &Facts, cause: &Cause) -> Result<Option<Plan>> {
    let Some(engine) = engine(facts, cause.code) else { return Ok(None) };
    let enable_cdi = cause.code == codes::CDI_ENABLED;
    let Some(runtime_path) = installed(facts) else { return Ok(None) };
    let installation =
        engines::choose(&session.host, engine, Wish { rootless: is_rootless(facts) })?.installation;
    let files = Files {
        config: &installation.config,
        drop_in: installation.drop_in.as_deref().or(engine.default_drop_in).unwrap_or_default(),
        dumped: None,
        release: engines::release(&session.host, engine, installation.program.as_deref()),
    };
    let runtime_name = "nvidia".to_owned();
    let desired = Desired { runtime_name, runtime_path, set_as_default: false, enable_cdi };
    let mut plan: Plan = (engine.propose)(&session.host, &files, &desired)?.plan;
    if plan.is_empty() {
        return Ok(None);
    }
    plan.applicability = Applicability::Unsafe;
    let need = (engine.need)(&plan);
    match restart::way(&session.host, engine, &installation, need, None) {
        Way::ByHand(what) => session.info(&format!("afterwards: {what}")),
        way => plan.steps.extend(way.step()),
    }
    Ok(Some(plan))
}

fn engine(facts: &Facts, code: Code) -> Option<&'static Engine> {
    let name = match (code, facts.question.engine) {
        (codes::CDI_ENABLED | codes::RUNTIME_BROKEN, EngineKind::Docker) => "docker",
        (codes::CRI_RUNTIME, EngineKind::Crio) => "crio",
        (codes::CRI_RUNTIME, EngineKind::Containerd) => {
            facts.node.known()?.as_ref().map_or("containerd", |node| node.kind.engine())
        }
        _ => return None,
    };
    engines::by_name(name)
}

fn is_rootless(facts: &Facts) -> bool {
    facts.engine.known().and_then(|engine| engine.answer.known()).is_some_and(|answer| answer.rootless)
}

/// The shim that is installed, wherever it is.
fn installed(facts: &Facts) -> Option<String> {
    let programs = &facts.toolkit.known()?.programs;
    let shim =
        |program: &&doctor::facts::Program| program.name == "nvidia-container-runtime" && program.executable;
    programs.iter().find(shim).map(doctor::facts::Program::path)
}
