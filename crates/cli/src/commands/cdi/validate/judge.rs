//! What is wrong with one specification.

use super::super::sources::Source;
use super::{Reader, owner};
use cdi::codes::{ENGINE_REFUSES, HOST_PATH_MISSING, NODE_CHANGED, NOT_READ, SPEC_INVALID};
use cdi::{Format, HostNode, Misfit, Seen, Spec, Taken};
use diag::{Finding, Severity};
use host::{Host, Kind};
use std::fmt::Write;

/// More missing files than this are counted, not listed.
const LISTED: usize = 5;

/// The specification, if any engine could read it; what is wrong goes to `findings`.
pub(super) fn file(source: &Source, readers: &[Reader], findings: &mut Vec<Finding>) -> Option<Spec> {
    let path = &source.path;
    let readable = path.ends_with(".json") || path.ends_with(".yaml");
    if !readable {
        let message = format!("{path}: engines read only files whose names end in .json or .yaml");
        findings.push(Finding::new(NOT_READ, Severity::Warning, message));
    }
    let looks_like_json = source.bytes.trim_ascii_start().starts_with(b"{");
    let format = Format::of_path(path).unwrap_or(if looks_like_json { Format::Json } else { Format::Yaml });
    let forgiving =
        !readers.is_empty() && readers.iter().all(|reader| matches!(reader.taken, Taken::Undeclared(_)));
    let parsed = match cdi::parse(&source.bytes, format) {
        Err(failure) if forgiving => {
            let undeclared = cdi::parse_undeclared(&source.bytes, format);
            if undeclared.is_ok() {
                let message = format!("{path}: {}; newer engines do not take the file", failure.chain());
                findings.push(Finding::new(SPEC_INVALID, Severity::Warning, message));
            }
            undeclared
        }
        parsed => parsed,
    };
    let spec = match parsed {
        Ok(spec) => spec,
        Err(failure) => {
            let code = failure.code().unwrap_or(SPEC_INVALID);
            let finding = Finding::new(code, Severity::Error, format!("{path}: {}", failure.chain()));
            findings.push(finding.help("no engine takes the file, and none of its devices exists"));
            return None;
        }
    };
    for reader in readers {
        if let Some(refusal) = reader.taken.refusal(&spec) {
            let message = format!("{path}: {} {refusal}", reader.name);
            let finding = Finding::new(ENGINE_REFUSES, Severity::Error, message);
            let ours = spec.kind.starts_with("nvidia.com/") && reader.taken.highest().is_some();
            let help = format!(
                "`nvidia-ctk cdi generate --for {}` writes one that it takes",
                reader.name.replace(' ', "@")
            );
            findings.push(if ours { finding.help(help) } else { finding });
        }
    }
    Some(spec)
}

/// Which of the known releases take the specification.
pub(super) fn table(spec: &Spec) -> String {
    let mut text = String::new();
    for engine in cdi::engines() {
        for release in engine.releases {
            let verdict = match (release.taken.refusal(spec), release.taken) {
                (Some(refusal), _) => refusal,
                (None, Taken::With(_, setting)) => format!("takes it, with {setting}"),
                (None, _) => "takes it".to_owned(),
            };
            if release.version != "0" {
                let name = format!("{} {}", engine.name, release.version);
                let _ = writeln!(text, "  {name:<18} {verdict}");
            }
        }
    }
    text
}

/// What the specification names and the machine has not.
pub(super) fn host(host: &Host, source: &Source, spec: &Spec, findings: &mut Vec<Finding>) {
    let misfits = spec.misfits(|path| look(host, path));
    let mut missing = Vec::new();
    for misfit in &misfits {
        match misfit {
            Misfit::MountMissing(path) => missing.push(path.as_str()),
            other => findings.push(told(other, &source.path)),
        }
    }
    if !missing.is_empty() {
        findings.push(files(host, &source.path, &missing));
    }
}

fn files(host: &Host, path: &str, missing: &[&str]) -> Finding {
    let count = missing.len();
    let message = match missing {
        [only] => format!("{path}: {only} is not on this machine"),
        _ => format!("{path}: {count} files that it mounts are not on this machine"),
    };
    let mut finding = Finding::new(HOST_PATH_MISSING, Severity::Error, message);
    for file in missing.iter().take(LISTED) {
        finding = match owner::of(host, file) {
            Some(owner) => finding.evidence(format!("{file} belongs to {owner}")),
            None if count > 1 => finding.evidence((*file).to_owned()),
            None => finding,
        };
    }
    if count > LISTED {
        finding = finding.evidence(format!("and {} more", count - LISTED));
    }
    if let Some(change) = owner::driver_change(host, missing) {
        finding = finding.evidence(change);
    }
    finding.help("containers that use it do not start; `longshore cdi refresh` or `nvidia-ctk cdi generate` writes it anew")
}

fn told(misfit: &Misfit, path: &str) -> Finding {
    let again = "`longshore cdi refresh` or `nvidia-ctk cdi generate` writes it anew";
    let missing = |what: String| Finding::new(HOST_PATH_MISSING, Severity::Error, format!("{path}: {what}"));
    let changed = |what: String| Finding::new(NODE_CHANGED, Severity::Error, format!("{path}: {what}"));
    match misfit {
        Misfit::MountMissing(file) => missing(format!("{file} is not on this machine")),
        Misfit::HookMissing(file) => {
            missing(format!("{file}, the program of a hook, is not on this machine"))
                .help("install it, or name another with --nvidia-cdi-hook-path")
        }
        Misfit::HookNotExecutable(file) => {
            missing(format!("{file}, the program of a hook, cannot be executed"))
        }
        Misfit::NodeMissing(node) => missing(format!("the device node {node} is not there")).help(
            "`nvidia-ctk system create-device-nodes --control-devices` and `nvidia-modprobe` make nodes",
        ),
        Misfit::NotANode(node) => changed(format!("{node} is no device node")),
        Misfit::NodeNumbers(node, said, is) => changed(format!(
            "{node} is {}:{} on this machine, not {}:{}: containers get a node without a driver",
            is.0, is.1, said.0, said.1
        ))
        .help(again),
        Misfit::NodeType(node, said, is) => changed(format!("{node} has the type {is}, not {said}")),
        Misfit::NotAbsolute(place) => changed(format!("{place:?} is no absolute path")),
    }
}

pub(in super::super) fn look(host: &Host, path: &str) -> Seen {
    let is_link = || host.lstat(path).is_ok_and(|stat| stat.is_some_and(|stat| stat.kind == Kind::Link));
    match behind(host, path) {
        Seen::Node(node) if is_link() => Seen::Link(node),
        seen => seen,
    }
}

/// What lies there once links are followed.
fn behind(host: &Host, path: &str) -> Seen {
    let Ok(Some(stat)) = host.stat(path) else { return Seen::Nothing };
    let numbers = |kind| {
        Seen::Node(HostNode { kind, major: stat.major.into(), minor: stat.minor.into(), mode: stat.mode })
    };
    match stat.kind {
        Kind::File => Seen::File(stat.is_executable()),
        Kind::CharDevice => numbers('c'),
        Kind::BlockDevice => numbers('b'),
        Kind::Fifo => numbers('p'),
        _ => Seen::Other,
    }
}
