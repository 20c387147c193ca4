//! Words that must not stand in the sources, and the addresses of what is allowed in few places.

use house::sources::{files_with, rust_files};

/// Module and crate names that say nothing.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "misc"];

/// Crates that may touch files, processes and the environment, each with its reason.
const DOORS: &[(&str, &str)] = &[
    ("crates/host/", "the trusted world"),
    ("crates/rootfs/", "the untrusted world"),
    ("crates/nvml/", "loads the NVML library in its own child"),
    ("crates/sim/", "makes the namespace of a simulated host"),
    ("crates/sim-nvml/", "stands in for a driver library inside a simulation"),
    ("crates/sim-smi/", "stands in for a driver program inside a simulation"),
    ("crates/cli/", "the only place that prints"),
    ("crates/house/", "reads the workspace's own sources"),
    ("crates/conformance/", "runs binaries under test"),
    ("bins/", "arguments enter here"),
    ("xtask/", "the project's own tasks"),
];

/// Files that may hold `unsafe`, each with its reason.
const UNSAFE: &[(&str, &str)] = &[
    ("crates/nvml/src/library.rs", "the C interface of NVML, loaded at run time in the child"),
    ("crates/rootfs/src/syscalls.rs", "system calls that rustix does not wrap"),
    ("crates/runtime/src/prestart/bpf.rs", "the bpf system call: device programs of cgroup v2"),
    ("crates/sim/src/door/system.rs", "namespaces of a simulated host"),
    ("crates/sim-nvml/src/abi.rs", "the C interface that NVML's callers expect"),
    ("crates/sim-nvml/tests/c_interface.rs", "calls the built library as a C program does"),
    ("crates/sim-smi/src/nvml.rs", "calls NVML as the real program does"),
];

#[test]
fn no_empty_names() {
    let found: Vec<String> = rust_files()
        .iter()
        .filter(|source| {
            source.path.trim_end_matches(".rs").split('/').any(|part| EMPTY_NAMES.contains(&part))
        })
        .map(|source| source.path.clone())
        .collect();
    assert!(found.is_empty(), "names that say nothing: {found:#?}");
}

#[test]
fn ambient_access_only_in_doors() {
    let found: Vec<String> = rust_files()
        .iter()
        .filter(|source| !DOORS.iter().any(|(folder, _)| source.path.starts_with(folder)))
        .filter(|source| {
            let production: Vec<&str> = source.production_lines().collect();
            !source.is_test_code() && production.join("\n").contains("clippy::disallowed_methods")
        })
        .map(|source| source.path.clone())
        .collect();
    assert!(found.is_empty(), "ambient access outside the doors: {found:#?}");
}

#[test]
fn unsafe_has_an_address() {
    let holds_unsafe = |text: &str| {
        text.lines().any(|line| {
            let line = line.trim_start();
            !line.starts_with("//")
                && (line.contains(concat!("unsafe", " {")) || line.starts_with(concat!("unsafe", " impl")))
        })
    };
    let found: Vec<String> = rust_files()
        .iter()
        .filter(|source| holds_unsafe(&source.text))
        .filter(|source| !UNSAFE.iter().any(|(path, _)| *path == source.path))
        .map(|source| source.path.clone())
        .collect();
    assert!(found.is_empty(), "`unsafe` without a listed address: {found:#?}");
    for (path, reason) in UNSAFE {
        let listed = rust_files().into_iter().find(|source| source.path == *path);
        assert!(
            listed.is_some_and(|source| holds_unsafe(&source.text)),
            "{path} holds no unsafe: unlist it ({reason})"
        );
    }
}

#[test]
fn nothing_is_left_behind() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("to", "do!("),
        concat!("db", "g!("),
    ];
    let found: Vec<String> = files_with(&["rs", "md", "toml"])
        .iter()
        .flat_map(|source| {
            source
                .text
                .lines()
                .enumerate()
                .filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)))
                .map(|(number, line)| format!("{}:{}: {}", source.path, number + 1, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "left behind: {found:#?}");
}
