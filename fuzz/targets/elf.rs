//! ELF files: names and the compatibility note are read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = formats::elf::inspect(bytes);
    let _ = formats::elf::fwd_compat_note(bytes);
});
