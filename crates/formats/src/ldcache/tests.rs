//! Against caches that `ldconfig` wrote (`fixtures/ldcache/make.sh`), and properties.

use super::order::compare_entries;
use super::*;
use proptest::prelude::*;
use std::cmp::Ordering;

macro_rules! pair {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../../fixtures/ldcache/", $name, ".before")).as_slice(),
            include_bytes!(concat!("../../fixtures/ldcache/", $name, ".after")).as_slice(),
        )
    };
}

const DRIVER: [&str; 6] = [
    "libcuda.so.1",
    "libnvidia-ml.so.1",
    "libnvidia-ptxjitcompiler.so.1",
    "libnvidia-gpucomp.so.580.95.05",
    "libEGL_nvidia.so.0",
    "libnvcuvid.so.1",
];

const SYSTEM: &str = "/lib/x86_64-linux-gnu";

fn additions(directory: &str) -> Vec<NewEntry> {
    let entry = |soname: &&str| NewEntry {
        soname: (*soname).to_owned(),
        path: format!("{directory}/{soname}"),
        flags: FLAGS_X86_64,
    };
    DRIVER.iter().map(entry).collect()
}

/// What `ldconfig -p` shows on ARM machines (a Raspberry Pi, a DGX Spark, a cloud instance), libraries of the
/// driver among others: ours come to stand in that very order.
#[test]
fn caches_of_arm_are_in_the_order_that_is_seen_there() {
    const SYSTEM: &str = "/lib/aarch64-linux-gnu";
    const LOCAL: &str = "/usr/local/lib";
    const CUDA: &str = "/usr/local/cuda/targets/sbsa-linux/lib";
    let shown = [
        ("libz.so.1", LOCAL),
        ("libz.so.1", SYSTEM),
        ("libz.so", LOCAL),
        ("libgpiodcxx.so.1", SYSTEM),
        ("libgpiod.so.3", LOCAL),
        ("libgpiod.so.2", SYSTEM),
        ("libgpiod.so", LOCAL),
        ("libcudart.so.13", CUDA),
        ("libcudart.so", CUDA),
        ("libcuda.so.1", SYSTEM),
    ];
    let entry = |(soname, directory): &(&str, &str)| NewEntry {
        soname: (*soname).to_owned(),
        path: format!("{directory}/{soname}"),
        flags: FLAGS_AARCH64,
    };
    // Each way to come to them: all at once backwards, and one after the other.
    let all: Vec<NewEntry> = shown.iter().rev().map(entry).collect();
    let order = [LOCAL, CUDA, SYSTEM];
    let at_once = LdCache::default().merge_in_order(&all, &order).to_bytes();
    let mut singly = LdCache::default().to_bytes();
    for one in all.chunks(1) {
        singly = LdCache::parse(&singly).unwrap().merge_in_order(one, &order).to_bytes();
    }
    for bytes in [at_once, singly] {
        let cache = LdCache::parse(&bytes).unwrap();
        let found: Vec<String> =
            cache.entries.iter().map(|entry| String::from_utf8_lossy(entry.path).into_owned()).collect();
        let wanted: Vec<String> = shown.iter().map(|line| entry(line).path).collect();
        assert_eq!(found, wanted);
        assert!(cache.entries.iter().all(|entry| entry.flags == FLAGS_AARCH64));
    }
}

#[test]
fn merging_gives_what_ldconfig_writes() {
    let table = [
        (pair!("plain"), SYSTEM),
        (pair!("compat-format"), SYSTEM),
        (pair!("hwcaps"), SYSTEM),
        (pair!("compat-hwcaps"), SYSTEM),
        (pair!("earlier-directory"), SYSTEM),
        (pair!("later-directory"), SYSTEM),
        (pair!("older-driver"), SYSTEM),
        (pair!("thirty-two-bit"), SYSTEM),
        (pair!("own-directory"), "/opt/driver"),
    ];
    let order =
        ["/usr/local/cuda/compat", "/opt/driver", "/usr/local/lib/x86_64-linux-gnu", SYSTEM, "/opt/late"];
    for ((name, before, after), directory) in table {
        let (before, after) = (LdCache::parse(before).unwrap(), LdCache::parse(after).unwrap());
        let added = additions(directory);
        let merged = before.merge_in_order(&added, &order);
        assert_eq!(merged, after, "{name}");
        assert_eq!(merged.merge_in_order(&added, &order), merged, "{name}: a second time nothing is added");
        assert_eq!(LdCache::parse(&merged.to_bytes()).unwrap(), merged, "{name}: round trip");
    }
}

