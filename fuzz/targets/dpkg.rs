//! The database of installed packages.
#![no_main]

use formats::dpkg;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    for package in dpkg::installed(&text, &["podman", "docker.io", ""]) {
        assert!(text.contains(&package.version));
    }
    let name = text.lines().next().unwrap_or_default();
    let _ = dpkg::of_list(name);
    assert!(name.is_empty() || dpkg::lists(&text, name));
});
