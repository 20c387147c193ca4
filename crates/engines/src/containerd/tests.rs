//! States in which containerd's configuration is met: versions, layouts, drop-ins of others.
#![expect(clippy::disallowed_methods, reason = "tests prepare and inspect directories of their own")]

use super::*;
use crate::toml_tree::{read, table};
use host::HostMut;
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;

const CONFIG: &str = ENGINE.default_config;
const DROP_IN: &str = "/etc/containerd/conf.d/99-nvidia.toml";

fn desired() -> Desired {
    Desired {
        runtime_name: "nvidia".to_owned(),
        runtime_path: "/usr/bin/nvidia-container-runtime".to_owned(),
        set_as_default: false,
        enable_cdi: false,
    }
}

fn everything() -> Desired {
    Desired { set_as_default: true, enable_cdi: true, ..desired() }
}

/// A machine with these files below `/etc/containerd`.
fn machine(files: &[(&str, &str)]) -> (TempDir, HostMut) {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join("etc/containerd").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let host = HostMut::new(Host::at(root.path()), "/journal");
    (root, host)
}

fn configure(host: &Host, desired: &Desired, dumped: Option<&str>) -> Result<Proposal> {
    let dumped = dumped.map(str::as_bytes);
    propose(host, &Files { config: CONFIG, drop_in: DROP_IN, dumped, release: None }, desired)
}

/// Configures for real, twice, and takes it back; gives the configuration and the drop-in that were
/// there in between.
fn round_trip(files: &[(&str, &str)], desired: &Desired) -> (String, String) {
    let (_root, host) = machine(files);
    let proposal = configure(&host, desired, None).unwrap_or_else(|failure| panic!("{files:?}: {failure:?}"));
    let id = host.apply(&proposal.plan).unwrap().id.expect("a change has a journal entry");
    let text = |path: &str| host.read_text_optional(path).unwrap().unwrap_or_default();
    let after = (text(CONFIG), text(DROP_IN));
    assert!(configure(&host, desired, None).unwrap().plan.is_empty(), "a second run changes {files:?}");
    host.undo(&id).unwrap();
    for (name, before) in files {
        assert_eq!(text(&format!("/etc/containerd/{name}")), *before, "after undo");
    }
    let named = |name: &str| files.iter().any(|(file, _)| *file == name);
    assert_eq!(host.exists(CONFIG), named("config.toml"));
    assert_eq!(host.exists(DROP_IN), named("conf.d/99-nvidia.toml"));
    after
}

/// A value of TOML text by its path.
fn value(text: &str, path: &[&str]) -> Option<Node> {
    let (last, path) = path.split_last()?;
    table("test", &read("test", text.as_bytes()).unwrap(), path).unwrap()?.get(*last).cloned()
}

const V2: &str = "io.containerd.grpc.v1.cri";
const V3: &str = "io.containerd.cri.v1.runtime";

/// A state of the configuration file, what becomes of it, and whether the drop-in repeats a table.
struct State {
    name: &'static str,
    before: &'static str,
    after: &'static str,
    plugin: &'static str,
    repeats: bool,
}

