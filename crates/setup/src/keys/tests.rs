//! A certificate made by GnuPG, in both forms; what is taken in place of what.
#![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]

use super::*;
use std::fs;

/// `gpg --quick-generate-key 'Test <test@packages.invalid>' ed25519 sign never`, exported as text.
const TEXT: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawF5pBYJKwYBBAHaRw8BAQdA4GgT6eFajUmCtY10f9ti8c9Ria8Hgk//5kpv
/KcoLA60HFRlc3QgPHRlc3RAcGFja2FnZXMuaW52YWxpZD6IkAQTFggAOBYhBLdO
iE2K544MG3VRo+/3S77Fei70BQJrAXmkAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4B
AheAAAoJEO/3S77Fei70OZcA/0QDctiGrx3K4qTrusbPUzHmuPvTt2yIOo/v/nxf
8aW4AP0WfS1ez1hLc+GHCmepXAEqDG8aO+dZ0X+NwtLNa7qNBw==
=FAKw
-----END PGP PUBLIC KEY BLOCK-----
";

const PRINT: &str = "B74E884D8AE78E0C1B7551A3EFF74BBEC57A2EF4";

fn key(path: &str) -> Key {
    Key { path: path.to_owned(), url: "https://k.example/gpg".to_owned(), known: "" }
}

#[test]
fn a_certificate_is_told_by_its_fingerprint_in_both_forms() {
    let binary = armor::remove(TEXT.as_bytes()).unwrap();
    assert_eq!(fingerprints(TEXT.as_bytes()), [PRINT]);
    assert_eq!(fingerprints(&binary), [PRINT]);
    assert_eq!(fingerprints(&[binary.clone(), binary.clone()].concat()), [PRINT, PRINT]);
    assert_eq!(String::from_utf8(armor::wrap(&binary)).unwrap(), TEXT);
    for length in 0..binary.len() {
        let _read = fingerprints(&binary[..length]);
    }
    for other in
        [&b""[..], b"<html>404</html>", b"-----BEGIN PGP PUBLIC KEY BLOCK-----", b"\xff\xff", b"\xc6\xff"]
    {
        assert!(fingerprints(other).is_empty(), "{other:?}");
    }
}

#[test]
fn only_a_key_that_is_trusted_takes_the_place_of_another() {
    let root = tempfile::tempdir().unwrap();
    let host = Host::at(root.path());
    fs::create_dir_all(root.path().join("k")).unwrap();
    let binary = armor::remove(TEXT.as_bytes()).unwrap();
    // The same certificate with one packet less stands for the one before its renewal.
    let (_, _, rest) = packet(&binary).unwrap();
    let old = &binary[..binary.len() - rest.len()];
    fs::write(root.path().join("k/old.gpg"), old).unwrap();
    fs::write(root.path().join("k/same.asc"), TEXT).unwrap();
    let says = |path: &str, known: &'static str, fetched: &[u8]| {
        let key = Key { known, ..key(path) };
        match replacement(&host, &key, fetched) {
            Ok(Step::Write { before, after, .. }) => format!("{} {}", before.is_some(), after == binary),
            Ok(other) => format!("{other:?}"),
            Err(failure) => failure.message().to_owned(),
        }
    };
    let cases: [(&str, &'static str, &[u8], &str); 6] = [
        ("/k/old.gpg", "", TEXT.as_bytes(), "true true"),
        ("/k/none.gpg", PRINT, TEXT.as_bytes(), "false true"),
        ("/k/none.gpg", "", TEXT.as_bytes(), "another key"),
        ("/k/none.gpg", PRINT, b"<html>", "is no key"),
        ("/k/same.asc", "", TEXT.as_bytes(), "did not renew it"),
        ("/k/same.asc", "", &binary, "did not renew it"),
    ];
    for (path, known, fetched, expected) in cases {
        let said = says(path, known, fetched);
        assert!(said.contains(expected), "{path}: {said}");
    }
}

#[test]
fn a_key_gets_the_form_that_its_name_promises() {
    let root = tempfile::tempdir().unwrap();
    let host = Host::at(root.path());
    let binary = armor::remove(TEXT.as_bytes()).unwrap();
    for (name, content, expected) in [
        ("a.gpg", TEXT.as_bytes(), Some(&binary[..])),
        ("a.asc", &binary, Some(TEXT.as_bytes())),
        ("a.gpg", &binary, None),
        ("a.asc", TEXT.as_bytes(), None),
        ("a.gpg", b"<html>", None),
        ("a.asc", b"<html>", None),
    ] {
        fs::write(root.path().join(name), content).unwrap();
        let after = reformed(&host, &key(&format!("/{name}"))).map(|step| match step {
            Step::Write { after, .. } => after,
            other => panic!("{other:?}"),
        });
        assert_eq!(after.as_deref(), expected, "{name}");
    }
    assert_eq!(reformed(&host, &key("/none.gpg")), None);
}

#[test]
fn owners_are_known_by_the_address_of_their_repository() {
    let url = |address: &str, path: &str| Key::of(address, path).map(|key| key.url);
    let cases = [
        ("https://download.docker.com/linux/debian", Some("https://download.docker.com/linux/debian/gpg")),
        ("file:/srv/docker/linux/ubuntu", Some("file:/srv/docker/linux/ubuntu/gpg")),
        (
            "https://nvidia.github.io/nvidia-docker/x",
            Some("https://nvidia.github.io/libnvidia-container/gpgkey"),
        ),
        ("https://else.example/deb", None),
    ];
    for (address, expected) in cases {
        assert_eq!(url(address, "/k.gpg").as_deref(), expected, "{address}");
    }
    assert_eq!(url("https://download.docker.com/linux/debian", ""), None);
}
