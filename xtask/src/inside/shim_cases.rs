//! Bare runc and crun through the shim, and what the shim must never do to a `config.json`.

use super::bundle::{self, Bundle};
use super::check::Ledger;
use super::docker_cases::PROBE;
use super::expect::{Expect, text};
use super::{Job, install, scratch};
use crate::exec::{command, output, tail};
use diag::{Failure, Result, ResultExt};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

const SHIM: &str = "/usr/bin/nvidia-container-runtime";

/// Runs all cases of the bare runtime on this suite.
pub(super) fn run(job: &Job, host: &[String], ledger: &mut Ledger) -> Result<()> {
    install(job)?;
    let version = output(&mut command(["runc", "--version"]))?;
    let version = String::from_utf8_lossy(&version.stdout);
    let version = version.lines().next().unwrap_or_default().replace(" version", "");
    let engine = version.split(['+', '~']).next().unwrap_or_default().to_string();
    ledger.check(&engine, "bundle, all GPUs", || all_gpus(job, host))?;
    ledger.check(&engine, "bundle, GPU 99", || gpu_99(job))?;
    ledger.check(&engine, "no request: nothing there, bytes untouched", || no_request(job))?;
    ledger.check(&engine, "unknown keys survive", || unknown_keys(job))?;
    for (name, bytes) in hostile() {
        ledger.check(&engine, &format!("hostile config.json: {name}"), || hostile_config(job, &bytes))?;
    }
    Ok(())
}

fn all_gpus(job: &Job, host: &[String]) -> Result<()> {
    let bundle = Bundle::make(job, "all", &["nvidia-smi", "-L"], &["NVIDIA_VISIBLE_DEVICES=all"])?;
    let shown = bundle::run(Path::new(SHIM), &bundle, "all")?;
    if shown.lines().eq(host) { Ok(()) } else { Err(Failure::new(format!("the container shows\n{shown}"))) }
}

fn gpu_99(job: &Job) -> Result<()> {
    let bundle = Bundle::make(job, "ninety-nine", &["true"], &["NVIDIA_VISIBLE_DEVICES=99"])?;
    let before = bundle.config_bytes()?;
    let ended = create(&bundle, "ninety-nine")?;
    must_say(&ended, &["99", "0-7"])?;
    must_be_untouched(&bundle, &before)
}

/// Odd layout and unknown keys make any rewriting visible.
fn no_request(job: &Job) -> Result<()> {
    let bundle = Bundle::make(job, "nothing", &["sh", "-c", PROBE], &[])?;
    let mut config = bundle.config()?;
    config["x-unknown"] = json!({"b": 1, "a": [1.50, "\u{e9}"]});
    let odd = format!("{config:#}").replace(": ", " :\t").replace("1.5", "1.50e0") + "\n\n";
    bundle.write_bytes(odd.as_bytes())?;
    let (shown, seen) = recorded(&bundle, "nothing")?;
    if seen != odd.as_bytes() {
        return Err(Failure::new("config.json was changed"));
    }
    if shown.is_empty() { Ok(()) } else { Err(Failure::new(format!("the container has\n{shown}"))) }
}

/// Keys that no version of the specification knows, at every level that the shim touches.
fn unknown_keys(job: &Job) -> Result<()> {
    let bundle = Bundle::make(job, "keys", &["true"], &["NVIDIA_VISIBLE_DEVICES=0"])?;
    let mut config = bundle.config()?;
    let keys = ["", "/process", "/root", "/linux", "/linux/resources", "/mounts/0"];
    let value = json!({"z": 18_446_744_073_709_551_615_u64, "a": [null, 1.5e300, "\u{7f}\u{2028}"]});
    for key in keys {
        let place = config.pointer_mut(key).ok_or_else(|| Failure::new(format!("no {key} in the bundle")))?;
        place["x-unknown"] = value.clone();
    }
    bundle.write(&config)?;
    let (shown, seen) = recorded(&bundle, "keys")?;
    let after: Value = serde_json::from_slice(&seen).context("the edited config.json is not JSON")?;
    let lost: Vec<&str> = keys.into_iter().filter(|key| lost(&after, key, &value)).collect();
    match (lost.is_empty(), after == config) {
        (true, false) => Ok(()),
        (true, true) => Err(Failure::new(format!("config.json was not edited at all\n{shown}"))),
        (false, _) => Err(Failure::new(format!("unknown keys were lost or changed below {lost:?}"))),
    }
}

