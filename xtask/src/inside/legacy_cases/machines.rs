//! `--gpus` on machines of other kinds than the usual one: MIG devices, IMEX channels, an NVML that never
//! answers or ends its caller. Whatever a container got, it may open the nodes that it has, and no other of
//! this machine's.

use super::callers::must_hold;
use crate::engines::GLIBC;
use crate::exec::{capture, command, output};
use crate::inside::check::Ledger;
use crate::inside::docker::Docker;
use crate::inside::expect::{Expect, text};
use crate::inside::{Job, install};
use diag::{Failure, Result, ResultExt};
use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// A machine.
#[derive(Debug)]
pub(crate) struct Machine {
    /// Its name, for the results.
    pub(crate) name: &'static str,
    /// The description of the simulation.
    pub(crate) description: &'static str,
    /// Whether it is tried in the short form too.
    pub(crate) short: bool,
    cases: &'static [Case],
    /// How NVML misbehaves, in the words of the warning; nothing where it works.
    nvml: Option<&'static str>,
}

/// Options of `docker run`, and what comes of them.
#[derive(Debug)]
struct Case {
    options: &'static [&'static str],
    sees: Sees,
}

#[derive(Debug)]
enum Sees {
    /// The nodes of these names, and the control nodes.
    Nodes(&'static [&'static str]),
    /// This many nodes of GPUs and capabilities.
    Count(usize),
    /// It does not start, and says this.
    Refused(&'static [&'static str]),
}

const fn nodes(options: &'static [&'static str], names: &'static [&'static str]) -> Case {
    Case { options, sees: Sees::Nodes(names) }
}

const fn refused(options: &'static [&'static str], words: &'static [&'static str]) -> Case {
    Case { options, sees: Sees::Refused(words) }
}

const CONFIG: &str = "NVIDIA_MIG_CONFIG_DEVICES=all";
const MONITOR: &str = "NVIDIA_MIG_MONITOR_DEVICES=all";
/// Of GPU 2: its second device.
const MIG_UUID: &str = "device=MIG-2f7b0204-9d36-5c10-8a4e-51e8d07bc202";

const MIG: &[Case] = &[
    nodes(&["--gpus", "device=0:1"], &["nvidia0", "cap:gpu0/mig/gi5/access", "cap:gpu0/mig/gi5/ci0/access"]),
    nodes(
        &["--gpus", "\"device=0:0,2:1\""],
        &[
            "nvidia0",
            "nvidia2",
            "cap:gpu0/mig/gi1/access",
            "cap:gpu0/mig/gi1/ci0/access",
            "cap:gpu2/mig/gi2/access",
            "cap:gpu2/mig/gi2/ci0/access",
        ],
    ),
    nodes(&["--gpus", MIG_UUID], &["nvidia2", "cap:gpu2/mig/gi1/access", "cap:gpu2/mig/gi1/ci0/access"]),
    nodes(&["--gpus", "device=4"], &["nvidia4"]),
    // Seven GPUs, the one in MIG mode without devices not among them, and the capabilities of their instances.
    Case { options: &["--gpus", "all"], sees: Sees::Count(7 + 37) },
    nodes(
        &["--gpus", "device=4", "--cap-add", "SYS_ADMIN", "-e", CONFIG, "-e", MONITOR],
        &["nvidia4", "cap:mig/config", "cap:mig/monitor"],
    ),
    refused(
        &["--gpus", "device=4", "-e", CONFIG],
        &["cannot set MIG_CONFIG_DEVICES in non privileged container"],
    ),
    refused(
        &["--gpus", "device=0:9"],
        &["nvidia-container-cli: device error: 0:9: unknown device", "MIG devices 0:0"],
    ),
    refused(
        &["--gpus", "device=MIG-00000000-0000-5000-8000-000000000000"],
        &["nvidia-container-cli: device error: MIG-00000000-0000-5000-8000-000000000000: unknown device"],
    ),
];

const CHANNELS: &str = "NVIDIA_IMEX_CHANNELS=0,2047";

const IMEX: &[Case] = &[
    nodes(&["--gpus", "device=1"], &["nvidia1"]),
    nodes(&["--gpus", "device=1", "-e", CHANNELS], &["nvidia1", "channel0", "channel2047"]),
    // A channel that is not there yet is made.
    nodes(&["--gpus", "device=0", "-e", "NVIDIA_IMEX_CHANNELS=5"], &["nvidia0", "channel5"]),
    refused(
        &["--gpus", "device=0", "-e", "NVIDIA_IMEX_CHANNELS=x"],
        &["imex-channel error: x: invalid channel"],
    ),
];

