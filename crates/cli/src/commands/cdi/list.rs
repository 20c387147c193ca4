//! `cdi list`: the devices that engines find in CDI specifications.

use crate::arguments::{Command, Flag, Parsed};
use crate::exit::Exit;
use crate::session::Session;
use cdi::{Registry, SourceFile};
use diag::{Failure, Result};
use serde_json::{Value, json};

pub(super) const COMMAND: Command = Command::new("list", "Lists the devices of all CDI specifications", list)
    .flags(&[
        Flag::list("spec-dir", "Directory of specifications; a later one wins over an earlier")
            .default("/etc/cdi,/var/run/cdi")
            .env(&["NVIDIA_CTK_CDI_SPEC_DIRS"]),
        Flag::switch("json", "Write devices, their files and what is wrong as JSON"),
    ]);

fn list(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let mut files = Vec::new();
    for (position, directory) in
        parsed.list("spec-dir").iter().enumerate().filter(|(_, directory)| !directory.is_empty())
    {
        let directory = session.absolute(directory)?;
        read_directory(session, position, &directory, &mut files);
    }
    let registry = Registry::new(files);
    if parsed.switch("json") {
        session.out(&as_json(&registry));
        return Ok(Exit::Well);
    }
    for (path, failure) in registry.errors() {
        session.warn(&format!("{path}: {}", failure.chain()));
    }
    let devices: String = registry.devices().map(|device| format!("{device}\n")).collect();
    session.info(&format!("Found {} CDI devices", registry.devices().count()));
    session.out(&devices);
    Ok(Exit::Well)
}

/// `{"schema", "devices": [{"name", "file"}], "errors": [{"file", "message"}]}`.
fn as_json(registry: &Registry) -> String {
    let device = |name: &str| json!({"name": name, "file": registry.path_of(name)});
    let devices: Vec<Value> = registry.devices().map(device).collect();
    let error = |(path, failure): &(String, Failure)| json!({"file": path, "message": failure.chain()});
    let errors: Vec<Value> = registry.errors().iter().map(error).collect();
    format!("{:#}\n", json!({"schema": 1, "devices": devices, "errors": errors}))
}

/// A directory that is absent holds nothing; what cannot be read is reported and left out.
fn read_directory(session: &mut Session, position: usize, directory: &str, files: &mut Vec<SourceFile>) {
    let entries = match session.host.list_optional(directory) {
        Ok(entries) => entries.unwrap_or_default(),
        Err(failure) => return session.warn(&failure.chain()),
    };
    for entry in entries.iter().filter(|entry| entry.name.ends_with(".json") || entry.name.ends_with(".yaml"))
    {
        let path = format!("{}/{}", directory.trim_end_matches('/'), entry.name);
        match session.host.read(&path) {
            Ok(bytes) => files.push(SourceFile { directory: position, path, bytes }),
            Err(failure) => session.warn(&failure.chain()),
        }
    }
}
