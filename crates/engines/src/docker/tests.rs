//! Through the file system: what is read, proposed, carried out and taken back.
#![expect(clippy::disallowed_methods, reason = "tests prepare and inspect directories of their own")]

use super::*;
use host::HostMut;
use proptest::prelude::*;
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

/// What may stand between two parts of a file: blanks, line breaks, remarks.
fn gap() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => Just(""),
        2 => Just(" "),
        1 => Just("\n    "),
        1 => Just("\t"),
        1 => Just("\r\n"),
        1 => Just(" /* mine, {\"a\": */ "),
        1 => Just(" // mine }\n"),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("true"),
        Just("null"),
        Just("1.10"),
        Just("-0"),
        Just("1e5"),
        Just("12345678901234567890"),
        Just("\"Z\\u00fcrich, {\\\"日本\\\"}\""),
        Just("\"https://r.example/x\""),
        Just("[]"),
        Just("{}"),
    ];
    leaf.prop_map(str::to_owned).prop_recursive(2, 12, 4, |inner| {
        let list = prop::collection::vec((gap(), inner.clone(), gap()), 1..4).prop_map(|parts| {
            format!("[{}]", joined(parts.iter().map(|(a, part, b)| format!("{a}{part}{b}"))))
        });
        prop_oneof![list, members(inner).prop_map(|members| format!("{{{members}}}"))]
    })
}

fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let key = prop::sample::subsequence(vec!["debug", "a b", "log-opts", "äß", "x\\\"y"], 0..4);
    (key, prop::collection::vec((gap(), gap(), value, gap()), 4)).prop_map(|(keys, values)| {
        joined(keys.iter().zip(&values).map(|(key, (a, b, value, c))| format!("{a}\"{key}\"{b}:{value}{c}")))
    })
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

/// Files of users, with none, some or all of what we write in them already.
fn documents() -> impl Strategy<Value = String> {
    let ours = prop::sample::subsequence(
        vec![
            "\"runtimes\": { \"other\" :{\"path\":\"/o\" , \"runtimeArgs\": [ ]} }",
            "\"default-runtime\" : \"nvidia\" ",
            "\"features\":{ /* on */ \"buildkit\": true}",
        ],
        0..=3,
    );
    let around = (gap(), gap(), gap(), prop_oneof![3 => Just(""), 1 => Just(",")]);
    (ours, members(value()), around, any::<bool>()).prop_map(|(ours, others, (a, b, c, comma), first)| {
        let ours = joined(ours.iter().map(|text| (*text).to_owned()));
        let halves = if first { [ours, others] } else { [others, ours] };
        let inside = joined(halves.into_iter().filter(|half| !half.is_empty()));
        let comma = if inside.is_empty() { "" } else { comma };
        format!("{a}{{{b}{inside}{comma}{c}}}{a}")
    })
}

/// Whether all bytes of one text are found in another, in order.
fn contains_in_order(after: &[u8], before: &[u8]) -> bool {
    let mut rest = after.iter();
    before.iter().all(|byte| rest.any(|other| other == byte))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn twice_is_once_undo_gives_the_same_bytes_and_nothing_of_others_is_lost(
        document in documents(),
        cdi: bool,
        default: bool,
    ) {
        let wanted = Desired { enable_cdi: cdi, set_as_default: default, ..desired() };
        let (_root, host) = machine(Some(document.as_bytes()));
        let state = read(&host, ENGINE.default_config).unwrap();
        let id = host.apply(&plan(&state, &wanted).unwrap()).unwrap().id.expect("a runtime is added");
        let after = host.read_optional(ENGINE.default_config).unwrap().unwrap_or_default();
        let bare: String = document.split_whitespace().collect();
        if bare != "{}" {
            prop_assert!(
                contains_in_order(&after, document.as_bytes()),
                "{document:?} became {:?}", String::from_utf8_lossy(&after)
            );
        }
        let state = read(&host, ENGINE.default_config).unwrap();
        prop_assert!(state.has_runtime("nvidia"));
        prop_assert_eq!(state.cdi == Some(true), cdi);
        prop_assert!(plan(&state, &wanted).unwrap().is_empty(), "a second run has nothing to do");
        host.undo(&id).unwrap();
        let undone = host.read_optional(ENGINE.default_config).unwrap();
        prop_assert_eq!(undone.as_deref(), Some(document.as_bytes()));
    }
}

#[test]
fn the_socket_is_where_the_file_says() {
    for (text, expected) in [
        ("{\"hosts\": [\"tcp://0.0.0.0:2375\", \"unix:///srv/d.sock\"]}", Some("/srv/d.sock")),
        ("{\"hosts\": [\"tcp://0.0.0.0:2375\"]}", None),
        ("{\"hosts\": []}", Some("/run/docker.sock")),
        ("{\"hosts\": 7}", Some("/run/docker.sock")),
        ("not JSON", Some("/run/docker.sock")),
    ] {
        let (_root, host) = machine(Some(text.as_bytes()));
        assert_eq!(detect(&host)[0].socket.as_deref(), expected, "{text}");
    }
}
