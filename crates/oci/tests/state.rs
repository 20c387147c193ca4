//! States as runc, crun and old Docker write them.

use oci::State;

#[test]
fn states_of_all_runtimes_are_understood() {
    let cases: &[(&str, &str, Option<i64>, Option<&str>)] = &[
        (
            r#"{"ociVersion":"1.0.2-dev","id":"c","status":"creating","pid":7,"bundle":"/b"}"#,
            "/b",
            Some(7),
            None,
        ),
        (
            r#"{ "pid": 0, "root": "\/r", "bundle": "\/b", "status": "created", "id": "c" }"#,
            "/b",
            Some(0),
            Some("/r"),
        ),
        (r#"{"version":"1.0.0-rc1","id":"c","pid":9,"bundlePath":"/old"}"#, "/old", Some(9), None),
        (r#"{"bundle":"/b","annotations":{"x":"y"}}"#, "/b", None, None),
    ];
    for (text, bundle, pid, root) in cases {
        let state = State::parse(text.as_bytes()).unwrap_or_else(|failure| panic!("{text}: {failure:?}"));
        assert_eq!(
            (state.bundle.as_str(), state.pid, state.root.as_deref()),
            (*bundle, *pid, *root),
            "{text}"
        );
    }
}

#[test]
fn broken_states_are_refused() {
    for text in
        ["", "{}", "[]", "null", r#"{"bundle":""}"#, r#"{"bundle":7}"#, r#"{"bundle":"/b"} x"#, "\u{0}"]
    {
        let failure = State::parse(text.as_bytes()).map(|_| ()).expect_err(text);
        assert_eq!(failure.code(), Some(oci::codes::STATE_INVALID), "{failure:?}");
    }
}
