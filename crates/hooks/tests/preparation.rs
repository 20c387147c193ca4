//! The fused hook's work in trees of several kinds of images: what is in them afterwards, that a
//! second start changes nothing, and that hostile ones are neither followed nor waited for.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the tests build the trees themselves, and a failure to do so is a failed test"
)]

mod tree;

use formats::ldcache::{FLAGS_AARCH64, FLAGS_X86_64, LdCache, NewEntry};
use hooks::{HostTables, Preparation};
use rootfs::ContainerRoot;
use std::ffi::OsString;
use tree::Tree;

const DEBIAN: &str = "/usr/lib/x86_64-linux-gnu";

/// An image of Debian's layout with a merged `/usr` and the given `ld.so.conf`.
fn debian() -> Tree {
    let tree = Tree::new();
    tree.file("etc/debian_version", b"12.0\n");
    tree.file("etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n");
    tree.file(
        "etc/ld.so.conf.d/x86_64-linux-gnu.conf",
        b"/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n",
    );
    tree.directory("usr/lib/x86_64-linux-gnu");
    tree.link("lib", "usr/lib");
    tree.file("etc/ld.so.cache", &cache(&[("libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6")]));
    tree
}

fn cache(entries: &[(&str, &str)]) -> Vec<u8> {
    let new: Vec<NewEntry> = entries
        .iter()
        .map(|(soname, path)| NewEntry {
            soname: (*soname).to_owned(),
            path: (*path).to_owned(),
            flags: FLAGS_X86_64,
        })
        .collect();
    LdCache::default().merge(&new).to_bytes()
}

/// The cache's entries as `soname path`, in the order of the file.
fn entries(tree: &Tree) -> Vec<String> {
    let bytes = tree.read("etc/ld.so.cache");
    let parsed = LdCache::parse(&bytes).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    parsed.entries.iter().map(|entry| format!("{} {}", text(entry.soname), text(entry.path))).collect()
}

fn preparation(arguments: &str) -> Preparation {
    let arguments: Vec<OsString> = arguments.split_whitespace().map(OsString::from).collect();
    Preparation::parse(&arguments).unwrap()
}

/// One library as the fused hook is told of it.
fn with_cuda(folder: &str) -> Preparation {
    preparation(&format!(
        "--link libcuda.so.580.95.05::{folder}/libcuda.so.1 --link libcuda.so.1::{folder}/libcuda.so \
         --folder {folder} --library libcuda.so.1={folder}/libcuda.so.580.95.05"
    ))
}

/// Runs the preparation twice, as two starts of one container do; the second changes nothing.
fn run_twice(tree: &Tree, preparation: &Preparation) {
    run(tree, preparation).unwrap();
    let first = tree.listing();
    run(tree, preparation).unwrap();
    assert_eq!(tree.listing(), first, "a second start changed the container");
}

fn run(tree: &Tree, preparation: &Preparation) -> diag::Result<()> {
    preparation.run(&ContainerRoot::open(tree.path())?, &HostTables::default(), &[])
}

#[test]
fn the_cache_takes_the_spelling_that_it_already_uses() {
    let tree = debian();
    run_twice(&tree, &with_cuda(DEBIAN));
    assert_eq!(
        entries(&tree),
        [
            "libcuda.so.1 /lib/x86_64-linux-gnu/libcuda.so.1",
            "libcuda.so /lib/x86_64-linux-gnu/libcuda.so",
            "libc.so.6 /lib/x86_64-linux-gnu/libc.so.6",
        ]
    );
    let drop_ins: Vec<String> =
        tree.listing().into_iter().filter(|line| line.contains("ld.so.conf.d/")).collect();
    assert_eq!(drop_ins.len(), 1, "a covered directory needs no drop-in: {drop_ins:?}");
}

#[test]
fn a_cache_with_another_spelling_than_the_configuration_keeps_it() {
    let tree = debian();
    tree.file("etc/ld.so.cache", &cache(&[("libc.so.6", &format!("{DEBIAN}/libc.so.6"))]));
    run_twice(&tree, &with_cuda(DEBIAN));
    assert_eq!(entries(&tree)[0], format!("libcuda.so.1 {DEBIAN}/libcuda.so.1"));
}

