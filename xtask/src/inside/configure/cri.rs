//! A Kubernetes node in small: containerd as configured, and what the kubelet would ask of it (CRI).

use super::{Job, clear};
use crate::engines::GLIBC;
use crate::exec::{capture, command, tail};
use crate::inside::check::Ledger;
use crate::inside::scratch;
use diag::{Failure, Result, ResultExt};
use engines::grpc::{call, text_field as field, texts, varint_field as number};
use host::Host;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

/// Where containerd listens.
pub(in crate::inside) const SOCKET: &str = "/run/configure/containerd.sock";
const PAUSE: &str = "docker.io/longshore/pause:latest";
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn run(job: &Job, gpus: &[String], ledger: &mut Ledger) -> Result<()> {
    clear("/etc/containerd")?;
    configure()?;
    let mut node = Node::start()?;
    let engine = "containerd CRI";
    let images = || {
        node.import(&job.images.join("glibc.tar"))?;
        node.import(&pause(&job.images.join("busybox.tar"))?)
    };
    ledger.check(engine, "starts with the configuration", images)?;
    let nvidia = Wanted { handler: "nvidia", env: Some("1"), device: None };
    ledger.check(engine, "runtime handler nvidia, one GPU", || node.shows(&nvidia, &expected(gpus, &[1])))?;
    let every = Wanted { env: Some("all"), ..nvidia };
    ledger.check(engine, "runtime handler nvidia, all GPUs", || node.shows(&every, gpus))?;
    let version = capture(&mut command(["containerd", "--version"]))?;
    // containerd before 1.7 takes no CDI device from the kubelet.
    if !version.contains(" 1.6") {
        let device = Wanted { handler: "", env: None, device: Some("nvidia.com/gpu=2") };
        ledger.check(engine, "CDI device 2, default runtime", || {
            capture(&mut command(["nvidia-ctk", "cdi", "generate", "--output=/etc/cdi/cri.yaml"]))?;
            node.shows(&device, &expected(gpus, &[2]))
        })?;
        clear("/etc/cdi/cri.yaml")?;
    }
    node.stop()?;
    clear("/etc/containerd")
}

/// A node with one pod, to see which CDI devices containerd takes for a container in it.
pub(in crate::inside) struct Pod {
    node: Node,
    sandbox: Vec<u8>,
    id: Vec<u8>,
}

impl Pod {
    /// Starts containerd, which is told to take CDI devices, and the pod.
    pub(in crate::inside) fn start(job: &Job) -> Result<Self> {
        clear("/etc/containerd")?;
        configure()?;
        let node = Node::start()?;
        node.import(&job.images.join("glibc.tar"))?;
        node.import(&pause(&job.images.join("busybox.tar"))?)?;
        let sandbox = sandbox();
        let id = first(&node.ask("RunPodSandbox", &field(1, &sandbox))?)?;
        Ok(Self { node, sandbox, id })
    }

    /// The release of containerd.
    pub(in crate::inside) fn version(&self) -> Result<String> {
        let told = capture(&mut command(["containerd", "--version"]))?;
        let release = told.split_whitespace().nth(2).unwrap_or_default().trim_start_matches('v');
        Ok(release.split(['~', '+']).next().unwrap_or_default().to_owned())
    }

    /// Whether a container with that device can be made; if not, what containerd said.
    pub(in crate::inside) fn takes(&self, device: &str) -> Result<std::result::Result<(), String>> {
        let container = [
            field(1, &field(1, b"one")),
            field(2, &field(1, format!("docker.io/{GLIBC}").as_bytes())),
            field(3, b"true"),
            field(17, &field(1, device.as_bytes())),
        ];
        let request = [field(1, &self.id), field(2, &container.concat()), field(3, &self.sandbox)].concat();
        match self.node.ask("CreateContainer", &request) {
            Ok(answer) => {
                self.node.ask("RemoveContainer", &field(1, &first(&answer)?))?;
                Ok(Ok(()))
            }
            // Any other failure is one of the test.
            Err(failure) if failure.chain().contains("CDI device") => Ok(Err(failure.chain())),
            Err(failure) => Err(failure),
        }
    }

    /// Ends the pod and containerd.
    pub(in crate::inside) fn stop(&mut self) -> Result<()> {
        self.node.ask("StopPodSandbox", &field(1, &self.id))?;
        self.node.ask("RemovePodSandbox", &field(1, &self.id))?;
        self.node.stop()?;
        clear("/etc/containerd")
    }
}

