//! Any log: what is recognised in it stands in it, and adding lines that say nothing loses nothing.
#![no_main]

use doctor::explain::recognise;
use doctor::report::{Style, explanation, explanation_json};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let found = recognise(text);
    let _shown = (explanation(&found, None, Style::default()), explanation_json(&found, None));
    assert!(found.iter().all(|one| !one.line.is_empty()));
    if text.len() < 4096 && !found.is_empty() {
        assert!(!recognise(&format!("{text}\n\n.\n")).is_empty(), "lost by a line after it");
    }
});
