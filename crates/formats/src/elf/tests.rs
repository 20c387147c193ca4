//! Against small files that the system's linker made (`fixtures/elf/make.sh`), whole and damaged.

use super::*;
use proptest::prelude::*;

const LIBRARY: &[u8] = include_bytes!("../../fixtures/elf/library.so");
const NO_SONAME: &[u8] = include_bytes!("../../fixtures/elf/no-soname.so");
const THIRTY_TWO_BIT: &[u8] = include_bytes!("../../fixtures/elf/thirty-two-bit.so");
const COMPAT: &[u8] = include_bytes!("../../fixtures/elf/compat.so");
const COMPAT_ALIGN_8: &[u8] = include_bytes!("../../fixtures/elf/compat-align-8.so");
const COMPAT_BROKEN: &[u8] = include_bytes!("../../fixtures/elf/compat-broken.so");

#[test]
fn facts_of_libraries() {
    let facts =
        |soname: Option<&str>, bits, machine| ElfFacts { soname: soname.map(str::to_owned), bits, machine };
    let table = [
        (LIBRARY, facts(Some("libsmall.so.1"), 64, 62)),
        (NO_SONAME, facts(None, 64, 62)),
        (THIRTY_TWO_BIT, facts(Some("libsmall.so.1"), 32, 3)),
        (COMPAT, facts(Some("libcuda.so.1"), 64, 62)),
    ];
    for (file, expected) in table {
        assert_eq!(inspect(file).unwrap(), expected);
    }
}

#[test]
fn section_headers_are_not_needed() {
    let headers = usize::from(u16::from_le_bytes([LIBRARY[40], LIBRARY[41]]));
    assert_eq!(inspect(&LIBRARY[..headers]).unwrap(), inspect(LIBRARY).unwrap());
}

#[test]
fn only_the_ranges_needed_are_read() {
    struct Counting(usize);
    impl Source for Counting {
        fn read_at(&mut self, offset: u64, length: usize) -> Result<Vec<u8>> {
            self.0 += length;
            (&LIBRARY[..]).read_at(offset, length)
        }
    }
    let mut source = Counting(0);
    inspect_source(&mut source).unwrap();
    assert!(source.0 < 1000, "{} bytes", source.0);
}

#[test]
fn what_is_no_elf_file_is_refused() {
    for file in [b"".as_slice(), b"\x7fELF", b"#!/bin/sh\n", &LIBRARY[..40]] {
        let message = inspect(file).unwrap_err().chain();
        assert!(message.contains("not an ELF file"), "{message}");
    }
}

#[test]
fn the_note_of_compatibility_libraries() {
    let expected = ForwardCompatibility {
        format: 1,
        cuda_version: "13.1".to_owned(),
        driver_branches: vec![535, 550, 580, 590],
        devices: vec![7, 8, 9],
    };
    assert_eq!(fwd_compat_note(COMPAT).unwrap(), Some(expected));
    let padded = fwd_compat_note(COMPAT_ALIGN_8).unwrap().unwrap();
    assert_eq!((padded.cuda_version.as_str(), padded.driver_branches), ("13.2", vec![]));
    assert_eq!(fwd_compat_note(LIBRARY).unwrap(), None);
    let message = fwd_compat_note(COMPAT_BROKEN).unwrap_err().chain();
    assert!(message.starts_with("cannot parse the note"), "{message}");
}

proptest! {
    #[test]
    fn damaged_files_do_not_panic(at in 0..1128_usize, value in any::<u8>(), length in 0..1752_usize) {
        for file in [LIBRARY, THIRTY_TWO_BIT, COMPAT, COMPAT_ALIGN_8] {
            let mut file = file.get(..length).unwrap_or(file).to_vec();
            if let Some(byte) = file.get_mut(at) {
                *byte = value;
            }
            let _ = inspect(&file);
            let _ = fwd_compat_note(&file);
        }
    }
}
