//! Whether this process has a user namespace of its own, as those of rootless engines and of
//! unprivileged system containers (LXC) do: then nobody in it may manage devices, and nobody in it
//! restricts them either.

use std::path::Path;

/// More lines than a user namespace can have (340).
const LIMIT: usize = 16 * 1024;

/// Looks at the running process.
pub(crate) fn is_own() -> bool {
    let map = rootfs::trusted::read(Path::new("/proc/self/uid_map"), LIMIT).unwrap_or_default();
    !is_initial(&String::from_utf8_lossy(&map))
}

/// The machine's own namespace maps all user ids to themselves; see user_namespaces(7). A kernel
/// without user namespaces has no such table.
fn is_initial(map: &str) -> bool {
    let fields: Vec<&str> = map.split_whitespace().collect();
    fields.is_empty() || fields == ["0", "0", "4294967295"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_identity_is_the_machines_own() {
        for (map, expected) in [
            ("         0          0 4294967295\n", true),
            ("", true),
            ("         0       1000          1\n", false),
            ("         0       1000          1\n         1     100000      65536\n", false),
            ("         0     100000      65536\n", false),
        ] {
            assert_eq!(is_initial(map), expected, "{map}");
        }
    }
}
