//! `nvidia-container-cli` called as others call it: by hand, by `ctr run --gpus`, by Apptainer, by Enroot.

use crate::exec::{command, output};
use crate::inside::bundle::{self, Bundle};
use crate::inside::check::Ledger;
use crate::inside::expect::{Expect, text};
use crate::inside::{Job, scratch};
use diag::{Failure, Result, ResultExt};
use serde_json::json;
use std::fs;
use std::path::Path;

const CLI: &str = "/usr/bin/nvidia-container-cli";

pub(super) fn run(job: &Job, host: &[String], ledger: &mut Ledger) -> Result<()> {
    let engine = "nvidia-container-cli";
    ledger.check(engine, "-k -d /dev/tty info", || info(host))?;
    ledger.check(engine, "info --csv", || csv(host))?;
    ledger.check(engine, "list", list)?;
    ledger.check(engine, "list of what one GPU needs", list_of_one)?;
    ledger.check(engine, "configure as `ctr run --gpus 2` calls it", || ctr(job, host))?;
    ledger.check(engine, "configure as Apptainer's setuid starter calls it", || {
        in_place(job, host, APPTAINER)
    })?;
    for (name, arguments) in UNPRIVILEGED {
        ledger.check(engine, &format!("configure as {name} calls it, without any right"), || {
            in_user_namespace(job, host, arguments)
        })?;
    }
    for (mode, wanted) in COMPAT_MODES {
        ledger.check(engine, &format!("configure --cuda-compat-mode={mode}"), || {
            compat_mode(job, mode, wanted)
        })?;
    }
    ledger.check(engine, "configure of a container by its pid", || by_pid(job, host))?;
    for (name, arguments, words) in REFUSED {
        ledger.check(engine, &format!("refused: {name}"), || refused(job, arguments, words))?;
    }
    Ok(())
}

fn cli(arguments: &str) -> Result<std::process::Output> {
    output(command([CLI]).args(arguments.split_whitespace()))
}

fn told(arguments: &str) -> Result<String> {
    let ended = cli(arguments)?;
    if ended.status.success() {
        return Ok(text(&ended));
    }
    Err(Failure::new(text(&ended)))
}

pub(super) fn must_hold(said: &str, words: &[&str]) -> Result<()> {
    match words.iter().find(|word| !said.contains(**word)) {
        None => Ok(()),
        Some(word) => Err(Failure::new(format!("{word:?} is missing in\n{said}"))),
    }
}

fn uuid(host: &[String], index: usize) -> Result<String> {
    let line = host.get(index).and_then(|line| line.split_once("UUID: "));
    let uuid = line.map(|(_, uuid)| uuid.trim_end_matches(')').to_owned());
    uuid.ok_or_else(|| Failure::new(format!("no UUID in {host:?}")))
}

fn info(host: &[String]) -> Result<()> {
    let said = told("-k -d /dev/stderr info")?;
    let (first, last) =
        (format!("GPU UUID:       {}\n", uuid(host, 0)?), format!("GPU UUID:       {}\n", uuid(host, 7)?));
    must_hold(
        &said,
        &[
            "-- WARNING, the following logs are for debugging purposes only --",
            "] using root /\n",
            "] listing device /dev/nvidia7 (",
            "NVRM version:   580.95.05\nCUDA version:   13.0\n\nDevice Index:   0\nDevice Minor:   0\n",
            "Bus Location:   0000",
            "Architecture:   9.0\n",
            &first,
            &last,
        ],
    )
}

fn csv(host: &[String]) -> Result<()> {
    let said = told("info --csv")?;
    let uuid = uuid(host, 3)?;
    must_hold(
        &said,
        &["NVRM version,CUDA version\n580.95.05,13.0\n\nDevice Index,", "\n3,3,NVIDIA H100", &uuid],
    )?;
    if said.lines().count() == 12 { Ok(()) } else { Err(Failure::new(said)) }
}

/// Every path that is listed is there.
fn list() -> Result<()> {
    let said = told("list")?;
    must_hold(
        &said,
        &["/dev/nvidiactl\n", "/dev/nvidia7\n", "/nvidia-smi\n", "libcuda.so.580", "gsp_", "/socket\n"],
    )?;
    match said.lines().find(|path| !Path::new(path).exists()) {
        None => Ok(()),
        Some(path) => Err(Failure::new(format!("{path} is listed and not there"))),
    }
}

