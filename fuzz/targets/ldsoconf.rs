//! The loader's configuration, and shell patterns: the part before a line break against the rest.
#![no_main]

use formats::ldsoconf::{Directive, absolute_pattern, parse};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for directive in parse(text) {
        match directive {
            Directive::Directory(path) => assert!(path.starts_with('/')),
            Directive::Include(pattern) => assert!(absolute_pattern(&pattern, "/etc").starts_with('/')),
        }
    }
    if let Some((pattern, name)) = text.split_once('\n') {
        let _ = formats::glob::matches(pattern, name);
    }
});
