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
        ("create -b/b c1", Some("create"), Some("/b"), Some("c1")),
        ("create --bundle /b -- --create", Some("create"), Some("/b"), Some("--create")),
        ("create -- --bundle", Some("create"), None, Some("--bundle")),
        ("create c1 --bundle /b", Some("create"), Some("/b"), Some("c1")),
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

/// Every flag of runc 1.1 to 1.4 and crun 1.21 to 1.28 for these places, from their help texts. Each is put
/// between a command and its bundle, with its value in both forms: nothing else may be mistaken for it.
const GLOBAL: &[(&str, bool)] = &[
    // runc
    ("--debug", false),
    ("--log", true),
    ("--log-format", true),
    ("--root", true),
    ("--criu", true),
    ("--systemd-cgroup", false),
    ("--rootless", true),
    // crun
    ("--cgroup-manager", true),
    ("--log-level", true),
    ("--no-pivot", false),
];
const OF_COMMANDS: &[(&str, bool)] = &[
    // runc create, crun create
    ("--console-socket", true),
    ("--pidfd-socket", true),
    ("--pid-file", true),
    ("--no-pivot", false),
    ("--no-new-keyring", false),
    ("--preserve-fds", true),
    ("--no-subreaper", false),
    ("--config", true),
    ("-f", true),
    // run
    ("--detach", false),
    ("-d", false),
    ("--keep", false),
    // restore
    ("--image-path", true),
    ("--work-path", true),
    ("--tcp-established", false),
    ("--ext-unix-sk", false),
    ("--shell-job", false),
    ("--file-locks", false),
    ("--manage-cgroups-mode", true),
    ("--empty-ns", true),
    ("--auto-dedup", false),
    ("--lazy-pages", false),
    ("--lsm-profile", true),
    ("--lsm-mount-context", true),
    ("--network-lock", false),
];

#[test]
fn every_flag_of_runc_and_crun_is_known() {
    for command in ["create", "run", "restore"] {
        for (flag, has_value) in GLOBAL {
            let forms: &[String] = match has_value {
                true => {
                    &[format!("{flag} create"), format!("{flag}=create"), format!("{} create", &flag[1..])]
                }
                false => &[(*flag).to_owned(), format!("{flag}=true")],
            };
            for form in forms {
                let line = format!("--root /r {form} {command} --bundle /b c1");
                let found = of(&line);
                assert_eq!(found.command.as_deref(), Some(command), "{line}");
                assert_eq!(found.bundle.as_deref(), Some("/b".as_ref()), "{line}");
                assert_eq!(found.id.as_deref(), Some("c1".as_ref()), "{line}");
                assert!(found.creates(), "{line}");
            }
        }
        for (flag, has_value) in OF_COMMANDS {
            let forms: &[String] = match has_value {
                true => &[format!("{flag} start"), format!("{flag}=start")],
                false => &[(*flag).to_owned(), format!("{flag}=true")],
            };
            for form in forms {
                let line = format!("{command} {form} --bundle /b c1");
                let found = of(&line);
                assert_eq!(found.command.as_deref(), Some(command), "{line}");
                assert_eq!(found.bundle.as_deref(), Some("/b".as_ref()), "{line}");
                assert_eq!(found.id.as_deref(), Some("c1".as_ref()), "{line}");
            }
        }
    }
}

#[test]
fn a_command_that_only_shows_a_text_makes_nothing() {
    for line in
        ["create --help", "--help create c", "run -h", "restore --usage", "-? create", "--version create c"]
    {
        assert!(!of(line).creates(), "{line}");
    }
    assert!(of("create --help=false c").creates());
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
    assert!(of("--log-level debug create c").debug && !of("--log-level=error create c").debug);
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
