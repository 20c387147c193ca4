//! Podman: devices by CDI, from a specification written by `nvidia-ctk cdi generate`.

use super::check::Ledger;
use super::docker_cases::PROBE;
use super::expect::Expect;
use super::{Job, install, scratch};
use crate::engines::{GLIBC, Suite};
use crate::exec::{capture, command, output};
use crate::simulated::Cgroup;
use diag::{Failure, Result, ResultExt};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

const SPEC: &str = "/etc/cdi/nvidia.yaml";

const LIST: &[&str] = &["nvidia-smi", "-L"];

/// One `podman run`: its options, the program, and how it has to end.
type Case = (&'static str, &'static [&'static str], &'static [&'static str], Expect);

const CASES: &[Case] = &[
    ("--device nvidia.com/gpu=all", &["--device", "nvidia.com/gpu=all"], LIST, Expect::EveryGpu),
    ("--device nvidia.com/gpu=0", &["--device", "nvidia.com/gpu=0"], LIST, Expect::Gpus(&[0])),
    (
        "two devices",
        &["--device", "nvidia.com/gpu=0", "--device", "nvidia.com/gpu=3"],
        LIST,
        Expect::Gpus(&[0, 3]),
    ),
    ("--read-only", &["--read-only", "--device", "nvidia.com/gpu=all"], LIST, Expect::EveryGpu),
    ("a device that is not there", &["--device", "nvidia.com/gpu=99"], LIST, Expect::Fails(&["99"])),
    ("no request", &[], &["sh", "-c", PROBE], Expect::Lines(&[])),
];

/// Runs all cases of Podman on this suite, with each low-level runtime.
pub(super) fn run(job: &Job, host: &[String], ledger: &mut Ledger) -> Result<()> {
    capture(podman("runc", ["load", "--input"]).arg(job.images.join("glibc.tar")))?;
    let version = capture(&mut command(["podman", "--version"]))?;
    let version = version.trim().replace(" version", "");
    let absent = ("", CASES[0].1, LIST, Expect::Fails(&["nvidia.com/gpu=all"]));
    ledger.check(&version, "before: no such device", || run_case("runc", host, &absent))?;
    ledger.check(&version, "nvidia-ctk cdi generate", || generate(job))?;
    for runtime in runtimes(job)? {
        let engine = format!("{version}, {runtime}");
        for case in CASES {
            ledger.check(&engine, case.0, || run_case(runtime, host, case))?;
        }
        ledger.check(&engine, "one node fewer, one GPU fewer", || one_node_fewer(runtime, host))?;
    }
    Ok(())
}

/// The low-level runtimes that can work here. crun 1.8 raises a limit before it loads its device
/// program on cgroup v2, which needs `CAP_SYS_RESOURCE`; containers often lack it.
pub(super) fn runtimes(job: &Job) -> Result<&'static [&'static str]> {
    let status = fs::read_to_string("/proc/self/status").context("cannot read the capabilities")?;
    let held = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let held = held.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or(0);
    let old = job.suite()? == Suite::Bookworm && job.cgroup != Cgroup::V1;
    if old && held & (1 << 24) == 0 {
        eprintln!("  left out: crun 1.8 needs CAP_SYS_RESOURCE on cgroup v2");
        return Ok(&["runc"]);
    }
    Ok(&["runc", "crun"])
}

fn run_case(runtime: &str, host: &[String], (_, options, program, expect): &Case) -> Result<()> {
    let mut run = podman(runtime, ["run", "--rm", "--network", "none"]);
    expect.judge(host, &output(run.args(*options).arg(GLIBC).args(*program))?)
}

pub(super) fn generate(job: &Job) -> Result<()> {
    install(job)?;
    // Groups of device nodes need specification 0.7.0, which locks out Podman 4.3.
    let flag = "--feature-flag=no-additional-gids-for-device-nodes";
    let mut generate = command(["nvidia-ctk", "cdi", "generate", flag, &format!("--output={SPEC}")]);
    capture(&mut generate)?;
    let listed = capture(&mut command(["nvidia-ctk", "cdi", "list"]))?;
    if listed.contains("nvidia.com/gpu=all") && listed.contains("nvidia.com/gpu=7") {
        return Ok(());
    }
    Err(Failure::new(format!("nvidia-ctk cdi list does not show the devices:\n{listed}")))
}

/// The device `all` without the node of its last GPU must show all GPUs but that one: what
/// `nvidia-smi` says in these tests comes from the nodes, not from the specification.
fn one_node_fewer(runtime: &str, host: &[String]) -> Result<()> {
    let kept = fs::read_to_string(SPEC).with_context(|| format!("cannot read {SPEC}"))?;
    let edited = without_node(&kept, "/dev/nvidia7");
    if edited == kept {
        return Err(Failure::new("the specification names no /dev/nvidia7"));
    }
    fs::write(SPEC, &edited).context("cannot write the edited specification")?;
    let result = run_case(runtime, host, &("", CASES[0].1, LIST, Expect::Gpus(&[0, 1, 2, 3, 4, 5, 6])));
    fs::write(SPEC, kept).context("cannot put the specification back")?;
    result
}

/// Removes a device node, a list item of one or more lines, wherever it stands in a YAML text.
fn without_node(spec: &str, path: &str) -> String {
    let mut kept = Vec::new();
    let mut skipped: Option<usize> = None;
    for line in spec.lines() {
        let indent = line.len() - line.trim_start().len();
        if skipped.is_some_and(|item| indent > item) {
            continue;
        }
        skipped = (line.trim() == format!("- path: {path}")).then_some(indent);
        if skipped.is_none() {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

pub(super) fn podman<S: AsRef<OsStr>>(runtime: &str, words: impl IntoIterator<Item = S>) -> Command {
    let mut podman = command(["timeout", "-k", "5", "90", "podman"]);
    let folder = |part: &str| scratch("podman").join(part);
    podman.arg("--root").arg(folder("root")).arg("--runroot").arg(folder("run"));
    podman.arg("--runtime").arg(Path::new("/usr/bin").join(runtime)).args(words);
    podman
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_removed_with_all_its_lines() {
        let spec = "deviceNodes:\n    - path: /dev/nvidia1\n      major: 195\n    - path: /dev/nvidia7\n      \
                    major: 195\n    - path: /dev/nvidia70\nmounts:\n";
        let wanted =
            "deviceNodes:\n    - path: /dev/nvidia1\n      major: 195\n    - path: /dev/nvidia70\nmounts:\n";
        assert_eq!(without_node(spec, "/dev/nvidia7"), wanted);
        assert_eq!(without_node(wanted, "/dev/nvidia7"), wanted);
    }
}
