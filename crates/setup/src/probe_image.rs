//! A container image made of this machine's own C library: enough for the driver's `nvidia-smi`, which the
//! toolkit brings into the container. So a GPU in a container can be verified without any network.

use formats::tar;
use host::Host;

/// Its name, for as long as it is there.
pub(crate) const NAME: &str = "longshore-setup-probe";

/// Where distributions keep the C library; a file is looked for in all of them.
const FOLDERS: [&str; 8] = [
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
];

/// What `nvidia-smi` and its library need.
const LIBRARIES: [&str; 6] =
    ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libgcc_s.so.1"];

/// The loaders, by the paths that programs name.
const LOADERS: [&str; 2] = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

/// What the toolkit and Docker mount into.
const MOUNTED: [&str; 7] = ["etc/", "usr/", "usr/bin/", "proc/", "sys/", "dev/", "tmp/"];

/// The file system of the image as a tar archive; `None` where the C library is not found, as on a
/// machine without glibc.
pub(crate) fn archive(host: &Host) -> Option<Vec<u8>> {
    let mut files = Vec::new();
    for loader in LOADERS {
        files.extend(host.read_optional(loader).ok().flatten().map(|bytes| (loader.to_owned(), bytes)));
    }
    if files.is_empty() {
        return None;
    }
    for library in LIBRARIES {
        let paths = FOLDERS.iter().map(|folder| format!("{folder}/{library}"));
        files.extend(paths.filter_map(|path| Some((path.clone(), host.read_optional(&path).ok()??))).next());
    }
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    files.iter().any(|(path, _)| path.ends_with("/libc.so.6")).then(|| tar::archive(&MOUNTED, &files))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own, and call tar")]

    use super::*;
    use std::fs;
    use std::process::Command;

    #[test]
    fn tar_reads_the_archive() {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("lib64/ld-linux-x86-64.so.2", "loader"),
            ("usr/lib64/libc.so.6", "c"),
            ("usr/lib64/libm.so.6", ""),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let archive = archive(&Host::at(root.path())).unwrap();
        let file = root.path().join("x.tar");
        fs::write(&file, archive).unwrap();
        let listed = Command::new("tar").arg("-tf").arg(&file).output().unwrap();
        let names = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
        assert!(
            names.ends_with("lib64/ld-linux-x86-64.so.2\nusr/lib64/libc.so.6\nusr/lib64/libm.so.6\n"),
            "{names}"
        );
        let taken =
            Command::new("tar").args(["-xOf"]).arg(&file).arg("usr/lib64/libc.so.6").output().unwrap();
        assert_eq!(taken.stdout, b"c");
    }

    #[test]
    fn a_machine_without_glibc_gives_none() {
        assert_eq!(archive(&Host::at("/nonexistent")), None);
    }
}
