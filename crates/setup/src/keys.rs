//! Keys of package repositories: OpenPGP certificates (RFC 4880, RFC 9580), read as far as telling one from
//! another and changing their form needs. Signatures are apt's to check.

use crate::codes;
use diag::{Failure, Result};
use host::Host;
use plan::Step;
use sha1_smol::Sha1;
use std::time::Duration;

pub(crate) mod armor;

/// Keys of vendors by what the address of their repository begins with, where the key is to be had (below
/// the address where it begins with `/`), and the fingerprints of what the vendor is known to sign with
/// (docs.docker.com, "Install using the apt repository"; docs.nvidia.com, "CUDA Repository Signing Key").
const VENDORS: &[(&str, &str, &str)] = &[
    ("https://download.docker.com/linux/", "/gpg", "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"),
    (
        "https://nvidia.github.io/",
        "https://nvidia.github.io/libnvidia-container/gpgkey",
        "C95B321B61E88C1809C4F759DDCAE044F796ECB0",
    ),
    (
        "https://developer.download.nvidia.com/compute/",
        "/3bf863cc.pub",
        "EB693B3035CD5710E231E123A4B469963BF863CC",
    ),
];

/// How long fetching a key may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// The key of a repository, as a list names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its file on this machine.
    pub(crate) path: String,
    /// Where its owner has it.
    pub(crate) url: String,
    /// A fingerprint that is known to be the owner's.
    known: &'static str,
}

impl Key {
    /// The key of a repository that is signed by this file; `None` where nothing tells who its owner is.
    /// Docker's is known by its layout, too: so are mirrors of it.
    pub(crate) fn of(address: &str, path: &str) -> Option<Self> {
        if !path.starts_with('/') || path.contains(char::is_whitespace) {
            return None;
        }
        let vendor = VENDORS.iter().find(|(start, ..)| address.starts_with(start));
        let docker = ["/linux/debian", "/linux/ubuntu"].iter().any(|end| address.ends_with(end));
        let (_, place, known) = vendor.or_else(|| VENDORS.first().filter(|_| docker))?;
        let url = if place.starts_with('/') { format!("{address}{place}") } else { (*place).to_owned() };
        Some(Self { path: path.to_owned(), url, known })
    }

    /// The call that prints what the owner has now.
    pub(crate) fn fetch(&self) -> Vec<String> {
        let time = DEADLINE.as_secs().to_string();
        let only: &[&str] = if self.url.starts_with("https:") { &["--proto", "=https"] } else { &[] };
        let words = ["/usr/bin/curl", "-fsSL", "--max-time", &time];
        words.iter().chain(only).chain(&[self.url.as_str()]).map(|word| (*word).to_owned()).collect()
    }
}

/// The step that puts what the owner has now in place of the file.
///
/// # Errors
/// It is no key, holds one that nobody trusted before, or is what is there already.
pub(crate) fn replacement(host: &Host, key: &Key, fetched: &[u8]) -> Result<Step> {
    let bad = |what: String| Err(Failure::coded(codes::BAD_SIGNATURE, what));
    let before = host.read_optional_limited(&key.path, 1024 * 1024)?;
    let trusted = before.as_deref().map(fingerprints).unwrap_or_default();
    let now = fingerprints(fetched);
    if now.is_empty() {
        return bad(format!("what {} has is no key", key.url));
    }
    if let Some(other) = now.iter().find(|print| *print != key.known && !trusted.contains(print)) {
        return bad(format!("{} has another key, {other}, which is not trusted", key.url));
    }
    let after = formed(&key.path, fetched);
    match before {
        Some(before) if before == after => {
            bad(format!("{} has the same key: its owner did not renew it", key.url))
        }
        before => Ok(Step::Write { path: key.path.clone(), before, after, mode: 0o644 }),
    }
}

/// The step that gives a key the form that its name promises: apt reads text from `.asc` alone, and the
/// binary form from `.gpg`.
pub(crate) fn reformed(host: &Host, key: &Key) -> Option<Step> {
    let before = host.read_optional_limited(&key.path, 1024 * 1024).ok()??;
    let after = formed(&key.path, &before);
    let prints = fingerprints(&before);
    let changed = after != before && !prints.is_empty() && fingerprints(&after) == prints;
    changed.then(|| Step::Write { path: key.path.clone(), before: Some(before), after, mode: 0o644 })
}

fn formed(path: &str, bytes: &[u8]) -> Vec<u8> {
    match (path.ends_with(".asc"), armor::remove(bytes)) {
        (false, Some(binary)) => binary,
        (true, None) => armor::wrap(bytes),
        _ => bytes.to_vec(),
    }
}

/// The fingerprints of the certificates in a file, text or binary, as capital hexadecimal digits. Only
/// version 4 is known, which is what repositories are signed with.
#[must_use]
pub fn fingerprints(bytes: &[u8]) -> Vec<String> {
    let binary = armor::remove(bytes);
    let mut rest = binary.as_deref().unwrap_or(bytes);
    let mut found = Vec::new();
    while let Some((tag, body, after)) = packet(rest) {
        if let (PUBLIC_KEY, Some(4), Ok(length)) = (tag, body.first(), u16::try_from(body.len())) {
            let hashed = [&[0x99][..], &length.to_be_bytes(), body].concat();
            found.push(Sha1::from(&hashed).digest().to_string().to_uppercase());
        }
        rest = after;
    }
    found
}

/// The tag of a public primary key (RFC 4880, section 5.5.1.1).
const PUBLIC_KEY: u8 = 6;

/// The tag and the body of the first packet, and what follows it (RFC 4880, section 4.2). Packets without a
/// length of their own end the reading.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first()?;
    let number = |length: usize| -> Option<(usize, &[u8])> {
        let value = rest.get(..length)?.iter().fold(0, |value, byte| value << 8 | usize::from(*byte));
        Some((value, rest.get(length..)?))
    };
    let (tag, (length, rest)) = match head {
        head if head & 0xc0 == 0xc0 => {
            let first = usize::from(*rest.first()?);
            let length = match first {
                0..192 => (first, rest.get(1..)?),
                192..224 => {
                    let (value, rest) = number(2)?;
                    (value - (192 << 8) + 192, rest)
                }
                255 => (number(5)?.0 & 0xffff_ffff, rest.get(5..)?),
                _ => return None,
            };
            (head & 0x3f, length)
        }
        head if head & 0x80 != 0 => (head >> 2 & 0xf, number(1 << (head & 3)).filter(|_| head & 3 != 3)?),
        _ => return None,
    };
    Some((tag, rest.get(..length)?, rest.get(length..)?))
}

#[cfg(test)]
mod tests;
