//! What the failure of a package manager means, told from what it says.

use crate::codes;
use diag::{Code, Failure};
use host::exec::Output;

/// A cause that programs tell in many words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A disk is full.
    NoSpace,
    /// Another package manager holds the lock.
    Busy,
    /// dpkg was interrupted.
    Interrupted,
    /// What is installed lacks what it needs.
    Unmet,
    /// Downloaded lists or packages are damaged.
    BrokenCache,
    /// A signature cannot be checked.
    BadSignature,
    /// A repository was not reached.
    NoNetwork,
    /// No such package.
    NoPackage,
    /// A package is held at its version.
    Held,
    /// Packages would have to be removed.
    Removal,
    /// Anything else.
    Other,
}

/// Words in the order in which they decide: a full disk makes downloads and signatures fail, too.
const SAID: &[(Cause, &[&str])] = &[
    (
        Cause::NoSpace,
        &[
            "No space left on device",
            "don't have enough free space",
            "Disk quota exceeded",
            "not enough free disk space",
            "no space left",
            "more space on the",
            "more space needed on",
            "Not enough space",
        ],
    ),
    (
        Cause::Busy,
        &[
            "Could not get lock",
            "Unable to acquire the dpkg frontend lock",
            "unable to lock database",
            "System management is locked",
            "is locked by another process",
            "Waiting for process with pid",
        ],
    ),
    (Cause::Interrupted, &["dpkg was interrupted"]),
    (
        Cause::Held,
        &[
            "Held packages were changed",
            "held broken packages",
            "excluded by versionlock",
            "versionlock plugin",
        ],
    ),
    (Cause::Removal, &["Packages need to be removed but remove is disabled"]),
    (Cause::Unmet, &["--fix-broken install", "Unmet dependencies", "unmet dependencies"]),
    (
        Cause::BrokenCache,
        &[
            "Hash Sum mismatch",
            "Encountered a section with no Package: header",
            "could not be parsed or opened",
            "The package cache file is corrupted",
            "unexpected end of file",
            "checksum doesn't match",
            "repomd.xml GPG signature verification error: Bad GPG",
            "invalid or corrupted database",
            "invalid or corrupted package",
        ],
    ),
    (
        Cause::NoNetwork,
        &[
            "Temporary failure resolving",
            "Could not resolve",
            "Could not connect",
            "Cannot initiate the connection",
            "Connection refused",
            "Connection timed out",
            "Connection failed",
            "Network is unreachable",
            "No route to host",
            "Failed to connect",
            "Could not resolve hostname",
            "could not resolve host",
            "failed to synchronize all databases",
            "Operation timed out",
            "Timeout exceeded",
            "Cannot download repomd.xml",
            "Download (curl) error",
            "Unable to connect",
            "Proxy",
        ],
    ),
    (
        Cause::BadSignature,
        &[
            "EXPKEYSIG",
            "NO_PUBKEY",
            "REVKEYSIG",
            "BADSIG",
            "OpenPGP signature verification failed",
            "is not signed",
            "GPG check FAILED",
            "Signature verification failed",
            "invalid or corrupted package (PGP signature)",
            "is unknown trust",
            "not correctly installed",
        ],
    ),
    (
        Cause::NoPackage,
        &[
            "Unable to locate package",
            "has no installation candidate",
            "was not found",
            "No match for argument",
            "Unable to find a match",
            "not found in package names",
            "No provider of",
            "target not found",
            "No packages found",
        ],
    ),
    (Cause::NoNetwork, &["Failed to fetch", "failed retrieving file", "404  Not Found", "File not found"]),
];

/// The cause, as far as the words of the program tell it.
pub(crate) fn cause(said: &str) -> Cause {
    let found = SAID.iter().find(|(_, words)| words.iter().any(|words| said.contains(words)));
    found.map_or(Cause::Other, |(cause, _)| *cause)
}

/// Whether apt was told in earnest that a repository is not reached: what it only tries, such as translations,
/// it does not mind.
pub(crate) fn is_unreached(said: &str) -> bool {
    let earnest = said.lines().filter(|line| line.starts_with("W: ") || line.starts_with("E: "));
    earnest.into_iter().any(|line| cause(line) == Cause::NoNetwork)
}

/// What a program said on both of its outputs.
pub(crate) fn said(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout))
}

/// The failure of a program, in words that name the cause and what to do.
pub(crate) fn failure(argv: &[String], output: &Output) -> Failure {
    let said = said(output);
    let (code, what, hint) = told(cause(&said));
    let name = argv.first().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let message = match what {
        "" => format!("{name} ended with {}", output.ending()),
        what => format!("{name} failed: {what}"),
    };
    let words: String = telling(&said).iter().map(|line| format!("\n    {line}")).collect();
    let hint = format!("{hint}\nwhat `{}` said:{words}", argv.join(" "));
    Failure::coded(code, message).hint(hint)
}

/// A failure in one line, where it does not end the set-up.
pub(crate) fn line(argv: &[String], output: &Output) -> String {
    failure(argv, output).line()
}

