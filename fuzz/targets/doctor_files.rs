//! Files that the doctor reads of a machine, and facts that somebody sends: no panic, and what is cut out
//! of the client's file leaves the rest as it was.
#![no_main]

use doctor::{Facts, Options, collect, diagnose, redacted, report};
use formats::docker_client::{self, Residue};
use host::{Environment, Host};
use serde_json::Value;
use std::fs;

const PATHS: &[&str] = &[
    "etc/containerd/config.toml",
    "var/lib/rancher/k3s/agent/etc/containerd/config.toml",
    "etc/crio/crio.conf",
    "etc/docker/daemon.json",
    "root/.docker/config.json",
    "root/.docker/contexts/meta/x/meta.json",
    "etc/nvidia-container-runtime/config.toml",
    "etc/cdi/nvidia.yaml",
    "var/lib/dpkg/status",
    "dev/kmsg",
    "proc/devices",
    "proc/self/status",
    "etc/group",
    "usr/lib/systemd/system/docker.service",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    match usize::from(*choice) % (PATHS.len() + 2) {
        0 => facts(rest),
        1 => client_file(rest),
        place => machine(PATHS[place - 2], rest),
    }
});

fn facts(bytes: &[u8]) {
    let Ok(facts) = Facts::from_json(bytes) else { return };
    let diagnosis = diagnose(&facts);
    let _page = report::html(&diagnosis);
    assert_eq!(diagnose(&redacted(&facts)).state, diagnosis.state);
}

fn client_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let residue = Residue { context: true, helpers: vec!["desktop".to_owned()] };
    let Some(after) = docker_client::without(text, &residue) else { return };
    let before: Value = serde_json::from_str(text).expect("only JSON is cut");
    let after: Value = serde_json::from_str(&after).expect("what is left is JSON");
    assert_eq!(before.get("auths"), after.get("auths"));
    assert_eq!(after.get("currentContext"), None);
}

fn machine(path: &str, bytes: &[u8]) {
    let root = tempfile::tempdir().expect("a folder");
    let file = root.path().join(path);
    fs::create_dir_all(file.parent().expect("it has one")).expect("a folder");
    fs::write(file, bytes).expect("a file");
    let host = Host::at(root.path()).with_environment(Environment::from([("HOME", "/root")]));
    let facts = collect(&host, &Options::default());
    assert_eq!(Facts::from_json(facts.to_json().as_bytes()).expect("facts can be read again"), facts);
    let _page = report::html(&diagnose(&facts));
}
