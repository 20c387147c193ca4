//! What the shim says: to the file that the engine named with `--log`, to the administrator's debug
//! file, and to standard error for the last word.

use super::bundle;
use cdi::ContainerEdits;
use diag::Failure;
use diag::render::logrus::{self, Level};
use host::{Host, HostMut};
use oci::args::Invocation;
use settings::Runtime;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where lines go. Files are opened only when there is something to say.
#[derive(Clone)]
pub(super) struct Log {
    host: HostMut,
    /// The engine's file: gets warnings and errors, which it shows to its user.
    engine: Option<String>,
    /// The administrator's file: gets everything from `level` on.
    debug: Option<String>,
    json: bool,
    level: Level,
}

impl Log {
    /// The log that the engine asks for.
    pub(super) fn of_engine(host: &HostMut, invocation: &Invocation) -> Self {
        let engine = invocation.log.as_deref().and_then(|path| file_of(path.to_str()?));
        let engine = engine.and_then(|path| bundle::absolute(path.as_ref()).ok());
        Self {
            host: host.clone(),
            engine: engine.filter(|path| path != "/dev/null"),
            debug: None,
            json: invocation.log_format.as_deref() == Some("json"),
            level: Level::Info,
        }
    }

    /// The same log, and the file that the settings name.
    pub(super) fn with_debug_file(&self, invocation: &Invocation, settings: &Runtime) -> Self {
        let level = Level::of_name(&settings.log_level);
        let log = Self {
            debug: Some(settings.debug.clone()).filter(|path| path.starts_with('/') && path != "/dev/null"),
            level: if invocation.debug { Level::Debug } else { level.unwrap_or(Level::Info) },
            ..self.clone()
        };
        if level.is_none() {
            log.warning(&format!("Invalid log-level {:?} in config.toml: using info", settings.log_level));
        }
        log
    }

    pub(super) fn host(&self) -> &HostMut {
        &self.host
    }

    pub(super) fn info(&self, message: &str) {
        self.say(Level::Info, message);
    }

    /// Only the administrator's file gets such lines, and only when they are wanted.
    pub(super) fn debug(&self, message: impl FnOnce() -> String) {
        if self.debug.is_some() && self.level <= Level::Debug {
            self.say(Level::Debug, &message());
        }
    }

    /// What is put into the container's configuration, piece by piece.
    pub(super) fn edits(&self, edits: &ContainerEdits) {
        if self.debug.is_none() || self.level > Level::Debug {
            return;
        }
        let nodes = edits.device_nodes.iter().map(|node| format!("device node {}", node.path));
        let mounts =
            edits.mounts.iter().map(|mount| format!("mount {} -> {}", mount.host_path, mount.container_path));
        let hooks = edits.hooks.iter().map(|hook| format!("{} hook {:?}", hook.hook_name, hook.args));
        let env = edits.env.iter().map(|entry| format!("variable {entry}"));
        nodes.chain(mounts).chain(hooks).chain(env).for_each(|line| self.say(Level::Debug, &line));
    }

    pub(super) fn warning(&self, message: &str) {
        self.say(Level::Warning, message);
    }

    pub(super) fn error(&self, failure: &Failure) {
        self.say(Level::Error, &failure.line());
    }

    /// The failure for the administrator's file; the engine gets it when the program ends.
    pub(super) fn last_word(&self, failure: &Failure) {
        Self { engine: None, ..self.clone() }.error(failure);
    }

    fn say(&self, level: Level, message: &str) {
        if level < self.level {
            return;
        }
        let engine = self.engine.iter().filter(|_| level >= Level::Warning);
        for file in engine.chain(&self.debug) {
            // A log that cannot be written must not stop a container.
            let _ = self.host.append(file, line(self.host.now(), level, message, self.json).as_bytes());
        }
    }
}

/// The file of a log's destination; crun knows others too: `journald:ID` and `syslog:ID`, where only
/// crun's own words go.
fn file_of(destination: &str) -> Option<&str> {
    let is_elsewhere = ["journald:", "syslog:"].iter().any(|kind| destination.starts_with(kind));
    (!is_elsewhere).then(|| destination.strip_prefix("file:").unwrap_or(destination))
}

/// The last word: engines show it when the runtime fails.
pub(super) fn to_stderr(host: &Host, failure: &Failure) {
    let text = line(host.now(), Level::Error, &failure.line(), false);
    // Nobody can be told when standard error is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// A line in the form that the engine asked for.
fn line(now: SystemTime, level: Level, message: &str, json: bool) -> String {
    let now = now.duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    if json { logrus::json(now, level, message) } else { logrus::text(now, level, message) }
}

#[cfg(test)]
mod tests {
    use super::file_of;

    #[test]
    fn destinations_of_logs() {
        for (destination, expected) in [
            ("/run/log.json", Some("/run/log.json")),
            ("log", Some("log")),
            ("file:/run/log", Some("/run/log")),
            ("journald:abc", None),
            ("syslog:abc", None),
        ] {
            assert_eq!(file_of(destination), expected, "{destination}");
        }
    }
}