const STATES: &[State] = &[
    State {
        name: "empty",
        before: "",
        after: "imports = [\"/etc/containerd/conf.d/*.toml\"]\nversion = 2\n",
        plugin: V2,
        repeats: false,
    },
    State {
        name: "blank",
        before: " \n\n",
        after: "imports = [\"/etc/containerd/conf.d/*.toml\"]\nversion = 2\n",
        plugin: V2,
        repeats: false,
    },
    State {
        name: "comments only",
        before: "# nothing yet\n",
        after: "# nothing yet\nimports = [\"/etc/containerd/conf.d/*.toml\"]\nversion = 2\n",
        plugin: V2,
        repeats: false,
    },
    State {
        name: "version 2, Debian's",
        before: "version = 2\n\n[plugins]\n  [plugins.\"io.containerd.grpc.v1.cri\"]\n    [plugins.\"io.containerd.grpc.v1.cri\".cni]\n      bin_dir = \"/usr/lib/cni\"\n  [plugins.\"io.containerd.internal.v1.opt\"]\n    path = \"/var/lib/containerd/opt\"\n",
        after: "version = 2\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n\n[plugins]\n  [plugins.\"io.containerd.grpc.v1.cri\"]\n    [plugins.\"io.containerd.grpc.v1.cri\".cni]\n      bin_dir = \"/usr/lib/cni\"\n  [plugins.\"io.containerd.internal.v1.opt\"]\n    path = \"/var/lib/containerd/opt\"\n",
        plugin: V2,
        repeats: true,
    },
    State {
        name: "version 3",
        before: "version = 3\n[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'native'\n",
        after: "version = 3\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'native'\n",
        plugin: V3,
        repeats: false,
    },
    State {
        name: "version 3 with CRI and CDI",
        before: "version = 3\n[plugins.'io.containerd.cri.v1.runtime']\nenable_cdi = true\n",
        after: "version = 3\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n[plugins.'io.containerd.cri.v1.runtime']\nenable_cdi = true\n",
        plugin: V3,
        repeats: true,
    },
    State {
        name: "carriage returns, no final newline",
        before: "# a\r\nversion = 2 # two\r\n[debug]\r\nlevel = \"info\"",
        after: "# a\r\nversion = 2 # two\r\nimports = [\"/etc/containerd/conf.d/*.toml\"]\r\n[debug]\r\nlevel = \"info\"",
        plugin: V2,
        repeats: false,
    },
    State {
        name: "a byte order mark",
        before: "\u{feff}version = 2\n",
        after: "\u{feff}version = 2\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n",
        plugin: V2,
        repeats: false,
    },
    State {
        name: "no newline at all",
        before: "version = 2",
        after: "version = 2\nimports = [\"/etc/containerd/conf.d/*.toml\"]",
        plugin: V2,
        repeats: false,
    },
    State {
        name: "an empty list of imports",
        before: "imports = [ ]\nversion = 2\n",
        after: "imports = [\"/etc/containerd/conf.d/*.toml\" ]\nversion = 2\n",
        plugin: V2,
        repeats: false,
    },
    State {
        name: "imports of others, over lines",
        before: "version = 2\nimports = [\n  '/opt/a.toml', # theirs\n]\n",
        after: "version = 2\nimports = [\n  '/opt/a.toml', \"/etc/containerd/conf.d/*.toml\", # theirs\n]\n",
        plugin: V2,
        repeats: false,
    },
    State {
        name: "imported already",
        before: "version = 2\nimports = ['/etc/containerd/conf.d/*.toml']\n",
        after: "version = 2\nimports = ['/etc/containerd/conf.d/*.toml']\n",
        plugin: V2,
        repeats: false,
    },
    State {
        name: "imported already, relative and by name",
        before: "version = 2\nimports = [\"conf.d/99-nvidia.toml\"]\n",
        after: "version = 2\nimports = [\"conf.d/99-nvidia.toml\"]\n",
        plugin: V2,
        repeats: false,
    },
    State {
        name: "an unknown key and odd numbers",
        before: "oom_score = 0x1F\nfoo = 1_000\nversion = 2\nwhen = 2020-01-01\n",
        after: "oom_score = 0x1F\nfoo = 1_000\nversion = 2\nwhen = 2020-01-01\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n",
        plugin: V2,
        repeats: false,
    },
];

#[test]
fn files_of_version_two_and_later_get_one_import_and_a_drop_in() {
    for State { name, before, after, plugin, repeats } in STATES {
        println!("{name}");
        for desired in [desired(), everything()] {
            let (config, drop_in) = round_trip(&[("config.toml", before)], &desired);
            assert_eq!(config, *after);
            let version = if *plugin == V3 { "3" } else { "2" };
            assert_eq!(value(&drop_in, &["version"]), Some(Node::Value(version.to_owned())));
            let runtime = ["plugins", plugin, "containerd", "runtimes", "nvidia", "options", "BinaryName"];
            assert_eq!(value(&drop_in, &runtime), Some(Node::text("/usr/bin/nvidia-container-runtime")));
            let default = value(&drop_in, &["plugins", plugin, "containerd", "default_runtime_name"]);
            assert_eq!(default.is_some(), desired.set_as_default);
            assert_eq!(drop_in.starts_with("# Made by"), *repeats, "{drop_in}");
        }
    }
}

