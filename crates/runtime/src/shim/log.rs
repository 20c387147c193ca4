//! What the shim says: to the file that the engine named with `--log`, to the administrator's debug
//! file, and to standard error for the last word.

use super::bundle;
use diag::Failure;
use host::{Host, HostMut};
use oci::args::Invocation;
use settings::Runtime;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// How much a line matters; names and order as in logrus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

impl Level {
    fn of_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "trace" | "debug" => Some(Self::Debug),
            "info" => Some(Self::Info),
            "warn" | "warning" => Some(Self::Warning),
            "error" | "fatal" | "panic" => Some(Self::Error),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

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
        let engine = invocation.log.as_deref().and_then(|path| bundle::absolute(path).ok());
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

    pub(super) fn warning(&self, message: &str) {
        self.say(Level::Warning, message);
    }

    pub(super) fn error(&self, failure: &Failure) {
        self.say(Level::Error, &failure.line());
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

/// The last word: engines show it when the runtime fails.
pub(super) fn to_stderr(host: &Host, failure: &Failure) {
    let text = line(host.now(), Level::Error, &failure.line(), false);
    // Nobody can be told when standard error is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// A line as logrus writes it.
fn line(now: SystemTime, level: Level, message: &str, json: bool) -> String {
    let time = timestamp(now.duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs()));
    let message = quoted(message);
    match json {
        true => format!("{{\"level\":\"{}\",\"msg\":{message},\"time\":\"{time}\"}}\n", level.name()),
        false => format!("time=\"{time}\" level={} msg={message}\n", level.name()),
    }
}

/// A JSON string, which is also what logrus puts in its text form.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Seconds since 1970 as `2026-11-20T22:55:54Z`.
fn timestamp(seconds: u64) -> String {
    let (mut days, rest) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn lines_are_those_of_logrus() {
        let at = UNIX_EPOCH + Duration::from_secs(1_795_215_354);
        assert_eq!(
            line(at, Level::Warning, "a \"b\"\n", false),
            "time=\"2026-11-20T22:55:54Z\" level=warning msg=\"a \\\"b\\\"\\n\"\n"
        );
        assert_eq!(
            line(at, Level::Error, "x", true),
            "{\"level\":\"error\",\"msg\":\"x\",\"time\":\"2026-11-20T22:55:54Z\"}\n"
        );
    }

    #[test]
    fn seconds_become_dates() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(timestamp(seconds), expected);
        }
    }

    #[test]
    fn levels_have_the_names_of_logrus() {
        assert_eq!(Level::of_name("WARN"), Some(Level::Warning));
        assert_eq!(Level::of_name("loud"), None);
        assert!(Level::Debug < Level::Error);
    }
}
