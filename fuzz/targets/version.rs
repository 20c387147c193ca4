//! Versions: three of them, one a line, compare as an order must.
#![no_main]

use formats::Version;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let versions: Vec<Version> = text.lines().take(3).filter_map(Version::parse).collect();
    for version in &versions {
        let again = Version::parse(version.as_str());
        assert_eq!(again.as_ref(), Some(version));
    }
    if let [a, b, c] = versions.as_slice() {
        assert_eq!(a.cmp(b), b.cmp(a).reverse());
        assert!(!(a <= b && b <= c) || a <= c);
    }
});
