//! Docker's `daemon.json`: what is proposed for a readable file registers the runtime, and nothing
//! is left to do after it.
#![no_main]

use engines::{Desired, docker};
use host::Host;
use std::sync::LazyLock;
use tempfile::TempDir;

/// Memory where there is any: each run writes a file.
static ROOT: LazyLock<TempDir> = LazyLock::new(|| {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a directory for temporary files")
});

fn read(bytes: &[u8]) -> diag::Result<docker::State> {
    std::fs::write(ROOT.path().join("daemon.json"), bytes).expect("a file in it");
    docker::read(&Host::at(ROOT.path()), "/daemon.json")
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(state) = read(bytes) else { return };
    let desired = Desired {
        runtime_name: "nvidia".to_owned(),
        runtime_path: "nvidia-container-runtime".to_owned(),
        set_as_default: true,
        enable_cdi: true,
    };
    let Ok(plan) = docker::plan(&state, &desired) else { return };
    let Some(plan::Step::Write { after, .. }) = plan.steps.first() else { return };
    let changed = read(after).expect("a changed file is readable");
    assert!(changed.has_runtime("nvidia"));
    assert_eq!((changed.default_runtime.as_deref(), changed.cdi), (Some("nvidia"), Some(true)));
    let rest = docker::plan(&changed, &desired).expect("a changed file can be planned for");
    assert!(rest.steps.is_empty());
});
