//! The state that runtimes hand to hooks.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = oci::State::parse(bytes);
});
