//! Arguments of the fused hook, one to a line: every mount that is taken has two absolute paths.
#![no_main]

use hooks::Preparation;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec);
    let arguments: Vec<OsString> = lines.map(OsString::from_vec).collect();
    // That one reads a file of the machine.
    if arguments.iter().any(|argument| argument.to_string_lossy().contains("arguments-from")) {
        return;
    }
    let Ok(preparation) = Preparation::parse(&arguments) else { return };
    for mount in &preparation.mounts {
        assert!(mount.host.starts_with('/') && mount.container.starts_with('/'));
    }
});
