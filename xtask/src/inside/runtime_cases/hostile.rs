//! `config.json` files that would cost a careless program its time or its mind.

use super::super::Job;
use super::super::bundle::Bundle;
use super::{PLAIN, settings};
use crate::exec::command;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::time::Duration;

const ALLOWED: Duration = Duration::from_millis(100);

/// Names and documents; each is refused.
pub(super) fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let request = r#""process":{"env":["NVIDIA_VISIBLE_DEVICES=all"]}"#;
    let limit = 4 << 20;
    let many = |unit: &str| unit.repeat(limit / unit.len() - 100);
    vec![
        ("11 MiB", [format!("{{{request},\"x\":\"").into_bytes(), vec![b'a'; 11 << 20]].concat()),
        ("4 MiB of small values", format!("{{{request},\"x\":[{}1]}} x", many("1,")).into_bytes()),
        ("4 MiB of keys", format!("{{{request},\"x\":{{{}\"k\":1}}}} x", many("\"k\":{},")).into_bytes()),
        ("4 MiB of environment", format!("{{\"process\":{{\"env\":[{}7]}}}}", many("\"A=1\",")).into_bytes()),
        ("nested a million deep", [b"{\"a\":".to_vec(), vec![b'['; 1_000_000]].concat()),
        ("a key twice", format!("{{{request},{request}}}").into_bytes()),
        ("a NUL in it", format!("{{{request},\"x\":\"\0\"}}").into_bytes()),
        ("a NUL after it", format!("{{{request}}}\0").into_bytes()),
        ("not UTF-8", [format!("{{{request},\"x\":\"").as_bytes(), b"\xc3\x28\"}"].concat()),
    ]
}

/// Calls `create` with the document; the CPU time counts, other work goes on here.
pub(super) fn refused(job: &Job, bytes: &[u8]) -> Result<()> {
    settings("auto")?;
    let bundle = Bundle::make(job, "hostile-timed", &["true"], &[])?;
    bundle.write_bytes(bytes)?;
    let mut took = Duration::MAX;
    for _ in 0..3 {
        let before = used_by_children()?;
        let ended = command([format!("/usr/bin/{PLAIN}")])
            .args(["create", "--bundle"])
            .args([bundle.path.as_os_str(), "hostile".as_ref()])
            .output()
            .context("cannot start the shim")?;
        took = took.min(used_by_children()?.saturating_sub(before));
        let said = String::from_utf8_lossy(&ended.stderr);
        if ended.status.success() || !said.contains("config.json") {
            return Err(Failure::new(format!("{} and said: {said}", ended.status)));
        }
    }
    let is_left_alone = bundle.config_bytes()? == bytes;
    bundle.discard()?;
    match (is_left_alone, took <= ALLOWED) {
        (true, true) => Ok(()),
        (false, _) => Err(Failure::new("config.json was changed")),
        (_, false) => Err(Failure::new(format!("it took {} ms", took.as_millis()))),
    }
}

/// CPU time of the children that have ended: `cutime` and `cstime` of proc_pid_stat(5), which count
/// hundredths of a second on every Linux.
fn used_by_children() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").context("cannot read /proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}
