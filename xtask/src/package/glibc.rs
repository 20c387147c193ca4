//! Which C library an executable needs, read from the symbol versions that it asks for.

use diag::{Failure, Result, ResultExt};
use elf::ElfBytes;
use elf::endian::AnyEndian;
use std::fs;
use std::path::Path;

/// The newest `GLIBC_x.y` that one of the files asks for, as `x.y`.
pub(super) fn newest(files: &[&Path]) -> Result<String> {
    let mut newest = Vec::new();
    for file in files {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let asked = asked(&bytes).with_context(|| format!("cannot read {} as ELF", file.display()))?;
        newest = newest.max(asked);
    }
    if newest.is_empty() {
        return Err(Failure::new("no executable names a version of the C library"));
    }
    Ok(newest.iter().map(u32::to_string).collect::<Vec<_>>().join("."))
}

fn asked(bytes: &[u8]) -> Result<Vec<u32>> {
    let file = ElfBytes::<AnyEndian>::minimal_parse(bytes).context("not an ELF file")?;
    let versions = file.symbol_version_table().context("broken symbol versions")?;
    let symbols = file.dynamic_symbol_table().context("broken dynamic symbols")?;
    let (Some(versions), Some((symbols, _))) = (versions, symbols) else { return Ok(Vec::new()) };
    let mut newest = Vec::new();
    for index in 0..symbols.len() {
        let requirement = versions.get_requirement(index).context("broken symbol version")?;
        if let Some(version) = requirement.and_then(|requirement| number(requirement.name)) {
            newest = newest.max(version);
        }
    }
    Ok(newest)
}

/// `GLIBC_2.34` as `[2, 34]`.
fn number(name: &str) -> Option<Vec<u32>> {
    name.strip_prefix("GLIBC_")?.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(number("GLIBC_2.34") > number("GLIBC_2.4"));
        assert_eq!(number("GLIBC_PRIVATE"), None);
        assert_eq!(number("GCC_3.0"), None);
    }
}
