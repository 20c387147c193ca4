//! Files of container engines: what is proposed for a readable one says what is wanted, so that nothing is
//! left to do after it. The first byte chooses the engine and what is wanted of it.
#![no_main]

use engines::{Desired, ENGINES, Engine, Files, Release};
use host::Host;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// Memory where there is any: each run writes files.
static ROOT: LazyLock<TempDir> = LazyLock::new(|| {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a directory for temporary files")
});

fn below(path: &str) -> PathBuf {
    ROOT.path().join(path.trim_start_matches('/'))
}

fn write(path: &str, bytes: &[u8]) {
    let path = below(path);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder in it");
    fs::write(path, bytes).expect("a file in it");
}

/// The file of an engine that is given, and what else is there.
fn place(engine: &Engine) -> &'static str {
    match engine.name {
        "k3s" => "/var/lib/rancher/k3s/agent/etc/containerd/config.toml.tmpl",
        "rke2" => "/var/lib/rancher/rke2/agent/etc/containerd/config-v3.toml.tmpl",
        _ => engine.default_config,
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((choice, text)) = bytes.split_first() else { return };
    let engine = &ENGINES[usize::from(choice & 7) % ENGINES.len()];
    for folder in ["etc", "var"] {
        let _ = fs::remove_dir_all(ROOT.path().join(folder));
    }
    write(place(engine), text);
    let host = Host::at(ROOT.path());
    let files = Files {
        config: place(engine),
        drop_in: engine.default_drop_in.unwrap_or_default(),
        dumped: None,
        release: [None, Some(Release(1, 7)), Some(Release(2, 1)), None][usize::from(choice >> 6)],
    };
    let desired = Desired {
        runtime_name: "nvidia".to_owned(),
        runtime_path: "/usr/bin/nvidia-container-runtime".to_owned(),
        set_as_default: choice & 8 != 0,
        enable_cdi: choice & 16 != 0,
    };
    let Ok(proposal) = (engine.propose)(&host, &files, &desired) else { return };
    for step in &proposal.plan.steps {
        if let plan::Step::Write { path, after, .. } = step {
            write(path, after);
        }
    }
    let again = (engine.propose)(&host, &files, &desired).expect("a changed file is readable");
    assert!(again.plan.is_empty(), "a second run has something to do: {:?}", again.plan);
});
