//! Through the file system: what is read, proposed, carried out and taken back.
#![expect(clippy::disallowed_methods, reason = "tests prepare and inspect directories of their own")]

use super::*;
use host::HostMut;
use std::fs;
use tempfile::TempDir;

fn desired() -> Desired {
    Desired {
        runtime_name: "nvidia".to_owned(),
        runtime_path: "nvidia-container-runtime".to_owned(),
        set_as_default: true,
        enable_cdi: false,
    }
}

fn machine(daemon_json: Option<&[u8]>) -> (TempDir, HostMut) {
    let root = tempfile::tempdir().unwrap();
    if let Some(bytes) = daemon_json {
        fs::create_dir_all(root.path().join("etc/docker")).unwrap();
        fs::write(root.path().join("etc/docker/daemon.json"), bytes).unwrap();
    }
    let host = HostMut::new(Host::at(root.path()), "/journal");
    (root, host)
}

#[test]
fn configuring_and_undoing_gives_the_same_bytes() {
    let files: [Option<&[u8]>; 5] = [
        None,
        Some(b""),
        Some(b"{\n\t// mine\n\t\"shm\": 1.10\n}"),
        Some(b"{\"runtimes\":{\"nvidia\":{\"path\":\"/old\"}},\"default-runtime\":\"runc\"}"),
        Some(b"\xef\xbb\xbf{\"debug\": true}\r\n"),
    ];
    for before in files {
        let (_root, host) = machine(before);
        let plan = plan(&read(&host, ENGINE.default_config).unwrap(), &desired()).unwrap();
        let id = host.apply(&plan).unwrap().id.expect("a change has a journal entry");
        let state = read(&host, ENGINE.default_config).unwrap();
        assert!(state.has_runtime("nvidia"));
        assert_eq!(state.default_runtime.as_deref(), Some("nvidia"));
        assert!(super::plan(&state, &desired()).unwrap().is_empty(), "a second run has nothing to do");
        host.undo(&id).unwrap();
        assert_eq!(host.read_optional(ENGINE.default_config).unwrap().as_deref(), before);
    }
}

#[test]
fn the_state_tells_what_the_file_says() {
    let text = br#"{
        "default-runtime": "crun",
        "features": {"cdi": false, "buildkit": true},
        "runtimes": {"crun": {"path": "/usr/bin/crun"}, "kata": {"runtimeType": "io.containerd.kata.v2"}}
    }"#;
    let (_root, host) = machine(Some(text));
    let state = read(&host, ENGINE.default_config).unwrap();
    let runtimes = [("crun".to_owned(), Some("/usr/bin/crun".to_owned())), ("kata".to_owned(), None)];
    assert_eq!(state.runtimes, runtimes);
    assert_eq!((state.default_runtime.as_deref(), state.cdi), (Some("crun"), Some(false)));
    assert!(state.exists() && !state.has_runtime("nvidia"));
    assert!(!read(&host, "/etc/docker/other.json").unwrap().exists());
}

#[test]
fn a_runtime_that_docker_would_refuse_is_refused() {
    let (_root, host) = machine(None);
    let state = read(&host, ENGINE.default_config).unwrap();
    for (name, path) in
        [("", "x"), ("runc", "x"), ("io.containerd.x", "x"), ("a b", "x"), ("a", ""), ("a", "b\n")]
    {
        let desired = Desired { runtime_name: name.to_owned(), runtime_path: path.to_owned(), ..desired() };
        assert_eq!(plan(&state, &desired).unwrap_err().code(), Some(codes::BAD_RUNTIME), "{name:?} {path:?}");
    }
    let odd =
        Desired { runtime_name: "a\"\\<&>".to_owned(), runtime_path: "/opt/a\"b".to_owned(), ..desired() };
    let (_root, host) = machine(None);
    host.apply(&plan(&state, &odd).unwrap()).unwrap();
    assert!(read(&host, ENGINE.default_config).unwrap().has_runtime("a\"\\<&>"));
}

#[test]
fn only_a_change_of_features_needs_a_restart() {
    for (before, cdi, expected) in [
        ("{}", false, Need::Reload),
        ("{}", true, Need::Restart),
        ("{\"features\": {\"cdi\": true}}", true, Need::Reload),
    ] {
        let (_root, host) = machine(Some(before.as_bytes()));
        let wanted = Desired { enable_cdi: cdi, ..desired() };
        let plan = plan(&read(&host, ENGINE.default_config).unwrap(), &wanted).unwrap();
        assert_eq!((ENGINE.need)(&plan), expected, "{before} {cdi}");
    }
}
