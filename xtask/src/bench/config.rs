//! The `config.json` of each way, as an engine would hand it to the runtime.

use super::case::{ALL_GPUS, Way};
use super::meter::Meter;
use super::place::{CONTAINER, Place};
use crate::exec::{capture, command};
use diag::{Failure, Result, ResultExt};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The variables of a process, names and values.
pub(crate) type Variables = Vec<(String, String)>;

/// What `runc spec` writes, with the container's control group, and the simulation's part: a kernel
/// with the driver loaded would show `/proc/driver/nvidia` in every container by itself.
pub(crate) fn plain(place: &Place, meter: &Meter) -> Result<Value> {
    capture(command(["runc", "spec", "--bundle"]).arg(place.bundle()))?;
    let text = fs::read(place.config()).context("cannot read config.json")?;
    fs::remove_file(place.config()).context("cannot remove config.json")?;
    let mut config: Value = serde_json::from_slice(&text).context("config.json is not JSON")?;
    config["process"]["terminal"] = json!(false);
    config["process"]["args"] = json!(["true"]);
    config["root"]["readonly"] = json!(false);
    config["linux"]["cgroupsPath"] = json!(meter.path_of(CONTAINER));
    let target = place.rootfs().join("proc/driver");
    let arguments = ["busybox", "mount", "-o", "rbind", "/proc/driver", &target.to_string_lossy()];
    config["hooks"]["createContainer"] = json!([{"path": "/usr/bin/busybox", "args": arguments}]);
    Ok(config)
}

/// Asks for GPUs by the container's environment.
pub(crate) fn asking(mut config: Value, gpus: usize) -> Result<Value> {
    let wanted = match gpus {
        0 => return Ok(config),
        ALL_GPUS => "all".to_owned(),
        some => (0..some).map(|index| index.to_string()).collect::<Vec<_>>().join(","),
    };
    let environment = config["process"]["env"].as_array_mut();
    let environment = environment.ok_or_else(|| Failure::new("config.json has no environment"))?;
    environment.push(json!(format!("NVIDIA_VISIBLE_DEVICES={wanted}")));
    Ok(config)
}

/// What dockerd does for `--gpus`: the environment, and the hook with dockerd's own environment.
pub(crate) fn by_docker(config: Value, gpus: usize, hook: &Path, variables: &Variables) -> Result<Value> {
    let mut config = asking(config, gpus)?;
    let environment: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let arguments = ["nvidia-container-runtime-hook", "prestart"];
    config["hooks"]["prestart"] = json!([{"path": hook, "args": arguments, "env": environment}]);
    Ok(config)
}

/// The part of the edits that a way measures: the rest is taken from the configuration without them.
pub(crate) fn piece(mut applied: Value, plain: &Value, way: Way) -> Value {
    if matches!(way, Way::PieceDevices | Way::PieceHook) {
        applied["mounts"] = plain["mounts"].clone();
    }
    if matches!(way, Way::PieceDevices | Way::PieceMounts) {
        applied["hooks"] = plain["hooks"].clone();
    }
    applied
}

/// The bytes to write.
pub(crate) fn bytes(config: &Value) -> Vec<u8> {
    config.to_string().into_bytes()
}