fn list_of_one() -> Result<()> {
    let said = told("list --device=3")?;
    let wanted =
        "/dev/nvidiactl\n/dev/nvidia-uvm\n/dev/nvidia-uvm-tools\n/dev/nvidia-modeset\n/dev/nvidia3\n";
    if said == wanted { Ok(()) } else { Err(Failure::new(said)) }
}

/// containerd's client puts a hook into the configuration that runs the program with the container's pid.
fn ctr(job: &Job, host: &[String]) -> Result<()> {
    let bundle = Bundle::make(job, "ctr", &["nvidia-smi", "-L"], &[])?;
    let script = "pid=$(grep -o '\"pid\": *[0-9]*' | grep -o '[0-9]*'); exec \"$0\" --load-kmods configure --device=2 \
                  --compute --compat32 --graphics --utility --video --display --pid=$pid \"$1\"";
    let rootfs = bundle.path.join("rootfs");
    let mut config = bundle.config()?;
    config["hooks"] = json!({"prestart": [{"path": "/bin/sh", "args": ["sh", "-c", script, CLI, rootfs]}]});
    bundle.write(&config)?;
    let shown = bundle::run(Path::new("/usr/sbin/runc"), &bundle, "ctr");
    let shown = shown.or_else(|_| bundle::run(Path::new("/usr/bin/runc"), &bundle, "ctr"))?;
    bundle.discard()?;
    judge(host, 2, &shown)
}

fn judge(host: &[String], index: usize, shown: &str) -> Result<()> {
    if shown.lines().count() == 1 && shown.contains(&uuid(host, index)?) {
        return Ok(());
    }
    Err(Failure::new(format!("the container shows {shown:?}")))
}

/// `--nvccli`: in its own mount namespace, without a pid, as root.
const APPTAINER: &str =
    "configure --no-cgroups --device=2 --compute --utility '--require=cuda>=9.0' --ldconfig=@/sbin/ldconfig";

/// Callers of ordinary users: each has made a user namespace, in which it is root and nothing more.
const UNPRIVILEGED: &[(&str, &str)] = &[
    ("Apptainer", "--user configure --no-cgroups --device=2 --compute --utility --ldconfig=@/sbin/ldconfig"),
    // The hook `98-nvidia.sh`.
    (
        "Enroot",
        "--user --debug=/dev/stderr configure --no-cgroups --ldconfig=@/sbin/ldconfig --device=2 --compute --compat32 \
         --display --graphics --utility --video '--require=cuda>=9.0'",
    ),
    // Its hook `nvidia`, for containers and nested engines alike.
    (
        "LXC",
        "--user configure --no-cgroups --ldconfig=@/sbin/ldconfig --device=2 --compute --utility '--require=cuda>=9.0'",
    ),
];

/// Makes a root on a tmpfs. What belongs to users that a user namespace does not know stays nobody's.
const ROOT: &str = "set -e; mount -t tmpfs -o mode=755 root \"$1\"
    cp -r --preserve=mode,timestamps,links --no-dereference \"$0\"/. \"$1\"
    mount -t tmpfs -o mode=755 dev \"$1/dev\"; mount --rbind /proc \"$1/proc\"
";

/// The caller has made a mount namespace; the root is not pivoted to yet.
fn in_place(job: &Job, host: &[String], arguments: &str) -> Result<()> {
    let script = format!("{ROOT}{CLI} {arguments} \"$1\"; exec chroot \"$1\" nvidia-smi -L");
    judge(host, 2, &in_namespace(job, &["unshare", "-m", "--propagation", "private"], &script)?)
}

/// An ordinary user's namespace, with one user in it.
fn in_user_namespace(job: &Job, host: &[String], arguments: &str) -> Result<()> {
    let script = format!("{ROOT}{CLI} {arguments} \"$1\"; exec chroot \"$1\" nvidia-smi -L");
    let user = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--inh-caps=-all"];
    let namespace = ["unshare", "-U", "-r", "-m", "--propagation", "private"];
    judge(host, 2, &in_namespace(job, &[&user[..], &namespace].concat(), &script)?)
}

