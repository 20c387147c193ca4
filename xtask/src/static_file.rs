//! What the static executable must be: no loader to hijack, no library to replace, and small.

use diag::{Failure, Result, ResultExt};
use elf::ElfBytes;
use elf::abi::{DT_NEEDED, PT_INTERP};
use elf::endian::AnyEndian;
use std::fs;
use std::path::Path;

/// The size that it must stay below, in bytes: room for what the container start needs, none for a
/// dependency that came in by accident. Only the pages that a start touches are read.
const LIMIT: usize = 2_500_000;

/// Inspects the built file.
pub(crate) fn check(path: &Path) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    check_bytes(&bytes).with_context(|| format!("{} is not as it must be", path.display()))
}

fn check_bytes(bytes: &[u8]) -> Result<()> {
    let file = ElfBytes::<AnyEndian>::minimal_parse(bytes).context("not an ELF file")?;
    let segments = file.segments().ok_or_else(|| Failure::new("no program headers"))?;
    if segments.iter().any(|segment| segment.p_type == PT_INTERP) {
        return Err(Failure::new("it asks for a loader (PT_INTERP)"));
    }
    let dynamic = file.dynamic().context("broken dynamic section")?;
    if dynamic.is_some_and(|entries| entries.iter().any(|entry| entry.d_tag == DT_NEEDED)) {
        return Err(Failure::new("it needs a shared library (DT_NEEDED)"));
    }
    if bytes.len() >= LIMIT {
        return Err(Failure::new(format!("it has {} bytes; the limit is {LIMIT}", bytes.len())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dynamic_file_is_refused() {
        let own = fs::read("/proc/self/exe").unwrap();
        let refused = check_bytes(&own).unwrap_err();
        assert!(refused.message().contains("PT_INTERP"), "{refused:?}");
        assert!(check_bytes(b"#!/bin/sh\n").is_err());
    }
}