#[test]
fn a_directory_that_is_not_searched_gets_one_drop_in() {
    let tree = debian();
    tree.directory("usr/lib64");
    run_twice(&tree, &with_cuda("/usr/lib64"));
    assert_eq!(tree.read("etc/ld.so.conf.d/00-nvcr-longshore.conf"), b"/usr/lib64\n");
    assert_eq!(entries(&tree)[0], "libcuda.so.1 /usr/lib64/libcuda.so.1");
    // The next start of this container is on a host whose driver lies elsewhere.
    run_twice(&tree, &with_cuda(DEBIAN));
    assert!(!tree.has("etc/ld.so.conf.d/00-nvcr-longshore.conf"));
}

#[test]
fn a_missing_soname_link_is_made_and_a_foreign_one_replaced() {
    let tree = debian();
    tree.file("usr/lib/x86_64-linux-gnu/libcuda.so", b"a file of the image");
    run_twice(&tree, &with_cuda(DEBIAN));
    assert_eq!(tree.link_text("usr/lib/x86_64-linux-gnu/libcuda.so"), "libcuda.so.1");
    let arguments =
        format!("--folder {DEBIAN} --library libnvidia-ml.so.1={DEBIAN}/libnvidia-ml.so.580.95.05");
    run_twice(&tree, &preparation(&arguments));
    assert_eq!(tree.link_text("usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1"), "libnvidia-ml.so.580.95.05");
    let arguments = format!("--folder {DEBIAN} --library libnvidia-tls.so.580={DEBIAN}/libnvidia-tls.so.580");
    run_twice(&tree, &preparation(&arguments));
    assert!(!tree.has("usr/lib/x86_64-linux-gnu/libnvidia-tls.so.580"), "a link to itself was made");
}

#[test]
fn images_without_a_loader_get_no_cache() {
    let tree = debian();
    tree.remove("etc/ld.so.cache");
    run_twice(&tree, &with_cuda("/usr/lib64"));
    assert!(!tree.has("etc/ld.so.cache"));
    assert_eq!(tree.link_text("usr/lib64/libcuda.so.1"), "libcuda.so.580.95.05");
}

/// Neither `ld.so.conf` nor a cache, as in distroless images: the layout tells what is built in.
#[test]
fn images_with_the_loader_of_glibc_get_a_cache() {
    let debian = ("usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu");
    for (layout, libc, cuda) in [debian, ("lib64", "/lib64", DEBIAN)] {
        let tree = Tree::new();
        tree.directory("usr/lib/x86_64-linux-gnu");
        tree.link("lib", "usr/lib");
        tree.library("lib64/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2");
        tree.library(&format!("{layout}/libc.so.6"), "libc.so.6");
        run_twice(&tree, &with_cuda(DEBIAN));
        let found = entries(&tree);
        assert!(found.contains(&format!("libcuda.so.1 {cuda}/libcuda.so.1")), "{layout}: {found:?}");
        assert!(found.contains(&format!("libc.so.6 {libc}/libc.so.6")), "{layout}: {found:?}");
    }
}

#[test]
fn musl_searches_the_folder_from_its_path_file() {
    let tree = Tree::new();
    tree.file("lib/ld-musl-x86_64.so.1", b"loader");
    // A stand-in for the other loader, as `gcompat` brings one, reads no cache.
    tree.file("lib64/ld-linux-x86-64.so.2", b"loader");
    run_twice(&tree, &with_cuda("/usr/lib64"));
    assert!(!tree.has("etc/ld.so.cache"));
    assert_eq!(tree.read("etc/ld-musl-x86_64.path"), b"/lib:/usr/local/lib:/usr/lib\n/usr/lib64\n");
}

#[test]
fn both_loaders_of_an_image_find_the_libraries() {
    for with_cache in [false, true] {
        let tree = debian();
        tree.file("lib/ld-musl-x86_64.so.1", b"loader");
        tree.library("lib64/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2");
        tree.library("usr/lib/x86_64-linux-gnu/libc.so.6", "libc.so.6");
        if !with_cache {
            tree.remove("etc/ld.so.cache");
        }
        run_twice(&tree, &with_cuda(DEBIAN));
        assert!(entries(&tree).contains(&"libcuda.so.1 /lib/x86_64-linux-gnu/libcuda.so.1".to_owned()));
        let path = String::from_utf8(tree.read("etc/ld-musl-x86_64.path")).unwrap();
        assert!(path.ends_with(&format!("\n{DEBIAN}\n")), "{path}");
    }
}

