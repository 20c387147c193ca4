//! The log of `--debug`: lines in the form of glog, which people paste into reports.

use crate::session::Session;
use host::HostMut;
use std::cell::RefCell;
use std::time::UNIX_EPOCH;

/// Where lines go.
pub(super) struct Log {
    host: HostMut,
    process: u32,
    target: Target,
}

enum Target {
    Nowhere,
    /// A stream of this process; its lines are kept until the end.
    Stream {
        to_stdout: bool,
        kept: RefCell<String>,
    },
    File(String),
}

impl Log {
    /// A log to the file of `--debug`.
    pub(super) fn open(session: &Session, file: Option<&str>) -> Self {
        let stream = |to_stdout| Target::Stream { to_stdout, kept: RefCell::default() };
        let target = match file {
            None | Some("" | "/dev/null") => Target::Nowhere,
            Some("/dev/tty" | "/dev/stderr") => stream(false),
            Some("/dev/stdout") => stream(true),
            Some(path) => session.absolute(path).map_or(Target::Nowhere, Target::File),
        };
        let process = if session.host.is_live() { std::process::id() } else { 1 };
        let log = Self { host: session.writable(), process, target };
        log.put("\n-- WARNING, the following logs are for debugging purposes only --\n\n");
        log
    }

    /// Tells of a step.
    pub(super) fn info(&self, text: &str) {
        self.line('I', text);
    }

    /// Tells of something that some uses will miss.
    pub(super) fn warn(&self, text: &str) {
        self.line('W', text);
    }

    /// Tells why the command ended.
    pub(super) fn error(&self, text: &str) {
        self.line('E', text);
    }

    /// Prints what was kept.
    pub(super) fn finish(self, session: &mut Session) {
        match self.target {
            Target::Stream { to_stdout: true, kept } => session.out(&kept.into_inner()),
            Target::Stream { to_stdout: false, kept } => session.err(&kept.into_inner()),
            Target::Nowhere | Target::File(_) => {}
        }
    }

    fn line(&self, level: char, text: &str) {
        let now = self.host.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.put(&line(level, now.as_secs(), now.subsec_micros(), self.process, text));
    }

    fn put(&self, text: &str) {
        match &self.target {
            Target::Nowhere => {}
            Target::Stream { kept, .. } => kept.borrow_mut().push_str(text),
            // A log that cannot be written must not stop a container.
            Target::File(path) => drop(self.host.append(path, text.as_bytes())),
        }
    }
}

/// `I1120 22:55:57.000123 4711 longshore] text`.
fn line(level: char, seconds: u64, micros: u32, process: u32, text: &str) -> String {
    let (month, day) = month_and_day(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!(
        "{level}{month:02}{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06} {process} longshore] {text}\n"
    )
}

/// Month and day of a day counted from 1970, in the Gregorian calendar.
fn month_and_day(mut days: u64) -> (u64, u64) {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_form_of_glog() {
        assert_eq!(line('I', 0, 7, 42, "x"), "I0101 00:00:00.000007 42 longshore] x\n");
        assert_eq!(line('W', 1_763_679_357, 123_456, 1, "y"), "W1120 22:55:57.123456 1 longshore] y\n");
        assert_eq!(month_and_day(59), (3, 1));
        assert_eq!(month_and_day(59 + 730), (2, 29));
        assert_eq!(month_and_day(364), (12, 31));
    }
}
