//! Log lines in the form of Go's logrus, which engines and log collectors read.
//!
//! Source: the text and JSON formatters of logrus without a terminal, as the original's recorded
//! output shows them.

/// How much a line matters; names and order as in logrus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For developers.
    Debug,
    /// What was done.
    Info,
    /// Something was left out or will not work as expected.
    Warning,
    /// The operation ended.
    Error,
}

impl Level {
    /// The level that a configuration names (`warn` and `warning` alike, in any case).
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "trace" | "debug" => Some(Self::Debug),
            "info" => Some(Self::Info),
            "warn" | "warning" => Some(Self::Warning),
            "error" | "fatal" | "panic" => Some(Self::Error),
            _ => None,
        }
    }

    /// The name in a log line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One line of the text form, with its end. `now` is the time in seconds since 1970.
#[must_use]
pub fn text(now: u64, level: Level, message: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-._/@^+".contains(c);
    let is_bare = !message.is_empty() && message.chars().all(bare);
    let message = if is_bare { message.to_owned() } else { quoted(message) };
    format!("time=\"{}\" level={} msg={message}\n", rfc3339(now), level.name())
}

/// One line of the JSON form, with its end. `now` is the time in seconds since 1970.
#[must_use]
pub fn json(now: u64, level: Level, message: &str) -> String {
    format!("{{\"level\":\"{}\",\"msg\":{},\"time\":\"{}\"}}\n", level.name(), quoted(message), rfc3339(now))
}

/// A JSON string, which is also what the text form puts.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A time in UTC as `2026-11-20T22:55:57Z`, by the days-to-date arithmetic of the proleptic
/// Gregorian calendar (eras of 400 years, years that begin in March).
#[must_use]
pub fn rfc3339(seconds: u64) -> String {
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_795_215_354, "2026-11-20T22:55:54Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), expected);
        }
    }

    #[test]
    fn lines_are_those_of_logrus() {
        for (message, expected) in [
            ("Found 17 CDI devices", "msg=\"Found 17 CDI devices\"\n"),
            ("one-word", "msg=one-word\n"),
            ("a \"b\"\n", "msg=\"a \\\"b\\\"\\n\"\n"),
        ] {
            let expected = format!("time=\"1970-01-01T00:00:00Z\" level=warning {expected}");
            assert_eq!(text(0, Level::Warning, message), expected);
        }
        assert_eq!(
            json(0, Level::Error, "x"),
            "{\"level\":\"error\",\"msg\":\"x\",\"time\":\"1970-01-01T00:00:00Z\"}\n"
        );
    }

    #[test]
    fn levels_have_the_names_of_logrus() {
        assert_eq!(Level::of_name("WARN"), Some(Level::Warning));
        assert_eq!(Level::of_name("loud"), None);
        assert!(Level::Debug < Level::Error);
    }
}
