//! `longshore cdi validate` against the engines themselves: each specification of a table is given to
//! each engine of this suite, and both have to come to the same end.

use super::check::Ledger;
use super::configure::Pod;
use super::docker::Docker;
use super::podman_cases::podman;
use super::{Job, install};
use crate::engines::{GLIBC, Suite};
use crate::exec::{capture, command, output};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::Path;
use std::process::Output;
use std::thread;
use std::time::Duration;

const FOLDER: &str = "/etc/cdi";

/// A specification: its name, its version, what stands between `kind` and the end, the device asked
/// for. `KIND` stands for a kind that is good.
struct Case {
    name: &'static str,
    version: &'static str,
    kind: &'static str,
    device: &'static str,
    rest: &'static str,
}

const KIND: &str = "example.com/card";
const PLAIN: &str = "devices:\n  - name: card0\n    containerEdits: {env: [A=1]}\n";
const DIGIT: &str = "devices:\n  - name: \"0\"\n    containerEdits: {env: [A=1]}\n";

const fn case(name: &'static str, version: &'static str, rest: &'static str) -> Case {
    Case { name, version, kind: KIND, device: "card0", rest }
}

const fn digit(version: &'static str) -> Case {
    Case { device: "0", ..case("a name that is a digit", version, DIGIT) }
}

const fn of_kind(name: &'static str, version: &'static str, kind: &'static str) -> Case {
    Case { kind, ..case(name, version, PLAIN) }
}

const CASES: &[Case] = &[
    case("plain", "0.3.0", PLAIN),
    case("plain", "0.4.0", PLAIN),
    case("plain", "0.5.0", PLAIN),
    case("plain", "0.6.0", PLAIN),
    case("plain", "0.7.0", PLAIN),
    case("plain", "0.8.0", PLAIN),
    case("plain", "1.0.0", PLAIN),
    case("plain", "1.1.0", PLAIN),
    case("a version that does not exist", "0.9.0", PLAIN),
    case("a version of the future", "2.0.0", PLAIN),
    case("half a version", "0.5", PLAIN),
    case("no version", "\"\"", PLAIN),
    digit("0.3.0"),
    digit("0.4.0"),
    digit("0.5.0"),
    case("hostPath of a node", "0.4.0", NODE_ELSEWHERE),
    case("hostPath of a node", "0.5.0", NODE_ELSEWHERE),
    case("type of a mount", "0.3.0", TYPED_MOUNT),
    case("type of a mount", "0.4.0", TYPED_MOUNT),
    case("annotations", "0.5.0", ANNOTATED),
    case("annotations", "0.6.0", ANNOTATED),
    case("additional groups", "0.5.0", GROUPS),
    case("additional groups", "0.6.0", GROUPS),
    case("additional groups", "0.7.0", GROUPS),
    of_kind("a class with a dot", "0.5.0", "example.com/card.big"),
    of_kind("a class with a dot", "0.6.0", "example.com/card.big"),
    of_kind("no class", "0.5.0", "example.com"),
    of_kind("a vendor that begins with a digit", "0.5.0", "1example.com/card"),
    of_kind("a class that ends with a dash", "0.5.0", "example.com/card-"),
    case(
        "an unknown field of the file",
        "0.5.0",
        "extra: 1\ndevices:\n  - name: card0\n    containerEdits: {env: [A=1]}\n",
    ),
    case(
        "an unknown field of a device",
        "0.5.0",
        "devices:\n  - name: card0\n    extra: 1\n    containerEdits: {env: [A=1]}\n",
    ),
    case(
        "an unknown field of edits",
        "0.5.0",
        "devices:\n  - name: card0\n    containerEdits: {env: [A=1], extra: 1}\n",
    ),
    case("a device without edits", "0.5.0", "devices:\n  - name: card0\n    containerEdits: {}\n"),
    case(
        "a device twice",
        "0.5.0",
        "devices:\n  - name: card0\n    containerEdits: {env: [A=1]}\n  - name: card0\n    containerEdits: {env: [A=2]}\n",
    ),
    case(
        "a variable without a value",
        "0.5.0",
        "devices:\n  - name: card0\n    containerEdits: {env: [A]}\n",
    ),
    case(
        "a hook of an unknown stage",
        "0.5.0",
        "devices:\n  - name: card0\n    containerEdits: {hooks: [{hookName: sometime, path: /bin/true}]}\n",
    ),
    case(
        "a hook without a program",
        "0.5.0",
        "devices:\n  - name: card0\n    containerEdits: {hooks: [{hookName: prestart}]}\n",
    ),
    case(
        "a hook",
        "0.5.0",
        "devices:\n  - name: card0\n    containerEdits: {hooks: [{hookName: createContainer, path: /bin/true, args: [true]}]}\n",
    ),
    case(
        "a mount without a source",
        "0.5.0",
        "devices:\n  - name: card0\n    containerEdits: {mounts: [{containerPath: /x}]}\n",
    ),
    case(
        "a node of an unknown type",
        "0.5.0",
        "devices:\n  - name: card0\n    containerEdits: {deviceNodes: [{path: /dev/null, type: z}]}\n",
    ),
    case(
        "permissions that do not exist",
        "0.5.0",
        "devices:\n  - name: card0\n    containerEdits: {deviceNodes: [{path: /dev/null, permissions: rwx}]}\n",
    ),
    case(
        "a node",
        "0.5.0",
        "devices:\n  - name: card0\n    containerEdits: {deviceNodes: [{path: /dev/zero, permissions: rw}]}\n",
    ),
    Case {
        device: "a:b",
        ..case("a name with a colon", "0.5.0", "devices:\n  - name: a:b\n    containerEdits: {env: [A=1]}\n")
    },
    Case {
        device: "card0",
        ..case(
            "another device with a bad name",
            "0.5.0",
            "devices:\n  - name: card0\n    containerEdits: {env: [A=1]}\n  - name: -a\n    containerEdits: {env: [A=1]}\n",
        )
    },
    case("not YAML", "0.5.0", "devices:\n\t- name: card0\n"),
    case(
        "network devices",
        "1.0.0",
        "devices:\n  - name: card0\n    containerEdits: {env: [A=1], netDevices: [{hostInterfaceName: lo, name: lo}]}\n",
    ),
    case("devices are a map", "0.5.0", "devices: {name: card0}\n"),
    case(
        "a number as a name",
        "0.5.0",
        "devices:\n  - name: card0\n    containerEdits: {env: [A=1]}\n  - name: 17\n    containerEdits: {env: [A=1]}\n",
    ),
];

