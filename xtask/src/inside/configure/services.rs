//! `runtime configure --restart` on a machine with systemd and the packages' own units: Docker is reloaded or
//! restarted as the change needs it, containerd is restarted, containers go on, GPUs are there, what does not
//! come up is taken back, and at the end the machine is what it was.

use super::gpus_of_the_host;
use crate::engines::{BUSYBOX, GLIBC, Suite};
use crate::inside::boot::{self, Booted};
use crate::inside::check::Ledger;
use crate::inside::expect::{Expect, text};
use crate::inside::tree::Snapshot;
use crate::inside::{Job, install};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::Path;
use std::time::Duration;

const CONFIGURE: &str = "nvidia-ctk runtime configure --restart";
const DAEMON_JSON: &str = "/etc/docker/daemon.json";
/// What an owner wrote: containers go on while Docker is restarted.
const OWNERS: &str = "{\n  \"live-restore\": true,\n  \"log-opts\": {\"max-size\": \"10m\"}\n}\n";

/// What has to be the same at the end.
const FOLDERS: &[&str] = &["/etc", "/usr", "/opt", "/root", "/srv"];

/// Runs all cases; `systemd` is a tree with systemd and what it needs.
pub(crate) fn run(job: &Job, systemd: &Path) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    let gpus = gpus_of_the_host()?;
    install(job)?;
    boot::lay(systemd)?;
    boot::enable(boot::DOCKER)?;
    fs::create_dir_all("/etc/docker").context("cannot make /etc/docker")?;
    fs::write(DAEMON_JSON, OWNERS).context("cannot write daemon.json")?;
    let place = Place { machine: Booted::machine()?, gpus, cdi: job.suite()? != Suite::Bookworm };
    place.machine.load(&job.images.join("glibc.tar"))?;
    place.machine.load(&job.images.join("busybox.tar"))?;
    let (before, engine) = (Snapshot::of(FOLDERS)?, place.engine()?);
    place.start_lasting()?;
    for (case, work) in CASES {
        ledger.check(&engine, case, || work(&place))?;
    }
    ledger.check(&engine, "everything undone: the machine is what it was", || place.is_what_it_was(&before))
}

