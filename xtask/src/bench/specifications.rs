//! `cargo xtask bench --specifications`: what `cdi generate` of a release build costs, next to `true`,
//! `ldconfig -p` and another toolkit, in one interleaved run: on a machine with whole GPUs, on one with MIG
//! devices, and with few and with many libraries in the loader's cache.

use super::meter::Meter;
use super::numbers::{Random, median};
use crate::exec::{capture, command, output};
use crate::inside::Job;
use diag::{Failure, Result, ResultExt};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

/// How many libraries are added for the second half.
const LIBRARIES: usize = 3_800;

/// A library of the simulated driver, small and with a SONAME of twelve letters.
const MODEL: &str = "/usr/lib/x86_64-linux-gnu/libcuda.so.1";
const MODEL_SONAME: &[u8] = b"libcuda.so.1";

/// What is to be measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct SpecificationPlan {
    /// How often each case is measured.
    pub(crate) rounds: usize,
    /// The machine.
    pub(crate) machine: Machine,
    /// The folder with a release build.
    pub(crate) release: PathBuf,
    /// The folder of another toolkit's executables.
    pub(crate) against: Option<PathBuf>,
    /// Name of the control group, the only of its kind on the machine.
    pub(crate) group: String,
}

/// The simulated machines that are measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Machine {
    /// Eight whole GPUs.
    Gpus,
    /// Eight GPUs with seven MIG devices each.
    Mig,
}

impl Machine {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Gpus, Self::Mig];

    /// Its description.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Gpus => "inherits = \"dgx-h100\"\n",
            Self::Mig => "inherits = \"dgx-mig\"\n",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Gpus => "8 GPUs",
            Self::Mig => "56 MIG devices",
        }
    }

    /// How many libraries the loader's cache has beside those of the system, each a table of its own: the
    /// number of libraries does not depend on the number of devices.
    pub(super) fn libraries(self) -> &'static [bool] {
        match self {
            Self::Gpus => &[false, true],
            Self::Mig => &[false],
        }
    }
}

/// Measures inside a simulated host and prints a table.
pub(crate) fn run(job: &Job, plan: &SpecificationPlan) -> Result<()> {
    crate::inside::install(job)?;
    let meter = Meter::start(&plan.group, job.cgroup)?;
    let mut cases = vec![
        ("true", vec!["true".to_owned()]),
        ("ldconfig -p", vec!["ldconfig".to_owned(), "-p".to_owned()]),
        ("longshore", generate(&plan.release.join("nvidia-ctk").display().to_string())),
    ];
    if let Some(folder) = &plan.against {
        cases.push(("the other toolkit", generate(&folder.join("nvidia-ctk").display().to_string())));
    }
    println!(
        "\n{}: median of {} rounds in milliseconds, peak memory in MiB",
        plan.machine.title(),
        plan.rounds
    );
    for many in plan.machine.libraries() {
        if *many {
            add_libraries()?;
        }
        let cached = capture(&mut command(["ldconfig", "-p"]))?.lines().count().saturating_sub(1);
        println!("\n{:<24} {:>7} {:>8} {:>8}", format!("{cached} cached libraries"), "CPU", "wall", "memory");
        let medians = measure(&meter, &cases, plan.rounds)?;
        for (name, words) in &cases {
            let (cpu, wall) = medians.get(name).copied().unwrap_or_default();
            println!("{name:<24} {cpu:>7.1} {wall:>8.1} {:>8.1}", memory(words)?);
        }
    }
    Ok(())
}

fn generate(program: &str) -> Vec<String> {
    [program, "cdi", "generate", "--output=/run/bench-cdi.yaml"].map(str::to_owned).to_vec()
}

type Medians<'a> = BTreeMap<&'a str, (f64, f64)>;

fn measure<'a>(meter: &Meter, cases: &[(&'a str, Vec<String>)], rounds: usize) -> Result<Medians<'a>> {
    let mut samples: BTreeMap<&str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    let mut random = Random::new(7);
    let mut order: Vec<usize> = (0..cases.len()).collect();
    for _ in 0..rounds {
        random.shuffle(&mut order);
        for (name, words) in order.iter().filter_map(|index| cases.get(*index)) {
            let (before, started) = (meter.read()?, Instant::now());
            let ended = output(command(words).stdin(Stdio::null()))?;
            let (wall, cpu) = (started.elapsed(), meter.read()?.saturating_sub(before));
            if !ended.status.success() {
                return Err(Failure::new(format!("{name} ended with {}", ended.status)));
            }
            let (all_cpu, all_wall) = samples.entry(name).or_default();
            all_cpu.push(cpu as f64 / 1e6);
            all_wall.push(wall.as_secs_f64() * 1e3);
        }
    }
    Ok(samples.into_iter().map(|(name, (cpu, wall))| (name, (median(&cpu), median(&wall)))).collect())
}

/// The most memory that a program or one of its children held at a time, in MiB.
pub(super) fn memory(words: &[String]) -> Result<f64> {
    let ended = output(command(["busybox", "time", "-v"]).args(words).stdin(Stdio::null()))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    let line = said.lines().find_map(|line| line.trim().strip_prefix("Maximum resident set size (kbytes): "));
    let kibibytes: Option<f64> = line.and_then(|number| number.parse().ok());
    kibibytes.map(|count| count / 1024.0).ok_or_else(|| Failure::new(format!("no memory is told: {said}")))
}

/// Puts many small libraries, each with a SONAME of its own, into a directory of the loader.
pub(super) fn add_libraries() -> Result<()> {
    let folder = Path::new("/usr/local/lib/many");
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let model = fs::read(MODEL).with_context(|| format!("cannot read {MODEL}"))?;
    for number in 0..LIBRARIES {
        let soname = format!("lib{number:04}.so.1");
        let mut bytes = model.clone();
        let places: Vec<usize> = bytes
            .windows(MODEL_SONAME.len())
            .enumerate()
            .filter(|(_, part)| *part == MODEL_SONAME)
            .map(|(at, _)| at)
            .collect();
        for at in places {
            bytes[at..at + MODEL_SONAME.len()].copy_from_slice(soname.as_bytes());
        }
        fs::write(folder.join(&soname), bytes).context("cannot write a library")?;
    }
    fs::write("/etc/ld.so.conf.d/many.conf", "/usr/local/lib/many\n").context("cannot name the directory")?;
    capture(&mut command(["ldconfig"])).map(drop)
}
