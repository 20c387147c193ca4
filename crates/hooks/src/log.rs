//! What a hook says: to standard error, where the OCI runtime picks it up for its own error.

use diag::Failure;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// Text that was asked for, to standard output.
pub(crate) fn output(text: &str) {
    // Nobody can be told when standard output is closed.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// A warning in the original's form, which log collectors know.
pub(crate) fn warning(message: &str) {
    let line = format!("time=\"{}\" level=warning msg={message:?}\n", timestamp(seconds_now()));
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Why the container does not start, in one line: engines show it to the user as it is.
pub(crate) fn error(failure: &Failure) {
    let _ = std::io::stderr().write_all(format!("nvidia-cdi-hook: {}\n", failure.line()).as_bytes());
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

/// Seconds since 1970 as `2026-11-20T22:55:54Z`.
fn timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since 0000-03-01 in cycles of 400 years (146097 days); see "civil from days".
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next;
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day_of_month:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn seconds_become_dates() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_215_354, "2026-11-20T22:55:54Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(timestamp(seconds), expected);
        }
    }
}
