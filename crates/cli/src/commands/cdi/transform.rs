//! `cdi transform root`: a specification for the same files and nodes below another root.

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use cdi::{ContainerEdits, Format, Hook, Spec};
use diag::{Failure, Result, ResultExt};
use formats::version::Version;

pub(super) const COMMAND: Command = Command::group("transform", "Changes a CDI specification", &[ROOT]);

const ROOT: Command = Command::new("root", "Puts the paths of a specification below another root", root)
    .flags(&[
        Flag::text("from", "Root that is replaced"),
        Flag::text("to", "Root that takes its place"),
        Flag::text("input", "Specification to read; - is standard input").default("-"),
        Flag::text("output", "File to write; standard output when empty"),
        Flag::text("relative-to", "Which paths are meant: host or container").default("host"),
    ]);

/// Which paths of a specification are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Host,
    Container,
}

/// A root and the one that takes its place.
#[derive(Clone, Copy, Debug)]
struct Change<'a> {
    from: &'a str,
    to: &'a str,
    side: Side,
}

fn root(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let side = match parsed.text("relative-to") {
        "host" => Side::Host,
        "container" => Side::Container,
        other => {
            return Err(Failure::coded(codes::BAD_VALUE, format!("invalid --relative-to value: {other}")));
        }
    };
    let input = parsed.text("input");
    let bytes = match input {
        "-" => session.standard_input()?,
        path => {
            let read = session.host.read(&session.absolute(path)?);
            read.context("failed to read spec contents").context(NOT_LOADED)?
        }
    };
    // YAML is a superset of JSON, but the parsers differ in what they refuse.
    let json = bytes.trim_ascii_start().starts_with(b"{");
    let format = if json { Format::Json } else { Format::Yaml };
    let mut spec = cdi::parse(&bytes, format).context(input).context(NOT_LOADED)?;
    Change { from: parsed.text("from"), to: parsed.text("to"), side }.spec(&mut spec);
    spec.validate().context("the changed specification is not valid")?;
    deliver(session, parsed.text("output"), &spec)
}

const NOT_LOADED: &str = "failed to load CDI specification";

fn deliver(session: &mut Session, output: &str, spec: &Spec) -> Result<Exit> {
    if output.is_empty() {
        session.out(&spec.to_yaml());
        return Ok(Exit::Well);
    }
    let text = if output.ends_with(".json") { spec.to_json() } else { spec.to_yaml() };
    session.write_file(output, text.as_bytes())?;
    Ok(Exit::Well)
}

impl Change<'_> {
    fn spec(self, spec: &mut Spec) {
        self.edits(&mut spec.container_edits);
        for device in &mut spec.devices {
            self.edits(&mut device.container_edits);
        }
        // A path on the host that differs from the one in the container needs a newer standard.
        let minimum = spec.minimum_version();
        if Version::parse(&spec.cdi_version) < Version::parse(minimum) {
            spec.cdi_version = minimum.to_owned();
        }
    }

    fn edits(self, edits: &mut ContainerEdits) {
        for node in &mut edits.device_nodes {
            match self.side {
                Side::Host => {
                    let path = self.moved(node.host_path.as_ref().unwrap_or(&node.path));
                    node.host_path = (path != node.path || node.host_path.is_some()).then_some(path);
                }
                Side::Container => node.path = self.moved(&node.path),
            }
        }
        for mount in &mut edits.mounts {
            let path = if self.side == Side::Host { &mut mount.host_path } else { &mut mount.container_path };
            *path = self.moved(path);
        }
        for hook in &mut edits.hooks {
            self.hook(hook);
        }
    }

    /// A hook's program lies on the host and its arguments mean paths of the container, except that
    /// `startContainer` runs a program of the container, and the stages outside the container have
    /// arguments about the host.
    fn hook(self, hook: &mut Hook) {
        let inside = hook.hook_name == "startContainer";
        let program_side = if inside { Side::Container } else { Side::Host };
        let arguments_side =
            if inside || hook.hook_name == "createContainer" { Side::Container } else { Side::Host };
        if program_side == self.side {
            hook.path = self.moved(&hook.path);
        }
        if arguments_side == self.side {
            for argument in &mut hook.args {
                let halves: Vec<String> = argument.split("::").map(|half| self.moved(half)).collect();
                *argument = halves.join("::");
            }
        }
    }

    /// The path below the new root, if it lies at or below the old one.
    fn moved(self, path: &str) -> String {
        let from = self.from.trim_end_matches('/');
        match path.strip_prefix(from) {
            Some(rest) if path.starts_with('/') && (rest.is_empty() || rest.starts_with('/')) => {
                let moved = format!("{}{rest}", self.to.trim_end_matches('/'));
                if moved.is_empty() { "/".to_owned() } else { moved }
            }
            _ => path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_move_by_whole_components() {
        for (from, to, path, expected) in [
            ("/driver", "/", "/driver/lib/x", "/lib/x"),
            ("/driver/", "/host/", "/driver/lib", "/host/lib"),
            ("/driver", "/host", "/driver", "/host"),
            ("/driver", "/", "/driver", "/"),
            ("/driver", "/host", "/driver2/lib", "/driver2/lib"),
            ("/", "/host", "/lib", "/host/lib"),
            ("", "/host", "/lib", "/host/lib"),
            ("", "/host", "--folder", "--folder"),
        ] {
            assert_eq!(Change { from, to, side: Side::Host }.moved(path), expected, "{from} {to} {path}");
        }
    }

    fn hook(stage: &str, side: Side) -> String {
        let mut hook = Hook {
            hook_name: stage.to_owned(),
            path: "/a/bin/hook".to_owned(),
            args: vec!["hook".to_owned(), "/a/x::/a/y".to_owned()],
            ..Hook::default()
        };
        Change { from: "/a", to: "/b", side }.hook(&mut hook);
        format!("{} {}", hook.path, hook.args.join(" "))
    }

    #[test]
    fn programs_and_arguments_of_hooks_belong_to_different_roots() {
        for (stage, side, expected) in [
            ("createContainer", Side::Host, "/b/bin/hook hook /a/x::/a/y"),
            ("createContainer", Side::Container, "/a/bin/hook hook /b/x::/b/y"),
            ("startContainer", Side::Host, "/a/bin/hook hook /a/x::/a/y"),
            ("startContainer", Side::Container, "/b/bin/hook hook /b/x::/b/y"),
            ("prestart", Side::Host, "/b/bin/hook hook /b/x::/b/y"),
            ("prestart", Side::Container, "/a/bin/hook hook /a/x::/a/y"),
        ] {
            assert_eq!(hook(stage, side), expected, "{stage} {side:?}");
        }
    }
}
