//! States in which a `daemon.json` is met, and what becomes of each.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

const PATH: &str = "/etc/docker/daemon.json";

fn desired() -> Desired {
    Desired {
        runtime_name: "nvidia".to_owned(),
        runtime_path: "nvidia-container-runtime".to_owned(),
        set_as_default: false,
        enable_cdi: false,
    }
}

fn everything() -> Desired {
    Desired { set_as_default: true, enable_cdi: true, ..desired() }
}

fn configure(before: &[u8], desired: &Desired) -> Result<Vec<u8>> {
    Document::parse(PATH, before)?.with(desired)
}

/// Checks one state and that a second run changes nothing.
fn check(before: &str, desired: &Desired, expected: &str) {
    let after =
        configure(before.as_bytes(), desired).unwrap_or_else(|failure| panic!("{before}: {failure:?}"));
    assert_eq!(String::from_utf8_lossy(&after), expected, "from {before:?}");
    assert_eq!(configure(&after, desired).unwrap(), after, "a second run changed {expected:?}");
}

const FRESH: &str = r#"{
    "runtimes": {
        "nvidia": {
            "args": [],
            "path": "nvidia-container-runtime"
        }
    }
}
"#;

const FRESH_WITH_EVERYTHING: &str = r#"{
    "default-runtime": "nvidia",
    "features": {
        "cdi": true
    },
    "runtimes": {
        "nvidia": {
            "args": [],
            "path": "nvidia-container-runtime"
        }
    }
}
"#;

#[test]
fn a_file_without_content_becomes_the_known_text() {
    for blank in ["", "\n", "  \n\t", "{}", "{ }\n", "{\n}\n", "null", "null\n"] {
        check(blank, &desired(), FRESH);
        check(blank, &everything(), FRESH_WITH_EVERYTHING);
    }
    check("\u{feff}{}", &desired(), &format!("\u{feff}{FRESH}"));
}

#[test]
fn what_stands_in_the_file_keeps_its_place_and_form() {
    let cases = [
        (
            "keys of others, numbers, order",
            "{\n  \"log-opts\": {\"max-size\": \"10m\"},\n  \"shm\": 1.10,\n  \"debug\": false\n}\n",
            "{\n  \"log-opts\": {\"max-size\": \"10m\"},\n  \"shm\": 1.10,\n  \"debug\": false,\n  \"runtimes\": {\n    \"nvidia\": {\n      \"args\": [],\n      \"path\": \"nvidia-container-runtime\"\n    }\n  }\n}\n",
        ),
        (
            "tabs, no final newline",
            "{\n\t\"debug\": true\n}",
            "{\n\t\"debug\": true,\n\t\"runtimes\": {\n\t\t\"nvidia\": {\n\t\t\t\"args\": [],\n\t\t\t\"path\": \"nvidia-container-runtime\"\n\t\t}\n\t}\n}",
        ),
        (
            "carriage returns",
            "{\r\n  \"debug\": true\r\n}\r\n",
            "{\r\n  \"debug\": true,\r\n  \"runtimes\": {\r\n    \"nvidia\": {\r\n      \"args\": [],\r\n      \"path\": \"nvidia-container-runtime\"\r\n    }\r\n  }\r\n}\r\n",
        ),
        (
            "comments and a trailing comma",
            "{\n  // keep\n  \"debug\": true, /* and this */\n}\n",
            "{\n  // keep\n  \"debug\": true, /* and this */\n  \"runtimes\": {\n    \"nvidia\": {\n      \"args\": [],\n      \"path\": \"nvidia-container-runtime\"\n    }\n  },\n}\n",
        ),
        (
            "other runtimes",
            "{\n  \"runtimes\": {\n    \"kata\": {\n      \"path\": \"/usr/bin/kata\"\n    }\n  }\n}\n",
            "{\n  \"runtimes\": {\n    \"kata\": {\n      \"path\": \"/usr/bin/kata\"\n    },\n    \"nvidia\": {\n      \"args\": [],\n      \"path\": \"nvidia-container-runtime\"\n    }\n  }\n}\n",
        ),
        (
            "an old path",
            "{\n  \"runtimes\": {\n    \"nvidia\": { \"path\": \"/opt/old\", \"runtimeArgs\": [ \"--x\" ] }\n  }\n}\n",
            "{\n  \"runtimes\": {\n    \"nvidia\": { \"path\": \"nvidia-container-runtime\", \"runtimeArgs\": [ \"--x\" ] }\n  }\n}\n",
        ),
        (
            "nothing to do",
            "{\n  \"runtimes\": {\n    \"nvidia\": { \"runtimeArgs\": [], \"path\": \"nvidia-container-runtime\" }\n  }\n}\n",
            "{\n  \"runtimes\": {\n    \"nvidia\": { \"runtimeArgs\": [], \"path\": \"nvidia-container-runtime\" }\n  }\n}\n",
        ),
        (
            "nothing to do on one line",
            "{\"runtimes\":{\"nvidia\":{\"path\":\"nvidia-container-runtime\"}}}",
            "{\"runtimes\":{\"nvidia\":{\"path\":\"nvidia-container-runtime\"}}}",
        ),
        (
            "registered by a shim",
            "{\n  \"runtimes\": {\n    \"nvidia\": {\n      \"runtimeType\": \"io.containerd.runc.v2\"\n    }\n  }\n}\n",
            "{\n  \"runtimes\": {\n    \"nvidia\": {\n      \"args\": [],\n      \"path\": \"nvidia-container-runtime\"\n    }\n  }\n}\n",
        ),
        (
            "null where a table belongs",
            "{\n  \"runtimes\": null\n}\n",
            "{\n  \"runtimes\": {\n    \"nvidia\": {\n      \"args\": [],\n      \"path\": \"nvidia-container-runtime\"\n    }\n  }\n}\n",
        ),
        (
            "a file of comments",
            "// nothing yet\n",
            "// nothing yet\n{\n    \"runtimes\": {\n        \"nvidia\": {\n            \"args\": [],\n            \"path\": \"nvidia-container-runtime\"\n        }\n    }\n}\n",
        ),
    ];
    for (name, before, expected) in cases {
        println!("{name}");
        check(before, &desired(), expected);
    }
}

