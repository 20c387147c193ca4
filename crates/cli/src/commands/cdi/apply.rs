//! `cdi apply`: what an engine would do with a specification, done to a bundle.

use super::sources;
use super::validate::look;
use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use cdi::{HostNode, Registry, Seen, SourceFile};
use diag::{Failure, Result, ResultExt};
use host::{Durability, Host};
use oci::Config;

pub(super) const COMMAND: Command =
    Command::new("apply", "Applies devices of specifications to the config.json of a bundle", apply)
        .arguments("[FILE|DIRECTORY...]")
        .flags(&[
            Flag::list("device", "Device: its name, or vendor/class=name"),
            Flag::text("bundle", "Directory with config.json").default("."),
            Flag::switch("dry-run", "Print the changed config.json, write nothing"),
        ]);

fn apply(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let wanted = parsed.list("device");
    if wanted.is_empty() {
        return Err(Failure::coded(codes::BAD_VALUE, "no --device is given"));
    }
    let named: Vec<String> = parsed.rest.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let registry = registry(session, &named)?;
    let names: Vec<String> = wanted.iter().map(|name| qualified(&registry, name)).collect::<Result<_>>()?;
    let mut edits = registry.resolve(&names)?;
    let host = session.host.clone();
    cdi::complete_nodes(&mut edits, |path| node(&host, path))?;
    let path = session.absolute(&format!("{}/config.json", parsed.text("bundle").trim_end_matches('/')))?;
    let mut config = Config::parse(&session.host.read(&path)?).with_context(|| path.clone())?;
    cdi::apply(&edits, &mut config)?;
    if parsed.switch("dry-run") {
        session.out(&format!("{}\n", String::from_utf8_lossy(&config.to_bytes()).trim_end()));
        return Ok(Exit::Well);
    }
    session.writable().write_with(&path, &config.to_bytes(), 0o644, Durability::Volatile)?;
    session.info(&format!("Applied {} to {path}", names.join(", ")));
    Ok(Exit::Well)
}

fn registry(session: &mut Session, named: &[String]) -> Result<Registry> {
    let files = sources::read(session, named)?.into_iter().map(|source| SourceFile {
        directory: source.directory,
        path: source.path,
        bytes: source.bytes,
    });
    let registry = Registry::new(files.collect());
    for (path, failure) in registry.errors() {
        session.warn(&format!("{path}: {}", failure.chain()));
    }
    Ok(registry)
}

/// The full name of a device; a bare name must be that of one device only.
fn qualified(registry: &Registry, name: &str) -> Result<String> {
    if cdi::is_qualified(name) {
        return Ok(name.to_owned());
    }
    let ending = format!("={name}");
    let found: Vec<&str> = registry.devices().filter(|device| device.ends_with(&ending)).collect();
    match found.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => {
            let known: Vec<&str> = registry.devices().collect();
            let failure =
                Failure::coded(cdi::codes::DEVICE_UNRESOLVABLE, format!("there is no device {name}"));
            Err(failure.hint(format!("the devices are {}", known.join(", "))))
        }
        several => {
            let what = format!("{name} is ambiguous: {}", several.join(", "));
            Err(Failure::coded(codes::BAD_VALUE, what))
        }
    }
}

fn node(host: &Host, path: &str) -> Result<HostNode> {
    match look(host, path) {
        Seen::Node(node) => Ok(node),
        Seen::Nothing => {
            Err(Failure::coded(cdi::codes::HOST_PATH_MISSING, format!("the device node {path} is not there")))
        }
        Seen::File(_) | Seen::Link(_) | Seen::Other => {
            Err(Failure::coded(cdi::codes::NODE_CHANGED, format!("{path} is no device node")))
        }
    }
}
