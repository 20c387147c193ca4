//! The daemon's configuration file: only the keys that matter for a GPU are kept.

use super::client::position;
use super::{Reason, daemon_keys, look, program};
use host::Host;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// What stands in the file of a rootless daemon of the caller's, when this daemon reads another one.
    #[serde(default)]
    pub of_user: Option<FileOfUser>,
    /// The unit file that starts the daemon with options that stand in the file as well.
    #[serde(default)]
    pub given_twice: Option<GivenTwice>,
}

/// A `daemon.json` in a user's home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOfUser {
    /// Its path.
    pub path: String,
    /// What stands in it.
    pub content: DaemonJson,
}

/// Options that stand on the command line of a unit and in `daemon.json`; dockerd refuses that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenTwice {
    /// The unit file.
    pub unit: String,
    /// The keys of `daemon.json`.
    pub keys: Vec<String>,
}

/// The file of a daemon that runs as root.
pub(super) const SYSTEM: &str = "/etc/docker/daemon.json";

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
        /// Keys whose values dockerd refuses, and what they are not: `features.cdi is not true or false`.
        #[serde(default)]
        misfits: Vec<String>,
        /// Keys that no Docker so far knows and that are near to none of its keys.
        #[serde(default)]
        unknown: Vec<String>,
        /// Whether the default runtime is registered nowhere: dockerd does not start then.
        #[serde(default)]
        default_unknown: bool,
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
    /// What is wrong with the program, when it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// `directories`: the daemon's `PATH`, when it is known.
pub(super) fn read(
    host: &Host,
    path: &str,
    of_user: &str,
    directories: Option<&[String]>,
) -> Result<Configuration, Reason> {
    let folder = host.stat(path).ok().flatten().is_some_and(|stat| stat.is_dir());
    let text = if folder { None } else { look::text(host, path)? };
    let mut content = match &text {
        Some(text) => parse(text),
        None if folder => DaemonJson::Broken { position: "it is a directory".to_owned() },
        None => DaemonJson::Absent,
    };
    let start = if path == SYSTEM { start_of_unit(host)? } else { None };
    let given_twice = text.as_deref().zip(start.as_ref()).and_then(|(text, start)| given_twice(start, text));
    if let DaemonJson::Valid { runtimes, default_runtime, default_unknown, .. } = &mut content {
        let added = start.is_some_and(|(_, line)| line.contains("--add-runtime"));
        *default_unknown =
            !added && default_runtime.as_deref().is_some_and(|name| is_unknown(name, runtimes));
        for runtime in runtimes {
            if let Some(program) = runtime.program.as_deref() {
                let looked = program::fault(host, program, directories);
                runtime.usable = looked.as_ref().map(Option::is_none);
                runtime.fault = looked.flatten();
            }
        }
    }
    Ok(Configuration {
        path: path.to_owned(),
        content,
        of_system: of_system(host, path)?,
        of_user: file_of_user(host, path, of_user),
        given_twice,
    })
}

/// What the command line of the unit has that stands in the file as well.
fn given_twice((unit, start): &(String, String), text: &str) -> Option<GivenTwice> {
    let Ok(Value::Object(object)) = serde_json::from_str(without_mark(text)) else { return None };
    let mut keys: Vec<String> =
        start.split_whitespace().filter_map(|word| key_of_option(word, &object)).collect();
    keys.sort_unstable();
    keys.dedup();
    (!keys.is_empty()).then(|| GivenTwice { unit: unit.clone(), keys })
}

/// Besides the registered ones dockerd knows runc and shims by name or path (`isPermissibleC8dRuntimeName`
/// in moby's `daemon/runtime_unix.go`).
fn is_unknown(name: &str, runtimes: &[RuntimeEntry]) -> bool {
    let built_in =
        ["", "runc"].contains(&name) || name.starts_with("io.containerd.") || name.starts_with('/');
    !built_in && !runtimes.iter().any(|runtime| runtime.name == name)
}

/// The last command of Docker's unit and the file that has it: drop-ins come after the unit, and a unit of
/// the administrator in place of the package's.
fn start_of_unit(host: &Host) -> Result<Option<(String, String)>, Reason> {
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
        let text = look::text(host, &path)?.unwrap_or_default().replace("\\\n", " ");
        let last = text.lines().rev().find_map(|line| line.trim().strip_prefix("ExecStart="));
        start = last.map(|line| (path, line.to_owned())).or(start);
    }
    Ok(start)
}