#[test]
fn libraries_for_newer_processors_are_listed_before_the_others() {
    let tree = debian();
    tree.remove("etc/ld.so.cache");
    let library =
        |path: &str, soname: &str| tree.library(&format!("usr/lib/x86_64-linux-gnu/{path}"), soname);
    tree.library("lib64/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2");
    library("libz.so.1", "libz.so.1");
    for file in ["x86-64-v3/libz.so.1.2", "x86-64-v3/libz.so.1.3", "x86-64-v2/libz.so.1", ".x/libz.so.1"] {
        library(&format!("glibc-hwcaps/{file}"), "libz.so.1");
    }
    tree.link("usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libz.so.1", "libz.so.1.2");
    tree.file("usr/lib/x86_64-linux-gnu/glibc-hwcaps/README", b"no folder");
    run_twice(&tree, &with_cuda(DEBIAN));
    let expected = |kind: &str| format!("libz.so.1 /lib/x86_64-linux-gnu/{kind}");
    let first = [
        expected("glibc-hwcaps/x86-64-v2/libz.so.1"),
        expected("glibc-hwcaps/x86-64-v3/libz.so.1.3"),
        expected("libz.so.1"),
    ];
    assert_eq!(entries(&tree)[..3], first);
    let bytes = tree.read("etc/ld.so.cache");
    let kinds = |bytes: &[u8]| LdCache::parse(bytes).unwrap().hwcaps.len();
    assert_eq!(kinds(&bytes), 2);
    // A folder whose libraries nobody has listed, for an image whose cache has other kinds already.
    tree.library("opt/lib/libz.so.1", "libz.so.1");
    tree.library("opt/lib/glibc-hwcaps/x86-64-v2/libz.so.1", "libz.so.1");
    tree.library("opt/lib/glibc-hwcaps/a/libz.so.1", "libz.so.1");
    tree.file("etc/ld.so.conf.d/00-compat-longshore.conf", b"/opt/lib\n");
    run_twice(&tree, &with_cuda(DEBIAN));
    let found = entries(&tree);
    let wanted = [
        "libz.so.1 /opt/lib/glibc-hwcaps/a/libz.so.1",
        "libz.so.1 /opt/lib/glibc-hwcaps/x86-64-v2/libz.so.1",
        "libz.so.1 /lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v2/libz.so.1",
        "libz.so.1 /lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libz.so.1.3",
        "libz.so.1 /opt/lib/libz.so.1",
        "libz.so.1 /lib/x86_64-linux-gnu/libz.so.1",
    ];
    assert_eq!(found[..6], wanted);
    assert_eq!(kinds(&tree.read("etc/ld.so.cache")), 3);
}

/// Two files for two machines with one SONAME: the loader can open only what the link leads to.
#[test]
fn one_name_of_a_folder_gets_one_entry() {
    let flags = |tree: &Tree| {
        let bytes = tree.read("etc/ld.so.cache");
        let cache = LdCache::parse(&bytes).unwrap();
        let entries = cache.entries.iter().filter(|entry| entry.soname == b"libz.so.1");
        entries.map(|entry| entry.flags).collect::<Vec<_>>()
    };
    for (linked, expected) in
        [("", FLAGS_X86_64), ("libz.so.1.2", FLAGS_AARCH64), ("libz.so.1.3", FLAGS_X86_64)]
    {
        let tree = debian();
        tree.remove("etc/ld.so.cache");
        tree.library("lib64/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2");
        let folder = "usr/lib/x86_64-linux-gnu";
        tree.library_for(183, &format!("{folder}/libz.so.1.2"), "libz.so.1");
        tree.library(&format!("{folder}/libz.so.1.3"), "libz.so.1");
        if !linked.is_empty() {
            tree.link(&format!("{folder}/libz.so.1"), linked);
        }
        run_twice(&tree, &with_cuda(DEBIAN));
        assert_eq!(flags(&tree), [expected], "{linked}");
    }
}

