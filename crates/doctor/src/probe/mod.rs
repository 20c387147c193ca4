//! `--probe`: a throw-away container is really started, and really opens the device nodes of its GPU.
//!
//! What is started is the engine's own client with the words that a user would type, so that it takes
//! the same way. The program inside is our static executable; without `--image` it is the whole
//! image, which is made for the occasion and removed again. Nothing is pulled.

mod seen;

pub use seen::{Probe, ProbedNode};

use crate::facts::{Connection, EngineKind, Facts, Reason, Transport};
use crate::serving;
use formats::tar;
use host::Host;
use host::exec::{Command, Output};
use std::time::Duration;

/// What our program is called inside: it is told by that name what to do.
const NAME: &str = "/longshore-probe";
/// What engines mount into.
const FOLDERS: [&str; 6] = ["dev/", "etc/", "proc/", "sys/", "tmp/", "usr/"];
/// How long making the image, and starting the container, may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// Starts the container that was asked about, and tells how that ended.
///
/// # Errors
/// Why none could be started from here: that says nothing about the GPU.
pub fn probe(host: &Host, facts: &Facts, image: Option<&str>) -> Result<Probe, Reason> {
    if !host.is_live() {
        return Err(Reason::not_asked("a container can only be started on the machine itself"));
    }
    let engine = Client::of(facts)?;
    let program = facts.toolkit.known().and_then(|toolkit| toolkit.own_runtime.clone()).ok_or_else(|| {
        Reason::not_asked("longshore-runtime, which is started in the container, is not beside this program")
    })?;
    match image {
        Some(image) => engine.run(host, &of_image(&program, image), image),
        None => engine.run_without_image(host, &program),
    }
}

/// The program goes into the caller's image from outside.
fn of_image(program: &str, image: &str) -> Vec<String> {
    let mount = format!("{program}:{NAME}:ro");
    ["--volume", &mount, "--entrypoint", NAME, image].map(str::to_owned).to_vec()
}

/// The engine's client, and the words that ask it for GPUs.
struct Client {
    program: String,
    /// What comes before the verb.
    to: Vec<String>,
    gpus: &'static [&'static str],
    /// What a user types, up to the image.
    way: &'static str,
}

impl Client {
    fn of(facts: &Facts) -> Result<Self, Reason> {
        match facts.question.engine {
            EngineKind::Docker => Self::docker(facts),
            EngineKind::Podman => {
                let program = facts.podman.known().and_then(|podman| podman.program.clone());
                let program = program.ok_or_else(|| Reason::not_asked("podman is not installed"))?;
                let gpus = &["--device", "nvidia.com/gpu=all"];
                Ok(Self { program, to: Vec::new(), gpus, way: "podman run --device nvidia.com/gpu=all" })
            }
            EngineKind::Containerd | EngineKind::Crio => Err(Reason::not_asked(
                "pods are started by the kubelet: only docker and podman are tried here",
            )),
        }
    }

    fn docker(facts: &Facts) -> Result<Self, Reason> {
        let client = facts.installed.known().and_then(|installed| installed.client.clone());
        let program = client.ok_or_else(|| Reason::not_asked("the program docker is not installed"))?;
        let endpoint = facts.client.known().map(|client| &client.endpoint.transport);
        let Some(Transport::Unix(socket)) = endpoint else {
            let why = serving::place(facts).why_not_here();
            return Err(Reason::not_asked(
                why.unwrap_or_else(|| "the client's choice is not known".to_owned()),
            ));
        };
        if let Some(why) = unreachable(facts) {
            return Err(Reason::not_asked(why));
        }
        let to = vec!["--host".to_owned(), format!("unix://{socket}")];
        Ok(Self { program, to, gpus: &["--gpus", "all"], way: "docker run --gpus all" })
    }

    fn run_without_image(&self, host: &Host, program: &str) -> Result<Probe, Reason> {
        let image = format!("localhost/longshore-probe:{}", std::process::id());
        let file = host
            .read_limited(program, 64 * 1024 * 1024)
            .map_err(|failure| Reason::Failed { what: program.to_owned(), how: failure.chain() })?;
        let made = self
            .command(host, &["import", "--change", &format!("ENTRYPOINT [\"{NAME}\"]"), "-", &image])
            .stdin(tar::archive(&FOLDERS, &[(NAME, &file)]))
            .run();
        let made = made.map_err(|failure| failed(self.way, failure.chain()))?;
        if !made.success() {
            return Err(failed("the image of the probe", complaint(&made)));
        }
        let probed = self.run(host, std::slice::from_ref(&image), "an empty image");
        // What cannot be removed is as small as the program, and the container's end says more.
        let _removed = self.command(host, &["image", "rm", "--force", &image]).run();
        probed
    }

    fn run(&self, host: &Host, rest: &[String], image: &str) -> Result<Probe, Reason> {
        let mut words = vec!["run", "--rm", "--network", "none"];
        words.extend(self.gpus);
        words.extend(rest.iter().map(String::as_str));
        let output = self.command(host, &words).run().map_err(|failure| failed(self.way, failure.chain()))?;
        if let Some(absent) = absent(&output, image) {
            return Err(absent);
        }
        Ok(seen::read(self.way, image, &output))
    }

    /// The client with what it needs of the caller's variables, and no more.
    fn command(&self, host: &Host, words: &[&str]) -> Command {
        let command = Command::new(&self.program).args(&self.to).args(words).deadline(PATIENCE);
        let kept = ["HOME", "PATH", "USER", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS"];
        let environment = host.environment();
        kept.iter()
            .filter_map(|name| Some((*name, environment.get_os(name)?)))
            .fold(command, |command, (name, value)| command.env(name, value))
    }
}

fn failed(what: &str, how: String) -> Reason {
    Reason::Failed { what: what.to_owned(), how }
}

/// Why no container can be asked of this daemon, and what to do before one can.
fn unreachable(facts: &Facts) -> Option<String> {
    let engine = facts.engine.known()?;
    let socket = &engine.socket;
    match engine.connection {
        Connection::Accepted | Connection::Failed(_) => None,
        Connection::Absent | Connection::Refused => Some(format!(
            "no Docker daemon listens on {socket}, so no container could be started; start it, then run `longshore doctor --probe` again"
        )),
        Connection::Denied => Some(format!(
            "this user may not open {socket}, so no container could be started; run `sudo longshore doctor --probe`"
        )),
    }
}

/// An image that is not here says nothing about GPUs.
fn absent(output: &Output, image: &str) -> Option<Reason> {
    let said = String::from_utf8_lossy(&output.stderr);
    let absent = ["No such image", "image not known", "Unable to find image"];
    absent.iter().any(|text| said.contains(text)).then(|| {
        Reason::not_asked(format!("the image {image} is not on this machine, and nothing is pulled here"))
    })
}

/// The last line of what a client said.
fn complaint(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty() && !line.starts_with("See '"));
    last.map_or_else(|| format!("it ended with {}", output.ending()), str::to_owned)
}
