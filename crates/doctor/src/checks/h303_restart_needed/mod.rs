//! H303: was the daemon started after its hook was put there?

use crate::codes::RESTART_NEEDED;
use crate::facts::{Daemon, Program};
use crate::{Facts, Remedy, serving};
use diag::{Finding, Outcome, Severity};

/// The daemon looks for its hook within this time of its start. A change inside it can lie on
/// either side of that look.
const WINDOW_NS: i64 = 1_000_000_000;

pub(super) fn run(facts: &Facts) -> Outcome {
    if let Some(why) = serving::place(facts).why_not_here() {
        return Outcome::CannotTell(why);
    }
    let toolkit = match facts.toolkit.as_result() {
        Ok(toolkit) => toolkit,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let candidates = serving::in_path(facts, toolkit).unwrap_or_else(|| serving::anywhere(facts, toolkit));
    // The oldest one counts: one hook that was there is enough.
    let Some(hook) = candidates.iter().min_by_key(|program| program.changed_ns) else {
        return Outcome::DoesNotApply("dockerd has no hook to know".to_owned());
    };
    match facts.daemon.as_result() {
        Ok(daemon) => judge(daemon, hook),
        Err(reason) => Outcome::CannotTell(reason.to_string()),
    }
}

fn judge(daemon: &Daemon, hook: &Program) -> Outcome {
    let later = hook.changed_ns.saturating_sub(daemon.started_ns);
    if later < 0 {
        return Outcome::Fine(format!("its hook is {} older than the process", span(later)));
    }
    if later < WINDOW_NS {
        return Outcome::CannotTell(format!(
            "{} was changed within a second of dockerd's start",
            hook.path()
        ));
    }
    Outcome::Found(vec![finding(daemon, hook, later)])
}

fn finding(daemon: &Daemon, hook: &Program, later: i64) -> Finding {
    let message = format!(
        "`{}` was put in place {} after {} had started, and dockerd looks only when it starts",
        hook.name,
        span(later),
        serving::who(daemon)
    );
    Finding::new(RESTART_NEEDED, Severity::Error, message)
        .evidence(format!("{} was last changed at {} (ctime)", hook.path(), moment(hook.changed_ns)))
        .evidence(format!("process {} started at {}", daemon.pid, moment(daemon.started_ns)))
        .evidence("an upgrade that replaced an older hook looks the same; then `--gpus` works already")
}

/// Seconds since 1970, as `date -d @SECONDS` reads them.
fn moment(ns: i64) -> String {
    format!("@{}.{:03}", ns.div_euclid(WINDOW_NS), ns.rem_euclid(WINDOW_NS) / 1_000_000)
}

/// A length of time in its largest sensible unit.
fn span(ns: i64) -> String {
    match ns.unsigned_abs() / 1_000_000_000 {
        0 => "less than 1 s".to_owned(),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let (command, root) = serving::restart(facts);
    let remedy = Remedy::asking(command, "makes dockerd look for its hook again")
        .restarting("dockerd and, without live-restore, all its containers");
    Some(if root { remedy.as_root() } else { remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_moments_are_readable() {
        assert_eq!(span(-7_000_000), "less than 1 s");
        assert_eq!(span(-7_000_000_000), "7 s");
        assert_eq!(span(600_000_000_000), "10 min");
        assert_eq!(span(90_000_000_000_000), "25 h");
        assert_eq!(span(900_000_000_000_000), "10 days");
        assert_eq!(moment(1_700_000_000_123_456_789), "@1700000000.123");
    }
}