fn told(cause: Cause) -> (Code, &'static str, &'static str) {
    match cause {
        Cause::NoSpace => (
            codes::NO_SPACE,
            "the disk is full",
            "`df -h / /var` shows how full; make room, then run `longshore setup` again: it goes on from here",
        ),
        Cause::Busy => (
            codes::BUSY,
            "another package manager is at work",
            "wait until it is done (`ps -e | grep -E 'apt|dpkg|dnf|zypper|pacman'` shows it), then run `longshore setup` again",
        ),
        Cause::Interrupted | Cause::Unmet | Cause::BrokenCache => (
            codes::BROKEN_PACKAGES,
            "its packages or caches are broken, and the usual repair did not help",
            "what it said names the package; put it right, then run `longshore setup` again",
        ),
        Cause::BadSignature => (
            codes::BAD_SIGNATURE,
            "the signature of a repository cannot be checked",
            "fetch the repository's key anew from its owner, then run `longshore setup` again",
        ),
        Cause::NoNetwork => (
            codes::NO_NETWORK,
            "a repository was not reached",
            "check the network and the proxy (--proxy=URL sets one), then run `longshore setup` again: it goes on from here; \
             without a network, --docker-mirror and --package name files",
        ),
        Cause::NoPackage => (
            codes::NO_PACKAGE,
            "no repository has the package",
            "if it is the toolkit, --package=FILE or --repository=ADDRESS says where it is; if it is Docker, --docker-repository takes it \
             from Docker's own repository",
        ),
        Cause::Held => (
            codes::HELD,
            "a package that is held at its version is in the way",
            "`apt-mark showhold` (`dnf versionlock list`) names what is held, `apt-mark unhold NAME` releases it; then run \
             `longshore setup` again",
        ),
        Cause::Removal => (
            codes::IN_THE_WAY,
            "it would have to remove packages",
            "what it said names them under REMOVED; remove them first if you can do without, then run `longshore setup` again",
        ),
        Cause::Other => (
            codes::STEP_FAILED,
            "",
            "put right what it complains about, then run `longshore setup` again: it goes on from here; `longshore undo setup` takes \
             back what was done",
        ),
    }
}

/// The lines from the first that complains; the last ones where none does.
fn telling(said: &str) -> Vec<String> {
    const MOST: usize = 12;
    let said = plain(said);
    let lines: Vec<&str> = said.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
    let words = ["E: ", "error", "Error", "dpkg:", "curl:", "No space", "Problem", "W: "];
    let complains = |line: &&str| words.iter().any(|word| line.contains(word));
    let start = lines.iter().position(complains).unwrap_or(lines.len().saturating_sub(MOST));
    let mut chosen: Vec<String> =
        lines.iter().skip(start).take(MOST).map(|line| (*line).to_owned()).collect();
    if chosen.is_empty() {
        chosen.push("nothing".to_owned());
    }
    chosen
}

/// Without the sequences by which a terminal is coloured.
fn plain(said: &str) -> String {
    let mut pieces = said.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let rest = piece.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ';');
        text + rest.get(1..).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_complaint_is_shown_with_what_follows_it() {
        let said = "Reading lists\nError:\n Problem: nothing provides x\n  - needed by y\n";
        assert_eq!(telling(said), ["Error:", " Problem: nothing provides x", "  - needed by y"]);
        assert_eq!(telling(""), ["nothing"]);
        assert_eq!(telling("\u{1b}[101m\u{1b}[97m[ERROR]\u{1b}[0;39m no\u{1b}["), ["[ERROR] no"]);
    }

    #[test]
    fn apt_may_look_for_what_is_not_there() {
        assert!(!is_unreached(
            "Err:4 file:/srv ./ Translation-en\n  File not found - /srv/./en.bz2\nReading package lists...\n"
        ));
        assert!(is_unreached(
            "Err:1 http://a x InRelease\nW: Failed to fetch http://a/x/InRelease  Could not connect to a:80\n"
        ));
    }

    #[test]
    fn what_package_managers_say_is_understood() {
        let cases = [
            ("E: You don't have enough free space in /var/cache/apt/archives/.", Cause::NoSpace),
            (
                "dpkg: error processing archive x (--unpack):\n cannot copy: No space left on device",
                Cause::NoSpace,
            ),
            (
                "Error: Transaction test error:\n  installing package a-1.x86_64 needs 3MB more space on the / filesystem",
                Cause::NoSpace,
            ),
            (
                "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (apt-get)",
                Cause::Busy,
            ),
            ("System management is locked by the application with pid 4 (zypper).", Cause::Busy),
            ("error: failed to init transaction (unable to lock database)", Cause::Busy),
            (
                "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
                Cause::Interrupted,
            ),
            ("E: Unmet dependencies. Try 'apt --fix-broken install' with no packages", Cause::Unmet),
            ("E: Failed to fetch http://a/x.deb  Hash Sum mismatch", Cause::BrokenCache),
            (
                "W: Failed to fetch http://deb.example/dists/x/InRelease  Temporary failure resolving 'deb.example'",
                Cause::NoNetwork,
            ),
            (
                "Curl error (6): Could not resolve hostname for https://a/repomd.xml [Could not resolve host: a]",
                Cause::NoNetwork,
            ),
            ("error: failed to synchronize all databases (unable to lock database)", Cause::Busy),
            (
                "W: GPG error: http://a x InRelease: The following signatures were invalid: EXPKEYSIG 8D81803C0EBFCD88",
                Cause::BadSignature,
            ),
            ("E: The repository 'http://a x InRelease' is not signed.", Cause::BadSignature),
            ("E: Unable to locate package longshore", Cause::NoPackage),
            ("Error: Unable to find a match: longshore", Cause::NoPackage),
            ("error: target not found: longshore", Cause::NoPackage),
            ("No provider of 'longshore' found.", Cause::NoPackage),
            (
                "E: Held packages were changed and -y was used without --allow-change-held-packages.",
                Cause::Held,
            ),
            ("E: Packages need to be removed but remove is disabled.", Cause::Removal),
            ("Job for docker.service failed", Cause::Other),
            ("", Cause::Other),
        ];
        for (text, expected) in cases {
            assert_eq!(cause(text), expected, "{text}");
        }
    }
}
