//! Running the programs of a set-up: an explicit list of arguments, never a shell; their output as
//! progress; what package managers leave broken put right once.

use super::Teller;
use super::trouble::{self, Cause};
use crate::allowed::is_allowed;
use crate::keys::{self, Key};
use crate::{Manager, codes, packages};
use diag::{Failure, Result};
use host::exec::{Command, Output};
use host::{Environment, Host};
use plan::Step;
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// How long one program may take: a slow network and a thousand packages.
const DEADLINE: Duration = Duration::from_secs(3600);

/// How long another package manager is waited for, and how often it is looked after.
const PATIENCE: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_secs(3);

/// Where programs find theirs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What keeps package managers from asking.
const QUIET: [(&str, &str); 7] = [
    ("PATH", PATH),
    ("LC_ALL", "C"),
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("APT_LISTCHANGES_FRONTEND", "none"),
    ("NEEDRESTART_SUSPEND", "1"),
    ("UCF_FORCE_CONFFOLD", "1"),
    ("ZYPP_LOCK_TIMEOUT", "300"),
];

/// The variables by which programs learn of a proxy.
const PROXIES: [&str; 8] = [
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];

/// What all programs of a set-up get.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    environment: Vec<(String, String)>,
    /// What was said when a repository was not reached, by a program that did not think it a failure.
    unreached: RefCell<Option<(Vec<String>, Output)>>,
}

impl Programs {
    /// `proxy` goes before what the caller's environment says.
    pub(super) fn new(environment: &Environment, proxy: &str) -> Self {
        let mut all: Vec<(String, String)> =
            QUIET.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        for name in PROXIES {
            let value = environment.get_nonempty(name);
            all.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        }
        if !proxy.is_empty() {
            all.retain(|(name, _)| !["http_proxy", "https_proxy"].contains(&name.as_str()));
            all.extend(["http_proxy", "https_proxy"].map(|name| (name.to_owned(), proxy.to_owned())));
        }
        Self { environment: all, unreached: RefCell::new(None) }
    }

    /// Runs a program to its end; its last line is shown while it is at work.
    ///
    /// # Errors
    /// It cannot be started, or ends badly; then in words that name the cause.
    pub(super) fn run(&self, argv: &[String], teller: &mut dyn Teller) -> Result<Output> {
        let output = self.output(argv, teller)?;
        if output.success() { Ok(output) } else { Err(trouble::failure(argv, &output)) }
    }

    /// Runs a package manager; what an earlier run left broken is put right, once.
    ///
    /// # Errors
    /// It fails, before and after the repair.
    pub(super) fn manage(
        &self,
        host: &Host,
        manager: Manager,
        argv: &[String],
        teller: &mut dyn Teller,
    ) -> Result<Output> {
        if manager == Manager::Apt && packages::is_interrupted(host) {
            self.repair(Cause::Interrupted, manager, teller)?;
        }
        let output = self.output(argv, teller)?;
        let said = trouble::said(&output);
        let cause = trouble::cause(&said);
        if output.success() {
            if trouble::is_unreached(&said) {
                self.unreached.replace(Some((argv.to_vec(), output.clone())));
            }
            return Ok(output);
        }
        // A package is not found when the list that has it was not reached.
        if let (Cause::NoPackage, Some((argv, output))) = (cause, self.unreached.take()) {
            return Err(trouble::failure(&argv, &output));
        }
        if !self.repair(cause, manager, teller)? {
            return Err(trouble::failure(argv, &output));
        }
        teller.command(argv);
        self.run(argv, teller)
    }

    /// systemd counts the starts of a unit, and refuses one that comes too soon after others: those of a
    /// set-up do not count. Nothing is lost where it cannot be said.
    pub(super) fn forgive(&self, steps: &[Step], teller: &mut dyn Teller) {
        for step in steps {
            let Step::Settle { argv, .. } = step else { continue };
            let [program, verb, unit] = argv.as_slice() else { continue };
            if verb == "restart" {
                let argv = [program.clone(), "reset-failed".to_owned(), unit.clone()];
                let _forgiven = self.output(&argv, teller);
            }
        }
    }

    /// Whether there was something to put right.
    fn repair(&self, cause: Cause, manager: Manager, teller: &mut dyn Teller) -> Result<bool> {
        let calls = repairs(cause, manager);
        for call in &calls {
            let argv: Vec<String> = call.iter().map(|word| (*word).to_owned()).collect();
            teller.note(&format!("{}; it is put right first", worded(cause)));
            teller.command(&argv);
            self.run(&argv, teller)?;
        }
        Ok(!calls.is_empty())
    }