/// A pod in the network of the node: `NamespaceOption.network` is `NODE`.
fn sandbox() -> Vec<u8> {
    let metadata = [field(1, b"pod"), field(2, b"uid"), field(3, b"default")].concat();
    let linux = field(2, &field(1, &number(1, 2)));
    [field(1, &metadata), field(8, &linux)].concat()
}

/// What a node's owner wrote, and `runtime configure` on top of it.
pub(in crate::inside) fn configure() -> Result<()> {
    let cri = "plugins.\"io.containerd.grpc.v1.cri\"";
    let state = scratch("cri");
    let text = format!(
        "version = 2\nroot = \"{0}/root\"\nstate = \"/run/configure/state\"\n[grpc]\naddress = \"{SOCKET}\"\n\
         [{cri}]\nrestrict_oom_score_adj = true\nsandbox_image = \"{PAUSE}\"\n[{cri}.cni]\nconf_dir = \"/etc/containerd/net.d\"\n",
        state.display()
    );
    if !Path::new("/etc/resolv.conf").exists() {
        fs::write("/etc/resolv.conf", "").context("cannot make resolv.conf, which every pod gets")?;
    }
    fs::create_dir_all("/etc/containerd/net.d").context("cannot make the folder of containerd")?;
    fs::write("/etc/containerd/config.toml", text).context("cannot write containerd's configuration")?;
    let network = json!({"cniVersion": "0.4.0", "name": "lo", "plugins": [{"type": "loopback"}]});
    fs::write("/etc/containerd/net.d/lo.conflist", network.to_string())
        .context("cannot write the network")?;
    let words = ["nvidia-ctk", "runtime", "configure", "--runtime=containerd", "--cdi.enabled"];
    capture(&mut command(words)).map(drop)
}

/// The lines of some GPUs as a container counts them.
pub(super) fn expected(gpus: &[String], indices: &[usize]) -> Vec<String> {
    let line = |(position, index): (usize, &usize)| {
        let rest = gpus.get(*index).and_then(|line| line.split_once(':')).map(|(_, rest)| rest);
        format!("GPU {position}:{}", rest.unwrap_or_default())
    };
    indices.iter().enumerate().map(line).collect()
}

/// The busybox image with a program that stays: what every pod needs.
pub(in crate::inside) fn pause(busybox: &Path) -> Result<PathBuf> {
    let folder = scratch("pause");
    fs::create_dir_all(&folder).context("cannot make a folder for the image")?;
    capture(command(["tar", "-x", "-C"]).arg(&folder).arg("-f").arg(busybox))?;
    let edit = |name: &str, change: &dyn Fn(&mut Value)| -> Result<Value> {
        let path = folder.join(name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut value: Value = serde_json::from_slice(&bytes).context("the image is not understood")?;
        change(&mut value);
        fs::write(&path, value.to_string()).context("cannot change the image")?;
        Ok(value)
    };
    let manifest =
        edit("manifest.json", &|manifest| manifest[0]["RepoTags"] = json!(["longshore/pause:latest"]))?;
    let configuration = manifest[0]["Config"].as_str().unwrap_or_default();
    edit(configuration, &|image| image["config"]["Cmd"] = json!(["sleep", "100000"]))?;
    let archive = scratch("pause.tar");
    capture(command(["tar", "-c", "-C"]).arg(&folder).arg("-f").arg(&archive).arg("."))?;
    Ok(archive)
}

/// What a pod asks for.
#[derive(Clone, Copy)]
pub(in crate::inside) struct Wanted<'a> {
    /// Name of the runtime handler; empty: the default one.
    pub(in crate::inside) handler: &'a str,
    /// Value of `NVIDIA_VISIBLE_DEVICES`.
    pub(in crate::inside) env: Option<&'a str>,
    /// Name of a CDI device.
    pub(in crate::inside) device: Option<&'a str>,
}

/// A containerd that runs; it ends with this value.
pub(in crate::inside) struct Node {
    daemon: Child,
    host: Host,
    socket: &'static str,
}

impl Node {
    /// Starts it with what [`configure`] wrote.
    pub(in crate::inside) fn start() -> Result<Self> {
        Self::at(SOCKET)
    }

