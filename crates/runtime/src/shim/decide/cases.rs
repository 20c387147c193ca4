//! The table of requests: what a container in a mode, under settings, asks for and gets.

use super::{Decision, Way, decide};
use crate::shim::just_in_time::Maker;
use cdi::ContainerEdits;
use driver::families::{self, Family};
use driver::{Driver, Mig, Node};
use host::Host;
use inject::Policy;
use oci::Config;
use settings::{Mode, Settings};
use std::collections::BTreeSet;

const TABLE: &str = include_str!("cases.txt");
const HOST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/hosts/conformance-dgx");

/// The recorded machine with eight H100; the last one is cut into two MIG devices.
fn machine() -> (Host, Driver) {
    let host = Host::recorded(HOST).expect("a recorded host");
    let mut driver = discover::sweep(&host, &discover::Options::default(), None).0;
    let gpu = driver.gpus.last_mut().expect("a GPU");
    gpu.mig_enabled = true;
    let mig = |index| Mig {
        index,
        uuid: Some(format!("MIG-f0a1000{index}-aaaa-4bbb-8ccc-00000000{index}")),
        caps: vec![Node { path: format!("/dev/nvidia-caps/nvidia-cap{index}"), ..Node::default() }],
        ..Mig::default()
    };
    gpu.mig = vec![mig(0), mig(1)];
    (host, driver)
}

fn modes(words: &str) -> Vec<Mode> {
    let all = [Mode::Auto, Mode::JitCdi, Mode::Cdi, Mode::Csv, Mode::Legacy];
    let of = |word: &str| match word {
        "all" => all.to_vec(),
        "auto" => vec![Mode::Auto],
        "jit-cdi" => vec![Mode::JitCdi],
        "cdi" => vec![Mode::Cdi],
        "csv" => vec![Mode::Csv],
        "legacy" => vec![Mode::Legacy],
        other => panic!("{other} is no mode"),
    };
    words.split_whitespace().flat_map(of).collect()
}

/// `NAME=VALUE` is a variable, `annotation KEY=VALUE`, `mount DESTINATION` of `/dev/null`,
/// `privileged`.
fn config(request: &str) -> Config {
    let (mut env, mut mounts, mut annotations, mut bounding) =
        (Vec::new(), Vec::new(), serde_json::Map::new(), Vec::new());
    for item in request.split(';').map(str::trim).filter(|item| !item.is_empty()) {
        match item.split_once(' ') {
            Some(("annotation", pair)) => {
                let (key, value) = pair.split_once('=').expect("KEY=VALUE");
                annotations.insert(key.to_owned(), value.into());
            }
            Some(("mount", destination)) => mounts.push(serde_json::json!({
                "destination": format!("/var/run/nvidia-container-devices/{destination}"), "source": "/dev/null"
            })),
            _ if item == "privileged" => bounding.push("CAP_SYS_ADMIN"),
            _ => env.push(item.to_owned()),
        }
    }
    let config = serde_json::json!({
        "process": {"env": env, "capabilities": {"bounding": bounding}},
        "annotations": annotations, "mounts": mounts
    });
    Config::parse(config.to_string().as_bytes()).expect("a configuration")
}

/// What came of it, in the words of the table.
fn outcome(config: &Config, settings: &Settings, mode: Mode, host: &Host, driver: &Driver) -> String {
    let decision = match decide(config, settings, mode) {
        Ok(decision) => decision,
        Err(failure) => return format!("error {}", failure.line()),
    };
    let maker = Maker { host, settings, settings_file: "", mode, called_as: "" };
    let mut said = match &decision.way {
        Way::Untouched => "nothing".to_owned(),
        Way::Legacy => "prestart hook".to_owned(),
        Way::SpecFiles(names) => format!("specification {}", names.join(" ")),
        Way::JustInTime(ask) => {
            match maker.of_driver(ask, driver, Policy::new("/usr/bin/nvidia-cdi-hook"), config) {
                Ok(edits) => format!("{}, {}", gpus(&edits), files(&edits)),
                Err(failure) => return format!("error {}", failure.line()),
            }
        }
    };
    said.push_str(&besides(&decision));
    said
}

fn besides(decision: &Decision) -> String {
    let request = &decision.request;
    let mut text = String::new();
    if !request.extras.is_empty() {
        text.push_str(&format!(", with {}", request.extras.join(" ")));
    }
    if !request.imex_channels.is_empty() {
        text.push_str(&format!(", channels {}", request.imex_channels.join(" ")));
    }
    for note in &request.notes {
        text.push_str(&format!(", note: {note}"));
    }
    text
}

/// The GPUs by the minors of their nodes; a MIG device by its capability.
fn gpus(edits: &ContainerEdits) -> String {
    let name = |path: &str| -> Option<String> {
        let name = path.strip_prefix("/dev/nvidia")?;
        let name = name.strip_prefix("-caps/nvidia-").unwrap_or(name);
        name.ends_with(|c: char| c.is_ascii_digit()).then(|| name.to_owned())
    };
    let found: BTreeSet<String> = edits.device_nodes.iter().filter_map(|node| name(&node.path)).collect();
    match found.is_empty() {
        true => "no GPU".to_owned(),
        false => format!("GPUs {}", found.into_iter().collect::<Vec<_>>().join(" ")),
    }
}

/// The families of the libraries; `all files` where there are those that no capability brings.
fn files(edits: &ContainerEdits) -> String {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let names: Vec<String> = edits
        .mounts
        .iter()
        .filter(|mount| !mount.container_path.contains("/xorg/"))
        .map(|mount| name(&mount.container_path))
        .filter(|name| name.starts_with("lib") && name.contains(".so."))
        .collect();
    if names.iter().any(|name| name.starts_with("libnvidia-gtk3")) {
        return "all files".to_owned();
    }
    let found: BTreeSet<Family> = names.iter().map(|name| families::of_library(name)).collect();
    let words = found.iter().filter(|family| **family != Family::Other);
    words.map(|family| format!("{family:?}").to_lowercase()).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_request_in_the_table_gets_what_it_says() {
    let (host, driver) = machine();
    let (mut cases, mut wrong) = (0, Vec::new());
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let columns: Vec<&str> = line.split(" | ").map(str::trim).collect();
        let [words, settings, request, expected] = columns[..] else { panic!("four columns: {line}") };
        let (settings, findings) = Settings::parse(&settings.replace(';', "\n")).expect(line);
        assert!(findings.is_empty(), "{line}: {findings:?}");
        for mode in modes(words) {
            cases += 1;
            let said = outcome(&config(request), &settings, mode, &host, &driver);
            let is_right = match expected.strip_suffix("...") {
                Some(start) => said.starts_with(start),
                None => said == expected,
            };
            if !is_right {
                wrong.push(format!("{mode:?} | {request}\n  expected {expected}\n  got      {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cases}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases >= 150, "{cases} cases");
}

#[test]
fn libraries_that_are_elsewhere_stop_a_container_with_advice() {
    let (host, mut driver) = machine();
    driver.libraries.clear();
    let asking = config("NVIDIA_VISIBLE_DEVICES=0");
    for (mode, advice) in [(Mode::Auto, "nvidia-container-cli.root"), (Mode::Csv, "mount lists (*.csv)")] {
        let said = outcome(&asking, &Settings::default(), mode, &host, &driver);
        assert!(said.contains("libraries were not found below /") && said.contains(advice), "{said}");
    }
}
