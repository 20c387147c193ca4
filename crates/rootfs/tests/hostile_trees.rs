//! Hostile images: whatever a tree holds, nothing outside of it is read, made or changed, and
//! nothing waits. No root rights are needed.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the tests build the hostile trees themselves, and a failure to do so is a failed test"
)]

use rootfs::{Change, ContainerRoot, Kind};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

const LIMIT: usize = 4096;

/// A folder with a machine's files (`host/`) and an image's tree (`image/`) beside them.
struct Trees {
    folder: tempfile::TempDir,
}

impl Trees {
    /// Builds the image from lines: `dir PATH`, `file PATH TEXT`, `link PATH TARGET`, `fifo PATH`.
    /// `HOST` in a target stands for the absolute path of the machine's folder.
    fn new(image: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = folder.path().join("host");
        fs::create_dir_all(&host).unwrap();
        fs::write(host.join("secret"), "secret").unwrap();
        let trees = Self { folder };
        fs::create_dir_all(trees.image()).unwrap();
        for line in image.lines().map(str::trim).filter(|line| !line.is_empty()) {
            trees.build(line);
        }
        trees
    }

    fn build(&self, line: &str) {
        let mut words = line.splitn(3, ' ');
        let kind = words.next().unwrap();
        let path = self.image().join(words.next().unwrap());
        let rest = words.next().unwrap_or_default();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match kind {
            "dir" => fs::create_dir_all(path).unwrap(),
            "file" => fs::write(path, rest).unwrap(),
            "link" => symlink(rest.replace("HOST", self.host().to_str().unwrap()), path).unwrap(),
            "fifo" => rustix::fs::mknodat(
                rustix::fs::CWD,
                &path,
                rustix::fs::FileType::Fifo,
                rustix::fs::Mode::from_raw_mode(0o666),
                0,
            )
            .unwrap(),
            other => panic!("no such kind: {other}"),
        }
    }

    fn host(&self) -> PathBuf {
        self.folder.path().join("host")
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn root(&self) -> ContainerRoot {
        ContainerRoot::open(self.image()).unwrap()
    }

    /// The machine's folder holds exactly what it held.
    fn assert_host_untouched(&self, context: &str) {
        let names: Vec<_> =
            fs::read_dir(self.host()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["secret"], "{context}");
        assert_eq!(fs::read_to_string(self.host().join("secret")).unwrap(), "secret", "{context}");
    }
}

/// What a read comes to: `text`, `none`, or `code` of the failure.
fn outcome(result: diag::Result<Option<Vec<u8>>>) -> String {
    match result {
        Ok(Some(bytes)) => String::from_utf8(bytes).unwrap(),
        Ok(None) => "none".to_owned(),
        Err(failure) => failure.code().unwrap().as_str().to_owned(),
    }
}

#[test]
fn reads_stay_inside_and_never_wait() {
    let climb = "../".repeat(40);
    let table = [
        ("file etc/conf inside", "/etc/conf", "inside"),
        ("file etc/conf inside", "../../etc/conf", "inside"),
        ("file etc/conf inside", "/etc/missing", "none"),
        ("file etc/conf inside", "/etc/conf/below", "none"),
        ("file etc/conf inside\nlink etc/x /etc/conf", "/etc/x", "inside"),
        ("link etc/conf HOST/secret", "/etc/conf", "none"),
        ("link etc HOST", "/etc/secret", "none"),
        (&format!("link etc {climb}host"), "/etc/secret", "none"),
        ("link etc/conf /proc/self/root/etc/passwd\ndir proc", "/etc/conf", "none"),
        ("link a b\nlink b a", "/a", "R304"),
        ("link a nowhere", "/a", "none"),
        ("fifo etc/conf", "/etc/conf", "R302"),
        ("dir etc/conf", "/etc/conf", "R302"),
        ("link etc/conf fifo\nfifo etc/fifo", "/etc/conf", "R302"),
    ];
    for (image, path, expected) in table {
        let trees = Trees::new(image);
        assert_eq!(outcome(trees.root().read_file(path, LIMIT)), expected, "{image} at {path}");
    }
}

#[test]
fn a_file_larger_than_the_limit_is_refused() {
    let trees = Trees::new("file big 0123456789");
    assert_eq!(outcome(trees.root().read_file("/big", 10)), "0123456789");
    assert_eq!(outcome(trees.root().read_file("/big", 9)), "R302");
}

#[test]
fn writes_stay_inside() {
    let climb = "../".repeat(40);
    let table = [
        ("dir etc", "/etc/new", true),
        ("", "/a/b/c/new", true),
        ("link etc HOST", "/etc/new", false),
        ("link etc HOST/deeper", "/etc/a/new", false),
        (&format!("link etc {climb}host"), "/etc/new", false),
        ("link etc/new HOST/secret", "/etc/new", true),
        ("link etc/new HOST/created", "/etc/new", true),
        ("link etc real\ndir real", "/etc/new", true),
        ("file etc text", "/etc/new", false),
        ("link a b\nlink b a", "/a/new", false),
        ("fifo etc/new", "/etc/new", true),
        ("dir etc/new/full", "/etc/new", false),
        ("dir etc", "/", false),
    ];
    for (image, path, possible) in table {
        for operation in ["link", "file"] {
            let context = format!("{operation} {path} in: {image}");
            let trees = Trees::new(image);
            let root = trees.root();
            let result = match operation {
                "link" => root.symlink("target", path),
                _ => root.write_file_atomic(path, b"new", 0o644),
            };
            assert_eq!(result.is_ok(), possible, "{context}: {result:?}");
            trees.assert_host_untouched(&context);
            if possible && operation == "file" {
                assert_eq!(outcome(root.read_file(path, LIMIT)), "new", "{context}");
            }
        }
    }
}

#[test]
fn links_and_files_are_replaced_in_one_step_and_nothing_is_left_behind() {
    let trees = Trees::new("file lib/regular text\nlink lib/other elsewhere\nlink lib/same target");
    let root = trees.root();
    let table = [
        ("new", Change::Created),
        ("same", Change::Unchanged),
        ("other", Change::Replaced),
        ("regular", Change::Replaced),
    ];
    for (name, expected) in table {
        assert_eq!(root.symlink("target", format!("/lib/{name}")).unwrap(), expected, "{name}");
        assert_eq!(root.symlink("target", format!("/lib/{name}")).unwrap(), Change::Unchanged, "{name}");
    }
    let names: Vec<_> = root.list("/lib").unwrap().unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["new", "other", "regular", "same"]);
}

