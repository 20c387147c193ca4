//! Making the engine act on its changed files, when the caller asks for it; else what to type.

use super::apply;
use crate::arguments::Parsed;
use crate::session::Session;
use diag::{Failure, Result};
use engines::restart::{Need, Running, Shown, Way, shown, way};
use engines::{Desired, Engine, Installation, codes};
use plan::{Applicability, Plan};
use std::time::Duration;

/// How often it is asked.
const PAUSE: Duration = Duration::from_millis(250);

/// What is to happen after the files are written.
pub(super) struct Restart {
    engine: &'static Engine,
    installation: Installation,
    desired: Desired,
    asked: bool,
    command: Option<String>,
    stop_containers: bool,
    /// How long the daemon may take to show its new configuration.
    patience: Duration,
    /// As the caller gave it: where the change is to be taken back.
    root: String,
}

impl Restart {
    pub(super) fn new(
        parsed: &Parsed,
        engine: &'static Engine,
        installation: Installation,
        desired: Desired,
    ) -> Result<Self> {
        let command = Some(parsed.text("restart-command").to_owned()).filter(|command| !command.is_empty());
        Ok(Self {
            engine,
            installation,
            desired,
            asked: parsed.switch("restart") || command.is_some(),
            command,
            stop_containers: parsed.switch("stop-containers"),
            patience: patience(parsed.text("restart-timeout"))?,
            root: parsed.text("root").to_owned(),
        })
    }

    /// Carries out the plan, and the restart with it when that is asked for and needed.
    pub(super) fn carry_out(&self, session: &mut Session, plan: &Plan) -> Result<()> {
        if !self.asked {
            return self.only_write(session, plan);
        }
        let in_force = plan.is_empty()
            && shown(&session.host, self.engine, &self.installation, &self.desired) == Shown::Yes;
        if in_force {
            session.info(&format!("{} shows it already; nothing is restarted", self.engine.name));
            return Ok(());
        }
        let need = if plan.is_empty() { Need::Restart } else { (self.engine.need)(plan) };
        match self.way(session, need) {
            Way::Nothing(why) => {
                apply(session, plan, &self.root)?;
                session.info(&format!("Nothing to restart: {why}"));
                Ok(())
            }
            Way::ByHand(what) => {
                apply(session, plan, &self.root)?;
                session.warn(&format!("Cannot restart {} from here: {what}", self.engine.name));
                Ok(())
            }
            way @ Way::Run { .. } => self.restart(session, plan, &way),
        }
    }

    fn only_write(&self, session: &mut Session, plan: &Plan) -> Result<()> {
        if plan.is_empty() {
            return Ok(());
        }
        apply(session, plan, &self.root)?;
        match self.way(session, (self.engine.need)(plan)) {
            Way::Nothing(_) if self.engine.name == "podman" => {
                session.info("Podman has no daemon: the next container uses it.");
            }
            way => {
                session.info(&format!("It is recommended that {} daemon be restarted.", self.engine.name));
                match way {
                    Way::Run { argv, .. } => {
                        session.info(&format!("`{}` does it, and so does --restart.", argv.join(" ")))
                    }
                    Way::ByHand(what) if what.starts_with("sudo ") || what.starts_with("systemctl ") => {
                        session.info(&format!("`{what}` does it."));
                    }
                    Way::ByHand(_) | Way::Nothing(_) => {}
                }
            }
        }
        Ok(())
    }

    fn way(&self, session: &Session, need: Need) -> Way {
        way(&session.host, self.engine, &self.installation, need, self.command.as_deref())
    }

    fn restart(&self, session: &mut Session, plan: &Plan, way: &Way) -> Result<()> {
        let before = Running::now(&session.host, self.engine, &self.installation);
        let mut way = way.clone();
        if !self.stop_containers {
            match before.may_be_restarted(&session.host, &self.installation) {
                Err(_) if way.is_gentle() => way = way.gentle_back(),
                Err(failure) => return Err(failure),
                Ok(()) => {}
            }
        }
        let title =
            if plan.is_empty() { format!("restart {}", self.engine.name) } else { plan.title.clone() };
        let mut whole = Plan { title, applicability: Applicability::Unsafe, steps: plan.steps.clone() };
        whole.steps.extend(way.step());
        let id = apply(session, &whole, &self.root)?;
        match self.wait(session) {
            Shown::Yes => session.info(&format!("{} shows the new configuration", self.engine.name)),
            Shown::CannotTell(why) => {
                session.warn(&format!(
                    "{} was restarted; whether it took the change cannot be told: {why}",
                    self.engine.name
                ));
            }
            Shown::No(what) => return Err(self.roll_back(session, id.as_deref(), &what)),
        }
        let lost = before.lost(&Running::now(&session.host, self.engine, &self.installation));
        if !lost.is_empty() {
            session.warn(&format!("these ended with the restart: {}", lost.join(", ")));
        }
        Ok(())
    }

    /// Asks until the daemon shows the change or the patience ends. Who cannot tell may only be on its
    /// way up, so it is asked some more.
    fn wait(&self, session: &Session) -> Shown {
        let rounds = (self.patience.as_millis() / PAUSE.as_millis()).max(1);
        let mut last = Shown::No("it was not asked".to_owned());
        for round in 0..rounds {
            last = shown(&session.host, self.engine, &self.installation, &self.desired);
            let settled = match last {
                Shown::Yes => true,
                Shown::CannotTell(_) => round >= 8,
                Shown::No(_) => false,
            };
            if settled {
                break;
            }
            session.pause(PAUSE);
        }
        last
    }

    fn roll_back(&self, session: &mut Session, id: Option<&str>, what: &str) -> Failure {
        let message = format!(
            "{} does not show the new configuration after {} s: {what}",
            self.engine.name,
            self.patience.as_secs()
        );
        let failure = Failure::coded(codes::NOT_IN_FORCE, message);
        let Some(id) = id else { return failure };
        match session.writable().undo(id) {
            Ok(_) => failure.hint("the change was taken back; the engine's log says why it did not start"),
            Err(second) => {
                failure.caused_by(second).hint(format!("`longshore undo {id}` takes the change back"))
            }
        }
    }
}

/// Seconds, from 1 to an hour.
fn patience(text: &str) -> Result<Duration> {
    let seconds = text.strip_suffix('s').unwrap_or(text).parse::<u64>().ok();
    let seconds = seconds.filter(|seconds| (1..=3600).contains(seconds)).ok_or_else(|| {
        let problem = format!("--restart-timeout takes seconds from 1 to 3600, not {text:?}");
        Failure::coded(crate::codes::BAD_VALUE, problem)
    })?;
    Ok(Duration::from_secs(seconds))
}
