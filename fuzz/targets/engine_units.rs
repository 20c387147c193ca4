//! Units of systemd and their drop-ins, as engines are found by them.
#![no_main]

use engines::ENGINES;
use host::Host;
use std::fs;
use std::sync::LazyLock;
use tempfile::TempDir;

/// Memory where there is any: each run writes files.
static ROOT: LazyLock<TempDir> = LazyLock::new(|| {
    let root = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a directory for files");
    for folder in ["etc/systemd/system/docker.service.d", "etc/docker", "etc/rancher/k3s", "var/lib/dpkg"] {
        fs::create_dir_all(root.path().join(folder)).expect("a folder in it");
    }
    root
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    let root = ROOT.path();
    // What stands after a line of dashes is a drop-in, the settings of k3s, or a file of variables.
    let mut parts = text.split("\n---\n");
    for file in [
        "etc/systemd/system/docker.service",
        "etc/systemd/system/docker.service.d/x.conf",
        "etc/docker/environment",
        "etc/rancher/k3s/config.yaml",
    ] {
        fs::write(root.join(file), parts.next().unwrap_or_default()).expect("a file in it");
    }
    let unit = root.join("etc/systemd/system/k3s.service");
    fs::write(unit, text).expect("a file in it");
    fs::write(root.join("var/lib/dpkg/status"), text).expect("a file in it");
    let host = Host::at(root);
    for engine in ENGINES {
        for found in (engine.detect)(&host) {
            assert!(found.config.starts_with('/'), "{found:?}");
            assert!(found.socket.is_none_or(|socket| socket.starts_with('/')));
        }
        let _ = engines::release(&host, engine, None);
        let _ = engines::choose(&host, engine, engines::Wish { rootless: false });
    }
});
