//! The image or the running container that was asked about, as its daemon describes it.

use super::{Known, Reason, look};
use crate::http;
use host::{Host, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Variables that decide what an image or a container gets of the driver; no other is kept.
const VARIABLES: &[&str] = &[
    "CUDA_VERSION",
    "LD_LIBRARY_PATH",
    "NVIDIA_DRIVER_CAPABILITIES",
    "NVIDIA_VISIBLE_DEVICES",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_DISABLE_REQUIRE",
];
/// Where images keep driver files that should not be in them.
const LIBRARY_DIRECTORIES: &[&str] = &[
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib64",
    "usr/lib",
    "usr/local/nvidia/lib64",
];
const DRIVER_STEMS: &[&str] = &["libcuda.so.", "libnvidia-ml.so."];

/// What was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The name that was given.
    pub name: String,
    /// Its variables, of those that decide about the driver, and all `NVIDIA_REQUIRE_*`.
    pub variables: Vec<(String, String)>,
    /// Files of a driver in the image itself.
    pub driver_files: Known<Vec<String>>,
    /// Of a running container: what is inside now.
    pub inside: Option<Known<Inside>>,
}

/// The inside of a running container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// Nodes of the driver below its `/dev`.
    pub nodes: Vec<String>,
    /// Versions of the driver whose files are mounted.
    pub driver_versions: Vec<String>,
    /// Mounted files of the driver that were removed on the host since.
    pub removed: Vec<String>,
    /// Whether the container was made with device nodes that its engine knows of.
    pub engine_knows_nodes: bool,
}

impl Subject {
    /// A variable of the image or container.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

pub(super) fn image(host: &Host, socket: &str, name: &str, timeout: Duration) -> Result<Subject, Reason> {
    let document = document(host, socket, "images", name, timeout)?;
    Ok(Subject {
        name: name.to_owned(),
        variables: variables(&document),
        driver_files: driver_files(host, &document).into(),
        inside: None,
    })
}

pub(super) fn container(host: &Host, socket: &str, name: &str, timeout: Duration) -> Result<Subject, Reason> {
    let document = document(host, socket, "containers", name, timeout)?;
    let pid = document.pointer("/State/Pid").and_then(Value::as_u64).filter(|pid| *pid > 0);
    let inside = match pid {
        Some(pid) => inside(host, pid, &document).into(),
        None => Known::Unknown(Reason::not_asked(format!("{name} does not run"))),
    };
    Ok(Subject {
        name: name.to_owned(),
        variables: variables(&document),
        driver_files: driver_files(host, &document).into(),
        inside: Some(inside),
    })
}

fn document(host: &Host, socket: &str, kind: &str, name: &str, timeout: Duration) -> Result<Value, Reason> {
    let what = format!("{kind} {name}");
    let proper = |c: char| c.is_ascii_alphanumeric() || "-_.:/@".contains(c);
    if name.is_empty() || !name.chars().all(proper) || name.contains("..") {
        return Err(Reason::malformed(what, "it is no name of an image or a container"));
    }
    let stream = host.connect(socket, timeout).map_err(|failure| look::reason(&what, &failure))?;
    let body = http::get(stream, &format!("/{kind}/{name}/json"), Instant::now() + timeout)
        .map_err(|how| Reason::Failed { what: what.clone(), how: absent(how) })?;
    serde_json::from_slice(&body).map_err(|error| Reason::malformed(what, error.to_string()))
}

fn absent(how: String) -> String {
    if how == "status 404" { "the daemon does not have it (nothing is pulled here)".to_owned() } else { how }
}

fn variables(document: &Value) -> Vec<(String, String)> {
    let list = document.pointer("/Config/Env").and_then(Value::as_array).into_iter().flatten();
    let pairs = list.filter_map(|entry| entry.as_str()?.split_once('='));
    let wanted = |(name, _): &(&str, &str)| VARIABLES.contains(name) || name.starts_with("NVIDIA_REQUIRE_");
    pairs.filter(wanted).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Files of a driver in the layers, when the daemon tells where those lie (overlay2).
fn driver_files(host: &Host, document: &Value) -> Result<Vec<String>, Reason> {
    let data = document.pointer("/GraphDriver/Data");
    let part = |key: &str| data.and_then(|data| data.get(key)).and_then(Value::as_str).unwrap_or_default();
    // Of a container the upper layer holds what the toolkit has made; only what lies below is the image.
    let of_container = document.get("State").is_some();
    let upper = if of_container { "" } else { part("UpperDir") };
    let layers: Vec<&str> = [upper]
        .into_iter()
        .chain(part("LowerDir").split(':'))
        .filter(|layer| layer.starts_with('/') && !layer.contains("-init/"))
        .collect();
    if layers.is_empty() {
        return Err(Reason::not_asked("the daemon does not tell where the layers lie"));
    }
    let mut found = Vec::new();
    for layer in layers {
        for directory in LIBRARY_DIRECTORIES {
            let names = look::names(host, &format!("{layer}/{directory}"))?;
            let files = names.iter().filter(|name| DRIVER_STEMS.iter().any(|stem| name.starts_with(stem)));
            found.extend(files.map(|name| format!("/{directory}/{name}")));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn inside(host: &Host, pid: u64, document: &Value) -> Result<Inside, Reason> {
    let mounts = look::required_text(host, &format!("/proc/{pid}/mountinfo"))?;
    let mut seen = Inside { nodes: nodes(host, pid)?, ..Inside::default() };
    for line in mounts.lines() {
        let mut words = line.split(' ');
        let (Some(source), Some(target)) = (words.nth(3), words.next()) else { continue };
        if !DRIVER_STEMS.iter().any(|stem| target.contains(stem)) {
            continue;
        }
        if source.ends_with("//deleted") || source.ends_with("\\040(deleted)") {
            seen.removed.push(target.to_owned());
        }
        if let Some(version) =
            target.rsplit_once(".so.").map(|(_, version)| version).filter(|version| version.contains('.'))
        {
            seen.driver_versions.push(version.to_owned());
        }
    }
    seen.driver_versions.sort_unstable();
    seen.driver_versions.dedup();
    let listed = |pointer: &str| {
        document.pointer(pointer).and_then(Value::as_array).is_some_and(|list| !list.is_empty())
    };
    let cdi = document.pointer("/HostConfig/DeviceRequests").and_then(Value::as_array).into_iter().flatten();
    let by_cdi = cdi.filter_map(|request| request.get("Driver")?.as_str()).any(|driver| driver == "cdi");
    seen.engine_knows_nodes = listed("/HostConfig/Devices") || by_cdi;
    Ok(seen)
}

fn nodes(host: &Host, pid: u64) -> Result<Vec<String>, Reason> {
    let directory = format!("/proc/{pid}/root/dev");
    let mut nodes = Vec::new();
    for name in look::names(host, &directory)?.iter().filter(|name| name.starts_with("nvidia")) {
        let path = format!("{directory}/{name}");
        let stat = host.lstat(&path).map_err(|failure| look::reason(&path, &failure))?;
        if stat.is_some_and(|stat| stat.kind == Kind::CharDevice) {
            nodes.push(format!("/dev/{name}"));
        }
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_variables_about_the_driver_are_kept() {
        let env = json!({"Config": {"Env": ["TOKEN=hunter2", "CUDA_VERSION=12.8.1", "NVIDIA_REQUIRE_CUDA=cuda>=12.8", "x"]}});
        let names: Vec<String> = variables(&env).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["CUDA_VERSION", "NVIDIA_REQUIRE_CUDA"]);
        assert!(variables(&json!([])).is_empty());
    }
}
