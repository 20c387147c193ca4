//! The rules of the standard: names, versions, conflicts, quoting.

use cdi::{
    ContainerEdits, Device, DeviceNode, Format, Mount, Registry, SourceFile, Spec, is_qualified, parse,
};
use proptest::prelude::*;

fn small(kind: &str, names: &[&str]) -> Spec {
    let edits = ContainerEdits { env: vec!["A=1".into()], ..ContainerEdits::default() };
    let devices = names
        .iter()
        .map(|name| Device { name: (*name).into(), container_edits: edits.clone(), ..Device::default() })
        .collect();
    Spec { cdi_version: "0.6.0".into(), kind: kind.into(), devices, ..Spec::default() }
}

#[test]
fn qualified_names() {
    for good in [
        "nvidia.com/gpu=0",
        "nvidia.com/gpu=0:1",
        "a/b=all",
        "runtime.nvidia.com/gpu=GPU-1",
        "v.com/g.x=A_b-c.d:e",
    ] {
        assert!(is_qualified(good), "{good}");
    }
    for bad in [
        "",
        "0",
        "all",
        "nvidia.com/gpu",
        "nvidia.com=0",
        "/gpu=0",
        "1.com/gpu=0",
        "n.com/gpu=",
        "n.com/gpu=-a",
        "n.com/gpu=a-",
        "n.com/gpu=a b",
        "n.com/gpu-=a",
        "n.com/g/x=a",
    ] {
        assert!(!is_qualified(bad), "{bad}");
    }
}

#[test]
fn lowest_versions() {
    let mut spec = small("v.com/c", &["x"]);
    assert_eq!(spec.minimum_version(), "0.3.0");
    spec.container_edits.mounts.push(Mount { type_: Some("bind".into()), ..Mount::default() });
    assert_eq!(spec.minimum_version(), "0.4.0");
    spec.container_edits
        .device_nodes
        .push(DeviceNode { host_path: Some("/x".into()), ..DeviceNode::default() });
    assert_eq!(spec.minimum_version(), "0.5.0");
    assert_eq!(small("v.com/c", &["0"]).minimum_version(), "0.5.0");
    assert_eq!(small("v.com/c.d", &["x"]).minimum_version(), "0.6.0");
    spec.annotations.insert("a".into(), "b".into());
    assert_eq!(spec.minimum_version(), "0.6.0");
    spec.devices[0].container_edits.additional_gids.push(44);
    assert_eq!(spec.minimum_version(), "0.7.0");
    spec.container_edits.net_devices.push(cdi::NetDevice::default());
    assert_eq!(spec.minimum_version(), "1.1.0");
}

#[test]
fn broken_specifications_say_what_is_broken() {
    let cases = [
        ("", "failed to parse"),
        ("cdiVersion: 0.5.0\nkind: v.com/c\ndevices: []\nsurprise: 1\n", "surprise"),
        ("cdiVersion: 9.9.9\nkind: v.com/c\ndevices: []\n", "unknown CDI version \"9.9.9\""),
        ("cdiVersion: 0.3.0\nkind: v.com\ndevices: []\n", "invalid kind"),
        (
            "cdiVersion: 0.3.0\nkind: v.com/c\ndevices: [{name: '0', containerEdits: {env: [A=1]}}]\n",
            "requires 0.5.0",
        ),
        (
            "cdiVersion: 0.3.0\nkind: v.com/c\ndevices: [{name: all, containerEdits: {}}]\n",
            "empty device edits",
        ),
        (
            "cdiVersion: 0.3.0\nkind: v.com/c\ndevices: [{name: a, containerEdits: {env: [A]}}]\n",
            "environment variable \"A\"",
        ),
        (
            "cdiVersion: 0.3.0\nkind: v.com/c\ndevices: [{name: a, containerEdits: {hooks: [{hookName: x, path: /h}]}}]\n",
            "invalid hook name \"x\"",
        ),
        (
            "cdiVersion: 0.3.0\nkind: v.com/c\ndevices: [{name: a, containerEdits: {deviceNodes: [{path: /d, permissions: rx}]}}]\n",
            "invalid permission 'x'",
        ),
        (
            "cdiVersion: 0.3.0\nkind: v.com/c\ndevices: [{name: a, containerEdits: {env: [A=1]}}, {name: a, containerEdits: {env: [A=1]}}]\n",
            "multiple device \"a\"",
        ),
        (&device("env: ['=x']"), "environment variable \"=x\""),
        (&device("intelRdt: {closID: ..}"), "invalid closID \"..\""),
        (&device("intelRdt: {closID: a/b}"), "invalid closID \"a/b\""),
        (
            &device("netDevices: [{hostInterfaceName: a, name: x}, {hostInterfaceName: b, name: x}]"),
            "network device \"b\" as \"x\": the name in the container is given twice",
        ),
        (
            &device("netDevices: [{hostInterfaceName: a, name: x}, {hostInterfaceName: a, name: y}]"),
            "network device \"a\" as \"y\": the device of the host is moved twice",
        ),
        (&device("netDevices: [{hostInterfaceName: a, name: ''}]"), "a name is empty"),
        (
            "cdiVersion: 0.6.0\nkind: v.com/c\nannotations: {a: [b]}\ndevices: []\n",
            "an annotation is not a text",
        ),
    ];
    for (text, reason) in cases {
        let failure = parse(text.as_bytes(), Format::Yaml).map(|_| ()).expect_err(text);
        assert!(failure.line().contains(reason), "{text}: {}", failure.line());
    }
}

