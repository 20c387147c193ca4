//! The daemon's socket, and what the daemon answers to `GET /version` and `GET /info`.

use super::{Known, Options, Reason, look};
use crate::http;
use host::{Host, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

/// A Unix socket and the daemon behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// Path of the socket.
    pub socket: String,
    /// Its owner and mode; `None` when it is not there.
    pub file: Option<Peer>,
    /// What connecting to it came to.
    pub connection: Connection,
    /// What the daemon said.
    pub answer: Known<Answer>,
}

/// Owner and permission bits of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Owning user.
    pub uid: u32,
    /// Owning group.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
}

/// What connecting to a socket came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connection {
    /// Somebody accepted.
    Accepted,
    /// There is no such file.
    Absent,
    /// The file is there, nobody listens.
    Refused,
    /// This user may not.
    Denied,
    /// It is no socket, or something else went wrong.
    Failed(String),
}

/// The keys of `/version` and `/info` that matter for a GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// `ServerVersion`, for example `26.1.5`.
    pub version: String,
    /// Whether it is Podman's imitation of the API.
    pub podman: bool,
    /// `OperatingSystem`, for example `Docker Desktop`.
    pub operating_system: String,
    /// `KernelVersion`, for example `6.12.54-linuxkit`.
    pub kernel: String,
    /// Names of the registered runtimes, sorted.
    pub runtimes: Vec<String>,
    /// `DefaultRuntime`.
    pub default_runtime: String,
    /// `CgroupDriver`, for example `systemd`.
    #[serde(default)]
    pub cgroup_driver: String,
    /// Version of runc, from the components that `/version` names.
    #[serde(default)]
    pub runc: Option<String>,
    /// Whether `SecurityOptions` lists `name=rootless`.
    pub rootless: bool,
    /// `CDISpecDirs`; `None` when the daemon does not know CDI.
    pub cdi_directories: Option<Vec<String>>,
    /// CDI devices of kind `nvidia.com/gpu` in `DiscoveredDevices`; `None` when it does not tell.
    pub cdi_gpus: Option<Vec<String>>,
}

/// Another place where a daemon could listen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketSeen {
    /// Path.
    pub path: String,
    /// What connecting to it came to.
    pub connection: Connection,
}

impl SocketSeen {
    /// Whether somebody listens there, even if not to this user.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.connection, Connection::Accepted | Connection::Denied)
    }
}

pub(super) fn read(host: &Host, socket: &str, options: &Options) -> Result<Engine, Reason> {
    let connection = connect(host, socket, options.deadline);
    let answer = match &connection {
        Connection::Accepted => ask(host, socket, options.engine_deadline).into(),
        Connection::Denied => Known::Unknown(Reason::denied(socket)),
        _ => Known::Unknown(Reason::not_asked(format!("no daemon answers on {socket}"))),
    };
    // Below a folder that this user may not enter, nothing of it can be seen.
    let stat = match host.stat(socket).map_err(|failure| look::reason(socket, &failure)) {
        Err(reason) if !reason.is_denied() => return Err(reason),
        stat => stat.ok().flatten(),
    };
    let file = stat.map(|stat| Peer { uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o7777 });
    Ok(Engine { socket: socket.to_owned(), file, connection, answer })
}

/// Other sockets at the places that Docker's packages use, each tried once.
pub(super) fn others(host: &Host, chosen: Option<&str>, options: &Options) -> Vec<SocketSeen> {
    let mut paths = vec!["/run/docker.sock".to_owned()];
    if let Some(directory) = host.environment().get_nonempty("XDG_RUNTIME_DIR") {
        paths.push(format!("{directory}/docker.sock"));
    }
    if let Some(home) = host.environment().get_nonempty("HOME") {
        paths.push(format!("{home}/.docker/desktop/docker.sock"));
    }
    let chosen = chosen.map(|path| host.resolve(path).unwrap_or_else(|_| path.to_owned()));
    paths
        .into_iter()
        .filter(|path| Some(host.resolve(path).unwrap_or_else(|_| path.clone())) != chosen)
        .map(|path| SocketSeen { connection: connect(host, &path, options.deadline), path })
        .filter(|seen| seen.connection != Connection::Absent)
        .collect()
}

fn connect(host: &Host, socket: &str, timeout: Duration) -> Connection {
    match host.stat(socket) {
        Ok(None) => return Connection::Absent,
        Ok(Some(stat)) if stat.kind != Kind::Socket => {
            return Connection::Failed("it is not a socket".to_owned());
        }
        Err(failure) if look::reason(socket, &failure).is_denied() => return Connection::Denied,
        _ => {}
    }
    match host.connect(socket, timeout) {
        Ok(_) => Connection::Accepted,
        Err(failure) => match look::error_kind(&failure) {
            Some(ErrorKind::PermissionDenied) => Connection::Denied,
            Some(ErrorKind::ConnectionRefused) => Connection::Refused,
            Some(ErrorKind::NotFound) => Connection::Absent,
            _ => Connection::Failed(failure.chain()),
        },
    }
}

