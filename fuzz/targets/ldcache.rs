//! The loader's cache: what was read is written and read again the same, and can be added to.
#![no_main]

use formats::ldcache::order::compare_entries;
use formats::ldcache::{FLAGS_X86_64, LdCache, NewEntry};
use std::cmp::Ordering;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(cache) = LdCache::parse(bytes) else { return };
    let written = cache.to_bytes();
    assert_eq!(LdCache::parse(&written).as_ref(), Ok(&cache));
    let added = ["libcuda.so.1", "libnvidia-ml.so.1"].map(|soname| NewEntry {
        soname: soname.to_owned(),
        path: format!("/usr/lib/{soname}"),
        flags: FLAGS_X86_64,
    });
    let merged = cache.merge_in_order(&added, &["/lib", "/usr/lib"]);
    assert!(merged.entries.is_sorted_by(|a, b| compare_entries(a, b) != Ordering::Greater));
    assert!(merged.entries.len() >= cache.entries.len());
    assert_eq!(merged.merge_in_order(&added, &["/lib", "/usr/lib"]), merged);
});