const NODE_ELSEWHERE: &str =
    "devices:\n  - name: card0\n    containerEdits: {deviceNodes: [{path: /dev/x, hostPath: /dev/zero}]}\n";
const TYPED_MOUNT: &str = "devices:\n  - name: card0\n    containerEdits: {mounts: [{hostPath: tmpfs, containerPath: /x, type: tmpfs}]}\n";
const ANNOTATED: &str =
    "devices:\n  - name: card0\n    annotations: {a.b/c: d}\n    containerEdits: {env: [A=1]}\n";
const GROUPS: &str = "devices:\n  - name: card0\n    containerEdits: {env: [A=1], additionalGids: [44]}\n";

/// How an engine came to its end with a device: taken, or what it said.
type Answer = std::result::Result<(), String>;

/// Runs the table on the engines of this suite.
pub(super) fn run(job: &Job) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    install(job)?;
    fs::create_dir_all(FOLDER).context("cannot make the folder of specifications")?;
    on_podman(job, &mut ledger)?;
    // The engines of bookworm know nothing of CDI.
    if job.suite()? != Suite::Bookworm {
        on_docker(job, &mut ledger)?;
        on_containerd(job, &mut ledger)?;
    }
    Ok(())
}

fn on_podman(job: &Job, ledger: &mut Ledger) -> Result<()> {
    capture(podman("runc", ["load", "--input"]).arg(job.images.join("glibc.tar")))?;
    let version = capture(&mut command(["podman", "--version"]))?;
    let version = version.split_whitespace().last().unwrap_or_default().to_string();
    on_engine(ledger, "podman", &version, |device| {
        let words = ["run", "--rm", "--network", "none", "--device", device];
        answer(&output(podman("runc", words).arg(GLIBC).arg("true"))?)
    })
}

