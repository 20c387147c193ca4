//! `config.json`: what is read, what is kept, what is refused.

use oci::{Config, Device, Hook, Mount, Stage};
use proptest::prelude::*;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

const ENGINE: &str = r#"{ "ociVersion": "1.0.2-dev",
  "process": {"user": {"uid": 1000, "gid": 50, "umask": 18}, "env": ["PATH=/bin", "A=1"], "later\u0020key": 1.10,
              "capabilities": {"bounding": ["CAP_KILL"]}},
  "root": {"path": "rootfs"}, "x": 100000000000000000000001, "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc", "future": [1E2]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": null}],
  "annotations": {"b": "2", "a": "1"},
  "linux": {"namespaces": [{"type": "futurens"}], "seccomp": {"k" : -0 }, "resources": {"devices": [{"allow": false, "access": "rwm"}], "y": []}},
  "hooks": {"prestart": [{"path": "/usr/bin/nvidia-container-runtime-hook", "args": ["x", "prestart"], "z": 1}, {"path": "/bin/other"}]}
}
"#;

fn engine() -> Config {
    Config::parse(ENGINE.as_bytes()).expect("the engine's config is fine")
}

#[test]
fn unedited_config_gives_the_same_bytes() {
    assert!(!engine().is_edited());
    assert_eq!(engine().to_bytes(), ENGINE.as_bytes());
}

#[test]
fn readers_give_what_is_written() {
    let config = engine();
    assert_eq!(config.oci_version().as_deref(), Some("1.0.2-dev"));
    assert_eq!(config.env(), ["PATH=/bin", "A=1"]);
    assert_eq!(config.annotations(), [("b".into(), "2".into()), ("a".into(), "1".into())]);
    assert_eq!(config.root_path().as_deref(), Some("rootfs"));
    assert_eq!(config.process_user(), (1000, 50));
    assert_eq!(config.bounding_capabilities(), ["CAP_KILL"]);
    assert_eq!(config.namespaces()[0].kind, "futurens");
    assert_eq!(config.mounts()[1].options, Vec::<String>::new());
    assert_eq!(config.hooks(Stage::Prestart).len(), 2);
    assert!(config.devices().is_empty());
}