/// What the driver's files tell is enough for these.
const WITHOUT_NVML: &[Case] = &[
    nodes(&["--gpus", "device=4"], &["nvidia4"]),
    nodes(&["--gpus", "device=0:1"], &["nvidia0", "cap:gpu0/mig/gi5/access", "cap:gpu0/mig/gi5/ci0/access"]),
    Case { options: &["--gpus", "all"], sees: Sees::Count(8 + 37) },
];

/// The machines.
pub(crate) const MACHINES: &[Machine] = &[
    Machine {
        name: "MIG",
        description: "inherits = \"dgx-mig-mixed\"\n",
        short: true,
        cases: MIG,
        nvml: None,
    },
    Machine { name: "IMEX", description: "inherits = \"gb200\"\n", short: true, cases: IMEX, nvml: None },
    Machine {
        name: "NVML hangs",
        description: "inherits = \"dgx-mig-mixed\"\n[faults]\nnvml = \"hang\"\n",
        short: true,
        cases: WITHOUT_NVML,
        nvml: Some("driver rpc error: timed out"),
    },
    Machine {
        name: "NVML crashes",
        description: "inherits = \"dgx-mig-mixed\"\n[faults]\nnvml = \"crash\"\n",
        short: false,
        cases: WITHOUT_NVML,
        nvml: Some("driver rpc error: terminated with signal 6"),
    },
];

/// The machine of a name.
pub(crate) fn named(name: &str) -> Option<&'static Machine> {
    MACHINES.iter().find(|machine| machine.name == name)
}

/// Carries out the cases of one machine.
pub(crate) fn run(job: &Job, name: &str) -> Result<()> {
    let machine = named(name).ok_or_else(|| Failure::new(format!("no machine is called {name}")))?;
    let mut ledger = Ledger::create(&job.results)?;
    install(job)?;
    let helper =
        "mkdir -p /usr/libexec/longshore; ln -sfn ../../bin/longshore /usr/libexec/longshore/inventory";
    capture(&mut command(["sh", "-c", helper]))?;
    let mut docker = Docker::start(job.suite()?)?;
    let engine = format!("docker {}, {}", docker.version()?, machine.name);
    docker.load(&job.images.join("glibc.tar"))?;
    for case in machine.cases {
        ledger.check(&engine, &case.options.join(" "), || judge(&docker, case))?;
    }
    if machine.name == "MIG" {
        ledger.check(&engine, "nodes of capabilities that are missing are made", || {
            capture(&mut command(["rm", "-rf", "/dev/nvidia-caps"]))?;
            let words = ["run", "--rm", "--network", "none", "--gpus", "device=0:1", GLIBC, "true"];
            Expect::Lines(&[]).judge(&[], &docker.client(words)?)?;
            MIG.first().map_or(Ok(()), |case| judge(&docker, case))
        })?;
    }
    if let Some(words) = machine.nvml {
        without_nvml(&docker, &engine, words, &mut ledger)?;
    }
    docker.stop()
}

/// Tries every node of the machine, given as `path major minor`, in a container.
const PROBE: &str = r#"
while [ $# -gt 2 ]; do
  [ ! -e $1 ] || echo "there $1"
  rm -f /tmp/node; mknod /tmp/node c $2 $3
  case $(cat /tmp/node 2>&1) in *"not permitted"*) ;; *) echo "open $1";; esac
  shift 3
done"#;

fn judge(docker: &Docker, case: &Case) -> Result<()> {
    let run = ["run", "--rm", "--network", "none"];
    let machine = nodes_of_the_machine()?;
    let words = run.iter().chain(case.options).map(|word| (*word).to_owned());
    let probe = [GLIBC, "sh", "-c", PROBE, "sh"].map(str::to_owned);
    let ended = docker.client(words.chain(probe).chain(machine))?;
    if let Sees::Refused(words) = case.sees {
        return Expect::Fails(words).judge(&[], &ended);
    }
    if !ended.status.success() {
        return Err(Failure::new(text(&ended)));
    }
    let shown = String::from_utf8_lossy(&ended.stdout);
    let of = |word: &str| -> BTreeSet<String> {
        shown.lines().filter_map(|line| line.strip_prefix(word)).map(str::to_owned).collect()
    };
    let (there, open) = (of("there "), of("open "));
    if there != open {
        return Err(Failure::new(format!("it has {there:?} and may open {open:?}")));
    }
    let is_control = |path: &&String| CONTROL.contains(&path.trim_start_matches("/dev/"));
    let found: BTreeSet<String> = there.iter().filter(|path| !is_control(path)).cloned().collect();
    let good = match case.sees {
        Sees::Nodes(names) => found == names.iter().map(|name| path(name)).collect::<Result<_>>()?,
        Sees::Count(count) => found.len() == count,
        Sees::Refused(_) => false,
    };
    if good { Ok(()) } else { Err(Failure::new(format!("it has {} nodes: {found:?}", found.len()))) }
}