#[test]
fn files_of_version_one_are_changed_in_place() {
    let entry = "[plugins.cri.containerd.runtimes.nvidia]\n  privileged_without_host_devices = false\n  runtime_engine = \"\"\n  runtime_root = \"\"\n  runtime_type = \"io.containerd.runc.v2\"\n\n[plugins.cri.containerd.runtimes.nvidia.options]\n  BinaryName = \"/usr/bin/nvidia-container-runtime\"\n";
    let docker = "disabled_plugins = []\n\n#[debug]\n";
    let (config, drop_in) = round_trip(&[("config.toml", docker)], &desired());
    let runc = "[plugins.cri.containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n";
    assert_eq!((config, drop_in), (format!("{docker}\n{runc}\n{entry}"), String::new()));

    let tables = "[plugins.cri] # ours\n  enable_cdi = false # why\n  [plugins.cri.containerd]\n    snapshotter = 'native'\n";
    let expected = "[plugins.cri] # ours\n  enable_cdi = true # why\n  [plugins.cri.containerd]\n    default_runtime_name = \"nvidia\"\n    snapshotter = 'native'\n";
    let (config, _) = round_trip(&[("config.toml", tables)], &everything());
    assert_eq!(config, format!("{expected}\n{runc}\n{entry}"));

    let present = "version = 1\n[plugins.cri.containerd.runtimes]\nnvidia = {runtime_type = 'io.containerd.runc.v1', snapshotter = 'x', options = {BinaryName = '/old', SystemdCgroup = true}}\n";
    let (config, _) = round_trip(&[("config.toml", present)], &desired());
    let replaced = present.replace("'/old'", "\"/usr/bin/nvidia-container-runtime\"");
    assert_eq!(config, format!("{replaced}\n{runc}"));
}

#[test]
fn the_entry_is_like_that_of_the_runtime_used_now() {
    let runtimes = "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd]\ndefault_runtime_name = 'DEFAULT'\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes]\nruncish = {runtime_type = 'io.containerd.runc.v2', snapshotter = 'mine', options = {SystemdCgroup = true}}\nkata = {runtime_type = 'io.containerd.kata.v2', options = {ConfigPath = '/k'}}\nrunc = {runtime_type = 'io.containerd.runc.v2', base_runtime_spec = '/b'}\nnvidia-cdi = {runtime_type = 'io.containerd.runc.v2', wrong = true}\n";
    let entry = ["plugins", V2, "containerd", "runtimes", "nvidia"];
    let cases = [
        ("runcish", "snapshotter"),
        ("kata", "base_runtime_spec"),
        ("nvidia-cdi", "base_runtime_spec"),
        ("none", "base_runtime_spec"),
    ];
    for (default, key) in cases {
        let text = runtimes.replace("DEFAULT", default);
        let (_, drop_in) = round_trip(&[("config.toml", &text)], &desired());
        assert!(value(&drop_in, &[&entry[..], &[key]].concat()).is_some(), "{default}: {drop_in}");
        for foreign in ["wrong", "ConfigPath"] {
            assert_eq!(value(&drop_in, &[&entry[..], &[foreign]].concat()), None, "{default}");
        }
        assert!(
            value(&drop_in, &["plugins", V2, "containerd", "runtimes", "kata"]).is_some(),
            "others are kept"
        );
    }
}

#[test]
fn drop_ins_of_others_are_neither_hidden_nor_touched() {
    let config = "version = 2\nimports = ['/etc/containerd/conf.d/*.toml']\n[plugins.'io.containerd.grpc.v1.cri']\nsandbox_image = 'a'\n";
    let theirs = "version = 2\n[plugins.'io.containerd.grpc.v1.cri']\nsandbox_image = 'b'\n";
    let files = [("config.toml", config), ("conf.d/50-theirs.toml", theirs)];
    let (after, drop_in) = round_trip(&files, &desired());
    assert_eq!(after, config);
    assert_eq!(value(&drop_in, &["plugins", V2, "sandbox_image"]), Some(Node::text("b")));

    let (_root, host) = machine(&[("config.toml", config), ("conf.d/99-z.toml", theirs)]);
    let findings = configure(&host, &desired(), None).unwrap().findings;
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [codes::OVERRIDDEN]);
}

