//! The play of `cargo xtask demo`: real commands and their real output, on a simulated host.

use super::{Job, dist_files, gpus_of_the_host, scratch};
use crate::engines::GLIBC;
use crate::exec::{capture, command, output};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Where Longshore lies before it is put in place, as if unpacked from a download.
const UNPACKED: &str = "/opt/longshore";

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(45);

/// Plays the whole demo; an error says what did not go as promised.
pub(super) fn run(job: &Job) -> Result<()> {
    prepare(job)?;
    let host = gpus_of_the_host()?;
    let image = GLIBC.split(':').next().unwrap_or(GLIBC);
    let list = format!("docker run --rm --gpus all {image} nvidia-smi -L");
    let mut daemon = start_docker()?;
    load(&job.images.join("glibc.tar"))?;

    heading("A host with GPUs");
    show("nvidia-smi -L")?;
    show("docker version --format 'Docker {{.Server.Version}}' && podman --version")?;

    heading("Docker does not know them");
    let refused = show(&list)?;
    expect(says(&refused, "could not select device driver"), "the famous error did not appear")?;

    heading("Why, in two lines");
    show(&format!("{UNPACKED}/bin/longshore doctor | tail -n 2"))?;

    heading("Longshore is put in place, and Docker started again");
    show(&format!("cp -a {UNPACKED}/bin/. /usr/bin/"))?;
    show("nvidia-ctk runtime configure --runtime=docker")?;
    restart_docker(&mut daemon)?;

    heading("The same command");
    let shown = show(&list)?;
    expect(lines(&shown) == host, "the container does not show the GPUs of the host")?;
    remark("the same GPUs as on the host");

    heading("Two of them");
    let shown = show(&format!("docker run --rm --gpus '\"device=0,3\"' {image} nvidia-smi -L"))?;
    expect(same_uuids(&shown, &host, &[0, 3]), "these are not GPUs 0 and 3")?;

    heading("One that is not there");
    let refused = show(&format!("docker run --rm --gpus '\"device=99\"' {image} nvidia-smi -L"))?;
    expect(says(&refused, "99") && says(&refused, "0-7"), "the error does not name 99 and the valid range")?;

    heading("As a runtime");
    let run = "docker run --rm --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=1";
    let shown = show(&format!("{run} {image} nvidia-smi -L"))?;
    expect(same_uuids(&shown, &host, &[1]), "this is not GPU 1")?;

    heading("Podman, by CDI");
    show("nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml")?;
    let shown = show(&format!("podman run --rm --device nvidia.com/gpu=all {image} nvidia-smi -L"))?;
    expect(lines(&shown) == host, "the container does not show the GPUs of the host")?;
    remark("the same GPUs as on the host");

    heading("And the verdict now");
    let verdict = show("longshore doctor | tail -n 1")?;
    expect(verdict.status.success(), "the doctor still finds something")?;
    stop_docker(&mut daemon)
}

/// What a user would already have: Longshore unpacked somewhere, and engines that store on a tmpfs.
fn prepare(job: &Job) -> Result<()> {
    let bin = Path::new(UNPACKED).join("bin");
    fs::create_dir_all(&bin).context("cannot make a folder")?;
    capture(command(["cp", "-a", "-t"]).arg(&bin).args(dist_files(job)?))?;
    let storage = scratch("podman");
    let text = format!(
        "[storage]\ndriver = \"overlay\"\ngraphroot = \"{0}\"\nrunroot = \"{0}.run\"\n",
        storage.display()
    );
    fs::write("/etc/containers/storage.conf", text).context("cannot write storage.conf")?;
    let settings = "/etc/containers/containers.conf";
    let text = fs::read_to_string(settings).context("cannot read containers.conf")?;
    let text = text.replace("[containers]\n", "[containers]\nnetns = \"none\"\n");
    fs::write(settings, text).context("cannot write containers.conf")
}

fn load(archive: &Path) -> Result<()> {
    capture(command(["docker", "load", "--quiet", "--input"]).arg(archive))?;
    capture(command(["podman", "load", "--quiet", "--input"]).arg(archive)).map(drop)
}

fn start_docker() -> Result<Child> {
    let log = fs::File::create(scratch("dockerd.log")).context("cannot write the log of dockerd")?;
    let mut daemon =
        command(["dockerd", "--bridge=none", "--iptables=false", "--ip6tables=false", "--data-root"]);
    daemon.arg(scratch("docker")).stdout(Stdio::null()).stderr(log);
    let daemon = daemon.spawn().context("cannot start dockerd")?;
    let started = Instant::now();
    while !output(&mut command(["docker", "version"]))?.status.success() {
        expect(started.elapsed() < PATIENCE, "dockerd does not answer")?;
        sleep(Duration::from_millis(100));
    }
    Ok(daemon)
}

fn stop_docker(daemon: &mut Child) -> Result<()> {
    capture(command(["kill"]).arg(daemon.id().to_string()))?;
    daemon.wait().context("cannot wait for dockerd").map(drop)
}

/// There is no systemd in the simulated host; what `systemctl restart docker` does is done by hand.
fn restart_docker(daemon: &mut Child) -> Result<()> {
    println!("\x1b[32m$\x1b[0m \x1b[1mkill $(pidof dockerd); dockerd &\x1b[0m");
    stop_docker(daemon)?;
    *daemon = start_docker()?;
    Ok(())
}

fn heading(text: &str) {
    println!("\n\x1b[1;36m{text}\x1b[0m");
}

fn remark(text: &str) {
    println!("\x1b[32m✓ {text}\x1b[0m");
}

/// Shows a command as it is typed, runs it, and shows what it printed.
fn show(line: &str) -> Result<Output> {
    println!("\x1b[32m$\x1b[0m \x1b[1m{line}\x1b[0m");
    let mut shell = command(["timeout", "-k", "5", "60", "sh", "-c", &format!("{{ {line}; }} 2>&1")]);
    let ended = output(shell.env("PODMAN_IGNORE_CGROUPSV1_WARNING", "1"))?;
    let failed = !ended.status.success() || says(&ended, "Error response from daemon");
    let (red, end) = if failed { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
    for line in String::from_utf8_lossy(&ended.stdout).lines() {
        println!("{red}{line}{end}");
    }
    Ok(ended)
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_string).collect()
}

fn says(output: &Output, words: &str) -> bool {
    String::from_utf8_lossy(&output.stdout).contains(words)
}

/// Whether a container shows exactly these GPUs of the host, in this order.
fn same_uuids(shown: &Output, host: &[String], indices: &[usize]) -> bool {
    let uuid = |line: &String| line.split_once("UUID: ").map(|(_, uuid)| uuid.to_string());
    let wanted: Vec<_> = indices.iter().map(|index| host.get(*index).and_then(uuid)).collect();
    lines(shown).iter().map(uuid).collect::<Vec<_>>() == wanted
}

fn expect(well: bool, otherwise: &str) -> Result<()> {
    if well { Ok(()) } else { Err(Failure::new(otherwise)) }
}
