//! What the prestart hook tells of its steps: on standard error with `-debug`, and in the file of
//! `nvidia-container-cli.debug`, in the form of the program whose work this is in the original (glog).

use diag::one_line;
use diag::render::logrus::rfc3339;
use host::{Host, HostMut};
use std::time::UNIX_EPOCH;

/// Where lines go.
pub(super) struct Log {
    host: HostMut,
    file: Option<String>,
    to_stderr: bool,
}

impl Log {
    /// A log to the file that the settings name, and to standard error if that was asked for.
    pub(super) fn new(host: &Host, file: &str, to_stderr: bool) -> Self {
        let file = Some(file.to_owned()).filter(|path| path.starts_with('/') && path != "/dev/null");
        // The journal is for changes that people make.
        Self { host: HostMut::new(host.clone(), host::JOURNAL_DIR), file, to_stderr }
    }

    /// Tells of a step.
    pub(super) fn info(&self, text: &str) {
        if self.to_stderr {
            super::say(text);
        }
        self.write('I', text);
    }

    /// Keeps what the engine shows, too.
    pub(super) fn error(&self, text: &str) {
        self.write('E', text);
    }

    fn write(&self, level: char, text: &str) {
        let Some(file) = &self.file else { return };
        let now = self.host.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let line = line(level, now.as_secs(), now.subsec_micros(), text);
        // A log that cannot be written must not stop a container.
        let _ = self.host.append(file, line.as_bytes());
    }
}

/// `I1120 22:55:57.000123 4711 longshore] text`.
fn line(level: char, seconds: u64, micros: u32, text: &str) -> String {
    let date = rfc3339(seconds);
    let part = |from: usize, to: usize| date.get(from..to).unwrap_or_default();
    let (month, day, time) = (part(5, 7), part(8, 10), part(11, 19));
    let process = rustix::process::getpid();
    format!("{level}{month}{day} {time}.{micros:06} {process} longshore] {}\n", one_line(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_form_of_glog() {
        let process = rustix::process::getpid();
        let expected = format!("W1120 22:55:57.123456 {process} longshore] y\n");
        assert_eq!(line('W', 1_763_679_357, 123_456, "y"), expected);
    }

    #[test]
    fn steps_are_kept_in_the_file_of_the_settings() {
        let folder = tempfile::tempdir().expect("a folder");
        let host = Host::at(folder.path());
        let log = Log::new(&host, "/log", false);
        log.info("one");
        log.error("two");
        let text = host.read_text("/log").expect("a log");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with('I') && lines[0].ends_with("longshore] one"), "{text}");
        assert!(lines[1].starts_with('E') && lines[1].ends_with("longshore] two"), "{text}");
    }
}