#[test]
fn a_drop_in_is_made_anew_when_what_it_repeats_has_changed() {
    let old = "version = 2\n[plugins.'io.containerd.grpc.v1.cri']\nsandbox_image = 'old'\n";
    let config = "version = 2\n[plugins.'io.containerd.grpc.v1.cri']\nsandbox_image = 'new'\n";
    for old in [old, "no TOML [[[\n"] {
        let (_, drop_in) = round_trip(&[("config.toml", config), ("conf.d/99-nvidia.toml", old)], &desired());
        assert_eq!(value(&drop_in, &["plugins", V2, "sandbox_image"]), Some(Node::text("new")), "{old}");
    }
}

#[test]
fn what_containerd_says_of_itself_is_used_where_the_versions_agree() {
    let dump = "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd]\ndefault_runtime_name = 'nvidia'\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.nvidia]\nruntime_type = 'old'\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.runc]\nruntime_type = 'io.containerd.runc.v2'\nsnapshotter = 's'\n";
    let containerd = ["plugins", V2, "containerd"];
    let drop_in = |proposal: &Proposal| proposal.files[0].text.clone();
    let (_root, host) = machine(&[("config.toml", "version = 2\n")]);
    let text = drop_in(&configure(&host, &desired(), Some(dump)).unwrap());
    assert_eq!(
        value(&text, &[&containerd[..], &["default_runtime_name"]].concat()),
        Some(Node::text("runc"))
    );
    assert_eq!(
        value(&text, &[&containerd[..], &["runtimes", "nvidia", "snapshotter"]].concat()),
        Some(Node::text("s"))
    );

    let (_root, host) = machine(&[("config.toml", "version = 3\n")]);
    let proposal = configure(&host, &desired(), Some(dump)).unwrap();
    assert_eq!(proposal.findings.len(), 1);
    assert_eq!(value(&drop_in(&proposal), &["version"]), Some(Node::Value("3".to_owned())));
    assert_eq!(value(&drop_in(&proposal), &["plugins", V2]), None);

    let (_root, host) = machine(&[]);
    let three = "version = 3\n[plugins.'io.containerd.cri.v1.runtime']\nenable_cdi = true\n";
    let proposal = configure(&host, &desired(), Some(three)).unwrap();
    assert_eq!(proposal.files[1].text, "imports = [\"/etc/containerd/conf.d/*.toml\"]\nversion = 3\n");
}

#[test]
fn a_file_that_cannot_be_meant_is_refused() {
    let cases = [
        (
            "version = 2\n[plugins\n",
            "/etc/containerd/config.toml line 2 column 9: unclosed table, expected `]`: `[plugins` [E107]",
        ),
        (
            "version = 2\nversion = 2\n",
            "/etc/containerd/config.toml line 2 column 1: duplicate key: `version = 2` [E107]",
        ),
        ("version = 'two'\n", "the configuration of containerd: version is not a number from 1 [E103]"),
        ("version = 0\n", "the configuration of containerd: version is not a number from 1 [E103]"),
        (
            "version = 2\nimports = 'x'\n",
            "/etc/containerd/config.toml: imports is not a list of strings [E103]",
        ),
        ("version = 2\nplugins = 7\n", "/etc/containerd/config.toml: plugins is not a table [E103]"),
        (
            "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes]\nnvidia = 'x'\n",
            "/etc/containerd/config.toml: nvidia is not a table [E103]",
        ),
        (
            "version = 1\n[plugins]\ncri.containerd.snapshotter = 'x'\n",
            "/etc/containerd/config.toml is written so that nothing can be added without writing it anew [E108]",
        ),
    ];
    for (before, expected) in cases {
        let (_root, host) = machine(&[("config.toml", before)]);
        let line = configure(&host, &everything(), None).unwrap_err().line();
        assert_eq!(line.split("; hint").next().unwrap_or_default(), expected, "{before}");
    }
    let (_root, host) = machine(&[]);
    for (name, path) in [("", "/x"), ("runc", "/x"), ("a b", "/x"), ("a", "x"), ("a", "/b\n")] {
        let desired = Desired { runtime_name: name.to_owned(), runtime_path: path.to_owned(), ..desired() };
        assert_eq!(
            configure(&host, &desired, None).unwrap_err().code(),
            Some(codes::BAD_RUNTIME),
            "{name:?} {path:?}"
        );
    }
}