/// Caches of the other architecture differ in their flags alone; images of it are prepared by the same code.
#[test]
fn caches_of_aarch64_are_merged_in_the_same_way() {
    fn foreign(mut cache: LdCache<'_>) -> LdCache<'_> {
        for entry in cache.entries.iter_mut().filter(|entry| entry.flags == FLAGS_X86_64) {
            entry.flags = FLAGS_AARCH64;
        }
        cache
    }
    for (name, before, after) in
        [pair!("plain"), pair!("hwcaps"), pair!("older-driver"), pair!("compat-format")]
    {
        let bytes = foreign(LdCache::parse(before).unwrap()).to_bytes();
        let mut added = additions(SYSTEM);
        added.iter_mut().for_each(|entry| entry.flags = FLAGS_AARCH64);
        let before = LdCache::parse(&bytes).unwrap();
        let order = ["/usr/local/lib/x86_64-linux-gnu", SYSTEM];
        let merged = before.merge_in_order(&added, &order);
        assert_eq!(merged, foreign(LdCache::parse(after).unwrap()), "{name}");
    }
}

#[test]
fn without_an_order_additions_are_found_first() {
    let (_, before, _) = pair!("later-directory");
    let (before, added) = (LdCache::parse(before).unwrap(), additions("/opt/driver"));
    let merged = before.merge(&added);
    let paths = merged.entries.iter().filter(|entry| entry.soname == b"libcuda.so.1").map(|entry| entry.path);
    let expected = [b"/opt/driver/libcuda.so.1".as_slice(), b"/opt/late/libcuda.so.1"];
    assert_eq!(paths.collect::<Vec<_>>(), expected);
    assert_eq!(merged.directories(), [SYSTEM.as_bytes(), b"/opt/driver", b"/opt/late"]);
}

#[test]
fn what_cannot_be_taken_over_asks_for_a_rescan() {
    let (_, plain, _) = pair!("plain");
    let (_, hwcaps, _) = pair!("hwcaps");
    let old = include_bytes!("../../fixtures/ldcache/old-format.cache").as_slice();
    let changed = |file: &[u8], at: usize, value: u8| {
        let mut file = file.to_vec();
        file[at] = value;
        file
    };
    let extension = usize::from(u16::from_le_bytes([plain[32], plain[33]]));
    let index = (0..23).map(|entry| 48 + entry * 24).find(|at| hwcaps[at + 23] == 0x40).unwrap();
    let table = [
        ("old format", old.to_vec(), Rescan::OldFormat),
        ("nothing", Vec::new(), Rescan::Truncated),
        ("part of the magic", b"glibc-ld".to_vec(), Rescan::Truncated),
        ("text", b"#!/bin/sh\n".to_vec(), Rescan::UnknownMagic),
        ("next version", changed(plain, 19, b'2'), Rescan::UnknownMagic),
        ("no entries", plain[..60].to_vec(), Rescan::Truncated),
        ("no strings", plain[..48 + 24 * 12].to_vec(), Rescan::Truncated),
        ("big endian", changed(plain, 28, 3), Rescan::ForeignByteOrder),
        (
            "invalid byte order",
            changed(plain, 28, 1),
            Rescan::Malformed("the byte order is marked as invalid"),
        ),
        ("name outside", changed(plain, 48 + 6, 0xff), Rescan::Truncated),
        ("huge count", changed(plain, 23, 0xff), Rescan::Truncated),
        ("extension outside", changed(plain, 35, 0x7f), Rescan::Truncated),
        (
            "extension magic",
            changed(plain, extension, 0),
            Rescan::Malformed("the extension block has no magic"),
        ),
        ("extension 9", changed(plain, extension + 8, 9), Rescan::UnknownExtension(9)),
        (
            "subdirectory",
            changed(hwcaps, index + 16, 9),
            Rescan::Malformed("an entry names a hardware subdirectory that is not there"),
        ),
    ];
    for (name, file, expected) in table {
        assert_eq!(LdCache::parse(&file), Err(expected), "{name}");
    }
}

#[test]
fn shared_strings_cannot_blow_a_small_file_up() {
    let long = "a".repeat(4000);
    let names: Vec<NewEntry> =
        (0..5000).map(|_| NewEntry { soname: long.clone(), path: long.clone(), flags: 3 }).collect();
    let entries: Vec<Entry<'_>> = names
        .iter()
        .map(|new| Entry {
            soname: new.soname.as_bytes(),
            path: new.path.as_bytes(),
            flags: 3,
            os_version: 0,
            hwcap: 0,
        })
        .collect();
    let file = LdCache { entries, ..LdCache::default() }.to_bytes();
    assert_eq!(LdCache::parse(&file), Err(Rescan::Malformed("the names are too long in sum")));
}

/// Numbers wrap at 32 bits, so that an image can have any amount of names that compare equal.
#[test]
fn many_names_that_compare_equal_are_merged_in_no_time() {
    let numbered = |folder: &str, number: u64| NewEntry {
        soname: format!("lib{}.so", number << 32),
        path: format!("{folder}/lib{}.so", number << 32),
        flags: FLAGS_X86_64,
    };
    let old: Vec<NewEntry> = (0..10_000).map(|number| numbered("/usr/lib", number)).collect();
    let new: Vec<NewEntry> = ["/opt", "/usr/lib"]
        .iter()
        .flat_map(|folder| (0..10_000).map(|number| numbered(folder, number)))
        .collect();
    let start = std::time::Instant::now();
    let cache = LdCache::default().merge(&old);
    let merged = cache.merge_in_order(&new, &["/usr/lib", "/opt"]);
    assert_eq!(merged.entries.len(), 20_000);
    assert_eq!(merged.directories(), [b"/usr/lib".as_slice(), b"/opt"]);
    assert!(start.elapsed().as_secs() < 5);
}

#[derive(Clone, Debug)]
struct Owned {
    entries: Vec<(String, String, i32, u32, bool)>,
    hwcaps: Vec<String>,
    generator: Option<String>,
}

impl Owned {
    fn cache(&self) -> LdCache<'_> {
        let extension = if self.hwcaps.is_empty() { 7 } else { HWCAP_EXTENSION };
        let entries = self.entries.iter().map(|(soname, path, flags, os_version, special)| Entry {
            soname: soname.as_bytes(),
            path: path.as_bytes(),
            flags: *flags,
            os_version: *os_version,
            hwcap: if *special { extension } else { 0 },
        });
        LdCache {
            entries: entries.collect(),
            hwcaps: self.hwcaps.iter().map(String::as_bytes).collect(),
            generator: self.generator.as_ref().map(String::as_bytes),
        }
    }
}

