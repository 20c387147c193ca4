//! `cargo xtask demo`: from the famous error to GPUs in a container, with real engines on a
//! simulated host; the first thing that a stranger sees.

use crate::engines::{self, Suite};
use crate::exec::{capture, command, output, tail, visible};
use crate::inside::{Job, Task};
use crate::project::Project;
use crate::simulated::{self, Cgroup, Simulated};
use crate::{dist, record, report, usage};
use diag::{Failure, Result, ResultExt};
use lexopt::{Arg, Parser};
use std::fs;
use std::io::{BufRead, BufReader, IsTerminal, Write, stderr, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// Present exactly when a real NVIDIA driver is loaded.
const REAL_DRIVER: &str = "/proc/driver/nvidia/version";

/// Places outside the checkout that Longshore and the engines write to when they run for real.
const OUTSIDE: [&str; 12] = [
    "/dev",
    "/etc",
    "/etc/cdi",
    "/etc/containers",
    "/etc/docker",
    "/opt",
    "/run",
    "/run/docker",
    "/usr/bin",
    "/usr/lib",
    "/var/lib",
    "/var/run/cdi",
];

/// The command.
pub(crate) fn run(project: &Project, parser: &mut Parser) -> Result<ExitCode> {
    let mut recording: Option<PathBuf> = None;
    let mut real = false;
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Arg::Long("record") => recording = Some(parser.value().map_err(usage)?.into()),
            Arg::Long("real") => real = true,
            other => return Err(usage(other.unexpected())),
        }
    }
    if Path::new(REAL_DRIVER).exists() {
        return on_the_real_gpu(project, real);
    }
    if real {
        return Err(Failure::new("--real: no NVIDIA driver is loaded on this machine"));
    }
    engines::require_root()?;
    on_a_simulated_host(project, recording.as_deref())
}