#[test]
fn capabilities_may_be_flat_as_in_old_versions() {
    let bounding = |text: &str| Config::parse(text.as_bytes()).map(|config| config.bounding_capabilities());
    assert_eq!(bounding(r#"{"process":{"capabilities":["CAP_A"]}}"#).unwrap(), ["CAP_A"]);
    assert!(bounding(r#"{"process":{"capabilities":{"effective":["CAP_A"]}}}"#).unwrap().is_empty());
    assert!(bounding(r#"{"process":{"capabilities":null}}"#).unwrap().is_empty());
    assert!(bounding(r#"{"process":{"capabilities":7}}"#).is_err());
}

#[test]
fn edits_land_where_they_belong_and_keep_the_rest() {
    let mut config = engine();
    config.push_env("B=2").unwrap();
    config
        .set_device(&Device { path: "/dev/x".into(), kind: "c".into(), major: 195, ..Device::default() })
        .unwrap();
    config
        .set_device(&Device { path: "/dev/x".into(), kind: "c".into(), major: 1, ..Device::default() })
        .unwrap();
    config
        .add_mount(&Mount { destination: "/proc".into(), source: Some("/p".into()), ..Mount::default() })
        .unwrap();
    config.sort_mounts().unwrap();
    assert_eq!(config.remove_hooks(Stage::Prestart, |path| path.ends_with("-runtime-hook")).unwrap(), 1);
    config.push_hook(Stage::CreateContainer, &Hook { path: "/h".into(), ..Hook::default() }).unwrap();
    config.add_gid(44).unwrap();
    config.add_gid(44).unwrap();

    let text = String::from_utf8(config.to_bytes()).unwrap();
    for kept in [
        "\"later\\u0020key\":1.10",
        "\"x\":100000000000000000000001",
        "\"seccomp\":{\"k\" : -0 }",
        "\"umask\":18",
    ] {
        assert!(text.contains(kept), "{kept} is lost in {text}");
    }
    let again = Config::parse(text.as_bytes()).unwrap();
    assert_eq!(again.env(), ["PATH=/bin", "A=1", "B=2"]);
    assert_eq!(
        again.devices().iter().map(|d| (d.path.as_str(), d.major)).collect::<Vec<_>>(),
        [("/dev/x", 1)]
    );
    let mounts: Vec<_> = again.mounts().into_iter().map(|m| m.destination).collect();
    assert_eq!(mounts, ["/proc", "/dev/pts"], "shallow ones first");
    assert_eq!(again.hooks(Stage::Prestart)[0].path, "/bin/other");
    assert_eq!(again.hooks(Stage::CreateContainer)[0].path, "/h");
    assert_eq!(again.user().additional_gids, [44]);
}

#[test]
fn missing_parts_are_made() {
    let mut config = Config::parse(br#"{"process":{"env":null},"mounts":null}"#).unwrap();
    config.push_env("A=1").unwrap();
    config.add_gid(5).unwrap();
    config.allow_device(&oci::DeviceRule { allow: true, ..oci::DeviceRule::default() }).unwrap();
    let expected = r#"{"process":{"env":["A=1"],"user":{"additionalGids":[5]}},"mounts":null,"linux":{"resources":{"devices":[{"allow":true}]}}}"#;
    assert_eq!(String::from_utf8(config.to_bytes()).unwrap().trim_end(), expected);
}

#[test]
fn hostile_texts_are_refused_quickly_with_a_reason() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let deep = format!(r#"{{"a":{deep}}}"#);
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(oci::MAX_BYTES));
    let cases: &[(&[u8], &str)] = &[
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"{}x", "not valid JSON"),
        (b"{}\0", "not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b"{\"a\":\"\xff\"}", "not UTF-8"),
        (b"[]", "is not an object"),
        (b"null", "is not an object"),
        (b"7", "is not an object"),
        (br#"{"process":[]}"#, "process is not an object"),
        (br#"{"process":{"env":"A=1"}}"#, "process.env has an unexpected form"),
        (br#"{"process":{"env":[1]}}"#, "process.env has an unexpected form"),
        (br#"{"mounts":{}}"#, "mounts has an unexpected form"),
        (br#"{"linux":{"devices":[{"type":"c"}]}}"#, "linux.devices has an unexpected form"),
        (br#"{"annotations":{"a":1}}"#, "annotations has a value that is no string"),
        (br#"{"mounts":[],"mounts":[]}"#, "\"mounts\" stands twice"),
        (br#"{"process":{"env":[],"e\u006ev":[]}}"#, "\"env\" stands twice in process"),
        (deep.as_bytes(), "deeper than 128"),
        (large.as_bytes(), "more than the limit"),
    ];
    for (text, reason) in cases {
        let shown = String::from_utf8_lossy(&text[..text.len().min(60)]).into_owned();
        let started = std::time::Instant::now();
        let failure = Config::parse(text).map(|_| ()).expect_err(&shown);
        assert!(failure.line().contains(reason), "{shown}: {}", failure.line());
        assert!(started.elapsed().as_secs() < 2, "{shown}: slow");
    }
}

/// JSON text with blanks, escapes and numbers that a round trip through a typed model would change.
fn odd_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("1.10".to_owned()),
        Just("1E2".to_owned()),
        Just("-0".to_owned()),
        Just("123456789012345678901234".to_owned()),
        Just("null".to_owned()),
        Just("\"a\\/b\\u00e9\"".to_owned()),
        "[a-z]{0,6}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[ {} ]", items.join(" ,"))),
            prop::collection::vec(inner, 0..4).prop_map(|items| {
                let members: Vec<_> =
                    items.iter().enumerate().map(|(i, v)| format!("\"k{i}\" : {v}")).collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

fn members(text: &str) -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_str(text).expect("an object")
}

proptest! {
    #[test]
    fn unknown_keys_survive_every_edit(top in odd_json(), process in odd_json(), linux in odd_json(), resources in odd_json()) {
        let text = format!(
            r#"{{"q1": {top}, "process": {{"q2": {process}, "env": ["A=1"]}}, "linux": {{"q3": {linux}, "resources": {{"q4": {resources}}}}}}}"#
        );
        let mut config = Config::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(config.to_bytes(), text.as_bytes());
        config.push_env("B=2").unwrap();
        config.add_gid(7).unwrap();
        config.set_device(&Device { path: "/dev/x".into(), ..Device::default() }).unwrap();
        config.allow_device(&oci::DeviceRule::default()).unwrap();
        config.add_mount(&Mount { destination: "/m".into(), ..Mount::default() }).unwrap();
        config.sort_mounts().unwrap();
        config.push_hook(Stage::CreateContainer, &Hook { path: "/h".into(), ..Hook::default() }).unwrap();

        let bytes = config.to_bytes();
        let root = members(std::str::from_utf8(&bytes).unwrap());
        prop_assert_eq!(root["q1"].get(), top);
        let process_members = members(root["process"].get());
        prop_assert_eq!(process_members["q2"].get(), process);
        let linux_members = members(root["linux"].get());
        prop_assert_eq!(linux_members["q3"].get(), linux);
        let resource_members = members(linux_members["resources"].get());
        prop_assert_eq!(resource_members["q4"].get(), resources);
        prop_assert_eq!(Config::parse(&bytes).unwrap().env(), ["A=1", "B=2"]);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Config::parse(&bytes);
        let _ = oci::State::parse(&bytes);
    }

    #[test]
    fn no_damage_panics(at in 0..ENGINE.len(), byte in any::<u8>()) {
        let mut bytes = ENGINE.as_bytes().to_vec();
        bytes[at] = byte;
        if let Ok(mut config) = Config::parse(&bytes) {
            let _ = config.push_env("A=1");
            let _ = config.add_mount(&Mount { destination: "/m".into(), ..Mount::default() });
            let _ = config.sort_mounts();
            prop_assert!(serde_json::from_slice::<&RawValue>(&config.to_bytes()).is_ok());
        }
    }
}

/// Found by fuzzing: items whose unknown keys stand twice were neither replaced nor removed.
#[test]
fn items_with_a_key_that_stands_twice_are_found_by_their_name() {
    let text = r#"{"ociVersion":"1.2.0","mounts":[{"destination":"/proc","new":1,"new":2}],
        "hooks":{"prestart":[{"path":"/old","new":1,"new":2}]},
        "linux":{"devices":[{"path":"/dev/x","type":"c","new":1,"new":2}]}}"#;
    let mut config = Config::parse(text.as_bytes()).unwrap();
    config.add_mount(&Mount { destination: "/proc".into(), ..Mount::default() }).unwrap();
    config.set_device(&Device { path: "/dev/x".into(), kind: "c".into(), ..Device::default() }).unwrap();
    assert_eq!(config.remove_hooks(Stage::Prestart, |path| path == "/old").unwrap(), 1);

    let again = Config::parse(&config.to_bytes()).unwrap();
    assert_eq!((again.mounts().len(), again.devices().len()), (1, 1));
    assert_eq!(again.hooks(Stage::Prestart).len(), 0);
}
