//! Keys of package repositories, as text and as packets.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for print in setup::keys::fingerprints(bytes) {
        assert!(print.len() == 40 && print.bytes().all(|digit| digit.is_ascii_hexdigit()));
    }
});
