//! Log lines and failures on standard error, in the form that the personality is known for.

use diag::Failure;
use diag::render::human;

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Error,
    Warning,
    Info,
    Debug,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people: the bare message, `warning: ...`, and failures as `diag` renders them.
    Plain,
    /// Go's logrus when it does not write to a terminal: `time="..." level=info msg="..."`.
    Logrus,
    /// Go's logrus on a terminal: `INFO[0000] ...`.
    LogrusTerminal,
}

/// One log line. `now` is the time in seconds since 1970.
pub(crate) fn line(form: Form, level: Level, message: &str, now: u64) -> String {
    match (form, level) {
        (Form::Plain, Level::Info | Level::Debug) => format!("{message}\n"),
        (Form::Plain, Level::Warning) => format!("warning: {message}\n"),
        (Form::Plain, Level::Error) => format!("error: {message}\n"),
        (Form::Logrus, _) => {
            format!("time=\"{}\" level={} msg={}\n", rfc3339(now), name(level), quoted(message))
        }
        (Form::LogrusTerminal, _) => {
            let short: String = name(level).chars().take(4).collect();
            format!("{}[0000] {message}\n", short.to_uppercase())
        }
    }
}

/// A failure that ended a command.
pub(crate) fn failure(form: Form, failure: &Failure, now: u64) -> String {
    match form {
        Form::Plain => human::failure(failure),
        Form::Logrus | Form::LogrusTerminal => line(form, Level::Error, &failure.line(), now),
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

/// A value as logrus writes it: bare when it consists of letters, digits and `-._/@^+`, otherwise
/// quoted with escapes.
fn quoted(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-._/@^+".contains(c);
    if !text.is_empty() && text.chars().all(bare) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// A time in UTC as `2026-11-20T22:55:57Z`, by the days-to-date arithmetic of the proleptic
/// Gregorian calendar (eras of 400 years, years that begin in March).
pub(crate) fn rfc3339(seconds: u64) -> String {
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
            (1_795_215_357, "2026-11-20T22:55:57Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), expected);
        }
    }

    #[test]
    fn each_form_writes_its_lines() {
        let cases = [
            (
                Form::Logrus,
                Level::Info,
                "Found 17 CDI devices",
                "time=\"1970-01-01T00:00:00Z\" level=info msg=\"Found 17 CDI devices\"\n",
            ),
            (
                Form::Logrus,
                Level::Warning,
                "one-word",
                "time=\"1970-01-01T00:00:00Z\" level=warning msg=one-word\n",
            ),
            (
                Form::Logrus,
                Level::Info,
                "dev-root \"/\"\n",
                "time=\"1970-01-01T00:00:00Z\" level=info msg=\"dev-root \\\"/\\\"\\n\"\n",
            ),
            (Form::LogrusTerminal, Level::Warning, "a b", "WARN[0000] a b\n"),
            (Form::Plain, Level::Warning, "a b", "warning: a b\n"),
        ];
        for (form, level, message, expected) in cases {
            assert_eq!(line(form, level, message, 0), expected);
        }
    }
}
