//! Descriptions of simulated hosts: what is taken has a layout.
#![no_main]

use sim::{Description, Machine, layout::Layout};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(description) = Description::parse("fuzzed", text) {
        let _ = Layout::of(&description, &Machine::new(""));
    }
});