fn lost(config: &Value, place: &str, value: &Value) -> bool {
    // Mounts are sorted: the marked one may have moved.
    let marked = |place: &Value| place.get("x-unknown") == Some(value);
    match config.pointer(place) {
        _ if place.starts_with("/mounts") => {
            !config["mounts"].as_array().is_some_and(|mounts| mounts.iter().any(marked))
        }
        Some(found) => !marked(found),
        None => true,
    }
}

/// Stands for the low-level runtime and keeps `config.json` as the shim handed it over: the
/// simulated host's own runtimes add the container's `/proc/driver` to it afterwards.
const RECORDER: &str = "#!/bin/sh
for word; do [ \"$before\" = --bundle ] && cp \"$word/config.json\" \"$word/seen.json\"; before=$word; done
exec runc \"$@\"
";

/// Runs a bundle through the shim and the recorder; gives what the container wrote and the bytes of
/// `config.json` after the shim.
fn recorded(bundle: &Bundle, id: &str) -> Result<(String, Vec<u8>)> {
    let recorder = scratch("recorder");
    fs::write(&recorder, RECORDER).context("cannot write the recorder")?;
    fs::set_permissions(&recorder, Permissions::from_mode(0o755)).context("cannot make the recorder run")?;
    bundle::use_runtime(&recorder)?;
    let shown = bundle::run(Path::new(SHIM), bundle, id)?;
    let seen = fs::read(bundle.path.join("seen.json")).context("the runtime was not called")?;
    bundle::use_default_runtime()?;
    Ok((shown, seen))
}

/// Documents that must be refused with words, and left as they are.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let request = r#""process":{"env":["NVIDIA_VISIBLE_DEVICES=all"]}"#;
    vec![
        ("empty", Vec::new()),
        ("truncated", format!("{{{request},\"root\":{{\"path\":\"roo").into_bytes()),
        ("not JSON", b"ociVersion: 1.0".to_vec()),
        ("an array", b"[]".to_vec()),
        ("followed by rubbish", format!("{{{request}}} }}").into_bytes()),
        ("env is a number", br#"{"process":{"env":7},"root":{"path":"rootfs"}}"#.to_vec()),
        ("env holds a number", br#"{"process":{"env":["NVIDIA_VISIBLE_DEVICES=all",7]}}"#.to_vec()),
        ("not UTF-8", b"{\"process\":{\"env\":[\"NVIDIA_VISIBLE_DEVICES=all\xff\"]}}".to_vec()),
        ("nested 200,000 deep", [b"{\"process\":".to_vec(), vec![b'['; 200_000]].concat()),
        (
            "larger than the limit",
            [format!("{{{request},\"x\":\"").into_bytes(), vec![b'a'; 11 << 20]].concat(),
        ),
        ("devices is a string", format!("{{{request},\"linux\":{{\"devices\":\"x\"}}}}").into_bytes()),
    ]
}

fn hostile_config(job: &Job, bytes: &[u8]) -> Result<()> {
    let bundle = Bundle::make(job, "hostile", &["true"], &[])?;
    bundle.write_bytes(bytes)?;
    let ended = create(&bundle, "hostile")?;
    let judged = must_say(&ended, &["config.json"]).and_then(|()| must_be_untouched(&bundle, bytes));
    fs::remove_dir_all(&bundle.path).context("cannot remove a bundle")?;
    judged
}

/// Calls `create`, which ought to fail; a container made after all is removed.
fn create(bundle: &Bundle, id: &str) -> Result<Output> {
    let ended = bundle::create(Path::new(SHIM), bundle, id)?;
    if ended.status.success() {
        bundle::remove(Path::new("/usr/bin/runc"), id)?;
    }
    Ok(ended)
}

fn must_say(ended: &Output, words: &[&str]) -> Result<()> {
    Expect::Fails(&[]).judge(&[], ended)?;
    let said = text(ended);
    match words.iter().find(|word| !said.contains(**word)) {
        None => Ok(()),
        Some(word) => Err(Failure::new(format!("the error does not say {word:?}: {}", tail(&said, 10)))),
    }
}

fn must_be_untouched(bundle: &Bundle, before: &[u8]) -> Result<()> {
    if bundle.config_bytes()? == before {
        return Ok(());
    }
    Err(Failure::new("config.json was changed"))
}