#[test]
fn a_file_is_written_with_its_mode_and_left_alone_when_it_is_right() {
    let trees = Trees::new("dir etc");
    let root = trees.root();
    assert_eq!(root.write_file_atomic("/etc/f", b"one", 0o444).unwrap(), Change::Created);
    assert_eq!(root.write_file_atomic("/etc/f", b"one", 0o444).unwrap(), Change::Unchanged);
    assert_eq!(root.write_file_atomic("/etc/f", b"one", 0o644).unwrap(), Change::Replaced);
    assert_eq!(root.write_file_atomic("/etc/f", b"two", 0o644).unwrap(), Change::Replaced);
    let mode = fs::metadata(trees.image().join("etc/f")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o644);
}

#[test]
fn what_a_killed_run_left_is_taken_over() {
    let trees =
        Trees::new("file etc/.f.longshore half\nfile etc/f old\nlink lib/.l.longshore x\nlink lib/l y");
    let root = trees.root();
    assert_eq!(root.write_file_atomic("/etc/f", b"new", 0o644).unwrap(), Change::Replaced);
    assert_eq!(root.symlink("z", "/lib/l").unwrap(), Change::Replaced);
    assert_eq!(root.list("/etc").unwrap().unwrap().len(), 1);
    assert_eq!(root.list("/lib").unwrap().unwrap().len(), 1);
}

#[test]
fn directories_are_made_with_their_modes() {
    let trees = Trees::new("link opt /srv\ndir srv");
    let root = trees.root();
    root.make_directory("/opt/a/b", 0o555).unwrap();
    let mode = |path: &str| fs::metadata(trees.image().join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("srv/a"), mode("srv/a/b")), (0o755, 0o555));
}

#[test]
fn nothing_is_made_or_read_on_file_systems_of_the_kernel() {
    // The image's own /proc is the machine's here, as when a link of the image leads to one.
    let root = ContainerRoot::open("/proc").unwrap();
    for path in ["/new", "/self/new", "/sys/kernel/new"] {
        let failure = root.write_file_atomic(path, b"x", 0o644).unwrap_err();
        assert_eq!(failure.code().unwrap().as_str(), "R304", "{path}: {failure:?}");
    }
    assert_eq!(outcome(root.read_file("/version", LIMIT)), "R302", "nor is anything read there");
    assert_eq!(root.read_if_regular("/version", LIMIT).unwrap(), None);
    let failure = root.read_file("/self/root/etc/passwd", LIMIT).unwrap_err();
    assert_eq!(failure.code().unwrap().as_str(), "R304", "magic links are refused: {failure:?}");
}

#[test]
fn the_machines_own_root_is_refused() {
    for path in ["/", "//", "/.", "/proc/self/root", "", "/no/such/directory", "/etc/passwd"] {
        let failure = ContainerRoot::open(path).unwrap_err();
        assert_eq!(failure.code().unwrap().as_str(), "R301", "{path}");
    }
}

#[test]
fn facts_are_told_of_links_and_of_what_they_lead_to() {
    let trees = Trees::new("file f text\nlink l f\nlink dangling nowhere\nfifo p");
    let root = trees.root();
    let kind = |stat: Option<rootfs::Stat>| stat.map(|stat| stat.kind);
    assert_eq!(kind(root.stat("/l").unwrap()), Some(Kind::File));
    assert_eq!(kind(root.lstat("/l").unwrap()), Some(Kind::Symlink));
    assert_eq!(kind(root.stat("/dangling").unwrap()), None);
    assert_eq!(kind(root.stat("/p").unwrap()), Some(Kind::Fifo));
    assert_eq!(root.read_link("/l").unwrap().unwrap(), "f");
    assert_eq!(root.read_link("/f").unwrap(), None);
}

#[test]
fn modes_are_set_inside_only_and_on_files_and_directories_only() {
    let trees = Trees::new("dir d\nlink l HOST/secret\nfifo p");
    let before = fs::metadata(trees.host().join("secret")).unwrap().permissions();
    let root = trees.root();
    assert!(root.set_mode("/d", 0o711).unwrap());
    for path in ["/l", "/p", "/missing"] {
        assert!(!root.set_mode(path, 0o777).unwrap(), "{path}");
    }
    assert_eq!(fs::metadata(trees.image().join("d")).unwrap().permissions().mode() & 0o7777, 0o711);
    assert_eq!(fs::metadata(trees.host().join("secret")).unwrap().permissions(), before);
}

#[test]
fn no_failure_tells_a_path_of_the_machine() {
    let trees = Trees::new("fifo etc/conf\nfile lib text");
    let root = trees.root();
    let machine = Path::new(trees.folder.path()).to_str().unwrap().to_owned();
    for failure in [root.read_file("/etc/conf", 9).unwrap_err(), root.symlink("a", "/lib/b").unwrap_err()] {
        assert!(!failure.line().contains(&machine), "{failure:?}");
    }
}