#[test]
fn a_disabled_plugin_is_reported() {
    for (text, count) in [
        ("disabled_plugins = ['cri']\n", 1),
        ("disabled_plugins = ['aufs']\n", 0),
        ("version = 2\ndisabled_plugins = ['io.containerd.grpc.v1.cri']\n", 1),
    ] {
        let (_root, host) = machine(&[("config.toml", text)]);
        assert_eq!(configure(&host, &desired(), None).unwrap().findings.len(), count, "{text}");
    }
}

/// Files of users: keys, comments, spacing, tables, sometimes imports and the CRI table.
fn documents() -> impl Strategy<Value = String> {
    let version = prop_oneof![
        Just("version = 2"),
        Just("  version=2 # v"),
        Just("version = 3"),
        Just("version = 1"),
        Just("# none")
    ];
    let imports = prop_oneof![
        Just(""),
        Just("imports = []"),
        Just("imports = [ '/opt/x.toml' ,  ] # c"),
        Just("imports = [\n  \"/opt/y.toml\" # d\n]"),
    ];
    let root = prop_oneof![Just(""), Just("# comment"), Just("oom_score = -0x0"), Just("root   = '/r'")];
    let root = root.prop_map(|line: &str| if line.contains("-0x0") { "oom_score = -1_0" } else { line });
    let tables = prop::sample::subsequence(
        vec![
            "[debug] # t\n\tlevel = \"info\"",
            "[plugins]",
            "  [plugins.cri]\n    sandbox_image = 'a'",
            "  [plugins.cri.containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"",
            "[plugins.'io.containerd.grpc.v1.cri'.registry]\nconfig_path = \"\"",
            "[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes]\nnvidia = { runtime_type = 'x' }",
            "[[stream]]\na = [ 1,\n 2 ]",
        ],
        0..7,
    );
    let ends = prop_oneof![Just("\n"), Just("\r\n")];
    (version, imports, root, tables, ends, any::<bool>()).prop_map(
        |(version, imports, root, tables, end, last)| {
            let mut lines = vec![root, version, imports, ""];
            lines.extend(tables);
            let text = lines.join("\n").replace('\n', end);
            if last { text + end } else { text }
        },
    )
}

/// Whether all bytes of one text are found in another, in order, apart from a value that was ours.
fn contains_in_order(after: &str, before: &str) -> bool {
    let mut rest = after.bytes();
    before.bytes().all(|byte| rest.any(|other| other == byte))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn twice_is_once_and_undo_gives_the_same_bytes(document in documents(), all: bool) {
        let desired = if all { everything() } else { desired() };
        let (after, _) = round_trip(&[("config.toml", &document)], &desired);
        if !document.trim().is_empty() {
            prop_assert!(contains_in_order(&after, &document), "{:?} became {:?}", document, after);
        }
        let lines: Vec<&str> = after.split('\n').collect();
        for line in document.split('\n').filter(|line| !line.contains("imports") && !line.contains("/opt/")) {
            prop_assert!(line.is_empty() || lines.iter().any(|other| other.trim_end() == line.trim_end()), "{:?} is lost", line);
        }
    }

    #[test]
    fn any_text_of_toml_letters_is_refused_or_understood(text in "[\\[\\]{}=.,\"'a-c#\n 0-2versionimports-]{0,60}") {
        let (_root, host) = machine(&[("config.toml", &text)]);
        if let Ok(proposal) = configure(&host, &everything(), None) {
            host.apply(&proposal.plan).unwrap();
            prop_assert!(configure(&host, &everything(), None).unwrap().plan.is_empty(), "{:?}", text);
        }
    }
}

