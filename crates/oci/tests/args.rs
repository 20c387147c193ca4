//! Command lines of OCI runtimes, as engines write them.

use oci::args::{Invocation, parse};
use proptest::prelude::*;
use std::ffi::OsString;

fn of(line: &str) -> Invocation {
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    parse(&words).unwrap_or_else(|failure| panic!("{line}: {failure:?}"))
}

#[test]
fn command_and_bundle() {
    type Case = (&'static str, Option<&'static str>, Option<&'static str>, Option<&'static str>);
    let cases: &[Case] = &[
        (
            "--root /r --log /l --log-format json create --bundle /b --pid-file /p c1",
            Some("create"),
            Some("/b"),
            Some("c1"),
        ),
        ("--log=/l create -b /b c1", Some("create"), Some("/b"), Some("c1")),
        ("create -bundle=/b c1", Some("create"), Some("/b"), Some("c1")),
        ("create --bundle /a --bundle /b c1", Some("create"), Some("/b"), Some("c1")),
        ("--systemd-cgroup --debug run --detach c1", Some("run"), None, Some("c1")),
        ("--cgroup-manager=disabled create --preserve-fds 3 c1", Some("create"), None, Some("c1")),
        ("--cgroup-manager disabled create c1", Some("create"), None, Some("c1")),
        ("restore --image-path /i --bundle /b c1", Some("restore"), Some("/b"), Some("c1")),
        ("--root create start c1", Some("start"), None, Some("c1")),
        ("start create", Some("start"), None, Some("create")),
        ("delete --force create", Some("delete"), None, Some("create")),
        ("create create", Some("create"), None, Some("create")),
        ("create --bundle create c1", Some("create"), Some("create"), Some("c1")),
        ("--bundle create state c1", Some("state"), Some("create"), Some("c1")),
        ("features", Some("features"), None, None),
        ("--unknown value create c1", Some("create"), None, Some("c1")),
        ("--unknown create c1", Some("create"), None, Some("c1")),
        ("--unknown=value create c1", Some("create"), None, Some("c1")),
        ("", None, None, None),
    ];
    for (line, command, bundle, id) in cases {
        let found = of(line);
        assert_eq!(found.command.as_deref(), *command, "{line}");
        assert_eq!(found.bundle.as_deref().and_then(|b| b.to_str()), *bundle, "{line}");
        assert_eq!(found.id.as_deref().and_then(|b| b.to_str()), *id, "{line}");
    }
}

#[test]
fn only_three_commands_make_a_container() {
    for line in ["create c", "run c", "restore c"] {
        assert!(of(line).creates(), "{line}");
    }
    for line in ["start create", "--root create list", "exec c create", "--version", "features", ""] {
        assert!(!of(line).creates(), "{line}");
    }
}

#[test]
fn logging_and_version() {
    let found = of("--debug --log /l --log-format=json create c");
    assert!(found.debug && !found.version);
    assert_eq!(found.log.as_deref(), Some("/l".as_ref()));
    assert_eq!(found.log_format.as_deref(), Some("json"));
    for line in ["--version", "-version", "-v", "--root /r --version"] {
        assert!(of(line).version, "{line}");
    }
    assert!(!of("--debug=false create c").debug);
    assert!(!of("spec --version").version, "a command's own flag");
}

#[test]
fn bundle_without_its_value_is_refused() {
    for line in ["create --bundle", "create -b"] {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let failure = parse(&words).expect_err(line);
        assert!(failure.line().starts_with("bundle option requires an argument"), "{failure:?}");
    }
}

proptest! {
    #[test]
    fn no_arguments_panic(words in prop::collection::vec("[-=a-z/ ]{0,8}", 0..8)) {
        let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
        let _ = parse(&words);
    }
}