    /// Starts it, and waits until it answers where its configuration says that it listens.
    pub(super) fn at(socket: &'static str) -> Result<Self> {
        fs::create_dir_all("/run/configure").context("cannot make a folder for containerd")?;
        let log =
            fs::File::create(scratch("containerd.log")).context("cannot write the log of containerd")?;
        let errors = log.try_clone().context("cannot write the log of containerd")?;
        let daemon =
            command(["containerd"]).stdout(log).stderr(errors).spawn().context("cannot start containerd")?;
        let mut node = Self { daemon, host: Host::live(), socket };
        let began = Instant::now();
        while node.ask("Version", &[]).is_err() {
            let ended = node.daemon.try_wait().context("cannot look after containerd")?.is_some();
            if ended || began.elapsed() > PATIENCE {
                return Err(Failure::new(format!("containerd does not answer:\n{}", log_end())));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(node)
    }

    /// Ends it in good order.
    pub(in crate::inside) fn stop(&mut self) -> Result<()> {
        capture(command(["kill", "-TERM"]).arg(self.daemon.id().to_string()))?;
        self.daemon.wait().context("cannot wait for containerd").map(drop)
    }

    /// Takes an image in.
    pub(in crate::inside) fn import(&self, archive: &Path) -> Result<()> {
        capture(self.ctr("import").arg(archive)).map(drop)
    }

    /// Whether there is an image of that name.
    pub(super) fn has(&self, image: &str) -> Result<bool> {
        let listed = capture(self.ctr("list").arg("--quiet"))?;
        Ok(listed.lines().any(|name| name == image))
    }

    /// Gives the image of pods the name under which containerd looks for it.
    pub(super) fn names_pause(&self, image: &str) -> Result<()> {
        capture(self.ctr("tag").args(["--force", PAUSE, image])).map(drop)
    }

    fn ctr(&self, verb: &str) -> std::process::Command {
        command(["ctr", "-a", self.socket, "-n", "k8s.io", "images", verb])
    }

    fn ask(&self, method: &str, message: &[u8]) -> Result<Vec<u8>> {
        let method = format!("/runtime.v1.RuntimeService/{method}");
        call(&self.host, self.socket, &method, message, PATIENCE)
            .map_err(|failure| failure.context(log_end()))
    }

    /// Runs a pod whose one container lists its GPUs, and holds the list against the expected one.
    pub(super) fn shows(&self, wanted: &Wanted<'_>, expected: &[String]) -> Result<()> {
        let shown = self.shown(wanted)?;
        let lines: Vec<&str> = shown.lines().collect();
        if lines == expected {
            return Ok(());
        }
        Err(Failure::new(format!("the container shows\n{shown}\nand not\n{}", expected.join("\n"))))
    }

    /// What a pod's one container says of its GPUs.
    pub(in crate::inside) fn shown(&self, wanted: &Wanted<'_>) -> Result<String> {
        let sandbox = sandbox();
        let request = [field(1, &sandbox), field(2, wanted.handler.as_bytes())].concat();
        let pod = first(&self.ask("RunPodSandbox", &request)?)?;
        let shown = self.in_pod(&pod, &sandbox, wanted);
        self.ask("StopPodSandbox", &field(1, &pod))?;
        self.ask("RemovePodSandbox", &field(1, &pod))?;
        shown
    }

    fn in_pod(&self, pod: &[u8], sandbox: &[u8], wanted: &Wanted<'_>) -> Result<String> {
        let mut container = vec![
            field(1, &field(1, b"gpus")),
            field(2, &field(1, format!("docker.io/{GLIBC}").as_bytes())),
            field(3, b"sleep"),
            field(3, b"1000"),
        ];
        if let Some(gpus) = wanted.env {
            container
                .push(field(6, &[field(1, b"NVIDIA_VISIBLE_DEVICES"), field(2, gpus.as_bytes())].concat()));
        }
        if let Some(device) = wanted.device {
            container.push(field(17, &field(1, device.as_bytes())));
        }
        let request = [field(1, pod), field(2, &container.concat()), field(3, sandbox)].concat();
        let id = first(&self.ask("CreateContainer", &request)?)?;
        self.ask("StartContainer", &field(1, &id))?;
        let words = [field(2, b"nvidia-smi"), field(2, b"-L"), number(3, 30)].concat();
        let answer = self.ask("ExecSync", &[field(1, &id), words].concat())?;
        let output = texts(&answer, 1).first().map(|text| String::from_utf8_lossy(text).into_owned());
        let errors = texts(&answer, 2).first().map(|text| String::from_utf8_lossy(text).into_owned());
        output.ok_or_else(|| {
            Failure::new(format!("nvidia-smi printed nothing: {}", errors.unwrap_or_default()))
        })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Already ended is fine.
        let _ended = self.daemon.kill();
        let _status = self.daemon.wait();
    }
}

/// The first field of an answer: an id.
fn first(answer: &[u8]) -> Result<Vec<u8>> {
    texts(answer, 1).first().map(|id| id.to_vec()).ok_or_else(|| Failure::new("the answer has no id"))
}

fn log_end() -> String {
    tail(&fs::read_to_string(scratch("containerd.log")).unwrap_or_default(), 6)
}
