//! A tree of an image for one test, beside a folder that stands for the host.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// The tree; removed when dropped.
pub(crate) struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    /// An empty image, and a host with one file.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("image")).unwrap();
        fs::create_dir(folder.path().join("host")).unwrap();
        fs::write(folder.path().join("host/secret"), "secret").unwrap();
        Self { folder }
    }

    /// The image's root.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    /// The path of a file of the host.
    pub(crate) fn host(&self, name: &str) -> String {
        self.folder.path().join("host").join(name).to_str().unwrap().to_owned()
    }

    /// Names in the host's folder, whose file must be unchanged.
    pub(crate) fn host_listing(&self) -> Vec<String> {
        assert_eq!(fs::read_to_string(self.host("secret")).unwrap(), "secret");
        fs::read_dir(self.host(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    pub(crate) fn directory(&self, path: &str) {
        fs::create_dir_all(self.path().join(path)).unwrap();
    }

    pub(crate) fn file(&self, path: &str, bytes: &[u8]) {
        self.parent(path);
        fs::write(self.path().join(path), bytes).unwrap();
    }

    /// A link, in the place of what is there.
    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) {
        self.parent(path);
        if self.has(path) {
            self.remove(path);
        }
        symlink(target, self.path().join(path)).unwrap();
    }

    /// A fifo, in the place of what is there.
    pub(crate) fn fifo(&self, path: &str) {
        if self.has(path) {
            self.remove(path);
        }
        let mode = rustix::fs::Mode::from_raw_mode(0o666);
        let path = self.path().join(path);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path().join(path);
        if fs::symlink_metadata(&path).unwrap().is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        fs::symlink_metadata(self.path().join(path)).is_ok()
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.path().join(path)).unwrap()
    }

    pub(crate) fn link_text(&self, path: &str) -> String {
        fs::read_link(self.path().join(path)).unwrap().to_str().unwrap().to_owned()
    }

    /// An ELF library of the smallest kind that has a SONAME.
    pub(crate) fn library(&self, path: &str, soname: &str) {
        self.library_for(62, path, soname);
    }

    /// The same for another `e_machine`; 62 is x86-64, 183 is AArch64.
    pub(crate) fn library_for(&self, machine: u16, path: &str, soname: &str) {
        self.file(path, &library(machine, soname));
    }

    /// Everything in the image, one line each: path, mode, inode, link text or content.
    pub(crate) fn listing(&self) -> Vec<String> {
        let mut lines = Vec::new();
        list(&self.path(), &mut lines);
        lines.sort();
        lines
    }

    fn parent(&self, path: &str) {
        fs::create_dir_all(self.path().join(path).parent().unwrap()).unwrap();
    }
}

fn list(folder: &Path, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let facts = fs::symlink_metadata(&path).unwrap();
        let content = if facts.is_symlink() {
            format!("-> {}", fs::read_link(&path).unwrap().display())
        } else if facts.is_file() {
            format!("{:?}", fs::read(&path).unwrap())
        } else {
            list_if_directory(&path, facts.is_dir(), lines)
        };
        let inode = std::os::unix::fs::MetadataExt::ino(&facts);
        lines.push(format!("{} {:o} {inode} {content}", path.display(), facts.permissions().mode()));
    }
}

fn list_if_directory(path: &Path, is_directory: bool, lines: &mut Vec<String>) -> String {
    if is_directory {
        list(path, lines);
    }
    String::new()
}

/// A 64-bit little-endian ELF file: header, PT_LOAD and PT_DYNAMIC, dynamic section, strings.
fn library(machine: u16, soname: &str) -> Vec<u8> {
    const HEADER: u64 = 64;
    const SEGMENT: u64 = 56;
    let dynamic_at = HEADER + 2 * SEGMENT;
    let strings_at = dynamic_at + 4 * 16;
    let strings = [b"\0", soname.as_bytes(), b"\0"].concat();
    let size = strings_at + strings.len() as u64;
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let half = |bytes: &mut Vec<u8>, value: u16| bytes.extend(value.to_le_bytes());
    half(&mut bytes, 3); // shared object
    half(&mut bytes, machine);
    bytes.extend(1_u32.to_le_bytes());
    for value in [0, HEADER, 0] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(0_u32.to_le_bytes());
    for value in [64, 56, 2, 64, 0, 0] {
        half(&mut bytes, value);
    }
    for (kind, offset, length) in [(1_u32, 0, size), (2, dynamic_at, 64)] {
        bytes.extend(kind.to_le_bytes());
        bytes.extend(4_u32.to_le_bytes());
        for value in [offset, offset, offset, length, length, 8] {
            bytes.extend(value.to_le_bytes());
        }
    }
    for (tag, value) in [(14_u64, 1), (5, strings_at), (10, strings.len() as u64), (0, 0)] {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(strings);
    bytes
}