fn on_a_simulated_host(project: &Project, recording: Option<&Path>) -> Result<ExitCode> {
    eprintln!(
        "Longshore demo: no GPU here, so a simulated host with eight is made, in namespaces of its own."
    );
    eprintln!("All that it needs is put below {}; nothing else is changed.\n", project.engines().display());
    eprintln!("== building Longshore (the first time takes some minutes)");
    dist::build(project)?;
    eprintln!("== getting Docker 26 and Podman 5 from Debian packages (once)");
    let root = engines::ensure(project, Suite::Trixie)?;
    simulated::require(project)?;
    let before = outside()?;
    let started = Instant::now();
    let text = play(project, &root)?;
    let seconds = started.elapsed().as_secs_f64();
    let gone = farewell(&before, &outside()?, seconds)?;
    if let Some(path) = recording {
        record::write(path, &format!("{text}{gone}"))?;
        eprintln!("recorded in {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Plays inside, shows what is printed as it comes, and gives it back.
fn play(project: &Project, root: &engines::Root) -> Result<String> {
    let job = Job {
        task: Task::Demo,
        suite: Suite::Trixie.name().to_string(),
        cgroup: Cgroup::possible()[0],
        dist: project.dist(),
        images: root.images.clone(),
        results: project.logs().join("demo.results"),
    };
    let host = Simulated { project, root, cgroup: job.cgroup, shares: Vec::new() };
    let mut child =
        host.command(&job)?.stdout(Stdio::piped()).spawn().context("cannot start the simulated host")?;
    let out = child.stdout.take().ok_or_else(|| Failure::new("no pipe"))?;
    let mut text = String::new();
    for line in BufReader::new(out).lines() {
        let line = line.context("cannot read what the demo prints")?;
        say(&line);
        text.push_str(&line);
        text.push('\n');
    }
    let status = child.wait().context("cannot wait for the simulated host")?;
    if status.success() { Ok(text) } else { Err(Failure::new("the demo did not come to its end")) }
}

/// Prints a line of the play; without colours where nobody could see them.
fn say(line: &str) {
    let colours = stdout().is_terminal();
    let plain = || record::pieces(line).into_iter().map(|piece| piece.text).collect::<String>();
    println!("{}", if colours { line.to_string() } else { plain() });
    let _shown = stdout().flush();
}

/// Shows that nothing is left of the demo.
fn farewell(before: &[String], after: &[String], seconds: f64) -> Result<String> {
    let changed: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
    if !changed.is_empty() {
        return Err(Failure::new(format!("something is left on this machine: {changed:?}")));
    }
    let lines = [
        String::new(),
        "\x1b[1;36mEverything is gone again\x1b[0m".to_string(),
        "\x1b[32m✓ no mount, no control group, no device node and no file of an engine or driver is left\x1b[0m".to_string(),
        format!("\x1b[2mthe demo took {}\x1b[0m", report::clock(seconds)),
    ];
    lines.iter().for_each(|line| say(line));
    Ok(lines[..3].join("\n") + "\n")
}

/// What the machine has of things that a demo could leave behind: mounts, dead control groups, and
/// files with telling names in the directories that engines write to.
fn outside() -> Result<Vec<String>> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mounts")?;
    let mut found: Vec<String> = mounts.lines().map(|line| format!("mount {line}")).collect();
    let groups =
        capture(&mut command(["find", "/sys/fs/cgroup", "-mindepth", "1", "-maxdepth", "2", "-type", "d"]))?;
    let dead = |line: &&str| is_telling(line) && is_dead(Path::new(line));
    found.extend(groups.lines().filter(dead).map(|line| format!("group {line}")));
    for folder in OUTSIDE {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        let files = entries.filter_map(|entry| Some(entry.ok()?.path().display().to_string()));
        found.extend(files.filter(|path| is_telling(path)).map(|path| format!("file {path}")));
    }
    Ok(found)
}

/// Whether a name is one that engines, drivers or Longshore give.
fn is_telling(path: &str) -> bool {
    let names = ["cdi", "containerd", "crun", "docker", "libpod", "longshore", "nvidia", "podman", "runc"];
    names.iter().any(|name| path.contains(name))
}

/// A control group without any process below it: another simulated host may be alive meanwhile.
fn is_dead(group: &Path) -> bool {
    let list =
        output(command(["find"]).arg(group).args(["-name", "cgroup.procs", "-exec", "cat", "{}", "+"]));
    list.is_ok_and(|list| list.stdout.is_empty())
}

/// A machine with a real GPU: the simulation would stand in front of it and is refused there. What
/// is there is shown instead; nothing is installed.
fn on_the_real_gpu(project: &Project, asked: bool) -> Result<ExitCode> {
    let driver = fs::read_to_string(REAL_DRIVER).context("cannot read the version of the driver")?;
    eprintln!("This machine has a real NVIDIA driver: {}", driver.lines().next().unwrap_or_default());
    eprintln!("A simulated host would stand in front of it, so the demo can only show the real one:");
    eprintln!("it builds Longshore, reads the machine, and runs containers with the Docker that is there.");
    eprintln!("A test image is loaded into that Docker and removed again; nothing is installed.\n");
    if !(asked || yes("Go on?")?) {
        return Ok(ExitCode::SUCCESS);
    }
    dist::build(project)?;
    let longshore = project.dist().join("longshore");
    shown(Command::new(&longshore).arg("gpus"))?;
    shown(Command::new(&longshore).arg("doctor"))?;
    if !output(&mut command(["docker", "version"]))?.status.success() {
        eprintln!("\nDocker does not answer here (`docker version`), so no container is run.");
        return Ok(ExitCode::SUCCESS);
    }
    with_docker(&engines::ensure(project, Suite::Trixie)?)
}

/// Runs one container with the machine's own Docker; the image is removed whatever happens.
fn with_docker(root: &engines::Root) -> Result<ExitCode> {
    capture(command(["docker", "load", "--quiet", "--input"]).arg(root.images.join("glibc.tar")))?;
    let words = ["docker", "run", "--rm", "--gpus", "all", engines::GLIBC, "nvidia-smi", "-L"];
    let ended = shown(&mut command(words));
    capture(&mut command(["docker", "image", "rm", engines::GLIBC]))?;
    ended.map(|well| if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a command with its words and its output on the terminal; whether it succeeded.
fn shown(command: &mut Command) -> Result<bool> {
    say(&format!("\n\x1b[32m$\x1b[0m \x1b[1m{}\x1b[0m", crate::exec::shown(command)));
    Ok(visible(command).is_ok())
}

fn yes(question: &str) -> Result<bool> {
    if !stdin().is_terminal() {
        eprintln!("{question} Nobody to ask: call it with --real to go on.");
        return Ok(false);
    }
    eprint!("{question} [y/N] ");
    stderr().flush().context("cannot ask")?;
    let mut answer = String::new();
    stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(tail(&answer, 1).trim().eq_ignore_ascii_case("y"))
}