fn caches() -> impl Strategy<Value = Owned> {
    let entry = (
        soname(),
        "/(lib|usr/lib|opt/x)/[a-c.0-9]{0,6}",
        prop_oneof![Just(3), Just(0x303)],
        0..3_u32,
        any::<bool>(),
    );
    let parts = (
        prop::collection::vec(entry, 0..30),
        prop::collection::vec("x86-64-v[1-4]", 0..3),
        prop::option::of("[a-z ]{1,20}"),
    );
    parts.prop_map(|(entries, hwcaps, generator)| Owned { entries, hwcaps, generator })
}

/// Few characters, so that equal names, leading zeros and non-ASCII ones come up.
fn soname() -> impl Strategy<Value = String> {
    "lib[ab\u{e9}]{0,2}(\\.so)?(\\.[0-2]{1,3})?"
}

fn new_entries() -> impl Strategy<Value = Vec<NewEntry>> {
    let entry = (soname(), prop_oneof![Just("/lib"), Just("/usr/lib"), Just("/opt/new")]);
    let new = |(soname, directory): (String, &str)| NewEntry {
        path: format!("{directory}/{soname}"),
        soname,
        flags: 0x303,
    };
    prop::collection::vec(entry.prop_map(new), 0..12)
}

proptest! {
    #[test]
    fn a_written_cache_reads_the_same(owned in caches()) {
        let cache = owned.cache();
        let bytes = cache.to_bytes();
        prop_assert_eq!(LdCache::parse(&bytes), Ok(cache));
    }

    #[test]
    fn a_merged_cache_is_in_order_and_complete(owned in caches(), added in new_entries()) {
        let cache = owned.cache();
        let merged = cache.merge_in_order(&added, &["/opt/new", "/lib", "/usr/lib"]);
        let in_order = merged.entries.is_sorted_by(|a, b| compare_entries(a, b) != Ordering::Greater);
        prop_assert!(in_order, "{:#?}", merged.entries);
        prop_assert!(cache.entries.iter().all(|entry| merged.entries.contains(entry)));
        for new in &added {
            let same = |entry: &&Entry<'_>| (entry.soname, entry.path, entry.flags, entry.hwcap) == (new.soname.as_bytes(), new.path.as_bytes(), new.flags, 0);
            prop_assert!(merged.entries.iter().any(|entry| same(&entry)));
        }
        prop_assert_eq!(&merged.merge_in_order(&added, &["/opt/new", "/lib", "/usr/lib"]), &merged);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), start in 0..3_usize) {
        let mut file = [b"".as_slice(), b"glibc-ld.so.cache1.1", b"ld.so-1.7.0\0"][start].to_vec();
        file.extend(bytes);
        if let Ok(cache) = LdCache::parse(&file) {
            let written = cache.to_bytes();
            prop_assert_eq!(LdCache::parse(&written), Ok(cache));
        }
    }

    #[test]
    fn a_damaged_cache_is_read_without_panic(at in 0..1487_usize, value in any::<u8>()) {
        let (_, _, after) = pair!("hwcaps");
        let mut file = after.to_vec();
        file[at] = value;
        if let Ok(cache) = LdCache::parse(&file) {
            let added = additions(SYSTEM);
            let _ = cache.merge(&added).to_bytes();
        }
    }
}
