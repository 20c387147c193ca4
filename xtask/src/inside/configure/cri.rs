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

const SOCKET: &str = "/run/configure/containerd.sock";
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

/// What a node's owner wrote, and `runtime configure` on top of it.
fn configure() -> Result<()> {
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
fn expected(gpus: &[String], indices: &[usize]) -> Vec<String> {
    let line = |(position, index): (usize, &usize)| {
        let rest = gpus.get(*index).and_then(|line| line.split_once(':')).map(|(_, rest)| rest);
        format!("GPU {position}:{}", rest.unwrap_or_default())
    };
    indices.iter().enumerate().map(line).collect()
}

/// The busybox image with a program that stays: what every pod needs.
fn pause(busybox: &Path) -> Result<PathBuf> {
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
struct Wanted<'a> {
    handler: &'a str,
    env: Option<&'a str>,
    device: Option<&'a str>,
}

/// A containerd that runs; it ends with this value.
struct Node {
    daemon: Child,
    host: Host,
}

impl Node {
    fn start() -> Result<Self> {
        fs::create_dir_all("/run/configure").context("cannot make a folder for containerd")?;
        let log =
            fs::File::create(scratch("containerd.log")).context("cannot write the log of containerd")?;
        let errors = log.try_clone().context("cannot write the log of containerd")?;
        let daemon =
            command(["containerd"]).stdout(log).stderr(errors).spawn().context("cannot start containerd")?;
        let mut node = Self { daemon, host: Host::live() };
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

    fn stop(&mut self) -> Result<()> {
        capture(command(["kill", "-TERM"]).arg(self.daemon.id().to_string()))?;
        self.daemon.wait().context("cannot wait for containerd").map(drop)
    }

    fn import(&self, archive: &Path) -> Result<()> {
        let words = ["ctr", "-a", SOCKET, "-n", "k8s.io", "images", "import"];
        capture(command(words).arg(archive)).map(drop)
    }

    fn ask(&self, method: &str, message: &[u8]) -> Result<Vec<u8>> {
        let method = format!("/runtime.v1.RuntimeService/{method}");
        call(&self.host, SOCKET, &method, message, PATIENCE).map_err(|failure| failure.context(log_end()))
    }

    /// Runs a pod whose one container lists its GPUs.
    fn shows(&self, wanted: &Wanted<'_>, expected: &[String]) -> Result<()> {
        let metadata = [field(1, b"pod"), field(2, b"uid"), field(3, b"default")].concat();
        // The network of the node: `NamespaceOption.network` is `NODE`.
        let linux = field(2, &field(1, &number(1, 2)));
        let sandbox = [field(1, &metadata), field(8, &linux)].concat();
        let request = [field(1, &sandbox), field(2, wanted.handler.as_bytes())].concat();
        let pod = first(&self.ask("RunPodSandbox", &request)?)?;
        let shown = self.in_pod(&pod, &sandbox, wanted);
        self.ask("StopPodSandbox", &field(1, &pod))?;
        self.ask("RemovePodSandbox", &field(1, &pod))?;
        let shown = shown?;
        let lines: Vec<&str> = shown.lines().collect();
        if lines == expected {
            return Ok(());
        }
        Err(Failure::new(format!("the container shows\n{shown}\nand not\n{}", expected.join("\n"))))
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
