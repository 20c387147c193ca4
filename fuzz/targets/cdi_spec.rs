//! CDI specifications as JSON and YAML: a valid one is written and read again the same in both.
#![no_main]

use cdi::Format;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for format in [Format::Json, Format::Yaml] {
        let Ok(spec) = cdi::parse(bytes, format) else { continue };
        let json = cdi::parse(spec.to_json().as_bytes(), Format::Json);
        assert_eq!(json.expect("our JSON is valid"), spec);
        let yaml = cdi::parse(spec.to_yaml().as_bytes(), Format::Yaml);
        assert_eq!(yaml.expect("our YAML is valid"), spec);
    }
});