type Case = (&'static str, fn(&Place) -> Result<()>);

const CASES: &[Case] = &[
    ("docker.service is reloaded, a container goes on, another gets a GPU", reloaded),
    ("a second run touches nothing", untouched),
    ("docker.service is restarted for CDI, a container goes on", restarted),
    ("undone: docker.service runs without it", docker_undone),
    ("docker.service does not start with the change: taken back", does_not_start),
    ("docker.service never shows the change: taken back at the deadline", never_shows),
    ("a container that would not survive: refused, also when it is undone", would_stop),
    ("docker.service is stopped: the change waits for its start", stopped),
    ("docker.service was stopped since: undone, it stays stopped", stopped_since),
    ("containerd.service is restarted, a container goes on, CRI shows the runtime", containerd_restarted),
    ("containerd.service does not start with the change: taken back", containerd_does_not_start),
    ("undone: containerd.service runs without it", containerd_undone),
];

/// The machine, and what it has.
struct Place {
    machine: Booted,
    gpus: Vec<String>,
    /// Whether this Docker knows CDI.
    cdi: bool,
}

fn reloaded(place: &Place) -> Result<()> {
    let before = place.machine.main_pid("docker")?;
    place.configures("", "docker shows the new configuration")?;
    place.same_process("docker", &before)?;
    place.lasts()?;
    place.shows_gpus(&["--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=0,2"], Expect::Gpus(&[0, 2]))
}

fn untouched(place: &Place) -> Result<()> {
    let (before, since) = (place.machine.main_pid("docker")?, place.machine.log("docker"));
    place.configures("", "nothing is restarted")?;
    if since == place.machine.log("docker") {
        place.same_process("docker", &before)
    } else {
        Err(Failure::new(format!("docker did something:\n{}", place.machine.log("docker"))))
    }
}

fn restarted(place: &Place) -> Result<()> {
    if !place.cdi {
        return Ok(());
    }
    let before = place.machine.main_pid("docker")?;
    place.machine.inside("nvidia-ctk cdi generate --output=/run/cdi/nvidia.yaml")?;
    place.configures("--cdi.enabled", "docker shows the new configuration")?;
    place.other_process("docker", &before)?;
    place.lasts()?;
    place.shows_gpus(&["--device=nvidia.com/gpu=1"], Expect::Gpus(&[1]))?;
    place.undo()
}

fn docker_undone(place: &Place) -> Result<()> {
    let before = place.machine.main_pid("docker")?;
    place.undo()?;
    place.other_process("docker", &before)?;
    place.lasts()?;
    place.docker_has(false)?;
    stands(DAEMON_JSON, OWNERS)
}

/// A unit that refuses what we write, as a broken runtime path does with other daemons: the third start in
/// a minute is the last that systemd allows, so that taking back has to begin the count anew.
fn does_not_start(place: &Place) -> Result<()> {
    // Docker that knows no CDI is only reloaded, unless it is told.
    let restart = "--restart-command='systemctl reset-failed docker; systemctl restart docker'";
    let (word, flags) = if place.cdi { ("features", "--cdi.enabled") } else { ("nvidia", restart) };
    let refuses = format!("[Service]\nExecStartPre=/bin/sh -c '! grep -q {word} {DAEMON_JSON}'\n");
    place.with_drop_in("docker", &refuses, || {
        place.fails(flags, &["everything is as it was before", "docker"])?;
        stands(DAEMON_JSON, OWNERS)?;
        place.docker_has(false)
    })?;
    place.lasts()
}

fn never_shows(place: &Place) -> Result<()> {
    place.with_drop_in("docker", "[Service]\nExecReload=\nExecReload=/bin/true\n", || {
        let words = ["after 2 s: docker shows no runtime nvidia", "the change was taken back"];
        place.fails("--restart-timeout=2", &words)?;
        stands(DAEMON_JSON, OWNERS)?;
        place.docker_has(false)
    })?;
    place.lasts()
}

fn would_stop(place: &Place) -> Result<()> {
    let without = "{\n  \"live-restore\": false\n}\n";
    place.owner_writes(without)?;
    let before = place.machine.main_pid("docker")?;
    place.fails(
        "--restart-command='systemctl restart docker'",
        &["would stop 1 running containers (lasting)"],
    )?;
    stands(DAEMON_JSON, without)?;
    place.configures("", "docker shows the new configuration")?;
    place.same_process("docker", &before)?;
    // What a signal brought stays; the container does too.
    let said = place.undo_says()?;
    place.same_process("docker", &before)?;
    place.lasts()?;
    stands(DAEMON_JSON, without)?;
    if !said.contains("until it is restarted") {
        return Err(Failure::new(format!("undo says nothing of the restart: {said}")));
    }
    place.owner_writes(OWNERS)
}

fn stopped(place: &Place) -> Result<()> {
    place.machine.inside("systemctl stop docker.socket docker.service")?;
    let end = place.configures("", "docker.service does not run; it reads its files when it starts");
    place.machine.inside("systemctl start docker.socket docker.service")?;
    end?;
    place.docker_has(true)?;
    place.shows_gpus(&["--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=all"], Expect::EveryGpu)?;
    place.undo()?;
    place.machine.inside("systemctl restart docker")?;
    place.docker_has(false)?;
    place.lasts()
}

fn stopped_since(place: &Place) -> Result<()> {
    place.configures("", "docker shows the new configuration")?;
    place.machine.inside("systemctl stop docker.socket docker.service")?;
    let end = place.undo().and_then(|()| place.machine.inside("! systemctl is-active docker.service"));
    place.machine.inside("systemctl reset-failed docker; systemctl start docker.socket docker.service")?;
    end?;
    stands(DAEMON_JSON, OWNERS)?;
    place.docker_has(false)?;
    place.lasts()
}

fn containerd_restarted(place: &Place) -> Result<()> {
    let before = place.machine.main_pid("containerd")?;
    place.configures("--runtime=containerd", "containerd shows the new configuration")?;
    place.other_process("containerd", &before)?;
    place.lasts()?;
    place.configures("--runtime=containerd", "containerd shows it already; nothing is restarted")
}

fn containerd_does_not_start(place: &Place) -> Result<()> {
    let refuses =
        "[Service]\nExecStartPre=/bin/sh -c '! grep -q second /etc/containerd/conf.d/99-nvidia.toml'\n";
    let before = Snapshot::of(&["/etc/containerd"])?;
    place.with_drop_in("containerd", refuses, || {
        let flags = "--runtime=containerd --nvidia-runtime-name=second";
        place.fails(flags, &["everything is as it was before", "containerd"])
    })?;
    let changes = before.changes(&Snapshot::of(&["/etc/containerd"])?, &[]);
    if !changes.is_empty() {
        return Err(Failure::new(format!("something is left: {changes:?}")));
    }
    place.machine.inside("systemctl is-active containerd docker")?;
    place.lasts()
}

fn containerd_undone(place: &Place) -> Result<()> {
    let before = place.machine.main_pid("containerd")?;
    place.undo()?;
    place.other_process("containerd", &before)?;
    place.machine.inside("systemctl is-active containerd docker")?;
    place.lasts()
}

impl Place {
    fn engine(&self) -> Result<String> {
        let versions = "echo docker $(docker version --format '{{.Server.Version}}' | cut -d+ -f1), systemd \
                        $(systemctl --version | cut -d' ' -f2)";
        let said = self.machine.inside(versions)?;
        Ok(said.split_whitespace().take(4).collect::<Vec<_>>().join(" "))
    }

    /// A container that is there before anything is changed.
    fn start_lasting(&self) -> Result<()> {
        let words = ["run", "-d", "--name", "lasting", "--network", "none", BUSYBOX, "sleep", "3000"];
        let started = self.machine.docker(words)?;
        if started.status.success() { Ok(()) } else { Err(Failure::new(text(&started))) }
    }

    /// Docker may take a moment to find a containerd again that was restarted under it.
    fn lasts(&self) -> Result<()> {
        let lasts = self.machine.wait_for("docker exec lasting true", Duration::from_secs(20));
        lasts.map_err(|failure| failure.context("the container did not go on"))
    }

    fn configures(&self, flags: &str, words: &str) -> Result<()> {
        let ended = self.machine.run(&format!("{CONFIGURE} {flags}"))?;
        let said = text(&ended);
        if ended.status.success() && said.contains(words) {
            return Ok(());
        }
        Err(Failure::new(format!("it ended with {} and said {said}", ended.status)))
    }

    fn fails(&self, flags: &str, words: &[&str]) -> Result<()> {
        let ended = self.machine.run(&format!("{CONFIGURE} {flags}"))?;
        let said = text(&ended);
        match words.iter().find(|word| !said.contains(*word)) {
            None if !ended.status.success() => Ok(()),
            missing => Err(Failure::new(format!("no {missing:?}; it ended with {}: {said}", ended.status))),
        }
    }

    /// Takes back the newest change that stands.
    fn undo(&self) -> Result<()> {
        self.undo_says().map(drop)
    }

    fn undo_says(&self) -> Result<String> {
        let newest = "id=$(longshore undo | grep -w done | tail -n 1 | sed 's/^ *//;s/ .*//'); longshore undo $id 2>&1";
        self.machine.inside(newest)
    }

    /// The owner's file, in force without anything of ours. `live-restore` is one of the keys that a reload
    /// heeds, so that the restart in between ends no container.
    fn owner_writes(&self, text: &str) -> Result<()> {
        self.reloads_with(OWNERS, true)?;
        self.machine.inside("systemctl reset-failed docker; systemctl restart docker")?;
        self.reloads_with(text, text == OWNERS)
    }

    fn reloads_with(&self, text: &str, live_restore: bool) -> Result<()> {
        fs::write(DAEMON_JSON, text).context("cannot write daemon.json")?;
        self.machine.inside("systemctl reload docker")?;
        let wanted =
            format!("[ \"$(docker info --format '{{{{.LiveRestoreEnabled}}}}')\" = {live_restore} ]");
        self.machine.wait_for(&wanted, Duration::from_secs(10))
    }

    fn docker_has(&self, wanted: bool) -> Result<()> {
        let shown = self
            .machine
            .inside("docker info --format '{{range $name, $_ := .Runtimes}}{{$name}} {{end}}'")?;
        if shown.split_whitespace().any(|name| name == "nvidia") == wanted {
            return Ok(());
        }
        Err(Failure::new(format!("the runtime nvidia is wanted: {wanted}; docker has {shown}")))
    }

    fn shows_gpus(&self, options: &[&str], expected: Expect) -> Result<()> {
        let words =
            ["run", "--rm", "--network", "none"].iter().chain(options).chain(&[GLIBC, "nvidia-smi", "-L"]);
        expected.judge(&self.gpus, &self.machine.docker(words)?)
    }

    fn same_process(&self, unit: &str, before: &str) -> Result<()> {
        let now = self.machine.main_pid(unit)?;
        if now == before {
            Ok(())
        } else {
            Err(Failure::new(format!("{unit} was restarted: {before}, now {now}")))
        }
    }

    fn other_process(&self, unit: &str, before: &str) -> Result<()> {
        let now = self.machine.main_pid(unit)?;
        if now != before && now != "0" {
            return Ok(());
        }
        Err(Failure::new(format!("{unit} was not restarted: {before}, now {now}")))
    }

    /// Runs with a drop-in for a unit, which is gone afterwards.
    fn with_drop_in(&self, unit: &str, content: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        let folder = format!("/etc/systemd/system/{unit}.service.d");
        fs::create_dir_all(&folder).context("cannot make a folder of units")?;
        fs::write(format!("{folder}/test.conf"), content).context("cannot write a drop-in")?;
        self.machine.inside("systemctl daemon-reload")?;
        let end = work();
        fs::remove_dir_all(&folder).context("cannot remove a drop-in")?;
        self.machine.inside("systemctl daemon-reload")?;
        end
    }

    fn is_what_it_was(&self, before: &Snapshot) -> Result<()> {
        let changes = before.changes(&Snapshot::of(FOLDERS)?, &[]);
        if !changes.is_empty() {
            return Err(Failure::new(format!("these differ: {}", changes.join(", "))));
        }
        self.docker_has(false)
    }
}

fn stands(path: &str, expected: &str) -> Result<()> {
    let found = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    if found == expected { Ok(()) } else { Err(Failure::new(format!("{path} is {found}"))) }
}
