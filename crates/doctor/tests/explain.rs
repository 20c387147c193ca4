//! Every known symptom is recognised as it is printed and however it is wrapped; nothing else is.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read their fixtures")]

use doctor::explain::{all, recognise};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/explain").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// Name and text of each case.
fn cases() -> Vec<(String, String)> {
    let text = fixture("symptoms.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, rest) = line.split_once(" | ").unwrap();
            let (text, source) = rest.rsplit_once(" | ").unwrap();
            assert!(!source.is_empty(), "{line}");
            (name.to_owned(), text.replace("\\n", "\n"))
        })
        .collect()
}

fn first(text: &str) -> Option<&'static str> {
    recognise(text).first().map(|found| found.symptom.name)
}

#[test]
fn every_text_is_recognised_as_printed() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter(|(name, text)| first(text) != Some(name))
        .map(|(name, text)| format!("{name}, not {:?}: {text}", first(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(cases().len() >= 530);
}

type Wrap = fn(&str) -> String;

/// Ways in which a text comes to us.
const WRAPPERS: &[(&str, Wrap)] = &[
    ("docker's log file", |text| {
        serde_json::json!({"log": format!("{text}\n"), "stream": "stderr", "time": "2026-11-20T10:11:12.1Z"})
            .to_string()
    }),
    ("JSON in JSON", |text| {
        let inner = serde_json::json!({"level": "error", "msg": text}).to_string();
        serde_json::json!({"log": inner, "stream": "stderr"}).to_string()
    }),
    ("logfmt", |text| format!("time=\"2026-11-20T10:11:12Z\" level=error msg={:?}", text)),
    ("journal, a prefix on each line", |text| {
        let words: Vec<&str> = text.split(' ').collect();
        let (head, tail) = words.split_at(words.len() / 2);
        [head, tail].map(|part| format!("Nov 20 10:11:12 gpu-1 dockerd[412]: {}", part.join(" "))).join("\n")
    }),
    ("container runtime's log", |text| {
        text.lines().map(|line| format!("2026-11-20T10:11:12.123456789Z stderr F {line}\n")).collect()
    }),
    ("kubelet", |text| {
        format!(
            "Nov 20 10:11:12 n1 kubelet[1]: E1120 10:11:12.000001    1 remote_runtime.go:209] \"RunPodSandbox failed\" err={text:?}"
        )
    }),
    ("compose", |text| text.lines().map(|line| format!("trainer-1  | {line}\n")).collect()),
    ("hard line breaks", |text| {
        let characters: Vec<char> = text.chars().collect();
        characters.chunks(37).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
    }),
    ("typographic quotes", |text| text.replace('"', "\u{201d}").replace('\'', "\u{2019}")),
    ("quoted mail", |text| text.lines().map(|line| format!("> {line}\n")).collect()),
    ("HTML", |text| text.replace('&', "&amp;").replace('"', "&quot;").replace('>', "&gt;")),
    ("colours", |text| format!("\x1b[1;31m{}\x1b[0m", text.replace(' ', "\x1b[0m \x1b[31m"))),
    ("in the middle of a log", |text| {
        format!("Pulling fs layer\n\n{text}\nERRO[0000] the end\nexit status 1\n")
    }),
    ("capitals", |text| text.to_uppercase()),
];

#[test]
fn every_text_is_recognised_however_it_is_wrapped() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, text) in &cases() {
        for (how, wrap) in WRAPPERS {
            count += 1;
            let wrapped = wrap(text);
            if first(&wrapped) != Some(name) {
                wrong.push(format!("{name} as {how} gives {:?}: {wrapped}", first(&wrapped)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}: {:#?}", wrong.len(), wrong.iter().take(12).collect::<Vec<_>>());
    assert!(count >= 200);
}

#[test]
fn unrelated_lines_are_not_known() {
    let text = fixture("unrelated.txt");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() >= 150, "{}", lines.len());
    let known: Vec<String> =
        lines.iter().filter_map(|line| Some(format!("{}: {line}", first(line)?))).collect();
    assert!(known.is_empty(), "{known:#?}");
    // Nor do they make one together.
    assert!(recognise(&text).is_empty(), "{:?}", recognise(&text));
}

/// The innermost message counts, not what stands around it.
#[test]
fn the_innermost_message_counts() {
    for (text, name) in [
        (
            "docker: Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error running prestart hook #0: exit status 1, stdout: , stderr: Auto-detected mode as 'legacy'\nnvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, please update your driver",
            "requirement",
        ),
        (
            "could not select device driver\nnvidia-container-cli: dxcore initialization failed, continuing assuming a non-WSL environment\nnvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1",
            "load-library",
        ),
    ] {
        assert_eq!(first(text), Some(name));
    }
}

#[test]
fn every_symptom_has_a_case_or_says_its_own_texts() {
    let names: BTreeSet<&str> = all().map(|symptom| symptom.name).collect();
    assert_eq!(names.len(), all().count(), "a name stands twice");
    for (name, _) in &cases() {
        assert!(names.contains(name.as_str()), "no symptom {name}");
    }
    for symptom in all() {
        assert!(symptom.is_harmless() || symptom.causes.iter().all(|origin| !origin.next.is_empty()));
        for text in
            symptom.texts.iter().map(|text| text.replace('*', " 12 ").replace('@', "(PCI:0000:41:00):"))
        {
            assert!(
                recognise(&text)
                    .iter()
                    .any(|found| found.symptom.name == symptom.name || found.line.len() >= text.trim().len()),
                "{}: {text}",
                symptom.name
            );
        }
    }
}

#[test]
fn harmless_lines_are_called_harmless() {
    for symptom in all().filter(|symptom| symptom.is_harmless()) {
        let text = symptom.texts.first().unwrap().replace('*', " x ");
        let found = recognise(&text);
        assert!(found.first().unwrap().symptom.is_harmless(), "{text}");
    }
}
