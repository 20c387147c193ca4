//! Specifications and container configurations as the reference toolkit wrote them.

use cdi::{ContainerEdits, Format, HostNode, Registry, SourceFile, Spec, apply, complete_nodes, parse};
use serde_json::Value;

const YAML: &[(&str, &str)] = &[
    ("1gpu", include_str!("fixtures/1gpu.yaml")),
    ("8gpu", include_str!("fixtures/8gpu.yaml")),
    ("8gpu-without-gids", include_str!("fixtures/8gpu-without-gids.yaml")),
    ("8gpu-driver-root", include_str!("fixtures/8gpu-driver-root.yaml")),
];

fn spec(text: &str) -> Spec {
    parse(text.as_bytes(), Format::Yaml).expect("a valid specification")
}

#[test]
fn yaml_is_written_byte_for_byte() {
    for (name, text) in YAML {
        assert!(spec(text).to_yaml() == *text, "{name}: the layout differs");
    }
}

#[test]
fn json_is_written_byte_for_byte_and_equals_yaml() {
    let text = include_str!("fixtures/1gpu.json");
    let from_json = parse(text.as_bytes(), Format::Json).expect("a valid specification");
    assert_eq!(from_json.to_json(), text.trim_end());
    assert_eq!(from_json, spec(YAML[0].1));
    assert_eq!(parse(text.as_bytes(), Format::Yaml).expect("JSON is YAML"), from_json);
}

#[test]
fn declared_version_is_the_lowest_one() {
    for (name, text) in YAML {
        let spec = spec(text);
        assert_eq!(spec.minimum_version(), spec.cdi_version, "{name}");
    }
}

#[test]
fn container_configurations_come_out_as_recorded() {
    let cases = [
        (
            "0",
            include_str!("fixtures/runtime-0-cdi8.before.json"),
            include_str!("fixtures/runtime-0-cdi8.after.json"),
        ),
        (
            "all",
            include_str!("fixtures/runtime-all-cdi8.before.json"),
            include_str!("fixtures/runtime-all-cdi8.after.json"),
        ),
    ];
    let file = SourceFile {
        directory: 0,
        path: "/etc/cdi/nvidia.yaml".into(),
        bytes: YAML[1].1.as_bytes().to_vec(),
    };
    let registry = Registry::new(vec![file]);
    assert!(registry.errors().is_empty());
    for (device, before, after) in cases {
        let mut edits = registry.resolve(&[format!("nvidia.com/gpu={device}")]).expect("resolvable");
        complete_nodes(&mut edits, |_| Ok(HostNode { kind: 'c', major: 1, minor: 1, mode: 0o666 }))
            .expect("complete");
        let mut config = oci::Config::parse(before.as_bytes()).expect("a valid config");
        apply(&edits, &mut config).expect("applicable");
        let ours: Value = serde_json::from_slice(&config.to_bytes()).expect("JSON");
        let mut theirs: Value = serde_json::from_str(after).expect("JSON");
        // The reference drops what is its zero value; we keep what the engine wrote.
        theirs["process"]["terminal"] = false.into();
        assert_eq!(ours, theirs, "device {device}");
    }
}

#[test]
fn environment_of_one_application_holds_each_name_once() {
    let env = ["A=1", "B=2", "A=3"].map(String::from).to_vec();
    let mut config = oci::Config::parse(br#"{"process":{"env":["A=0"]}}"#).expect("valid");
    apply(&ContainerEdits { env, ..ContainerEdits::default() }, &mut config).expect("applicable");
    assert_eq!(config.env(), ["A=0", "A=3", "B=2"]);
}

#[test]
fn nodes_without_numbers_are_taken_from_the_host() {
    let text = "cdiVersion: 0.3.0\nkind: v.com/c\ndevices:\n- name: x\n  containerEdits:\n    deviceNodes:\n    - path: /dev/x\n      hostPath: /y\n";
    assert!(parse(text.as_bytes(), Format::Yaml).is_err(), "hostPath needs 0.5.0");
    let text = text.replace("/y", "''");
    let mut edits = spec(&text).devices[0].container_edits.clone();
    complete_nodes(&mut edits, |path| {
        assert_eq!(path, "/dev/x");
        Ok(HostNode { kind: 'b', major: 8, minor: 1, mode: 0o600 })
    })
    .expect("complete");
    let mut config = oci::Config::parse(br#"{"process":{"user":{"uid":1000,"gid":0}}}"#).expect("valid");
    apply(&edits, &mut config).expect("applicable");
    let device = &config.devices()[0];
    assert_eq!(
        (device.kind.as_str(), device.major, device.minor, device.file_mode, device.uid, device.gid),
        ("b", 8, 1, Some(0o600), Some(1000), None)
    );
}
