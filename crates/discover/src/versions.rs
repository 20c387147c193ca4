//! Which version the driver's user space has: the suffix of its libraries.

use crate::survey::Listing;
use host::Kind;
use std::rc::Rc;

/// Libraries whose suffix is the version of the driver, the best witness first.
const WITNESSES: [&str; 2] = ["libcuda.so.", "libnvidia-ml.so."];

/// All versions found, the most convincing first: those of `libcuda` before those of
/// `libnvidia-ml`, in the order of the directories.
pub(crate) fn candidates(listings: &[Rc<Listing>]) -> Vec<String> {
    let mut found = Vec::new();
    for witness in WITNESSES {
        for entry in listings.iter().flat_map(|listing| &listing.entries) {
            let Some(version) = entry.name.strip_prefix(witness).filter(|text| is_version(text)) else {
                continue;
            };
            if matches!(entry.kind, Kind::File | Kind::Link | Kind::Unknown)
                && !found.iter().any(|known| known == version)
            {
                found.push(version.to_owned());
            }
        }
    }
    found
}

/// The version to use: that of the loaded module if its libraries are there (only those work with
/// it), else the first.
pub(crate) fn choose<'a>(candidates: &'a [String], module: Option<&str>) -> Option<&'a String> {
    let matching = candidates.iter().find(|candidate| Some(candidate.as_str()) == module);
    matching.or_else(|| candidates.first())
}

/// Whether a suffix is a version of the driver and not of an interface: at least two numbers.
pub(crate) fn is_version(suffix: &str) -> bool {
    let mut parts = suffix.split('.');
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    suffix.contains('.') && parts.all(numeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::Entry;

    fn listing(names: &[&str]) -> Rc<Listing> {
        let entries = names.iter().map(|name| Entry { name: (*name).to_owned(), kind: Kind::File }).collect();
        Rc::new(Listing { directory: "/usr/lib".to_owned(), entries })
    }

    #[test]
    fn the_version_is_the_suffix_of_a_witness() {
        for (names, module, expected) in [
            (vec!["libcuda.so", "libcuda.so.1", "libcuda.so.580.95.05"], None, Some("580.95.05")),
            (vec!["libnvidia-ml.so.570.1"], None, Some("570.1")),
            (vec!["libcuda.so.1", "libnvidia-ml.so.1"], None, None),
            (vec!["libcuda.so.550.1", "libcuda.so.580.1"], Some("580.1"), Some("580.1")),
            (vec!["libcuda.so.550.1", "libcuda.so.580.1"], Some("999.1"), Some("550.1")),
            (vec!["libcuda.so.580.1.bak", "libcuda.so.580.x"], None, None),
            (vec!["libcudadebugger.so.580.1"], None, None),
        ] {
            let candidates = candidates(&[listing(&names)]);
            assert_eq!(choose(&candidates, module).map(String::as_str), expected, "{names:?}");
        }
    }
}
