//! The daemon's configuration file: only the keys that matter for a GPU are kept.

use super::client::position;
use super::{Reason, daemon_keys, look};
use host::Host;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The configuration file of a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// Its path, present or not.
    pub path: String,
    /// What stands in it.
    pub content: DaemonJson,
    /// What stands in `/etc/docker/daemon.json`, when the daemon reads another file.
    #[serde(default)]
    pub of_system: Option<DaemonJson>,
    /// The unit file that starts the daemon with `-H`: then `hosts` may not stand in the file as well.
    #[serde(default)]
    pub unit_with_hosts: Option<String>,
}

/// What stands in `daemon.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DaemonJson {
    /// There is no such file: all defaults.
    Absent,
    /// It is not JSON; the daemon would not start with it.
    Broken {
        /// Where, without quoting it.
        position: String,
    },
    /// It is a JSON object.
    Valid {
        /// `runtimes`.
        runtimes: Vec<RuntimeEntry>,
        /// `default-runtime`.
        default_runtime: Option<String>,
        /// `features.cdi`.
        cdi: Option<bool>,
        /// Keys that dockerd does not know, each with the one that it is near to.
        #[serde(default)]
        mistaken: Vec<(String, String)>,
        /// Whether `hosts` is there.
        #[serde(default)]
        hosts: bool,
    },
}

/// One entry of `runtimes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeEntry {
    /// Its name, for example `nvidia`.
    pub name: String,
    /// Its program: a path, or a name to be looked up; `None` for an entry by `runtimeType`.
    pub program: Option<String>,
    /// Whether the program is there and executable; `None` when the daemon's `PATH` is not known
    /// and it is a bare name.
    pub usable: Option<bool>,
}

/// `directories`: the daemon's `PATH`, when it is known.
pub(super) fn read(host: &Host, path: &str, directories: Option<&[String]>) -> Result<Configuration, Reason> {
    let text = look::text(host, path)?;
    let mut content = text.as_deref().map_or(DaemonJson::Absent, parse);
    if let DaemonJson::Valid { runtimes, .. } = &mut content {
        for runtime in runtimes {
            runtime.usable =
                runtime.program.as_deref().and_then(|program| usable(host, program, directories));
        }
    }
    Ok(Configuration {
        path: path.to_owned(),
        content,
        of_system: of_system(host, path)?,
        unit_with_hosts: unit_with_hosts(host)?,
    })
}

/// Drop-ins come after the unit, and a unit of the administrator in place of the package's.
fn unit_with_hosts(host: &Host) -> Result<Option<String>, Reason> {
    const DROP_INS: &str = "/etc/systemd/system/docker.service.d";
    let mut files = Vec::new();
    for folder in ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"] {
        let path = format!("{folder}/docker.service");
        if look::exists(host, &path)? {
            files.push(path);
            break;
        }
    }
    let drop_ins = look::names(host, DROP_INS)?;
    files.extend(
        drop_ins.iter().filter(|name| name.ends_with(".conf")).map(|name| format!("{DROP_INS}/{name}")),
    );
    let mut start = None;
    for path in files {
        let text = look::text(host, &path)?.unwrap_or_default();
        if let Some(line) = text.lines().rev().find_map(|line| line.trim().strip_prefix("ExecStart=")) {
            start = names_hosts(line).then_some(path);
        }
    }
    Ok(start)
}

fn names_hosts(command: &str) -> bool {
    command
        .split_whitespace()
        .any(|word| word == "-H" || word.starts_with("--host") || word.starts_with("-H="))
}

fn of_system(host: &Host, path: &str) -> Result<Option<DaemonJson>, Reason> {
    const SYSTEM: &str = "/etc/docker/daemon.json";
    if path == SYSTEM {
        return Ok(None);
    }
    Ok(look::text(host, SYSTEM)?.as_deref().map(parse))
}

fn usable(host: &Host, program: &str, directories: Option<&[String]>) -> Option<bool> {
    let executable =
        |path: &str| host.stat(path).is_ok_and(|stat| stat.is_some_and(|stat| stat.is_executable()));
    if program.starts_with('/') {
        return Some(executable(program));
    }
    Some(directories?.iter().any(|directory| executable(&format!("{directory}/{program}"))))
}

fn parse(text: &str) -> DaemonJson {
    if text.trim().is_empty() {
        return DaemonJson::Valid {
            runtimes: Vec::new(),
            default_runtime: None,
            cdi: None,
            mistaken: Vec::new(),
            hosts: false,
        };
    }
    let json: Value = match serde_json::from_str(text) {
        Ok(json) => json,
        Err(error) => return DaemonJson::Broken { position: position(&error) },
    };
    let Some(object) = json.as_object() else {
        return DaemonJson::Broken { position: "it is not a JSON object".to_owned() };
    };
    let runtimes = object.get("runtimes").and_then(Value::as_object).into_iter().flatten();
    DaemonJson::Valid {
        runtimes: runtimes.map(|(name, entry)| runtime(name, entry)).collect(),
        default_runtime: object.get("default-runtime").and_then(Value::as_str).map(str::to_owned),
        cdi: json.pointer("/features/cdi").and_then(Value::as_bool),
        mistaken: daemon_keys::mistaken(object),
        hosts: object.contains_key("hosts"),
    }
}

fn runtime(name: &str, entry: &Value) -> RuntimeEntry {
    let program = entry.get("path").and_then(Value::as_str).filter(|path| !path.is_empty());
    RuntimeEntry { name: name.to_owned(), program: program.map(str::to_owned), usable: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_tells_where_and_quotes_nothing() {
        let DaemonJson::Broken { position } = parse("{\n  \"a\": secret\n}") else { panic!("it is broken") };
        assert_eq!(position, "line 2, column 8");
        assert!(matches!(parse("[]"), DaemonJson::Broken { .. }));
    }

    #[test]
    fn the_keys_for_a_gpu_are_kept() {
        let text = r#"{"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}, "features": {"cdi": true},
            "registry-mirrors": ["x"], "default-runtime": "nvidia"}"#;
        let DaemonJson::Valid { runtimes, default_runtime, cdi, .. } = parse(text) else {
            panic!("it is valid")
        };
        assert_eq!((default_runtime.as_deref(), cdi), (Some("nvidia"), Some(true)));
        assert_eq!(runtimes[0].program.as_deref(), Some("nvidia-container-runtime"));
        assert!(matches!(parse(""), DaemonJson::Valid { .. }));
        assert!(matches!(parse(r#"{"runtimes": 3, "features": []}"#), DaemonJson::Valid { .. }));
    }
}
