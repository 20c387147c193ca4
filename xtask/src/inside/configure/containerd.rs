//! containerd's files, judged by `containerd config dump`, and by a pod that gets its GPU.

use super::cri::{Node, Wanted, pause};
use super::states::{CONTAINERD, CONTAINERD_2, K3S_OLD, RANCHER, RKE2_OLD, State, containerd_default};
use super::{Job, clear, round_trip, round_trip_of};
use crate::exec::{capture, command};
use crate::inside::check::Ledger;
use diag::{Failure, Result, ResultExt};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const SOCKET: &str = "/run/containerd/containerd.sock";
const CONFIG: &str = "/etc/containerd/config.toml";

/// What k3s puts in the place of `base` where it found our runtime, in short.
const BASE: &str = r#"version = 2
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes."nvidia"]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes."nvidia".options]
  BinaryName = "/usr/bin/nvidia-container-runtime"
"#;

pub(super) fn run(job: &Job, pods: Option<&[String]>, ledger: &mut Ledger) -> Result<()> {
    let version = capture(&mut command(["containerd", "--version"]))?;
    let number = version.split_whitespace().nth(2).unwrap_or_default().split(['~', '+', '-']).next();
    let number = number.unwrap_or_default().trim_start_matches('v');
    let engine = format!("containerd {number}");
    let is_new = !number.starts_with("1.");
    clear("/etc/containerd")?;
    let printed = capture(&mut command(["containerd", "config", "default"]))?;
    let pods = pods.map(|gpus| Pods { job, gpus });
    if pods.is_some() {
        runtime_without_scores()?;
    }
    let newer = if is_new { CONTAINERD_2 } else { &[] };
    for state in CONTAINERD.iter().chain(newer).chain(&containerd_default(&printed)) {
        // containerd 2 reads no file of version 1 any more.
        if is_new && state.files.iter().any(|(_, text)| text.starts_with("oom_score")) {
            continue;
        }
        ledger.check(&engine, state.name, || {
            round_trip("containerd", state, || judged(state.kept, pods.as_ref()))
        })?;
    }
    for state in RANCHER.iter().filter(|_| !is_new) {
        ledger.check(&engine, state.name, || templated(state, pods.as_ref()))?;
    }
    clear("/etc/containerd")
}

/// What containerd takes from its files: our runtime, and what was there before; and the GPU of a pod.
fn judged(kept: &[&str], pods: Option<&Pods<'_>>) -> Result<()> {
    let dump = capture(&mut command(["containerd", "config", "dump"]))?.replace('\'', "\"");
    let ours = ["runtimes.nvidia]", "BinaryName = \"/usr/bin/nvidia-container-runtime\""];
    // Of a plugin that is off nothing is shown.
    let off = dump.contains("disabled_plugins = [\"cri\"]")
        || dump.contains("disabled_plugins = [\"io.containerd.grpc.v1.cri\"]");
    let ours = if off { &ours[..0] } else { &ours[..] };
    let missing = ours.iter().chain(kept).find(|words| !words.split('|').any(|word| dump.contains(word)));
    if let Some(words) = missing {
        return Err(Failure::new(format!("containerd does not show {words}:\n{dump}")));
    }
    // The systemd of such a file is not there.
    let off = off || dump.contains("SystemdCgroup = true");
    pods.filter(|_| !off).map_or(Ok(()), |pods| pods.get_their_gpu(&dump))
}

/// A template of k3s or RKE2, configured, and what it becomes there: the distribution's own text for
/// `base`, as its documentation shows it, and the driver of control groups.
fn templated(state: &State, pods: Option<&Pods<'_>>) -> Result<()> {
    let path = state.files.first().map(|(path, _)| *path).unwrap_or_default();
    let engine = if path == RKE2_OLD { "rke2" } else { "k3s" };
    let words = ["nvidia-ctk", "runtime", "configure", "--runtime", engine, "--config", path];
    round_trip_of(&words, state, || {
        let template = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
        let text =
            template.replace("{{ template \"base\" . }}", BASE).replace("{{ .SystemdCgroup }}", "false");
        fs::create_dir_all("/etc/containerd").context("cannot make the folder of containerd")?;
        fs::write(CONFIG, &text).context("cannot write containerd's configuration")?;
        let end = judged(if path == K3S_OLD || path == RKE2_OLD { state.kept } else { &[] }, pods);
        clear(CONFIG)?;
        end
    })
}

/// The pods of a node.
struct Pods<'a> {
    job: &'a Job,
    gpus: &'a [String],
}

impl Pods<'_> {
    fn get_their_gpu(&self, dump: &str) -> Result<()> {
        let mut node = Node::at(SOCKET)?;
        let sandbox = dump.lines().find_map(|line| {
            let (key, value) = line.trim().split_once(" = ")?;
            ["sandbox_image", "sandbox"].contains(&key).then(|| value.trim_matches('"').to_owned())
        });
        let sandbox = sandbox.ok_or_else(|| Failure::new("containerd names no image for pods"))?;
        if !node.has(&sandbox)? {
            node.import(&self.job.images.join("glibc.tar"))?;
            node.import(&pause(&self.job.images.join("busybox.tar"))?)?;
            node.names_pause(&sandbox)?;
        }
        let wanted = Wanted { handler: "nvidia", env: Some("1"), device: None };
        let end = node.shows(&wanted, &super::cri::expected(self.gpus, &[1]));
        node.stop()?;
        end
    }
}

/// containerd lowers the score by which the kernel chooses what to end, which containers like this one may
/// not. Its files are not changed for that: what our runtime calls raises it again.
fn runtime_without_scores() -> Result<()> {
    const RUNTIME: &str = "/mnt/runc-here";
    let script = "#!/bin/sh\nprevious=\nfor word; do\n  [ \"$previous\" != --bundle ] || sed -i 's/\"oomScoreAdj\":-[0-9]*/\"oomScoreAdj\":0/' \
                  \"$word/config.json\"\n  previous=$word\ndone\nexec runc \"$@\"\n";
    fs::write(RUNTIME, script).context("cannot write a runtime")?;
    fs::set_permissions(RUNTIME, Permissions::from_mode(0o755)).context("cannot write a runtime")?;
    if !Path::new("/etc/resolv.conf").exists() {
        fs::write("/etc/resolv.conf", "").context("cannot make resolv.conf, which every pod gets")?;
    }
    let key = format!("nvidia-container-runtime.runtimes={RUNTIME}");
    capture(&mut command(["nvidia-ctk", "config", "--in-place", "--set", &key])).map(drop)
}
