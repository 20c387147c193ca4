//! `NVIDIA_REQUIRE_*`: what holds still holds with another alternative, what does not is told with words.
#![no_main]

use inject::requirement::{Facts, GpuFacts, Requirement, check_one};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let gpu = GpuFacts { name: "NVIDIA H100".into(), arch: Some((9, 0)), brands: vec!["nvidia", "unknown"] };
    let facts = Facts { cuda: Some((12, 2)), driver: Some("535.104.05".into()), gpus: vec![gpu] };
    let of = |expression: String| {
        check_one(&Requirement { source: "NVIDIA_REQUIRE_CUDA".into(), expression }, &facts)
    };
    match of(text.to_owned()) {
        Ok(()) if text.split(' ').any(|term| !term.is_empty()) => {
            assert!(of(format!("{text} cuda<1")).is_ok())
        }
        Ok(()) => {}
        Err(failure) => assert!(failure.line().starts_with("requirement error: ")),
    }
});