fn on_docker(job: &Job, ledger: &mut Ledger) -> Result<()> {
    fs::create_dir_all("/etc/docker").context("cannot make /etc/docker")?;
    fs::write("/etc/docker/daemon.json", "{\"features\": {\"cdi\": true}}")
        .context("cannot write daemon.json")?;
    let mut docker = Docker::start(job.suite()?)?;
    docker.load(&job.images.join("glibc.tar"))?;
    let version = docker.version()?;
    on_engine(ledger, "docker", &version, |device| {
        answer(&docker.client(["run", "--rm", "--network", "none", "--device", device, GLIBC, "true"])?)
    })?;
    docker.stop()
}

/// What the kubelet asks of containerd: a container with a device, in a pod that is there already.
fn on_containerd(job: &Job, ledger: &mut Ledger) -> Result<()> {
    let mut pod = Pod::start(job)?;
    let version = pod.version()?;
    on_engine(ledger, "containerd", &version, |device| pod.takes(device))?;
    pod.stop()
}

fn answer(ended: &Output) -> Result<Answer> {
    Ok(if ended.status.success() { Ok(()) } else { Err(super::expect::text(ended)) })
}

fn on_engine(
    ledger: &mut Ledger,
    engine: &str,
    version: &str,
    run: impl Fn(&str) -> Result<Answer>,
) -> Result<()> {
    let reader = format!("{engine}@{version}");
    let mut taken = 0;
    for case in CASES {
        let name = format!("validate: {} in {}", case.name, case.version);
        ledger.check(&format!("{engine} {version}"), &name, || {
            taken += usize::from(agrees(case, &reader, &run)?);
            Ok(())
        })?;
    }
    ledger.check(&format!("{engine} {version}"), "validate: two files with one device", || {
        conflict(&reader, &run)
    })?;
    ledger.check(&format!("{engine} {version}"), "validate: some are taken, some are not", || {
        let all = CASES.len();
        if taken >= 8 && taken + 15 <= all {
            return Ok(());
        }
        Err(Failure::new(format!("{taken} of {all} specifications were taken")))
    })
}

/// How often an engine is asked again that seems not to have seen the file yet.
const REPEATS: usize = 3;
const PAUSE: Duration = Duration::from_millis(300);

/// Whether the engine took the specification, in which our verdict has to agree.
fn agrees(case: &Case, reader: &str, run: impl Fn(&str) -> Result<Answer>) -> Result<bool> {
    let path = Path::new(FOLDER).join("case.yaml");
    let text = format!("cdiVersion: {}\nkind: {}\n{}", case.version, case.kind, case.rest);
    fs::write(&path, &text).context("cannot write a specification")?;
    let ours = validate(&[path.as_path()], reader)?;
    let device = format!("{}={}", case.kind, case.device);
    let mut real = run(&device)?;
    for _ in 0..REPEATS {
        if same(&real, &ours, &text).is_ok() {
            break;
        }
        // A daemon that watches the folder may answer from what it saw there a moment before.
        thread::sleep(PAUSE);
        real = run(&device)?;
    }
    fs::remove_file(&path).context("cannot remove a specification")?;
    same(&real, &ours, &text)?;
    Ok(real.is_ok())
}

fn conflict(reader: &str, run: impl Fn(&str) -> Result<Answer>) -> Result<()> {
    let text = format!("cdiVersion: 0.5.0\nkind: {KIND}\n{PLAIN}");
    let paths = ["a.yaml", "b.yaml"].map(|name| Path::new(FOLDER).join(name));
    for path in &paths {
        fs::write(path, &text).context("cannot write a specification")?;
    }
    let real = run(&format!("{KIND}=card0"))?;
    let ours = validate(&[Path::new(FOLDER)], reader)?;
    for path in &paths {
        fs::remove_file(path).context("cannot remove a specification")?;
    }
    same(&real, &ours, &text)
}

fn validate(paths: &[&Path], reader: &str) -> Result<Output> {
    output(command(["longshore", "cdi", "validate", "--for", reader]).args(paths))
}

fn same(real: &Answer, ours: &Output, text: &str) -> Result<()> {
    if real.is_ok() == ours.status.success() {
        return Ok(());
    }
    let real = real.as_ref().err().map_or("that it takes it", String::as_str);
    let ours = super::expect::text(ours);
    Err(Failure::new(format!("the engine says\n{real}\nand `longshore cdi validate`\n{ours}of\n{text}")))
}
