//! `cargo xtask bench --shim`: what the shim costs over the low-level runtime, which is a program that exits
//! at once: on a machine with whole GPUs, on one with MIG devices, and with few and with many libraries in
//! the loader's cache. CPU time and memory at its peak.

use super::meter::Meter;
use super::numbers::{Random, quantile};
use super::specifications::{Machine, add_libraries, memory};
use crate::exec::{capture, command};
use crate::inside::{Job, install, scratch};
use diag::{Failure, Result, ResultExt};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;

/// What is to be measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ShimPlan {
    /// How often each case is measured.
    pub(crate) rounds: usize,
    /// The machine.
    pub(crate) machine: Machine,
    /// The folder of another toolkit's executables.
    pub(crate) against: Option<PathBuf>,
    /// Name of the control group, the only of its kind on the machine.
    pub(crate) group: String,
}

/// A program that exits at once, without a shell or a loader.
const PROGRAM: &str = "#!/usr/bin/busybox true\n";

/// What is asked of the shim: a name, the command, `NVIDIA_VISIBLE_DEVICES`.
const REQUESTS: &[(&str, &str, Option<&str>)] = &[
    ("another command than create", "state", None),
    ("no GPU asked", "create", None),
    ("1 device", "create", Some("0")),
    ("all devices", "create", Some("all")),
];

/// One line of a table.
struct Case {
    name: String,
    words: Vec<String>,
    config: String,
    /// CPU time over that of the program in the same round, in milliseconds.
    over: Vec<f64>,
}

/// Measures inside a simulated host and prints a table.
pub(crate) fn run(job: &Job, plan: &ShimPlan) -> Result<()> {
    install(job)?;
    let meter = Meter::start(&plan.group, job.cgroup)?;
    lay_out()?;
    println!("\nthe shim alone, {}: CPU ms over the low-level runtime, peak MiB", plan.machine.title());
    for many in plan.machine.libraries() {
        if *many {
            add_libraries()?;
        }
        let cached = capture(&mut command(["ldconfig", "-p"]))?.lines().count().saturating_sub(1);
        println!(
            "\n{:<44} {:>7} {:>15} {:>8}",
            format!("{cached} cached libraries"),
            "CPU",
            "(quartiles)",
            "memory"
        );
        let mut cases = cases(plan)?;
        measure(&meter, &mut cases, plan.rounds)?;
        for case in &cases {
            let at = |share| quantile(&case.over, share);
            let quartiles = format!("({:.2} {:.2})", at(0.25), at(0.75));
            println!("{:<44} {:>7.2} {quartiles:>15} {:>8.1}", case.name, at(0.5), case.memory()?);
        }
    }
    Ok(())
}

fn folder(part: &str) -> PathBuf {
    scratch("bench-shim").join(part)
}

/// The low-level runtime, and settings that name it.
fn lay_out() -> Result<()> {
    for part in ["bundle", "nvidia-container-runtime"] {
        fs::create_dir_all(folder(part)).context("cannot make a folder")?;
    }
    let runtime = folder("runc");
    fs::write(&runtime, PROGRAM).context("cannot write a program")?;
    fs::set_permissions(&runtime, Permissions::from_mode(0o755)).context("cannot set a mode")?;
    let settings = format!("[nvidia-container-runtime]\nruntimes = [\"{}\"]\n", runtime.display());
    fs::write(folder("nvidia-container-runtime/config.toml"), settings).context("cannot write config.toml")
}

fn cases(plan: &ShimPlan) -> Result<Vec<Case>> {
    let mut toolkits = vec![("longshore", PathBuf::from("/usr/bin"))];
    toolkits.extend(plan.against.clone().map(|folder| ("other", folder)));
    let mut cases = Vec::new();
    for (name, bin) in toolkits {
        for (request, command, devices) in REQUESTS {
            let program = bin.join("nvidia-container-runtime").display().to_string();
            let case = Case {
                name: format!("{name}: {request}"),
                words: words(program, command),
                config: config(*devices),
                over: Vec::new(),
            };
            // Also warms every cache.
            case.call()?;
            cases.push(case);
        }
    }
    Ok(cases)
}

fn words(program: String, command: &str) -> Vec<String> {
    let mut words = vec![program, "--root".to_owned(), "/run/bench".to_owned(), command.to_owned()];
    if command == "create" {
        words.extend(["--bundle".to_owned(), folder("bundle").display().to_string()]);
    }
    words.push("one".to_owned());
    words
}

fn config(devices: Option<&str>) -> String {
    let devices = devices.map(|list| format!("NVIDIA_VISIBLE_DEVICES={list}"));
    let environment: Vec<String> =
        [Some("PATH=/usr/bin:/bin".to_owned()), devices].into_iter().flatten().collect();
    json!({
        "ociVersion": "1.0.2", "root": {"path": "rootfs"}, "linux": {},
        "process": {"cwd": "/", "args": ["true"], "env": environment}
    })
    .to_string()
}

impl Case {
    fn put(&self) -> Result<()> {
        fs::write(folder("bundle/config.json"), &self.config).context("cannot write config.json")
    }

    /// At its peak, in MiB.
    fn memory(&self) -> Result<f64> {
        self.put()?;
        let words = ["env".to_owned(), format!("XDG_CONFIG_HOME={}", folder("").display())];
        memory(&words.into_iter().chain(self.words.iter().cloned()).collect::<Vec<_>>())
    }

    fn call(&self) -> Result<()> {
        self.put()?;
        call(&self.words)
    }
}

fn call(words: &[String]) -> Result<()> {
    let mut call = command(words);
    call.env("XDG_CONFIG_HOME", folder("")).stdin(Stdio::null());
    capture(&mut call).map(drop)
}

fn measure(meter: &Meter, cases: &mut [Case], rounds: usize) -> Result<()> {
    let base = words(folder("runc").display().to_string(), "create");
    let cost = |work: &dyn Fn() -> Result<()>| -> Result<f64> {
        let before = meter.read()?;
        work()?;
        Ok(meter.read()?.saturating_sub(before) as f64 / 1e6)
    };
    let mut random = Random::new(7);
    let mut order: Vec<usize> = (0..cases.len()).collect();
    for _ in 0..rounds {
        random.shuffle(&mut order);
        for index in &order {
            let Some(case) = cases.get_mut(*index) else { continue };
            case.put()?;
            let plain = cost(&|| call(&base))?;
            let with = cost(&|| call(&case.words))?;
            case.over.push(with - plain);
        }
    }
    if cases.iter().all(|case| case.over.is_empty()) {
        return Err(Failure::new("nothing was measured"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_command_lines_and_configurations() {
        assert_eq!(words("/p".to_owned(), "state"), ["/p", "--root", "/run/bench", "state", "one"]);
        assert!(words("/p".to_owned(), "create").contains(&"--bundle".to_owned()));
        assert!(config(Some("all")).contains("NVIDIA_VISIBLE_DEVICES=all"));
        assert!(!config(None).contains("NVIDIA"));
    }
}