/// A specification of one device with these edits.
fn device(edits: &str) -> String {
    format!("cdiVersion: 1.1.0\nkind: v.com/c\ndevices: [{{name: a, containerEdits: {{{edits}}}}}]\n")
}

/// An empty text or `null` is what the engines' own types have where nothing is set.
#[test]
fn empty_texts_are_unset() {
    let edits = "deviceNodes: [{path: /dev/x, hostPath: '', type: '', permissions: '', major: ~, minor: ~}], \
        mounts: [{hostPath: /a, containerPath: /b, type: ''}]";
    let spec = parse(device(edits).replace("1.1.0", "0.3.0").as_bytes(), Format::Yaml).expect("valid");
    let edits = &spec.devices[0].container_edits;
    assert_eq!(edits.device_nodes, [DeviceNode { path: "/dev/x".into(), ..DeviceNode::default() }]);
    assert_eq!(edits.mounts[0].type_, None);
    let spec = parse(device("intelRdt: {closID: '', enableMonitoring: ~}").as_bytes(), Format::Yaml);
    assert_eq!(spec.expect("valid").devices[0].container_edits.intel_rdt, Some(cdi::IntelRdt::default()));
}

/// Until 1.0.0 the standard had them; 1.1.0 took them out.
#[test]
fn older_monitoring_flags_are_read() {
    for version in ["0.7.0", "1.1.0"] {
        let text = device("intelRdt: {enableMBM: true, enableCMT: true}").replace("1.1.0", version);
        let spec = parse(text.as_bytes(), Format::Yaml).expect(version);
        let rdt = spec.devices[0].container_edits.intel_rdt.clone().expect("settings");
        assert!(rdt.enable_mbm && rdt.enable_cmt, "{version}");
    }
}

/// Annotations are for whoever wrote them: engines look at neither keys nor values.
#[test]
fn annotations_are_free() {
    let large = "x".repeat(300_000);
    let text = format!(
        r#"{{"cdiVersion": "0.6.0", "kind": "v.com/c", "annotations": {{"A B": "{large}", "": "x"}},
            "devices": [{{"name": "a", "annotations": {{"n": 1, "t": true, "z": null}}, "containerEdits": {{"env": ["A=1"]}}}}]}}"#
    );
    let spec = parse(text.as_bytes(), Format::Json).expect("valid");
    assert_eq!(spec.annotations.keys().collect::<Vec<_>>(), ["", "A B"]);
    let found: Vec<_> =
        spec.devices[0].annotations.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(found, ["n=1", "t=true", "z="]);
}

fn file(directory: usize, path: &str, bytes: &str) -> SourceFile {
    SourceFile { directory, path: path.into(), bytes: bytes.into() }
}

