//! A hostile neighbour: a process of the same user with the same capabilities (none), in the same pid
//! namespace, while a hook waits for its state. It must not get at the hook's memory, descriptors or
//! program; at those of other programs it does.

use crate::exec::{command, output};
use crate::inside::check::Ledger;
use crate::inside::expect::text;
use diag::{Failure, Result, ResultExt};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// What the neighbour tries; `$0` is the process.
const ATTEMPTS: [(&str, &str); 5] = [
    ("its program", "readlink /proc/$0/exe"),
    ("its descriptors", "readlink /proc/$0/fd/0"),
    ("its memory", "head -c 1 /proc/$0/maps"),
    ("its environment", "head -c 1 /proc/$0/environ"),
    ("its root", "ls /proc/$0/root/"),
];

/// With equal capabilities only what a process has said of itself stands between the two.
const ALIKE: [&str; 4] = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"];

/// Runs the attempts on each hook program.
pub(super) fn run(ledger: &mut Ledger) -> Result<()> {
    for (name, words) in [
        ("fused hook", &["/usr/bin/nvidia-cdi-hook", "prepare-container"][..]),
        ("separate hook", &["/usr/bin/nvidia-cdi-hook", "update-application-profile"]),
        ("prestart hook", &["/usr/bin/nvidia-container-runtime-hook", "prestart"]),
    ] {
        ledger.check("hostile neighbour", name, || {
            let hook = Waiting::start(command(ALIKE).args(words))?;
            ATTEMPTS.iter().try_for_each(|(what, script)| must_fail(&hook, what, script))
        })?;
    }
    ledger.check("hostile neighbour", "gets at other processes", || {
        let other = Waiting::start(command(ALIKE).arg("cat"))?;
        match ATTEMPTS.iter().find(|(_, script)| must_fail(&other, "", script).is_ok()) {
            None => Ok(()),
            Some((what, _)) => Err(Failure::new(format!("not even at {what}: this proves nothing"))),
        }
    })
}

fn must_fail(process: &Waiting, what: &str, script: &str) -> Result<()> {
    let mut neighbour = command(ALIKE);
    let ended = output(neighbour.args(["sh", "-c", script]).arg(process.child.id().to_string()))?;
    if ended.status.success() {
        return Err(Failure::new(format!("the neighbour gets at {what}: {}", text(&ended))));
    }
    Ok(())
}

/// A process that waits for its standard input.
struct Waiting {
    child: Child,
}

impl Waiting {
    fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.context("cannot start a hook")?;
        // What it does first takes a millisecond.
        sleep(Duration::from_millis(300));
        Ok(Self { child })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // It waits until it is ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