    /// What a program says that only looks; nothing when it fails.
    pub(super) fn said(&self, argv: &[String]) -> Option<String> {
        let output = self.watched(argv, &mut |_| {}).ok().filter(Output::success)?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs a program; while another package manager holds its lock it is tried again, as long as apt waits
    /// for the locks that it can wait for.
    pub(super) fn patient(&self, argv: &[String], teller: &mut dyn Teller) -> Result<Output> {
        let started = Instant::now();
        loop {
            let output = self.output(argv, teller)?;
            let said = trouble::said(&output);
            if trouble::is_unreached(&said) {
                self.unreached.replace(Some((argv.to_vec(), output.clone())));
            }
            if output.success() || trouble::cause(&said) != Cause::Busy {
                return Ok(output);
            }
            if started.elapsed() > PATIENCE {
                return Err(trouble::failure(argv, &output));
            }
            teller.progress("another package manager is at work: waiting until it is done");
            std::thread::sleep(PAUSE);
        }
    }

    /// The step that puts the key in place that its owner has now. It is fetched, and taken only if it is a
    /// key that was trusted before or that is known to be the owner's.
    ///
    /// # Errors
    /// It is not reached, is another one, or is what is there already.
    pub(super) fn renewed(&self, host: &Host, key: &Key, teller: &mut dyn Teller) -> Result<Step> {
        if let Some(step) = keys::reformed(host, key) {
            return Ok(step);
        }
        let argv = key.fetch();
        if !host.exists("/usr/bin/curl") {
            let message = "curl, which would fetch it, is not installed";
            return Err(Failure::coded(codes::BAD_SIGNATURE, message));
        }
        teller.command(&argv);
        let output = self.run(&argv, teller)?;
        keys::replacement(host, key, &output.stdout)
    }

    /// Runs a program to its end, however that is.
    pub(super) fn output(&self, argv: &[String], teller: &mut dyn Teller) -> Result<Output> {
        self.watched(argv, &mut |piece| {
            let text = String::from_utf8_lossy(piece);
            if let Some(line) = text.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
                teller.progress(line);
            }
        })
    }

    fn watched(&self, argv: &[String], watch: &mut dyn FnMut(&[u8])) -> Result<Output> {
        let (program, arguments) =
            argv.split_first().map_or(("", argv), |(program, rest)| (program.as_str(), rest));
        if !is_allowed(program) {
            let message = format!("{program} is none of the programs that a set-up runs");
            return Err(Failure::coded(codes::STEP_FAILED, message));
        }
        let mut command = Command::new(program).args(arguments).deadline(DEADLINE);
        for (name, value) in &self.environment {
            command = command.env(name, value);
        }
        command.run_watched(watch)
    }
}

fn worded(cause: Cause) -> &'static str {
    match cause {
        Cause::Interrupted => "an earlier run of dpkg was interrupted",
        Cause::Unmet => "installed packages lack what they need",
        _ => "downloaded package lists are damaged",
    }
}

/// What puts it right; empty where nothing does.
fn repairs(cause: Cause, manager: Manager) -> Vec<Vec<&'static str>> {
    match (cause, manager) {
        (Cause::Interrupted, Manager::Apt) => {
            vec![vec!["/usr/bin/dpkg", "--force-confdef", "--force-confold", "--configure", "-a"]]
        }
        (Cause::Unmet, Manager::Apt) => {
            // What would remove packages is not done unasked.
            vec![vec!["/usr/bin/apt-get", "--fix-broken", "install", "--yes", "--no-remove"]]
        }
        (Cause::BrokenCache, Manager::Apt) => vec![
            vec!["/usr/bin/apt-get", "clean"],
            vec!["/usr/bin/find", "/var/lib/apt/lists", "-type", "f", "-delete"],
            vec!["/usr/bin/apt-get", "update"],
        ],
        (Cause::BrokenCache, Manager::Dnf) => vec![vec!["/usr/bin/dnf", "clean", "all"]],
        (Cause::BrokenCache, Manager::Zypper) => {
            vec![vec!["/usr/bin/zypper", "--non-interactive", "clean", "--all"]]
        }
        (Cause::BrokenCache, Manager::Pacman) => {
            vec![vec!["/usr/bin/pacman", "--sync", "--refresh", "--refresh"]]
        }
        _ => Vec::new(),
    }
}

/// The programs of all repairs.
#[cfg(test)]
pub(super) fn of_repairs() -> Vec<&'static str> {
    let managers = [Manager::Apt, Manager::Dnf, Manager::Zypper, Manager::Pacman];
    let causes = [Cause::Interrupted, Cause::Unmet, Cause::BrokenCache];
    let calls = managers.iter().flat_map(|manager| causes.iter().flat_map(|cause| repairs(*cause, *manager)));
    calls.filter_map(|call| call.first().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_the_proxy_and_nothing_else_of_the_caller() {
        let environment = Environment::from([
            ("https_proxy", "http://p.example:1"),
            ("no_proxy", "localhost"),
            ("LD_PRELOAD", "/tmp/x.so"),
        ]);
        let of = |proxy| {
            let programs = Programs::new(&environment, proxy);
            let get = |name: &str| {
                let all: Vec<_> = programs.environment.iter().filter(|(key, _)| key == name).collect();
                assert!(all.len() < 2, "{name} is given twice");
                all.first().map(|(_, value)| value.clone())
            };
            (get("https_proxy"), get("no_proxy"), get("LD_PRELOAD"))
        };
        assert_eq!(of(""), (Some("http://p.example:1".to_owned()), Some("localhost".to_owned()), None));
        assert_eq!(of("http://q:2"), (Some("http://q:2".to_owned()), Some("localhost".to_owned()), None));
    }
}
