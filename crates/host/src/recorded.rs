//! A recorded machine: files from a folder, and the rest from a table.

use crate::in_root;
use crate::recorded_elf;
use crate::stat::{Entry, Kind, Stat};
use diag::{Failure, Result, ResultExt};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A recorded machine, held in memory but for the content of files.
#[derive(Debug)]
pub(crate) struct Recorded {
    nodes: BTreeMap<String, Node>,
}

#[derive(Clone, Debug)]
struct Node {
    stat: Stat,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Nothing,
    Disk(PathBuf),
    Bytes(Vec<u8>),
    Target(String),
}

impl Recorded {
    /// Loads `tree/` and `nodes.tsv` of a folder; either may be missing.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let mut recorded = Self { nodes: BTreeMap::new() };
        recorded.add("/", Kind::Directory, 0o755, Content::Nothing);
        if folder.join("tree").is_dir() {
            recorded.add_tree(&folder.join("tree"), "")?;
        }
        let table = folder.join("nodes.tsv");
        if table.is_file() {
            let text =
                fs::read_to_string(&table).with_context(|| format!("cannot read {}", table.display()))?;
            for (number, line) in text.lines().enumerate() {
                let place = || format!("{}:{}", table.display(), number + 1);
                recorded.add_line(line).with_context(place)?;
            }
        }
        if recorded.nodes.len() == 1 {
            return Err(Failure::new(format!("{} holds no recorded host", folder.display()))
                .hint("a recorded host is a folder with tree/ or nodes.tsv in it"));
        }
        Ok(recorded)
    }

    /// `path` below `prefix` with all links resolved inside `prefix`, as a path of the recording.
    pub(crate) fn canonical(&self, prefix: &str, path: &str, follow: bool) -> Result<String> {
        let inside = in_root::resolve(path, follow, |here| Ok(self.target(&format!("{prefix}{here}"))))?;
        Ok(if inside == "/" && !prefix.is_empty() { prefix.to_owned() } else { format!("{prefix}{inside}") })
    }

    pub(crate) fn read(&self, prefix: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let Some(node) = self.nodes.get(&self.canonical(prefix, path, true)?) else { return Ok(None) };
        Ok(Some(match &node.content {
            Content::Disk(file) => fs::read(file).with_context(|| format!("cannot read {path}"))?,
            Content::Bytes(bytes) => bytes.clone(),
            Content::Nothing if node.stat.kind == Kind::File => Vec::new(),
            _ => return Err(Failure::new(format!("cannot read {path}: not a regular file"))),
        }))
    }

    pub(crate) fn list(&self, prefix: &str, path: &str) -> Result<Option<Vec<Entry>>> {
        let directory = self.canonical(prefix, path, true)?;
        if !self.nodes.get(&directory).is_some_and(|node| node.stat.is_dir()) {
            return Ok(None);
        }
        let start = format!("{}/", directory.trim_end_matches('/'));
        let below = self.nodes.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start));
        let mut entries: Vec<Entry> = below
            .filter_map(|(path, node)| Some((path.get(start.len()..)?, node)))
            .filter(|(name, _)| !name.is_empty() && !name.contains('/'))
            .map(|(name, node)| Entry { name: name.to_owned(), kind: node.stat.kind })
            .collect();
        entries.sort_unstable();
        Ok(Some(entries))
    }

    pub(crate) fn stat(&self, prefix: &str, path: &str, follow: bool) -> Result<Option<Stat>> {
        Ok(self.nodes.get(&self.canonical(prefix, path, follow)?).map(|node| node.stat))
    }

    pub(crate) fn read_link(&self, prefix: &str, path: &str) -> Result<Option<String>> {
        Ok(self.target(&self.canonical(prefix, path, false)?))
    }

    fn target(&self, path: &str) -> Option<String> {
        match &self.nodes.get(path)?.content {
            Content::Target(target) => Some(target.clone()),
            _ => None,
        }
    }

    fn add_tree(&mut self, directory: &Path, path: &str) -> Result<()> {
        let reading = || format!("cannot read {}", directory.display());
        for entry in fs::read_dir(directory).with_context(reading)? {
            let entry = entry.with_context(reading)?;
            let here = format!("{path}/{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().with_context(reading)?;
            if kind.is_symlink() {
                let target = fs::read_link(entry.path()).with_context(reading)?;
                self.add(&here, Kind::Link, 0o777, Content::Target(target.to_string_lossy().into_owned()));
            } else if kind.is_dir() {
                self.add(&here, Kind::Directory, 0o755, Content::Nothing);
                self.add_tree(&entry.path(), &here)?;
            } else {
                self.add(&here, Kind::File, 0o644, Content::Disk(entry.path()));
            }
        }
        Ok(())
    }

    /// One line of `nodes.tsv`: path, type, mode, `uid:gid`, detail.
    fn add_line(&mut self, line: &str) -> Result<()> {
        if line.trim().is_empty() || line.starts_with('#') || line.starts_with("path\t") {
            return Ok(());
        }
        let mut fields = line.split('\t');
        let mut next =
            |what: &str| fields.next().ok_or_else(|| Failure::new(format!("no {what} in this line")));
        let (path, kind, mode, owner) = (next("path")?, next("type")?, next("mode")?, next("owner")?);
        let detail = next("detail").unwrap_or_default();
        if !path.starts_with('/') {
            return Err(Failure::new(format!("path {path:?} is not absolute")));
        }
        let (kind, content) = content(kind, detail)?;
        let stat = self.add(path, kind, octal(mode)?, content);
        (stat.uid, stat.gid) = pair(owner)?;
        if kind == Kind::CharDevice || kind == Kind::BlockDevice {
            (stat.major, stat.minor) = pair(detail)?;
        }
        Ok(())
    }

    fn add(&mut self, path: &str, kind: Kind, mode: u32, content: Content) -> &mut Stat {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        if !parent.is_empty() && !self.nodes.contains_key(parent) {
            self.add(parent, Kind::Directory, 0o755, Content::Nothing);
        }
        let (size, ino) = (size(&content), self.nodes.len() as u64 + 1);
        let stat = Stat {
            kind,
            mode,
            uid: 0,
            gid: 0,
            size,
            dev: 1,
            ino,
            mtime_ns: 0,
            ctime_ns: 0,
            major: 0,
            minor: 0,
        };
        let node = self.nodes.entry(path.to_owned()).insert_entry(Node { stat, content });
        &mut node.into_mut().stat
    }
}