#[test]
fn any_part_of_an_include_may_be_a_pattern() {
    let tree = debian();
    tree.file("etc/ld.so.conf", b"include /opt/*/lib-[ab]*.conf\ninclude /etc/ld.so.conf.d/*.conf\n");
    tree.file("opt/two/lib-b.conf", b"/opt/two/lib\n");
    tree.file("opt/one/lib-a.conf", b"/opt/one/lib\n");
    tree.file("opt/one/lib-c.conf", b"/opt/three/lib\n");
    tree.file("opt/.hidden/lib-a.conf", b"/opt/three/lib\n");
    for (folder, is_covered) in [("opt/one/lib", true), ("opt/two/lib", true), ("opt/three/lib", false)] {
        tree.directory(folder);
        run_twice(&tree, &with_cuda(&format!("/{folder}")));
        assert_eq!(tree.has("etc/ld.so.conf.d/00-nvcr-longshore.conf"), !is_covered, "{folder}");
    }
}

#[test]
fn a_cache_larger_than_any_is_made_anew() {
    let tree = debian();
    tree.library("usr/lib/x86_64-linux-gnu/libc.so.6", "libc.so.6");
    let file = std::fs::File::options().write(true).open(tree.path().join("etc/ld.so.cache")).unwrap();
    file.set_len(1 << 40).unwrap();
    run(&tree, &with_cuda(DEBIAN)).unwrap();
    assert!(entries(&tree).contains(&"libc.so.6 /lib/x86_64-linux-gnu/libc.so.6".to_owned()));
}

