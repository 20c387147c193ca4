//! A container image made of this machine's own C library: enough for the driver's `nvidia-smi`, which the
//! toolkit brings into the container. So a GPU in a container can be verified without any network.

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

/// Length of a block of a tar archive.
const BLOCK: usize = 512;

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
    files.iter().any(|(path, _)| path.ends_with("/libc.so.6")).then(|| tar(&files))
}

/// Folders for what the toolkit and Docker mount, then the files.
fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for folder in ["etc/", "usr/", "usr/bin/", "proc/", "sys/", "dev/", "tmp/"] {
        out.extend(header(folder, 0, b'5', 0o755));
    }
    for (path, bytes) in files {
        out.extend(header(path.trim_start_matches('/'), bytes.len(), b'0', 0o755));
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}

/// A header of the form "ustar" (POSIX.1-1988): fields of fixed places, numbers as octal text.
fn header(name: &str, size: usize, kind: u8, mode: u32) -> Vec<u8> {
    let mut block = vec![0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        for (place, byte) in block.iter_mut().skip(at).zip(bytes) {
            *place = *byte;
        }
    };
    put(0, name.as_bytes());
    put(100, format!("{mode:07o}").as_bytes());
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{size:011o}").as_bytes());
    put(136, b"00000000000");
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    for (place, byte) in block.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").as_bytes()) {
        *place = *byte;
    }
    block
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