/// The key in the file that an option of dockerd stands for: its own name, or the plural of it
/// (`opts.NewNamedListOptsRef` in moby's `cmd/dockerd/config.go`). Runtimes alone may stand in both.
fn key_of_option(word: &str, object: &Map<String, Value>) -> Option<String> {
    let name = match word.strip_prefix("--") {
        Some(long) => long.split('=').next().unwrap_or_default(),
        None if word.starts_with("-H") => "host",
        None => return None,
    };
    let plural = match name {
        "insecure-registry" => "insecure-registries".to_owned(),
        name => format!("{name}s"),
    };
    [name.to_owned(), plural].into_iter().find(|key| key != "runtimes" && object.contains_key(key))
}

/// A file that the caller may not read is none of theirs.
fn file_of_user(host: &Host, path: &str, of_user: &str) -> Option<FileOfUser> {
    let text = look::text(host, of_user).ok().flatten().filter(|_| path == SYSTEM)?;
    Some(FileOfUser { path: of_user.to_owned(), content: parse(&text) })
}

fn of_system(host: &Host, path: &str) -> Result<Option<DaemonJson>, Reason> {
    if path == SYSTEM {
        return Ok(None);
    }
    Ok(look::text(host, SYSTEM)?.as_deref().map(parse))
}

/// UTF-8's byte order mark is let pass, as dockerd does since release 23.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn parse(text: &str) -> DaemonJson {
    let text = without_mark(text);
    if matches!(text.trim(), "" | "null") {
        return of_object(&Map::new());
    }
    let json: Value = match serde_json::from_str(text) {
        Ok(json) => json,
        Err(error) => return DaemonJson::Broken { position: position(&error) },
    };
    match json.as_object() {
        Some(object) => of_object(object),
        None => DaemonJson::Broken { position: "it is not a JSON object".to_owned() },
    }
}

fn of_object(object: &Map<String, Value>) -> DaemonJson {
    let runtimes = object.get("runtimes").and_then(Value::as_object).into_iter().flatten();
    DaemonJson::Valid {
        runtimes: runtimes.map(|(name, entry)| runtime(name, entry)).collect(),
        default_runtime: object.get("default-runtime").and_then(Value::as_str).map(str::to_owned),
        cdi: object.get("features").and_then(|features| features.get("cdi")?.as_bool()),
        mistaken: daemon_keys::mistaken(object),
        misfits: daemon_keys::misfits(object),
        unknown: daemon_keys::unknown(object),
        default_unknown: false,
    }
}

fn runtime(name: &str, entry: &Value) -> RuntimeEntry {
    let program = entry.get("path").and_then(Value::as_str).filter(|path| !path.is_empty());
    RuntimeEntry { name: name.to_owned(), program: program.map(str::to_owned), usable: None, fault: None }
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
        assert!(matches!(parse("\u{feff}{}"), DaemonJson::Valid { .. }));
        assert!(matches!(parse("null\n"), DaemonJson::Valid { .. }));
    }

    #[test]
    fn options_of_the_unit_are_compared_with_the_file() {
        let unit = |start: &str| ("docker.service".to_owned(), start.to_owned());
        let text =
            r#"{"hosts": [], "insecure-registries": [], "data-root": "/x", "runtimes": {}, "debug": true}"#;
        for (start, expected) in [
            ("/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock", "hosts"),
            ("/usr/bin/dockerd -Hfd:// --add-runtime nvidia=/x --data-root /y", "data-root hosts"),
            ("/usr/bin/dockerd --insecure-registry=r $DOCKER_OPTS", "insecure-registries"),
        ] {
            assert_eq!(given_twice(&unit(start), text).unwrap().keys.join(" "), expected, "{start}");
        }
        assert_eq!(given_twice(&unit("/usr/bin/dockerd --log-level warn"), text), None);
    }

    #[test]
    fn a_default_runtime_has_to_be_somewhere() {
        let nvidia = [RuntimeEntry { name: "nvidia".to_owned(), program: None, usable: None, fault: None }];
        assert!(is_unknown("nvidia", &[]) && !is_unknown("nvidia", &nvidia));
        for name in ["runc", "io.containerd.runc.v2", "/usr/bin/shim"] {
            assert!(!is_unknown(name, &[]), "{name}");
        }
    }
}