#[test]
fn a_cache_that_cannot_be_read_is_made_anew_from_the_images_directories() {
    let good = cache(&[("libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6")]);
    for bytes in [&good[..good.len() - 5], b"", b"ld.so-1.7.0\0rest", b"glibc-ld.so.cache9.9"] {
        let tree = debian();
        tree.file("etc/ld.so.cache", bytes);
        tree.library("usr/lib/x86_64-linux-gnu/libc.so.6", "libc.so.6");
        tree.library("usr/lib/x86_64-linux-gnu/libz.so.1.2.13", "libz.so.1");
        tree.link("usr/lib/x86_64-linux-gnu/libz.so.1", "libz.so.1.2.13");
        tree.file("usr/lib/x86_64-linux-gnu/libnot.so", b"INPUT(libc.so.6)");
        run_twice(&tree, &with_cuda(DEBIAN));
        assert_eq!(
            entries(&tree),
            [
                "libz.so.1 /lib/x86_64-linux-gnu/libz.so.1",
                "libcuda.so.1 /lib/x86_64-linux-gnu/libcuda.so.1",
                "libcuda.so /lib/x86_64-linux-gnu/libcuda.so",
                "libc.so.6 /lib/x86_64-linux-gnu/libc.so.6",
            ],
            "{:?}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn newer_compat_libraries_come_first_and_go_when_they_are_no_longer_needed() {
    let tree = debian();
    tree.library("usr/local/cuda-13/compat/libcuda.so.590.10.01", "libcuda.so.1");
    tree.link("usr/local/cuda-13/compat/libcuda.so.1", "libcuda.so.590.10.01");
    tree.link("usr/local/cuda", "cuda-13");
    let mut preparation = with_cuda(DEBIAN);
    preparation.host_driver_version = Some("580.95.05".to_owned());
    run_twice(&tree, &preparation);
    assert_eq!(tree.read("etc/ld.so.conf.d/00-compat-longshore.conf"), b"/usr/local/cuda/compat\n");
    assert_eq!(
        entries(&tree)[..2],
        [
            "libcuda.so.1 /usr/local/cuda/compat/libcuda.so.1",
            "libcuda.so.1 /lib/x86_64-linux-gnu/libcuda.so.1"
        ]
    );
    preparation.host_driver_version = Some("590.10.01".to_owned());
    run_twice(&tree, &preparation);
    assert!(!tree.has("etc/ld.so.conf.d/00-compat-longshore.conf"));
    assert_eq!(entries(&tree)[0], "libcuda.so.1 /lib/x86_64-linux-gnu/libcuda.so.1");
}

#[test]
fn hostile_loader_files_are_neither_followed_nor_waited_for() {
    type Spoil = fn(&Tree);
    let table: [(&str, Spoil); 8] = [
        ("cache is a fifo", |tree| tree.fifo("etc/ld.so.cache")),
        ("cache is a directory", |tree| {
            tree.remove("etc/ld.so.cache");
            tree.directory("etc/ld.so.cache/full");
        }),
        ("cache leads to the host", |tree| tree.link("etc/ld.so.cache", tree.host("secret"))),
        ("configuration is a fifo", |tree| tree.fifo("etc/ld.so.conf")),
        ("drop-in is a fifo", |tree| tree.fifo("etc/ld.so.conf.d/a.conf")),
        ("configuration includes itself", |tree| tree.file("etc/ld.so.conf", b"include ld.so.conf\n")),
        ("library directory leads to the host", |tree| {
            tree.remove("usr/lib/x86_64-linux-gnu");
            tree.link("usr/lib/x86_64-linux-gnu", tree.host(""));
        }),
        ("library directory is a loop", |tree| {
            tree.remove("usr/lib/x86_64-linux-gnu");
            tree.link("usr/lib/x86_64-linux-gnu", "x86_64-linux-gnu");
        }),
    ];
    for (name, spoil) in table {
        let tree = debian();
        spoil(&tree);
        // Whether the container starts or is refused: the host is as it was, and nothing hangs.
        let outcome = run(&tree, &with_cuda(DEBIAN));
        assert_eq!(tree.host_listing(), ["secret"], "{name}: {outcome:?}");
        let refused = name.contains("directory");
        assert_eq!(outcome.is_err(), refused, "{name}: {outcome:?}");
        if !refused {
            assert!(name.contains("the host") || entries(&tree).len() >= 2, "{name}");
        }
    }
}

/// Files and links that are few for an image and, one by one, within their limits.
#[test]
fn a_configuration_that_never_ends_is_left_off() {
    type Spoil = fn(&Tree);
    let table: [(&str, Spoil); 6] = [
        ("one directory half a million times, in many files", |tree| {
            tree.file("etc/lines", &b"/\n".repeat(524_287));
            for number in 0..8 {
                tree.link(&format!("etc/ld.so.conf.d/{number:03}.conf"), "../lines");
            }
        }),
        ("lines that say nothing, in many files", |tree| {
            tree.file("etc/lines", &b"#              \n".repeat(65_535));
            for number in 0..8 {
                tree.link(&format!("etc/ld.so.conf.d/{number:03}.conf"), "../lines");
            }
        }),
        ("as many directories as there is room for", |tree| {
            let lines: String = (0..100_000).map(|number| format!("/{number}\n")).collect();
            tree.file("etc/ld.so.conf.d/x.conf", lines.as_bytes());
        }),
        ("patterns of many parts, for many folders", |tree| {
            (0..150).for_each(|number| tree.directory(&format!("g{number}")));
            let pattern = format!("include /g*/{}\n", "a/".repeat(2000));
            tree.file("etc/ld.so.conf.d/x.conf", pattern.repeat(200).as_bytes());
        }),
        ("patterns longer than paths and names", |tree| {
            let (parts, name) = ("a/".repeat(200_000), "[".repeat(200_000));
            tree.file("etc/ld.so.conf.d/x.conf", format!("include /*/{parts} /*/{name}\n").as_bytes());
        }),
        ("patterns in folders that are not there", |tree| {
            tree.file("etc/ld.so.conf.d/x.conf", &b"include /a/*\n".repeat(70_000));
        }),
    ];
    for (name, spoil) in table {
        let tree = debian();
        spoil(&tree);
        tree.directory("opt/driver");
        let start = std::time::Instant::now();
        run(&tree, &with_cuda("/opt/driver")).unwrap();
        assert_eq!(entries(&tree)[0], "libcuda.so.1 /opt/driver/libcuda.so.1", "{name}");
        assert!(start.elapsed().as_secs() < 5, "{name}");
    }
}

#[test]
fn a_folder_of_specialised_libraries_is_searched_once() {
    let tree = debian();
    tree.file("etc/ld.so.cache", b"none");
    for number in 0..50 {
        tree.library(&format!("libs/liba{number}.so"), &format!("liba{number}.so"));
    }
    for number in 0..16 {
        tree.link(&format!("kinds/k{number:02}"), "/libs");
    }
    let mut lines = String::new();
    for number in 0..8 {
        tree.link(&format!("d/{number:03}/glibc-hwcaps"), "/kinds");
        lines += &format!("/d/{number:03}\n");
    }
    tree.file("etc/ld.so.conf.d/x.conf", lines.as_bytes());
    run_twice(&tree, &with_cuda(DEBIAN));
    let found = entries(&tree);
    assert_eq!(found.len(), 52);
    assert_eq!(found[0], "libcuda.so.1 /lib/x86_64-linux-gnu/libcuda.so.1");
    assert!(found.contains(&"liba49.so /d/000/glibc-hwcaps/k00/liba49.so".to_owned()), "{found:#?}");
}
