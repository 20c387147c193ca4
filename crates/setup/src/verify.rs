//! The check list after a set-up: each item really tried.

use crate::client::Client;
use crate::{probe_image, survey};
use engines::docker::{self, api};
use engines::{InstallationKind, Wish, choose};
use host::Host;
use host::exec::Command;
use serde::Serialize;
use std::time::Duration;

/// How an item came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It could not be tried.
    CannotTell,
}

/// One item of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What has to hold.
    pub name: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do next, when it does not hold.
    pub next: Option<String>,
}

/// What the caller chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// The image in which a GPU is looked for. It must be on the machine: nothing is pulled. Empty: one is
    /// made of this machine's C library, and removed again.
    pub image: String,
}

/// Tries each item. Containers are started and removed again; nothing else changes.
#[must_use]
pub fn verify(host: &Host, options: &VerifyOptions) -> Vec<Item> {
    let socket =
        choose(host, &docker::ENGINE, Wish::default()).ok().and_then(|choice| choice.installation.socket);
    let socket = socket.unwrap_or_else(|| "/run/docker.sock".to_owned());
    let info = api::info(host, &socket).map_err(|failure| failure.chain());
    vec![
        desktop(host),
        engine(host, &socket, info.as_ref()),
        runtime(info.as_ref().ok()),
        driver(host),
        container(host, &socket, options, info.is_ok()),
        credentials(host),
    ]
}

fn item(name: &'static str, verdict: Verdict, seen: impl Into<String>, next: &str) -> Item {
    let next = Some(next.to_owned()).filter(|next| verdict != Verdict::Yes && !next.is_empty());
    Item { name, verdict, seen: seen.into(), next }
}

fn desktop(host: &Host) -> Item {
    let name = "Docker Desktop is not in the way";
    let installed = docker::detect(host).into_iter().find(|found| found.kind == InstallationKind::Desktop);
    let context = survey::client(host).ok().filter(Client::uses_desktop).and_then(|client| client.context);
    match (context, installed) {
        (Some(context), _) => item(
            name,
            Verdict::No,
            format!("the client's context is {context}"),
            "docker context use default",
        ),
        (None, Some(found)) => item(
            name,
            Verdict::Yes,
            format!("installed ({}), but the client does not use it", found.seen),
            "",
        ),
        (None, None) => item(name, Verdict::Yes, "it is not installed", ""),
    }
}

fn engine(host: &Host, socket: &str, info: Result<&api::Info, &String>) -> Item {
    let name = "Docker Engine is active";
    match info {
        Ok(info) => item(name, Verdict::Yes, format!("version {} answers on {socket}", info.version), ""),
        Err(cause) if cause.contains("ermission denied") => item(
            name,
            Verdict::CannotTell,
            cause.clone(),
            "run it with sudo, or as a member of the group docker",
        ),
        Err(cause) if host.is_live() && !host.exists("/run/systemd/system") => {
            item(name, Verdict::No, cause.clone(), "start dockerd: no systemd runs here that would")
        }
        Err(cause) => item(name, Verdict::No, cause.clone(), "sudo systemctl start docker"),
    }
}

fn runtime(info: Option<&api::Info>) -> Item {
    let name = "the runtime nvidia is registered";
    let Some(info) = info else { return item(name, Verdict::CannotTell, "Docker does not answer", "") };
    let runtimes = info.runtimes.iter().cloned().collect::<Vec<_>>().join(", ");
    if info.runtimes.contains("nvidia") {
        return item(name, Verdict::Yes, format!("Docker shows {runtimes}"), "");
    }
    item(
        name,
        Verdict::No,
        format!("Docker shows {runtimes}"),
        "sudo nvidia-ctk runtime configure --runtime=docker --restart",
    )
}

fn driver(host: &Host) -> Item {
    let name = "the NVIDIA driver works";
    let version = host.read_text_optional("/proc/driver/nvidia/version").ok().flatten();
    let version = match version {
        Some(text) => format!("module {}", formats::procfs::driver_version(&text).unwrap_or_default()),
        // In WSL the kernel has Windows' driver behind this node.
        None if host.exists("/dev/dxg") => "Windows' driver".to_owned(),
        None => return item(name, Verdict::No, "no NVIDIA kernel module is loaded", "longshore doctor"),
    };
    let Some(program) = program(host, "nvidia-smi") else {
        return item(
            name,
            Verdict::CannotTell,
            format!("{version} is loaded, but nvidia-smi is not installed"),
            "",
        );
    };
    match said(Command::new(program).args(["-L"]).deadline(Duration::from_secs(20))) {
        Ok(text) if !text.trim().is_empty() => item(
            name,
            Verdict::Yes,
            format!("{version}, {} GPUs", text.lines().filter(|line| line.starts_with("GPU ")).count()),
            "",
        ),
        Ok(_) => item(
            name,
            Verdict::No,
            format!("{version} is loaded, nvidia-smi lists no GPU"),
            "longshore doctor",
        ),
        Err(cause) => item(name, Verdict::No, cause, "longshore doctor"),
    }
}

/// A container is started for real, on this daemon, whatever context the caller's client is set to.
fn container(host: &Host, socket: &str, options: &VerifyOptions, answers: bool) -> Item {
    let docker = program(host, "docker").filter(|_| host.is_live() && answers);
    let Some(docker) = docker else {
        return item(CONTAINER, Verdict::CannotTell, "there is no Docker to start one", "");
    };
    let client = DockerClient { program: docker, address: format!("unix://{socket}") };
    match options.image.as_str() {
        "" => in_own_image(host, &client),
        image => in_image(&client, image),
    }
}

