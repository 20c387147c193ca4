//! Log lines and failures on standard error, in the form that the personality is known for.

use diag::Failure;
use diag::render::human;
use diag::render::logrus::{self, Level};

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
        (Form::Logrus, _) => logrus::text(now, level, message),
        (Form::LogrusTerminal, _) => {
            let short: String = level.name().chars().take(4).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

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