#[test]
fn the_default_and_cdi_are_set_beside_what_is_there() {
    check(
        "{\n  \"default-runtime\": \"runc\",\n  \"features\": {\n    \"buildkit\": true,\n    \"cdi\": false\n  },\n  \"runtimes\": {\n    \"nvidia\": {\n      \"path\": \"nvidia-container-runtime\"\n    }\n  }\n}\n",
        &everything(),
        "{\n  \"default-runtime\": \"nvidia\",\n  \"features\": {\n    \"buildkit\": true,\n    \"cdi\": true\n  },\n  \"runtimes\": {\n    \"nvidia\": {\n      \"path\": \"nvidia-container-runtime\"\n    }\n  }\n}\n",
    );
    check(
        "{\n  \"features\": {\n    \"containerd-snapshotter\": true\n  },\n  \"runtimes\": {\n    \"nvidia\": {\n      \"path\": \"nvidia-container-runtime\"\n    }\n  },\n  \"default-runtime\": null\n}\n",
        &everything(),
        "{\n  \"features\": {\n    \"containerd-snapshotter\": true,\n    \"cdi\": true\n  },\n  \"runtimes\": {\n    \"nvidia\": {\n      \"path\": \"nvidia-container-runtime\"\n    }\n  },\n  \"default-runtime\": \"nvidia\"\n}\n",
    );
    let kept = "{\n  \"default-runtime\": \"crun\",\n  \"features\": {\n    \"cdi\": false\n  },\n  \"runtimes\": {\n    \"nvidia\": {\n      \"path\": \"nvidia-container-runtime\"\n    }\n  }\n}\n";
    check(kept, &desired(), kept);
}

#[test]
fn a_file_that_cannot_be_meant_is_refused() {
    let cases: &[(&[u8], &str)] = &[
        (
            b"{\n  \"debug\": tru\n}",
            "/etc/docker/daemon.json line 2 column 12: unexpected word: `\"debug\": tru` [E101]",
        ),
        (
            b"{\"a\": 1} {\"b\": 2}",
            "/etc/docker/daemon.json line 1 column 10: text cannot contain more than one JSON value: `{\"a\": 1} {\"b\": 2}` [E101]",
        ),
        (b"{", "/etc/docker/daemon.json line 1 column 1: unterminated object: `{` [E101]"),
        (
            b"{'a': 1}",
            "/etc/docker/daemon.json line 1 column 2: single-quoted strings are not allowed: `{'a': 1}` [E101]",
        ),
        (b"[]", "/etc/docker/daemon.json: its outermost value is not an object [E103]"),
        (b"7", "/etc/docker/daemon.json: its outermost value is not an object [E103]"),
        (b"{\"runtimes\": []}", "/etc/docker/daemon.json: runtimes is not an object [E103]"),
        (b"{\"runtimes\": \"nvidia\"}", "/etc/docker/daemon.json: runtimes is not an object [E103]"),
        (
            b"{\"runtimes\": {\"nvidia\": \"x\"}}",
            "/etc/docker/daemon.json: runtimes.nvidia is not an object [E103]",
        ),
        (b"{\"features\": true}", "/etc/docker/daemon.json: features is not an object [E103]"),
        (
            b"{\"features\": {\"cdi\": \"yes\"}}",
            "/etc/docker/daemon.json: features.cdi is not true or false [E103]",
        ),
        (b"{\"default-runtime\": 1}", "/etc/docker/daemon.json: default-runtime is not a string [E103]"),
        (b"{\"runtimes\": {}, \"runtimes\": {}}", "/etc/docker/daemon.json: runtimes appears twice [E104]"),
        (b"{\"a\": \"\xff\"}", "/etc/docker/daemon.json is not UTF-8 from byte 7 [E102]"),
    ];
    for (before, expected) in cases {
        let line = configure(before, &everything()).unwrap_err().line();
        let stated = line.split("; hint").next().unwrap_or_default();
        assert_eq!(stated, *expected, "{}", String::from_utf8_lossy(before));
    }
    let deep = "[".repeat(100_000);
    assert_eq!(configure(deep.as_bytes(), &desired()).unwrap_err().code(), Some(codes::NOT_JSON));
}