const CONTAINER: &str = "a container gets the GPU";

/// The client of one daemon.
struct DockerClient {
    program: String,
    address: String,
}

impl DockerClient {
    fn command(&self, words: &[&str]) -> Command {
        Command::new(self.program.clone())
            .args(["-H", self.address.as_str()])
            .args(words.iter().copied())
            .env("HOME", "/nonexistent")
    }
}

fn in_image(client: &DockerClient, image: &str) -> Item {
    let here = client.command(&["image", "inspect", image]).deadline(Duration::from_secs(20));
    if said(here).is_err() {
        let next = format!("docker pull {image}; without --image one is made of this machine's C library");
        let seen = format!("the image {image} is not on this machine");
        return item(CONTAINER, Verdict::CannotTell, seen, &next);
    }
    started(client, image, &format!("`docker run --gpus all {image} nvidia-smi -L`"))
}

/// Nothing is pulled, and nothing stays.
fn in_own_image(host: &Host, client: &DockerClient) -> Item {
    let Some(archive) = probe_image::archive(host) else {
        let seen = "no image can be made of this machine's C library";
        return item(CONTAINER, Verdict::CannotTell, seen, "name an image that is here with --image");
    };
    let path = "ENV PATH=/usr/local/bin:/usr/bin:/bin";
    let import = client
        .command(&["import", "--change", path, "-", probe_image::NAME])
        .stdin(archive)
        .deadline(Duration::from_secs(60));
    if let Err(cause) = said(import) {
        return item(CONTAINER, Verdict::CannotTell, format!("no image can be made: {cause}"), "");
    }
    let found = started(client, probe_image::NAME, "`docker run --gpus all` with this machine's C library");
    let _gone = said(
        client.command(&["image", "rm", "--force", probe_image::NAME]).deadline(Duration::from_secs(60)),
    );
    found
}

fn started(client: &DockerClient, image: &str, what: &str) -> Item {
    let words = ["run", "--rm", "--network", "none", "--gpus", "all", image, "nvidia-smi", "-L"];
    match said(client.command(&words).deadline(Duration::from_secs(120))) {
        Ok(text) if text.contains("GPU 0") => {
            let count = text.lines().filter(|line| line.starts_with("GPU ")).count();
            item(CONTAINER, Verdict::Yes, format!("{what} shows {count} GPUs"), "")
        }
        Ok(text) => item(
            CONTAINER,
            Verdict::No,
            format!("nvidia-smi in the container says: {}", text.trim()),
            "longshore doctor",
        ),
        Err(cause) => item(CONTAINER, Verdict::No, cause, "longshore doctor"),
    }
}

/// Each credential helper is called for its list; what it answers is not looked at.
fn credentials(host: &Host) -> Item {
    let name = "no credential helper fails";
    let client = match survey::client(host) {
        Ok(client) => client,
        Err(failure) => return item(name, Verdict::CannotTell, failure.chain(), ""),
    };
    if let Some(missing) = client.missing_helpers.first() {
        let seen = format!("{} names docker-credential-{missing}, which is not installed", client.path);
        return item(name, Verdict::No, seen, "longshore setup --plan shows how to take it out; logins stay");
    }
    if client.helpers.is_empty() {
        return item(name, Verdict::Yes, format!("{} names none", client.path), "");
    }
    for helper in client.helpers.iter().filter(|_| host.is_live()) {
        let Some(program) = program(host, &format!("docker-credential-{helper}")) else { continue };
        let mut argv = survey::as_caller(host);
        argv.extend([program, "list".to_owned()]);
        let Some((first, rest)) = argv.split_first() else { continue };
        let command = Command::new(first.clone()).args(rest).deadline(Duration::from_secs(10));
        let command = ["HOME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .fold(command, |command, name| match host.environment().get(name) {
                Some(value) => command.env(*name, value),
                None => command,
            });
        if said(command).is_err() {
            return item(
                name,
                Verdict::No,
                format!("docker-credential-{helper} fails"),
                "docker-credential-HELPER list says why",
            );
        }
    }
    item(name, Verdict::Yes, format!("{} answer", client.helpers.join(", ")), "")
}

/// Where WSL has the driver's programs; sudo takes it out of `PATH`.
const WSL: &str = "/usr/lib/wsl/lib";

fn program(host: &Host, name: &str) -> Option<String> {
    let folders =
        host.environment().get_nonempty("PATH").unwrap_or("/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    let mut paths = folders
        .split(':')
        .chain([WSL])
        .filter(|folder| folder.starts_with('/'))
        .map(|folder| format!("{folder}/{name}"));
    paths.find(|path| host.stat(path).ok().flatten().is_some_and(|stat| stat.is_executable()))
}

/// What a program prints; when it fails, the last line of its complaint.
fn said(command: Command) -> Result<String, String> {
    let name = command.program.rsplit('/').next().unwrap_or_default().to_owned();
    let output = command
        .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
        .run()
        .map_err(|failure| failure.chain())?;
    if output.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = complaint.lines().map(str::trim).rfind(|line| !line.is_empty() && !line.starts_with("See "));
    Err(format!("{name} ended with {}: {}", output.ending(), line.unwrap_or("it said nothing")))
}
