//! Containers on machines of other kinds than the usual one: MIG, Tegra, WSL, a driver container. What a
//! container sees is told by the simulated NVML, which looks at nothing but its nodes.

use super::bundle::{self, Bundle};
use super::check::Ledger;
use super::{Job, install, scratch};
use crate::exec::{capture, command};
use diag::{Failure, Result, ResultExt};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const SHIM: &str = "/usr/bin/nvidia-container-runtime";
const SETTINGS: &str = "/etc/nvidia-container-runtime";

/// One kind of machine.
#[derive(Debug)]
pub(crate) struct Platform {
    /// The preset of the simulation.
    pub(crate) name: &'static str,
    /// It, as a description.
    pub(crate) description: &'static str,
    settings: &'static str,
    cases: &'static [Case],
}

/// What a container asks for, and the UUIDs that it must see: exactly these.
#[derive(Debug)]
struct Case {
    asks: &'static str,
    sees: Sees,
}

#[derive(Debug)]
enum Sees {
    /// These devices.
    These(&'static [&'static str]),
    /// This many devices, of whatever kind.
    Count(usize),
    /// None: it must not start, and say this.
    Refused(&'static str),
}

/// The machines.
pub(crate) const PLATFORMS: &[Platform] = &[
    Platform {
        name: "dgx-mig-mixed",
        description: "inherits = \"dgx-mig-mixed\"\n",
        settings: "",
        cases: &[
            Case {
                asks: "0:1",
                sees: Sees::These(&[
                    "GPU-5073f70b-3871-45ac-a28f-2c34c8ec31f9",
                    "MIG-2f7b0014-9d36-5c10-8a4e-51e8d07bc012",
                ]),
            },
            // Only NVML knows these: the shim asks through the fixed program.
            Case {
                asks: "MIG-2f7b0204-9d36-5c10-8a4e-51e8d07bc202",
                sees: Sees::These(&[
                    "GPU-07064fce-9800-4844-a989-40374e02f60e",
                    "MIG-2f7b0204-9d36-5c10-8a4e-51e8d07bc202",
                ]),
            },
            Case {
                asks: "MIG-GPU-89581f17-e55a-4f5e-ab5a-b1c8a73c8a0d/1/1",
                sees: Sees::These(&[
                    "GPU-89581f17-e55a-4f5e-ab5a-b1c8a73c8a0d",
                    "MIG-2f7b0314-9d36-5c10-8a4e-51e8d07bc312",
                ]),
            },
            Case { asks: "4", sees: Sees::These(&["GPU-a339f583-3c07-44eb-a1f4-3f1bd4c3e3c6"]) },
            // Seven GPUs with their 19 MIG devices: the one in MIG mode without devices is left out, or
            // shown without any where nobody asked NVML yet.
            Case { asks: "all", sees: Sees::Count(26) },
            Case { asks: "MIG-00000000-0000-5000-8000-000000000000", sees: Sees::Refused("no MIG device") },
            Case { asks: "0:9", sees: Sees::Refused("0:9") },
        ],
    },
    Platform {
        name: "orin",
        description: "inherits = \"orin\"\n",
        settings: "",
        cases: &[
            Case { asks: "all", sees: Sees::These(&["GPU-54d0709b-558d-5a59-9c65-0c5fc14a21a4"]) },
            Case { asks: "0", sees: Sees::These(&["GPU-54d0709b-558d-5a59-9c65-0c5fc14a21a4"]) },
            Case { asks: "1", sees: Sees::Refused("index 1") },
        ],
    },
    Platform {
        name: "wsl2",
        description: "inherits = \"wsl2\"\n",
        settings: "",
        cases: &[
            Case { asks: "all", sees: Sees::These(&["GPU-7d04f6c1-93a2-4b0e-8f5c-2a6b1c3d4e55"]) },
            Case { asks: "0", sees: Sees::These(&["GPU-7d04f6c1-93a2-4b0e-8f5c-2a6b1c3d4e55"]) },
        ],
    },
    Platform {
        name: "driver-container",
        description: "inherits = \"driver-container\"\n",
        settings: "[nvidia-container-cli]\nroot = \"/run/nvidia/driver\"\n",
        cases: &[Case { asks: "all", sees: Sees::These(&["GPU-4a9f5f0a-65b1-4a7e-9d2a-0d6c1d9a7e11"]) }],
    },
];

