//! Answers of systemd on its D-Bus socket: what is read of one stands in it.
#![no_main]

use formats::dbus::{self, Reply};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = dbus::length_of_rest(bytes);
    if let Reply::Refused(words) = dbus::parse_reply(bytes) {
        let known = words == "without a reason" || String::from_utf8_lossy(bytes).contains(&words);
        // Bytes that are no text are shown by a mark, and a cut text may show others than the whole.
        assert!(known || words.contains('\u{fffd}'), "{words:?}");
    }
});
