//! Shell patterns of whole paths, expanded on a machine.

use crate::survey::join;
use formats::glob;
use host::Host;

/// The paths that a pattern stands for, by name; a path without pattern characters stands for itself,
/// whether it exists or not.
pub(crate) fn expand(host: &Host, pattern: &str) -> Vec<String> {
    let mut paths = vec![String::new()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        paths = match glob::is_pattern(part) {
            false => paths.iter().map(|path| format!("{path}/{part}")).collect(),
            true => paths.iter().flat_map(|path| matching(host, path, part)).collect(),
        };
    }
    paths
}

fn matching(host: &Host, directory: &str, pattern: &str) -> Vec<String> {
    let place = if directory.is_empty() { "/" } else { directory };
    let entries = host.list_optional(place).ok().flatten().unwrap_or_default();
    let names = entries.iter().map(|entry| &entry.name).filter(|name| glob::matches(pattern, name));
    names.map(|name| join(directory, name)).collect()
}
