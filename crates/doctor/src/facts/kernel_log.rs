//! What the kernel says of the driver: lines of its log, where this user may read it.

use super::{Reason, look};
use host::Host;
use serde::{Deserialize, Serialize};

const LOG: &str = "/dev/kmsg";
/// The most that is read: the kernel's buffer is rarely above 1 MiB.
const LIMIT: usize = 8 * 1024 * 1024;
/// The most lines that are kept of each kind.
const KEPT: usize = 20;
/// What a line has that tells why there is no driver.
const REFUSALS: &[&str] = &[
    "Key was rejected by service",
    "module verification failed",
    "Loading of unsigned module is rejected",
    "Lockdown: modprobe",
    "API mismatch",
    "NVIDIA open kernel modules",
    "Legacy drivers",
    "RmInitAdapter failed",
    "No NVIDIA GPU found",
    "None of the NVIDIA devices were initialized",
    "already bound to",
    "GPU has fallen off the bus",
];

/// What the kernel said of the driver since the last boot, as far as its log reaches back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelLog {
    /// Faults of GPUs, in the order of their first appearance.
    pub xids: Vec<Xid>,
    /// Lines that tell why a driver was not loaded, or did not start, without times.
    pub refusals: Vec<String>,
}

/// A fault that the driver reports for a GPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Xid {
    /// The GPU: its PCI address without the function.
    pub address: String,
    /// The number of the fault.
    pub number: u32,
    /// How often it was reported.
    pub count: usize,
}

pub(super) fn read(host: &Host) -> Result<KernelLog, Reason> {
    let opened = host.open(LOG).map_err(|failure| look::reason(LOG, &failure))?;
    let file = opened.ok_or_else(|| Reason::not_asked(format!("there is no {LOG}")))?;
    let text = file.read_now(LIMIT).map_err(|failure| look::reason(LOG, &failure))?;
    Ok(parse(&String::from_utf8_lossy(&text)))
}

/// The log, with or without the kernel's prefixes.
fn parse(text: &str) -> KernelLog {
    let mut log = KernelLog::default();
    for line in text.lines() {
        let message =
            line.split_once(';').filter(|(prefix, _)| is_prefix(prefix)).map_or(line, |(_, rest)| rest);
        if let Some((address, number)) = xid(message) {
            log.count(address, number);
        }
        let about = ["NVRM", "nvidia", "nouveau"].iter().any(|word| message.contains(word));
        let refusal =
            REFUSALS.iter().any(|words| message.contains(words)) && (about || message.contains("rejected"));
        if refusal && log.refusals.len() < KEPT && !log.refusals.iter().any(|seen| seen == message) {
            log.refusals.push(message.chars().take(240).collect());
        }
    }
    log
}

/// `6,1234,98765,-` before the message (Linux, Documentation/ABI/testing/dev-kmsg).
fn is_prefix(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(',') && !text.contains(' ')
}

/// `NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, name=python, GPU has fallen off the bus.`
fn xid(message: &str) -> Option<(&str, u32)> {
    let rest = message.split_once("NVRM: Xid (PCI:")?.1;
    let (address, rest) = rest.split_once("): ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    let proper = address.len() <= 16 && address.chars().all(|c| c.is_ascii_hexdigit() || ":.".contains(c));
    proper.then_some((address, digits.parse().ok()?))
}

impl KernelLog {
    fn count(&mut self, address: &str, number: u32) {
        let known = self.xids.iter_mut().find(|seen| seen.address == address && seen.number == number);
        if let Some(seen) = known {
            seen.count += 1;
        } else if self.xids.len() < KEPT {
            self.xids.push(Xid { address: address.to_owned(), number, count: 1 });
        }
    }

    /// The first line with these words.
    #[must_use]
    pub fn line_with(&self, words: &str) -> Option<&str> {
        self.refusals.iter().map(String::as_str).find(|line| line.contains(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::HostMut;

    const TEXT: &str = "6,1,2,-;Linux version 6.8\n\
        3,99,100,-;NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.\n\
        3,99,101,-;NVRM: Xid (PCI:0000:3b:00): 79, pid=12, name=secret-model, GPU has fallen off the bus.\n\
        [   12.3] NVRM: Xid (PCI:0000:5e:00): 31, pid=1, name=python, Ch 00000008\n\
        4,7,8,-;nvidia: module verification failed: signature and/or required key missing - tainting kernel\n\
        3,7,9,-;NVRM: API mismatch: the client has the version 580.95.05, but\n\
        3,7,9,-;PKCS#7: Key was rejected by service\n\
        6,7,9,-;usb 1-1: nvidia is not here\n";

    #[test]
    fn faults_and_refusals_are_kept_without_names() {
        let log = parse(TEXT);
        let xids: Vec<(&str, u32, usize)> =
            log.xids.iter().map(|xid| (xid.address.as_str(), xid.number, xid.count)).collect();
        assert_eq!(xids, [("0000:3b:00", 79, 2), ("0000:5e:00", 31, 1)]);
        assert!(log.line_with("API mismatch").is_some() && log.line_with("Key was rejected").is_some());
        assert!(!log.refusals.iter().any(|line| line.contains("usb")));
    }

    #[test]
    fn a_file_in_its_place_is_read_to_its_end() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(read(&Host::at(root.path())), Err(Reason::NotAsked { .. })));
        HostMut::new(Host::at(root.path()), "/journal".to_owned())
            .write_atomic(LOG, TEXT.as_bytes(), 0o600)
            .unwrap();
        assert_eq!(read(&Host::at(root.path())).unwrap().xids.len(), 2);
    }

    #[test]
    fn foreign_text_is_no_fault() {
        for text in [
            "",
            "NVRM: Xid (PCI:",
            "NVRM: Xid (PCI:../../etc): 79",
            "NVRM: Xid (PCI:0000:3b:00): x, y",
            ";;;",
        ] {
            assert!(parse(text).xids.is_empty(), "{text}");
        }
    }
}