fn in_namespace(job: &Job, namespace: &[&str], script: &str) -> Result<String> {
    let place = scratch("in-place");
    fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    let mut unshare = command(["timeout", "-k", "5", "60"]);
    unshare.args(namespace).args(["sh", "-c", script]).arg(job.images.join("glibc")).arg(&place);
    let ended = output(&mut unshare)?;
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).into_owned());
    }
    Err(Failure::new(text(&ended)))
}

/// The first folder in which the loader of a container with compatibility libraries looks.
const COMPAT_MODES: &[(&str, &str)] = &[
    ("ldconfig", "/usr/local/cuda/compat/libcuda.so.1"),
    // Nothing of an image becomes the source of a mount (CVE-2025-23359): the loader finds the same library.
    ("mount", "/usr/local/cuda/compat/libcuda.so.1"),
    ("disabled", "/usr/lib/x86_64-linux-gnu/libcuda.so.1"),
];

fn compat_mode(job: &Job, mode: &str, wanted: &str) -> Result<()> {
    let script = format!(
        "{ROOT}mkdir -p \"$1/usr/local/cuda/compat\"
         cp /usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05 \"$1/usr/local/cuda/compat/libcuda.so.999.1\"
         ln -s libcuda.so.999.1 \"$1/usr/local/cuda/compat/libcuda.so.1\"
         {CLI} configure --no-cgroups --device=2 --compute --cuda-compat-mode={mode} \"$1\"
         ! grep -q ' /usr/local/cuda/compat' /proc/self/mountinfo
         /sbin/ldconfig -p -C \"$1/etc/ld.so.cache\""
    );
    let cache = in_namespace(job, &["unshare", "-m", "--propagation", "private"], &script)?;
    let found = cache.lines().find(|line| line.trim_start().starts_with("libcuda.so.1 "));
    match found.and_then(|line| line.split(" => ").nth(1)) {
        Some(path) if path == wanted || path == wanted.trim_start_matches("/usr") => Ok(()),
        other => Err(Failure::new(format!("the loader would take {other:?}"))),
    }
}

/// A container that somebody made by hand: another process, in namespaces of its own.
fn by_pid(job: &Job, host: &[String]) -> Result<()> {
    let place = scratch("by-pid");
    fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    let script = format!(
        "set -e; mount -t tmpfs root \"$1\"; cp -a \"$0\"/. \"$1\"; mount -t tmpfs dev \"$1/dev\"; mount -t proc proc \"$1/proc\"
         unshare -m --propagation private sleep 30 >/dev/null 2>&1 & sleep 0.3; trap 'kill $!' EXIT
         {CLI} configure --no-cgroups --device=2 --compute --utility --pid=$! \"$1\"
         test ! -c \"$1/dev/nvidia2\"
         nsenter -t $! -m chroot \"$1\" nvidia-smi -L"
    );
    let mut unshare = command(["unshare", "-m", "--propagation", "private", "sh", "-c", &script]);
    let ended = output(unshare.arg(job.images.join("glibc")).arg(&place))?;
    if !ended.status.success() {
        return Err(Failure::new(text(&ended)));
    }
    judge(host, 2, &String::from_utf8_lossy(&ended.stdout))
}

type Refused = (&'static str, &'static str, &'static [&'static str]);

const REFUSED: &[Refused] = &[
    (
        "a GPU that there is not",
        "configure --device=9 $ROOT",
        &["nvidia-container-cli: device error: 9: unknown device", "0-7"],
    ),
    (
        "a requirement",
        "configure --device=0 --require=cuda>=99 $ROOT",
        &["requirement error: unsatisfied condition: cuda>=99"],
    ),
    (
        "a root that there is not",
        "configure --no-cgroups /nonexistent",
        &["nvidia-container-cli: mount error: "],
    ),
    (
        "a process that there is not",
        "configure --pid=4194303 $ROOT",
        &["nvidia-container-cli: container error: "],
    ),
    (
        "a right on MIG without a node",
        "configure --mig-config=0 $ROOT",
        &["mig-config error: 0: only 'all' devices"],
    ),
    (
        "an IMEX channel without a node",
        "--no-create-imex-channels configure --imex-channel=7 $ROOT",
        &["imex-channel error: 7"],
    ),
];

fn refused(job: &Job, arguments: &str, words: &'static [&'static str]) -> Result<()> {
    let root = job.images.join("glibc").display().to_string();
    Expect::Fails(words).judge(&[], &cli(&arguments.replace("$ROOT", &root))?)
}
