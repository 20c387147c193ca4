//! The runtime shim on a bare low-level runtime: every mode gives a container its GPUs and no other,
//! capabilities and requirements hold in each, and many starts at once refresh the inventory once.

mod crowd;
mod hostile;
mod loaders;

use super::bundle::{self, Bundle};
use super::check::Ledger;
use super::expect::text;
use super::{Job, install};
use crate::exec::{capture, command, output, tail};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::Path;

const SETTINGS: &str = "/etc/nvidia-container-runtime/config.toml";

/// One request in one mode.
struct Case {
    /// The name by which the shim is called.
    shim: &'static str,
    /// `nvidia-container-runtime.mode`.
    mode: &'static str,
    /// The variables of the container.
    env: &'static [&'static str],
    /// The GPUs that it gets, by their minors; or words of the error.
    expected: std::result::Result<&'static str, &'static [&'static str]>,
}

const PLAIN: &str = "nvidia-container-runtime";
const ALL: &str = "0 1 2 3 4 5 6 7";
const TOO_NEW: &str = "NVIDIA_REQUIRE_CUDA=cuda>=99.0";
const UNMET: &[&str] = &["requirement error: unsatisfied condition: cuda>=99.0, please update your driver"];

const fn case(mode: &'static str, env: &'static [&'static str], gpus: &'static str) -> Case {
    Case { shim: PLAIN, mode, env, expected: Ok(gpus) }
}

const fn refused(mode: &'static str, env: &'static [&'static str], words: &'static [&'static str]) -> Case {
    Case { shim: PLAIN, mode, env, expected: Err(words) }
}

const CASES: &[Case] = &[
    case("auto", &["NVIDIA_VISIBLE_DEVICES=all"], ALL),
    case("auto", &["NVIDIA_VISIBLE_DEVICES=nvidia.com/gpu=3"], "3"),
    case("auto", &["NVIDIA_VISIBLE_DEVICES=none"], ""),
    case("auto", &["NVIDIA_VISIBLE_DEVICES=void"], ""),
    case("jit-cdi", &["NVIDIA_VISIBLE_DEVICES=0,2,0"], "0 2"),
    case("jit-cdi", &["CUDA_VERSION=8.0"], ALL),
    case("cdi", &["NVIDIA_VISIBLE_DEVICES=1,5"], "1 5"),
    Case { shim: "nvidia-container-runtime.cdi", ..case("auto", &["NVIDIA_VISIBLE_DEVICES=all"], ALL) },
    case("legacy", &["NVIDIA_VISIBLE_DEVICES=4"], "4"),
    case("legacy", &["NVIDIA_VISIBLE_DEVICES=void"], ""),
    Case { shim: "nvidia-container-runtime.legacy", ..case("cdi", &["NVIDIA_VISIBLE_DEVICES=6,7"], "6 7") },
    refused("auto", &["NVIDIA_VISIBLE_DEVICES=99"], &["99", "0-7"]),
    refused("cdi", &["NVIDIA_VISIBLE_DEVICES=99"], &["unresolvable CDI devices nvidia.com/gpu=99"]),
    refused("legacy", &["NVIDIA_VISIBLE_DEVICES=99"], &["device error: 99: unknown device", "0-7"]),
    refused("auto", &["NVIDIA_VISIBLE_DEVICES=0", TOO_NEW], UNMET),
    refused("cdi", &["NVIDIA_VISIBLE_DEVICES=0", TOO_NEW], UNMET),
    refused("legacy", &["NVIDIA_VISIBLE_DEVICES=0", TOO_NEW], UNMET),
    case("legacy", &["NVIDIA_VISIBLE_DEVICES=0", TOO_NEW, "NVIDIA_DISABLE_REQUIRE=1"], "0"),
    case("auto", &["NVIDIA_VISIBLE_DEVICES=0", TOO_NEW, "NVIDIA_DISABLE_REQUIRE=1"], "0"),
];

/// Shows the minors of GPU nodes, one a line.
const LOOK: &str = "for node in /dev/nvidia[0-9]*; do [ -e $node ] && echo ${node#/dev/nvidia}; done; true";
/// Shows which of three libraries are there.
const LIBRARIES: &str = "for name in cuda nvidia-ml GLX_nvidia; do
    for file in /usr/lib/*/lib$name.so.1 /usr/lib/*/lib$name.so.0; do [ -e $file ] && echo $name; done; done; true";

/// Runs all cases on this suite; `rounds` of 64 starts at once. `packages` are the unpacked loaders of
/// Vulkan, EGL and OpenCL, where they are to be tried.
pub(super) fn run(job: &Job, rounds: usize, packages: Option<&Path>, ledger: &mut Ledger) -> Result<()> {
    install(job)?;
    capture(&mut command(["nvidia-ctk", "cdi", "generate", "--output", "/etc/cdi/nvidia.yaml"]))?;
    for (number, case) in CASES.iter().enumerate() {
        let name = format!("{} in mode {}: {}", case.shim, case.mode, case.env.join(" "));
        ledger.check("runtime", &name, || one(job, number, case))?;
    }
    for (mode, capabilities, expected) in CAPABILITIES {
        let name = format!("capabilities {capabilities} in mode {mode}");
        ledger.check("runtime", &name, || libraries(job, mode, capabilities, expected))?;
    }
    ledger.check("runtime", "the engine's log gets the error in JSON", || engine_log(job))?;
    for (mode, devices) in [("auto", "all"), ("cdi", "1"), ("legacy", "2"), ("auto", GPU_3)] {
        let case = format!("no session of NVML in mode {mode}: {devices}");
        ledger.check("runtime", &case, || without_nvml(job, mode, devices))?;
    }
    for (name, bytes) in hostile::documents() {
        ledger.check(
            "runtime",
            &format!("config.json, {name}: refused within 100 ms, left alone"),
            || hostile::refused(job, &bytes),
        )?;
    }
    ledger.check(
        "runtime",
        &format!("64 starts after a change, {rounds} times: one refresh each"),
        || crowd::run(rounds),
    )?;
    match packages {
        None => Ok(()),
        Some(packages) => {
            ledger.check("runtime", "loaders of Vulkan, EGL and OpenCL open what capabilities bring", || {
                loaders::run(job, packages)
            })
        }
    }
}

const CAPABILITIES: &[(&str, &str, &str)] = &[
    ("auto", "utility", "nvidia-ml"),
    ("auto", "compute,utility", "cuda nvidia-ml"),
    ("auto", "graphics", "GLX_nvidia"),
    ("auto", "all", "cuda nvidia-ml GLX_nvidia"),
    ("cdi", "utility", "nvidia-ml"),
    ("cdi", "graphics", "GLX_nvidia"),
    ("legacy", "utility", "nvidia-ml"),
    ("legacy", "graphics,utility", "nvidia-ml GLX_nvidia"),
];

fn one(job: &Job, number: usize, case: &Case) -> Result<()> {
    settings(case.mode)?;
    let name = format!("mode-{number}");
    let bundle = Bundle::make(job, &name, &["sh", "-c", LOOK], case.env)?;
    let shim = format!("/usr/bin/{}", case.shim);
    let judged = match case.expected {
        Ok(gpus) => bundle::run(Path::new(&shim), &bundle, &name).and_then(|shown| shows(&shown, gpus)),
        Err(words) => fails(&shim, &bundle, &name, words),
    };
    bundle.discard()?;
    judged
}

fn libraries(job: &Job, mode: &str, capabilities: &str, expected: &str) -> Result<()> {
    settings(mode)?;
    let name = format!("libraries-{mode}-{}", capabilities.replace(',', "-"));
    let capabilities = format!("NVIDIA_DRIVER_CAPABILITIES={capabilities}");
    let bundle =
        Bundle::make(job, &name, &["sh", "-c", LIBRARIES], &["NVIDIA_VISIBLE_DEVICES=0", &capabilities])?;
    let shown = bundle::run(Path::new("/usr/bin/nvidia-container-runtime"), &bundle, &name);
    bundle.discard()?;
    shows(&shown?, expected)
}

fn shows(shown: &str, expected: &str) -> Result<()> {
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    match shown == expected {
        true => Ok(()),
        false => Err(Failure::new(format!("the container has {shown:?}, not {expected:?}"))),
    }
}

fn fails(shim: &str, bundle: &Bundle, id: &str, words: &[&str]) -> Result<()> {
    let ended = bundle::create(Path::new(shim), bundle, id)?;
    let said = text(&ended);
    if ended.status.success() {
        bundle::remove(Path::new("/usr/bin/runc"), id)?;
        return Err(Failure::new("the container was made"));
    }
    match words.iter().find(|word| !said.contains(**word)) {
        None => Ok(()),
        Some(word) => Err(Failure::new(format!("the error does not say {word:?}: {}", tail(&said, 10)))),
    }
}

fn engine_log(job: &Job) -> Result<()> {
    settings("auto")?;
    let bundle = Bundle::make(job, "log", &["true"], &["NVIDIA_VISIBLE_DEVICES=99"])?;
    let log = bundle.path.join("log.json");
    let ended = command(["/usr/bin/nvidia-container-runtime", "--root", "/run/create", "--log"])
        .arg(&log)
        .args(["--log-format", "json", "create", "--bundle"])
        .args([bundle.path.as_os_str(), "create".as_ref()])
        .output()
        .context("cannot start the shim")?;
    let written = fs::read_to_string(&log).context("no log was written")?;
    bundle.discard()?;
    let line: serde_json::Value =
        serde_json::from_str(written.lines().last().unwrap_or_default()).context("the log is not JSON")?;
    let says_so = line["level"] == "error" && line["msg"].as_str().is_some_and(|text| text.contains("0-7"));
    match says_so && !ended.status.success() {
        true => Ok(()),
        false => Err(Failure::new(format!("the log says {written}"))),
    }
}

/// The UUID of GPU 3 of the machine.
const GPU_3: &str = "GPU-89581f17-e55a-4f5e-ab5a-b1c8a73c8a0d";

/// Nothing that starts a container maps the library of NVML, or starts a program that could.
fn without_nvml(job: &Job, mode: &str, devices: &str) -> Result<()> {
    settings(mode)?;
    let bundle = Bundle::make(job, "nvml", &["true"], &[&format!("NVIDIA_VISIBLE_DEVICES={devices}")])?;
    let traced = bundle.path.join("calls");
    // Not `create`: the tracer would wait for the container's process, which waits for `start`.
    let mut run = command(["timeout", "-k", "5", "60", "strace", "-f", "-y", "-qq"]);
    run.args(["-e", "trace=mmap,execve", "-o"]).arg(&traced);
    run.args(["/usr/bin/nvidia-container-runtime", "run", "--bundle"]).arg(&bundle.path).arg("nvml");
    let ended = output(&mut run)?.status;
    let calls = fs::read_to_string(&traced).context("nothing was traced")?;
    bundle.discard()?;
    let is_session = |line: &&str| line.contains("libnvidia-ml") || line.contains("/usr/libexec/longshore");
    match calls.lines().find(is_session) {
        None if ended.success() && calls.contains("execve(\"/usr/bin/nvidia-container-runtime\"") => Ok(()),
        None => Err(Failure::new(format!("the container was not made: {ended}\n{}", tail(&calls, 5)))),
        Some(line) => Err(Failure::new(format!("NVML is at work: {line}"))),
    }
}

/// Writes the settings with this mode.
fn settings(mode: &str) -> Result<()> {
    fs::create_dir_all("/etc/nvidia-container-runtime").context("cannot make the folder of the settings")?;
    fs::write(SETTINGS, format!("[nvidia-container-runtime]\nmode = \"{mode}\"\n"))
        .with_context(|| format!("cannot write {SETTINGS}"))
}