#[test]
fn from_2_1_on_the_drop_in_says_only_what_it_adds() {
    let runc = "version = 2\nimports = ['/etc/containerd/conf.d/*.toml']\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = 'x'\n";
    let other = "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\nruntime_type = 'io.containerd.runc.v2'\n\
                 [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\nSystemdCgroup = true\n";
    let (_root, host) =
        machine(&[("config.toml", runc), ("conf.d/10-runc.toml", other), ("conf.d/zz.toml", runc)]);
    let with = |release| {
        let files = Files { config: CONFIG, drop_in: DROP_IN, dumped: None, release };
        propose(&host, &files, &everything()).unwrap()
    };
    let short = with(Some(Release(2, 1)));
    let text = &short.files.first().unwrap().text;
    assert!(!text.contains("sandbox_image") && !text.contains("runtimes.runc"), "{text}");
    assert!(
        text.contains("SystemdCgroup = true") && text.contains("default_runtime_name = \"nvidia\""),
        "{text}"
    );
    assert_eq!(short.findings, []);
    for release in [None, Some(Release(2, 0))] {
        let whole = with(release);
        assert!(whole.files.first().unwrap().text.contains("runtimes.runc"));
        assert_eq!(whole.findings.len(), 1, "zz.toml takes the table back");
    }
}

#[test]
fn files_that_imported_files_import_are_read_after_all_others() {
    let root = "version = 2\nimports = ['a.toml', '/etc/containerd/conf.d/*.toml']\n";
    let a = "version = 2\nimports = ['deep/b.toml', 'config.toml']\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = 'a'\n";
    let b = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = 'b'\n";
    let (_root, host) = machine(&[("config.toml", root), ("a.toml", a), ("deep/b.toml", b)]);
    let proposal = configure(&host, &desired(), None).unwrap();
    assert!(proposal.files.first().unwrap().text.contains("sandbox_image = \"a\""));
    let message = proposal.findings.first().map(|finding| finding.message.as_str()).unwrap_or_default();
    assert!(message.starts_with("/etc/containerd/deep/b.toml is read after the drop-in"), "{message}");
}

#[test]
fn what_a_node_writes_itself_is_refused_and_templates_are_not_read_as_toml() {
    let (_root, host) = machine(&[]);
    let generated = "/var/lib/rancher/rke2/agent/etc/containerd/config.toml";
    let files = |config| Files { config, drop_in: DROP_IN, dumped: None, release: None };
    let failure = propose(&host, &files(generated), &desired()).unwrap_err();
    assert_eq!(failure.code(), Some(codes::GENERATED_FILE));
    let template = "/var/lib/rancher/rke2/agent/etc/containerd/config.toml.tmpl";
    let plan = propose(&host, &files(template), &everything()).unwrap();
    let paths: Vec<&str> = plan.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["/etc/rancher/rke2/config.yaml.d/99-nvidia.yaml"], "{:?}", plan.files);
    assert_eq!(plan.notes, ["rke2 registers the runtime nvidia by itself when it starts"]);
}

#[test]
fn containerd_before_2_0_keeps_a_default_runtime() {
    let names = |config: Option<&str>, release| {
        let files: Vec<(&str, &str)> = config.map(|text| ("config.toml", text)).into_iter().collect();
        let (_root, host) = machine(&files);
        let files = Files { config: CONFIG, drop_in: DROP_IN, dumped: None, release };
        let proposal = propose(&host, &files, &desired()).unwrap();
        let tree = read("", proposal.files.first().unwrap().text.as_bytes()).unwrap();
        let plugins = table("", &tree, &["plugins"]).unwrap().unwrap();
        let Some(Node::Table(cri)) = plugins.values().next() else { panic!("no CRI table") };
        table("", cri, &["containerd", "runtimes"]).unwrap().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    let debian = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = '/usr/lib/cni'\n";
    let other = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\ndefault_runtime_name = 'crun'\n\
                 runtimes = { crun = { runtime_type = 'io.containerd.runc.v2' } }\n";
    assert_eq!(names(None, None), ["nvidia"], "nothing reads it yet");
    assert_eq!(names(None, Some(Release(1, 6))), ["nvidia", "runc"]);
    assert_eq!(names(Some(debian), None), ["nvidia", "runc"]);
    assert_eq!(names(Some(debian), Some(Release(2, 0))), ["nvidia"]);
    assert_eq!(names(Some(debian), Some(Release(1, 7))), ["nvidia", "runc"]);
    assert_eq!(names(Some(debian), Some(Release(2, 1))), ["nvidia"]);
    assert_eq!(names(Some("version = 3\n"), None), ["nvidia"]);
    assert_eq!(names(Some(other), None), ["crun", "nvidia"]);
}
