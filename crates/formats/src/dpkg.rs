//! The package database of Debian and its children: which packages are installed, and what they own.
//!
//! Source: `/var/lib/dpkg/status` and `/var/lib/dpkg/info/*.list`, dpkg(1), deb-control(5).

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version, for example `5:28.5.2-1~debian.12~bookworm`.
    pub version: String,
}

/// The packages out of `names` that a text of `/var/lib/dpkg/status` says are installed, in the order
/// of the text.
#[must_use]
pub fn installed(status: &str, names: &[&str]) -> Vec<Package> {
    let mut found = Vec::new();
    let mut rest = status;
    while let Some(at) = next_package(rest) {
        let paragraph_and_more = rest.get(at..).unwrap_or_default();
        let end = paragraph_and_more.find("\n\n").unwrap_or(paragraph_and_more.len());
        let paragraph = paragraph_and_more.get(..end).unwrap_or_default();
        found.extend(package(paragraph).filter(|package| names.contains(&package.name.as_str())));
        rest = paragraph_and_more.get(end..).unwrap_or_default();
    }
    found
}

/// Whether the text of a `.list` file names this path.
#[must_use]
pub fn lists(list: &str, path: &str) -> bool {
    list.lines().any(|line| line == path)
}

/// The package that a file of `/var/lib/dpkg/info` belongs to: `libc6:amd64.list` is of `libc6`.
#[must_use]
pub fn of_list(file_name: &str) -> Option<&str> {
    let name = file_name.strip_suffix(".list")?;
    Some(name.split(':').next().unwrap_or(name)).filter(|name| !name.is_empty())
}

/// Where the next paragraph of a package begins.
fn next_package(text: &str) -> Option<usize> {
    const KEY: &str = "Package: ";
    if text.starts_with(KEY) { Some(0) } else { text.find("\nPackage: ").map(|at| at + 1) }
}

/// The package of a paragraph, if it is installed.
fn package(paragraph: &str) -> Option<Package> {
    let field = |name: &str| {
        paragraph.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
    };
    if field("Status").is_some_and(|status| !status.ends_with(" installed")) {
        return None;
    }
    Some(Package { name: field("Package")?.to_owned(), version: field("Version")?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Package: podman\nStatus: install ok installed\nVersion: 4.3.1+ds1-8+deb12u1\n\
        Description: an engine\n Package: no\n\nPackage: docker.io\nStatus: deinstall ok config-files\n\
        Version: 20.10\n\nPackage: containerd\nVersion: 1.6.20~ds1-1+b1\nStatus: install ok installed\n";

    #[test]
    fn installed_packages_are_found_by_name() {
        let names = |names: &[&str]| -> Vec<String> {
            installed(STATUS, names).into_iter().map(|p| format!("{} {}", p.name, p.version)).collect()
        };
        assert_eq!(
            names(&["podman", "docker.io", "containerd", "no"]),
            ["podman 4.3.1+ds1-8+deb12u1", "containerd 1.6.20~ds1-1+b1"]
        );
        assert!(names(&["pod"]).is_empty());
        for broken in ["", "Package: ", "Package: x\n", "\n\n\nPackage:", "Version: 1\n\nPackage: podman"] {
            assert!(installed(broken, &["podman", "x", ""]).is_empty(), "{broken:?}");
        }
    }

    #[test]
    fn lists_hold_whole_paths() {
        assert!(lists("/.\n/usr\n/usr/lib/libcuda.so.1\n", "/usr/lib/libcuda.so.1"));
        assert!(!lists("/usr/lib/libcuda.so.10\n", "/usr/lib/libcuda.so.1"));
        assert_eq!(of_list("libcuda1:amd64.list"), Some("libcuda1"));
        assert_eq!(of_list("podman.list"), Some("podman"));
        assert_eq!(of_list("podman.md5sums"), None);
        assert_eq!(of_list(".list"), None);
    }
}
