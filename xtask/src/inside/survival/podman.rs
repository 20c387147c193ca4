//! Podman with the systemd cgroup manager: by a specification, by the runtime, by a folder of hooks.

use super::{ALLOWED, SET_PROPERTY};
use crate::engines::GLIBC;
use crate::exec::{capture, command};
use crate::inside::boot::Booted;
use crate::inside::check::Ledger;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::Path;

const PODMAN: &str = "podman --root /mnt/podman/root --runroot /mnt/podman/run --cgroup-manager systemd";

/// Options before and after `run`.
const WAYS: &[(&str, &str, &str)] = &[
    ("CDI", "--runtime runc", "--device nvidia.com/gpu=2"),
    ("--runtime", "--runtime /usr/bin/nvidia-container-runtime", "-e NVIDIA_VISIBLE_DEVICES=2"),
    ("--hooks-dir", "--runtime runc --hooks-dir /mnt/hooks", "-e NVIDIA_VISIBLE_DEVICES=2"),
];

const HOOK: &str = r#"{"version": "1.0.0", "when": {"always": true}, "stages": ["prestart"],
    "hook": {"path": "/usr/bin/nvidia-container-runtime-hook", "args": ["nvidia-container-runtime-hook", "prestart"],
             "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}}"#;

type Trigger = (&'static str, &'static str);

/// A name and a script; the first is one that every systemd heeds.
pub(super) const TRIGGERS: &[Trigger] = &[
    ("set-property", SET_PROPERTY),
    ("daemon-reload", "systemctl daemon-reload; systemctl daemon-reload"),
    ("podman restart", "$PODMAN restart -t 0 $CONTAINER >/dev/null; systemctl daemon-reload"),
];

/// Runs all cases; where the runtime is `old`, also that CDI without links is lost.
pub(super) fn run(
    booted: &Booted,
    image: &Path,
    triggers: &[Trigger],
    old: bool,
    ledger: &mut Ledger,
) -> Result<()> {
    fs::create_dir_all("/mnt/hooks").context("cannot make the folder of hooks")?;
    fs::write("/mnt/hooks/nvidia.json", HOOK).context("cannot write a hook")?;
    booted.inside(&format!("{PODMAN} load --input {}", image.display()))?;
    let version = booted.inside("podman --version; systemctl --version")?;
    let mut words =
        version.split_whitespace().filter(|word| word.starts_with(|digit: char| digit.is_ascii_digit()));
    let (podman, systemd) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let engine = format!("systemd {systemd}, podman {podman}");
    for way in WAYS {
        // As after a boot. For specifications the service that writes them has to make the links.
        capture(&mut command(["rm", "-rf", "/dev/char", "/var/run/cdi"]))?;
        let flag = "--feature-flag=no-additional-gids-for-device-nodes";
        capture(&mut command(["longshore", "cdi", "refresh", flag]))?;
        if way.0 != "CDI" {
            capture(&mut command(["rm", "-rf", "/dev/char"]))?;
        }
        for (trigger, script) in triggers {
            let case = format!("{}: keeps its GPU at {trigger}", way.0);
            ledger.check(&engine, &case, || match after(booted, way, script)? {
                access if access == ALLOWED => Ok(()),
                access => Err(Failure::new(format!("the container lost its GPU: {access}"))),
            })?;
        }
    }
    if old {
        // runc 1.1.6 and later lists a node without its link too.
        capture(&mut command(["rm", "-rf", "/dev/char"]))?;
        ledger.check(&engine, "CDI without links in /dev/char: lost", || {
            match after(booted, &WAYS[0], SET_PROPERTY)? {
                access if access == ALLOWED => {
                    Err(Failure::new("the container kept its GPU without the cure: this test proves nothing"))
                }
                _ => Ok(()),
            }
        })?;
    }
    Ok(())
}

/// Starts a container, pulls the trigger, and gives what opening its GPU then says.
fn after(booted: &Booted, (_, before, options): &(&str, &str, &str), script: &str) -> Result<String> {
    let id =
        booted.inside(&format!("{PODMAN} {before} run -d --network none {options} {GLIBC} sleep 600"))?;
    let id = id.trim();
    let look = || -> Result<String> {
        let said = booted.inside(&format!("{PODMAN} exec {id} cat /dev/nvidia2 2>&1 || true"))?;
        Ok(said.lines().next().unwrap_or_default().trim().rsplit(": ").next().unwrap_or_default().to_owned())
    };
    let access = look().and_then(|first| {
        if first != ALLOWED {
            return Err(Failure::new(format!("the GPU cannot be used from the beginning: {first}")));
        }
        booted.inside(&format!(
            "PODMAN='{PODMAN} {before}'; SCOPE=libpod-{id}.scope; CONTAINER={id}; {script}"
        ))?;
        look()
    });
    booted.run(&format!("{PODMAN} rm -f -t 0 {id}"))?;
    access
}