#[test]
fn conflicts_and_broken_files() {
    let spec = |names: &[&str]| small("v.com/c", names).to_json();
    let registry = Registry::new(vec![
        file(0, "/etc/cdi/a.json", &spec(&["one", "two"])),
        file(0, "/etc/cdi/b.json", &spec(&["two", "three"])),
        file(0, "/etc/cdi/broken.yaml", "cdiVersion: [\n"),
        file(0, "/etc/cdi/notes.txt", "not a specification"),
        file(1, "/var/run/cdi/c.json", &spec(&["three", "two"])),
    ]);
    assert_eq!(registry.devices().collect::<Vec<_>>(), ["v.com/c=one", "v.com/c=three"]);
    assert_eq!(registry.errors().len(), 2);
    let (spec_of_three, _) = registry.get("v.com/c=three").expect("resolvable");
    assert_eq!(spec_of_three.devices[0].name, "three", "the later directory wins");

    let failure = registry.resolve(&["v.com/c=one", "v.com/c=two"]).map(|_| ()).expect_err("a conflict");
    assert!(failure.line().starts_with("unresolvable CDI devices v.com/c=two [C104]"), "{failure:?}");
    assert!(failure.line().contains("remove one of the files"), "{failure:?}");
}

#[test]
fn edits_of_a_specification_come_once_and_first() {
    let mut spec = small("v.com/c", &["a", "b"]);
    spec.container_edits.env.push("COMMON=1".into());
    let registry = Registry::new(vec![file(0, "/s.json", &spec.to_json())]);
    let edits = registry.resolve(&["v.com/c=a", "v.com/c=b"]).expect("resolvable");
    assert_eq!(edits.env, ["COMMON=1", "A=1", "A=1"]);
}

#[test]
fn texts_that_look_like_other_types_are_quoted() {
    let cases = [
        ("0", "\"0\""),
        ("0:1", "\"0:1\""),
        ("yes", "\"yes\""),
        ("y", "\"y\""),
        ("null", "\"null\""),
        ("1e3", "\"1e3\""),
        ("0x1f", "\"0x1f\""),
        (".5", "\".5\""),
        ("2026-01-02", "\"2026-01-02\""),
        ("1_000", "\"1_000\""),
        ("-.inf", "\"-.inf\""),
        ("", "\"\""),
        ("~", "\"~\""),
        ("TRUE", "\"TRUE\""),
        ("0.7.0", "0.7.0"),
        ("gpu0", "gpu0"),
        ("a: b", "'a: b'"),
        ("#x", "'#x'"),
        ("a #b", "'a #b'"),
        ("'", "''''"),
        ("--link", "--link"),
        ("- x", "'- x'"),
        ("a\nb", "\"a\\nb\""),
        ("../card0::/dev/x", "../card0::/dev/x"),
        ("GPU-f0a1", "GPU-f0a1"),
        ("@x", "'@x'"),
        ("a:", "'a:'"),
        ("x ", "'x '"),
    ];
    for (text, written) in cases {
        let mut spec = small("v.com/c", &["x"]);
        spec.annotations.insert("key".into(), text.into());
        let yaml = spec.to_yaml();
        assert!(yaml.contains(&format!("\n    key: {written}\n")), "{text:?} became {yaml}");
    }
}

proptest! {
    #[test]
    fn every_text_survives_yaml(text in any::<String>(), line in "[ -~\n\t]{0,12}") {
        let mut spec = small("v.com/c", &["x"]);
        spec.container_edits.env = vec![format!("A={text}"), format!("N{line}=")];
        spec.annotations.insert("k".into(), line);
        spec.annotations.insert("t".into(), text);
        let yaml = spec.to_yaml();
        let again = parse(yaml.as_bytes(), Format::Yaml).map_err(|failure| TestCaseError::fail(format!("{failure:?}\n{yaml}")))?;
        prop_assert_eq!(&again, &spec);
        prop_assert_eq!(parse(spec.to_json().as_bytes(), Format::Json).unwrap(), spec);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[ -~\n]{0,80}") {
        let _ = parse(&bytes, Format::Yaml);
        let _ = parse(text.as_bytes(), Format::Yaml);
        let _ = parse(&bytes, Format::Json);
    }
}

/// A file of the wrong kind may hold secrets: the message quotes only its beginning and its end.
#[test]
fn a_foreign_file_is_not_quoted_whole() {
    let foreign = format!("root:x:0\n{}secret-in-the-middle{}\n", "a".repeat(400), "b".repeat(400));
    for format in [Format::Yaml, Format::Json] {
        let message = parse(foreign.as_bytes(), format).unwrap_err().chain();
        assert!(!message.contains("secret"), "{message}");
        assert!(message.chars().count() < 260, "{message}");
    }
}