const CONTROL: &[&str] = &["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools"];

/// Path, major and minor of each; of IMEX channels also some that were not made yet.
fn nodes_of_the_machine() -> Result<Vec<String>> {
    let script =
        "for n in $(find /dev -name 'nvidia*' -type c) $(find /dev/nvidia-caps-imex-channels -type c); do
            echo $n $((0x$(stat -c %t $n))) $((0x$(stat -c %T $n)))
        done 2>/dev/null
        major=$(sed -n 's/ nvidia-caps-imex-channels$//p' /proc/devices)
        for n in ${major:+0 1 2 3 4 5 6 7}; do echo /dev/nvidia-caps-imex-channels/channel$n $major $n; done";
    let text = capture(&mut command(["sh", "-c", script]))?;
    Ok(text.split_whitespace().map(str::to_owned).collect())
}

/// The node of a name; `cap:` is a file that names the minor of its node.
fn path(name: &str) -> Result<String> {
    if let Some(file) = name.strip_prefix("cap:") {
        let path = format!("/proc/driver/nvidia/capabilities/{file}");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let minor = text.lines().find_map(|line| line.strip_prefix("DeviceFileMinor: "));
        let minor = minor.ok_or_else(|| Failure::new(format!("{path} names no minor")))?;
        return Ok(format!("/dev/nvidia-caps/nvidia-cap{}", minor.trim()));
    }
    let folder = if name.starts_with("channel") { "/dev/nvidia-caps-imex-channels" } else { "/dev" };
    Ok(format!("{folder}/{name}"))
}

/// A library that is waited for, and then some.
const DEADLINE: Duration = Duration::from_secs(25);

/// What only NVML knows: the program for people says what NVML did and shows the rest; a container that
/// needs it does not start, and says why. All of them wait at the same time.
fn without_nvml(docker: &Docker, engine: &str, words: &'static str, ledger: &mut Ledger) -> Result<()> {
    let cli = |arguments: &'static str| {
        move || timed(|| output(command(["nvidia-container-cli"]).args(arguments.split(' '))))
    };
    let start =
        || timed(|| docker.client(["run", "--rm", "--network", "none", "--gpus", MIG_UUID, GLIBC, "true"]));
    let (info, list, container) = thread::scope(|scope| {
        let (info, list) = (scope.spawn(cli("info")), scope.spawn(cli("list --device=all")));
        let container = scope.spawn(start);
        (info.join(), list.join(), container.join())
    });
    let ended = |end: thread::Result<Result<std::process::Output>>| {
        end.unwrap_or_else(|_| Err(Failure::new("a thread ended")))
    };
    ledger.check(engine, "nvidia-container-cli info", || {
        let said = text(&ended(info)?);
        must_hold(&said, &[words, "NVRM version:   580.95.05\n", "\nDevice Index:   7\n"])
    })?;
    ledger.check(engine, "nvidia-container-cli list", || {
        let said = text(&ended(list)?);
        must_hold(&said, &[words, "\n/dev/nvidia7\n", "/gpu0/mig/gi5/ci0/access\n"])
    })?;
    ledger.check(engine, "a device that only NVML knows", || {
        Expect::Fails(&["nvidia-container-cli: device error: MIG-2f7b0204", "unknown device", "NVML"])
            .judge(&[], &ended(container)?)
    })
}

fn timed(work: impl FnOnce() -> Result<std::process::Output>) -> Result<std::process::Output> {
    let started = Instant::now();
    let ended = work()?;
    match started.elapsed() {
        took if took < DEADLINE => Ok(ended),
        took => Err(Failure::new(format!("it took {} s", took.as_secs()))),
    }
}
