//! H313: is the hook in the daemon's own `PATH`?

use crate::codes::HOOK_PATH;
use crate::facts::{Daemon, Program};
use crate::{Facts, Remedy, serving};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    if let Some(why) = serving::place(facts).why_not_here() {
        return Outcome::CannotTell(why);
    }
    let toolkit = match facts.toolkit.as_result() {
        Ok(toolkit) => toolkit,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let anywhere = serving::anywhere(facts, toolkit);
    let Some(hook) = anywhere.first() else {
        return Outcome::DoesNotApply("there is no hook to look for".to_owned());
    };
    let daemon = match facts.daemon.as_result() {
        Ok(daemon) => daemon,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let path = match daemon.path.as_result() {
        Ok(path) => path,
        Err(reason) => return Outcome::CannotTell(format!("{reason}; the hook is {}", hook.path())),
    };
    match anywhere.iter().find(|program| path.contains(&program.directory)) {
        Some(program) => Outcome::Fine(program.path()),
        None => Outcome::Found(vec![finding(daemon, hook, path)]),
    }
}

fn finding(daemon: &Daemon, hook: &Program, path: &[String]) -> Finding {
    let message = format!(
        "`{}` is in {}, which is not in the PATH of {}",
        hook.name,
        hook.directory,
        serving::who(daemon)
    );
    let shown = if path.is_empty() { "it has none".to_owned() } else { path.join(":") };
    Finding::new(HOOK_PATH, Severity::Error, message)
        .evidence(format!("PATH in /proc/{}/environ: {shown}", daemon.pid))
        .evidence(format!("{} is executable", hook.path()))
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let toolkit = facts.toolkit.known()?;
    let hook = *serving::anywhere(facts, toolkit).first()?;
    let path = facts.daemon.known()?.path.known()?;
    let (restart, _) = serving::restart(facts);
    let remedy = match path.iter().find(|directory| directory.as_str() == "/usr/local/bin").or(path.first()) {
        Some(directory) => Remedy::asking(
            format!("sudo ln -s {} {directory}/{} && {restart}", hook.path(), hook.name),
            format!("a link in {directory}, where dockerd looks when it starts"),
        ),
        None => Remedy::shown(
            format!("start dockerd with PATH containing {}", hook.directory),
            "the daemon's environment: it has no PATH at all",
        ),
    };
    Some(remedy.as_root().restarting("dockerd and, without live-restore, all its containers"))
}