fn content(kind: &str, detail: &str) -> Result<(Kind, Content)> {
    Ok(match kind {
        "char" => (Kind::CharDevice, Content::Nothing),
        "block" => (Kind::BlockDevice, Content::Nothing),
        "socket" => (Kind::Socket, Content::Nothing),
        "fifo" => (Kind::Fifo, Content::Nothing),
        "dir" => (Kind::Directory, Content::Nothing),
        "file" => (Kind::File, Content::Bytes(detail.as_bytes().to_vec())),
        "link" => (Kind::Link, Content::Target(detail.to_owned())),
        "elf64" => (Kind::File, Content::Bytes(recorded_elf::image(64, detail))),
        "elf32" => (Kind::File, Content::Bytes(recorded_elf::image(32, detail))),
        other => return Err(Failure::new(format!("unknown type {other:?}"))),
    })
}

fn size(content: &Content) -> u64 {
    match content {
        Content::Nothing => 0,
        Content::Disk(file) => fs::metadata(file).map_or(0, |metadata| metadata.len()),
        Content::Bytes(bytes) => bytes.len() as u64,
        Content::Target(target) => target.len() as u64,
    }
}

fn octal(mode: &str) -> Result<u32> {
    u32::from_str_radix(mode, 8).with_context(|| format!("mode {mode:?} is not octal"))
}

fn pair(text: &str) -> Result<(u32, u32)> {
    let bad = || Failure::new(format!("{text:?} is not two numbers with a colon between"));
    let (first, second) = text.split_once(':').ok_or_else(bad)?;
    let number = |digits: &str| digits.parse().with_context(|| bad().to_string());
    Ok((number(first)?, number(second)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Recorded {
        let mut recorded = Recorded { nodes: BTreeMap::new() };
        recorded.add("/", Kind::Directory, 0o755, Content::Nothing);
        for line in [
            "/dev/nvidia0\tchar\t666\t0:44\t195:0",
            "/usr/lib/libcuda.so.1\tlink\t777\t0:0\tlibcuda.so.580.1",
            "/usr/lib/libcuda.so.580.1\telf64\t755\t0:0\tlibcuda.so.1",
            "/lib\tlink\t777\t0:0\tusr/lib",
            "/root/etc\tlink\t777\t0:0\t/usr",
            "/root/usr/x\tfile\t644\t0:0\thello",
        ] {
            recorded.add_line(line).expect(line);
        }
        recorded
    }

    #[test]
    fn a_table_is_a_file_system() {
        let machine = machine();
        let node = machine.stat("", "/dev/nvidia0", false).expect("stat").expect("node");
        assert_eq!((node.kind, node.mode, node.gid, node.major), (Kind::CharDevice, 0o666, 44, 195));
        let names: Vec<_> =
            machine.list("", "/lib").expect("list").expect("dir").into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["libcuda.so.1", "libcuda.so.580.1"]);
        assert_eq!(
            machine.read_link("", "/lib/libcuda.so.1").expect("link").as_deref(),
            Some("libcuda.so.580.1")
        );
        assert!(machine.read("", "/lib/libcuda.so.1").expect("read").expect("file").starts_with(b"\x7fELF"));
        assert_eq!(machine.stat("", "/nowhere", true).expect("stat"), None);
    }

    #[test]
    fn links_stay_below_a_prefix() {
        assert_eq!(machine().read("/root", "/etc/x").expect("read"), Some(b"hello".to_vec()));
        assert_eq!(machine().canonical("/root", "/../..", true).expect("resolve"), "/root");
    }

    #[test]
    fn bad_lines_are_refused() {
        for line in [
            "/x",
            "/x\tstrange\t644\t0:0\t",
            "/x\tchar\t666\t0:0\t195",
            "x\tfile\t644\t0:0\t",
            "/x\tfile\t9\t0:0\t",
        ] {
            assert!(machine().add_line(line).is_err(), "{line}");
        }
    }
}