fn ask(host: &Host, socket: &str, timeout: Duration) -> Result<Answer, Reason> {
    let deadline = Instant::now() + timeout;
    let version = document(host, socket, "/version", deadline)?;
    let info = document(host, socket, "/info", deadline)?;
    answer(&version, &info)
        .ok_or_else(|| Reason::malformed(format!("{socket} /info"), "it names no ServerVersion"))
}

fn document(host: &Host, socket: &str, path: &str, deadline: Instant) -> Result<Value, Reason> {
    let what = format!("{socket} {path}");
    let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let stream = host.connect(socket, left).map_err(|failure| look::reason(&what, &failure))?;
    let body = http::get(stream, path, deadline).map_err(|how| Reason::Failed { what: what.clone(), how })?;
    serde_json::from_slice(&body).map_err(|error| Reason::malformed(what, error.to_string()))
}

fn answer(version: &Value, info: &Value) -> Option<Answer> {
    let text = |key: &str| info.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut runtimes: Vec<String> = info
        .get("Runtimes")
        .and_then(Value::as_object)
        .map(|map| map.keys().cloned().collect())
        .unwrap_or_default();
    runtimes.sort_unstable();
    let server = text("ServerVersion");
    (!server.is_empty()).then(|| Answer {
        version: server,
        podman: names_podman(version),
        operating_system: text("OperatingSystem"),
        kernel: text("KernelVersion"),
        runtimes,
        default_runtime: text("DefaultRuntime"),
        cgroup_driver: text("CgroupDriver"),
        runc: component(version, "runc"),
        rootless: strings(info.get("SecurityOptions")).iter().any(|option| option == "name=rootless"),
        cdi_directories: info.get("CDISpecDirs").map(|list| strings(Some(list))),
        cdi_gpus: info.get("DiscoveredDevices").map(cdi_gpus),
    })
}

fn component(version: &Value, name: &str) -> Option<String> {
    let components = version.get("Components").and_then(Value::as_array)?;
    let one =
        components.iter().find(|component| component.get("Name").and_then(Value::as_str) == Some(name))?;
    Some(one.get("Version")?.as_str()?.to_owned())
}

fn names_podman(version: &Value) -> bool {
    let components = version.get("Components").and_then(Value::as_array);
    let mut names = components.into_iter().flatten().filter_map(|component| component.get("Name")?.as_str());
    names.any(|name| name.contains("Podman"))
}

fn cdi_gpus(devices: &Value) -> Vec<String> {
    let devices = devices.as_array().into_iter().flatten();
    let ids = devices.filter_map(|device| device.get("ID").or(Some(device))?.as_str());
    ids.filter(|id| id.starts_with("nvidia.com/gpu=")).map(str::to_owned).collect()
}

fn strings(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|item| Some(item.as_str()?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_matters_is_kept_of_info() {
        let info = json!({
            "ServerVersion": "28.5.2", "OperatingSystem": "Debian", "KernelVersion": "6.1", "Name": "secret-host",
            "Runtimes": {"runc": {"path": "runc"}, "nvidia": {"path": "x"}}, "DefaultRuntime": "runc",
            "SecurityOptions": ["name=seccomp", "name=rootless"], "CDISpecDirs": ["/etc/cdi"],
            "DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=0"}, {"Source": "cdi", "ID": "a.b/c=0"}],
        });
        let answer = answer(&json!({"Components": [{"Name": "Engine"}]}), &info).unwrap();
        assert_eq!(answer.runtimes, ["nvidia", "runc"]);
        assert!(answer.rootless && !answer.podman);
        assert_eq!(answer.cdi_gpus, Some(vec!["nvidia.com/gpu=0".to_owned()]));
        assert!(!serde_json::to_string(&answer).unwrap().contains("secret-host"));
    }

    #[test]
    fn foreign_documents_give_no_answer() {
        for info in [json!(null), json!([]), json!({"ServerVersion": 3}), json!({"Runtimes": []})] {
            assert_eq!(answer(&Value::Null, &info), None);
        }
        let odd =
            json!({"ServerVersion": "1", "Runtimes": 3, "SecurityOptions": {}, "DiscoveredDevices": "x"});
        assert_eq!(answer(&json!(3), &odd).unwrap().cdi_gpus, Some(Vec::new()));
    }
}