/// The machine of a name.
pub(crate) fn named(name: &str) -> Option<&'static Platform> {
    PLATFORMS.iter().find(|platform| platform.name == name)
}

/// Carries out the cases of one machine.
pub(super) fn run(job: &Job, name: &str) -> Result<()> {
    let platform = named(name).ok_or_else(|| Failure::new(format!("no platform is called {name}")))?;
    install(job)?;
    let helper = Path::new("/usr/libexec/longshore/inventory");
    fs::create_dir_all("/usr/libexec/longshore").context("cannot make the helper's folder")?;
    capture(command(["ln", "-sfn", "../../bin/longshore"]).arg(helper))?;
    fs::create_dir_all(SETTINGS).context("cannot make the settings' folder")?;
    fs::write(format!("{SETTINGS}/config.toml"), platform.settings).context("cannot write the settings")?;
    let mut ledger = Ledger::create(&job.results)?;
    ledger.check(platform.name, "cdi generate asks NVML once", asks_once)?;
    for (number, case) in platform.cases.iter().enumerate() {
        let id = format!("platform-{number}");
        ledger.check(platform.name, &format!("NVIDIA_VISIBLE_DEVICES={}", case.asks), || {
            judge(job, &id, case)
        })?;
    }
    Ok(())
}

/// NVML is loaded in a child process alone: one such child is one session.
fn asks_once() -> Result<()> {
    let trace = scratch("generate.strace");
    let mut generate = command(["strace", "-f", "-e", "trace=execve", "-o"]);
    capture(generate.arg(&trace).args(["nvidia-ctk", "cdi", "generate", "--output=/run/cdi/once.yaml"]))?;
    let traced = fs::read_to_string(&trace).context("cannot read the trace")?;
    fs::remove_file("/run/cdi/once.yaml").context("there is no specification")?;
    let sessions = traced.lines().filter(|line| line.contains("__nvml")).count();
    same(sessions == 1, &format!("{sessions} sessions:\n{traced}"))
}

fn judge(job: &Job, id: &str, case: &Case) -> Result<()> {
    let variable = format!("NVIDIA_VISIBLE_DEVICES={}", case.asks);
    let bundle = Bundle::make(job, id, &["nvidia-smi", "-L"], &[&variable])?;
    let shown = bundle::run(Path::new(SHIM), &bundle, id);
    let judged = match (&case.sees, shown) {
        (Sees::Refused(word), Err(failure)) if failure.chain().contains(word) => Ok(()),
        (Sees::Refused(word), Err(failure)) => {
            Err(failure.context(format!("it was refused without {word:?}")))
        }
        (Sees::Refused(_), Ok(shown)) => Err(Failure::new(format!("it was not refused: {shown}"))),
        (_, Err(failure)) => Err(failure),
        (Sees::These(expected), Ok(shown)) => {
            let expected: BTreeSet<&str> = expected.iter().copied().collect();
            same(uuids(&shown) == expected, &shown)
        }
        (Sees::Count(count), Ok(shown)) => same(uuids(&shown).len() == *count, &shown),
    };
    bundle.discard()?;
    judged
}

fn same(good: bool, shown: &str) -> Result<()> {
    if good { Ok(()) } else { Err(Failure::new(format!("the container shows\n{shown}"))) }
}

/// The UUIDs in what `nvidia-smi -L` prints.
fn uuids(shown: &str) -> BTreeSet<&str> {
    shown.lines().filter_map(|line| line.split_once("(UUID: ")?.1.strip_suffix(')')).collect()
}