#[test]
fn comments_are_kept_and_reported() {
    for (text, expected) in
        [("{\"a\": 1}", 0), ("", 0), ("{\n  // why\n  \"a\": 1\n}", 1), ("{\"a\": 1,}", 1)]
    {
        assert_eq!(Document::parse(PATH, text.as_bytes()).unwrap().findings().len(), expected, "{text}");
    }
}

/// Values as they stand in files of users.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~é]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z-]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Documents of users, sometimes with the keys that are ours.
fn documents() -> impl Strategy<Value = Value> {
    let runtimes = prop::collection::btree_map(
        "kata|nvidia|runsc",
        Just(serde_json::json!({"path": "/usr/bin/x", "runtimeArgs": ["--a"]})),
        0..3,
    );
    let others = prop::collection::btree_map("[a-z-]{1,12}", values(), 0..5);
    (others, prop::option::of(runtimes), prop::option::of(any::<bool>())).prop_map(
        |(others, runtimes, cdi)| {
            let mut document: serde_json::Map<String, Value> = others.into_iter().collect();
            document.remove("features");
            document.remove("runtimes");
            document.remove("default-runtime");
            if let Some(runtimes) = runtimes {
                document.insert("runtimes".to_owned(), Value::Object(runtimes.into_iter().collect()));
            }
            if let Some(cdi) = cdi {
                document.insert("features".to_owned(), serde_json::json!({"buildkit": true, "cdi": cdi}));
            }
            Value::Object(document)
        },
    )
}

/// What a configured document must say, by the words of the task and not by way of the code.
fn model(mut document: Value) -> Value {
    document["default-runtime"] = "nvidia".into();
    document["features"]["cdi"] = true.into();
    match document["runtimes"].get_mut("nvidia") {
        Some(entry) => entry["path"] = "nvidia-container-runtime".into(),
        None => {
            document["runtimes"]["nvidia"] =
                serde_json::json!({"args": [], "path": "nvidia-container-runtime"})
        }
    }
    document
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn configuring_says_what_is_wanted_and_nothing_else(document in documents(), pretty: bool) {
        let before = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.unwrap();
        let once = configure(before.as_bytes(), &everything()).unwrap();
        let twice = configure(&once, &everything()).unwrap();
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(serde_json::from_slice::<Value>(&once).unwrap(), model(document));
    }

    #[test]
    fn lines_of_others_stay_as_they_are(document in documents()) {
        let before = serde_json::to_string_pretty(&document).unwrap();
        let after = String::from_utf8(configure(before.as_bytes(), &desired()).unwrap()).unwrap();
        let after: Vec<&str> = after.lines().map(|line| line.trim_end_matches(',')).collect();
        let mut place = 0;
        for line in before.lines().filter(|line| !line.contains("/usr/bin/x") && !line.contains("{}")) {
            let found = after[place..].iter().position(|other| *other == line.trim_end_matches(','));
            prop_assert!(found.is_some(), "lost or moved: {}", line);
            place += found.unwrap_or_default() + 1;
        }
    }

    #[test]
    fn any_bytes_are_refused_or_understood(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = configure(&bytes, &everything());
    }

    #[test]
    fn any_text_of_json_letters_is_refused_or_understood(text in "[\\[\\]{}:,\"a-c\\\\/*\n 0-9.nultrue-]{0,60}") {
        if let Ok(after) = configure(text.as_bytes(), &everything()) {
            prop_assert_eq!(configure(&after, &everything()).unwrap(), after);
        }
    }
}
