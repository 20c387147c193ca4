//! A directory as the root of a machine: links stay inside it, limits hold, errors name the path.
#![expect(clippy::disallowed_methods, reason = "the test lays out the directory that the host then reads")]

use host::{Host, Kind};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

fn machine() -> (tempfile::TempDir, Host) {
    let root = tempfile::tempdir().expect("temporary directory");
    let at = |path: &str| root.path().join(path);
    fs::create_dir_all(at("usr/lib")).expect("directories");
    fs::write(at("usr/lib/libcuda.so.580.1"), "bytes").expect("file");
    symlink("/usr/lib", at("lib")).expect("absolute link");
    symlink("libcuda.so.580.1", at("usr/lib/libcuda.so.1")).expect("relative link");
    symlink("../../../../../../etc/passwd", at("escape")).expect("escaping link");
    fs::write(at("bad"), b"\xff").expect("file");
    let host = Host::at(root.path());
    (root, host)
}

#[test]
fn links_resolve_inside_the_root() {
    let (_root, host) = machine();
    assert_eq!(host.read_text("/lib/libcuda.so.1").expect("read"), "bytes");
    assert_eq!(host.resolve("/lib/libcuda.so.1").expect("resolve"), "/usr/lib/libcuda.so.580.1");
    assert_eq!(host.read_link("/lib/libcuda.so.1").expect("link").as_deref(), Some("libcuda.so.580.1"));
    assert_eq!(host.read_link("/usr/lib").expect("no link"), None);
    assert!(!host.exists("/escape"), "the root holds no /etc/passwd");
    assert!(host.resolve("/nowhere").is_err());
    assert_eq!(host.below("/lib").expect("below").read_text("/libcuda.so.1").expect("read"), "bytes");
}

#[test]
fn entries_come_sorted_with_their_own_kind() {
    let (_root, host) = machine();
    let found: Vec<_> =
        host.list("/lib").expect("list").into_iter().map(|entry| (entry.name, entry.kind)).collect();
    assert_eq!(found, [("libcuda.so.1".into(), Kind::Link), ("libcuda.so.580.1".into(), Kind::File)]);
    assert_eq!(host.lstat("/lib").expect("lstat").expect("there").kind, Kind::Link);
    assert_eq!(host.stat("/lib").expect("stat").expect("there").kind, Kind::Directory);
    assert_eq!(host.list_optional("/nowhere").expect("absent is no error"), None);
}

#[test]
fn what_cannot_be_read_is_named() {
    let (_root, host) = machine();
    for (failure, needle) in [
        (host.read("/nowhere"), "/nowhere does not exist"),
        (host.read_limited("/lib/libcuda.so.1", 4), "longer than 4 bytes"),
        (host.read_text("/bad").map(String::into_bytes), "/bad is not UTF-8"),
        (host.read("relative"), "not an absolute path"),
        (host.read("/usr"), "cannot read /usr"),
    ] {
        let text = failure.expect_err(needle).chain();
        assert!(text.contains(needle), "{text}");
    }
    assert_eq!(host.read_optional("/nowhere").expect("absent is no error"), None);
    assert_eq!(host.read_range("/lib/libcuda.so.1", 2, 100).expect("range"), b"tes");
    assert_eq!(host.read_range("/lib/libcuda.so.1", 99, 100).expect("past the end"), b"");
}

#[test]
fn a_silent_socket_gives_up() {
    let (root, host) = machine();
    let wait = Duration::from_millis(50);
    assert!(host.connect("/usr/s", wait).is_err(), "nothing there");
    let listener = UnixListener::bind(root.path().join("usr/s")).expect("socket");
    let start = Instant::now();
    let mut stream = host.connect("/usr/s", wait).expect("it listens");
    assert!(std::io::Read::read(&mut stream, &mut [0]).is_err(), "it never answers");
    assert!(start.elapsed() < Duration::from_secs(5));
    drop(listener);
}
