//! `nvidia-ctk runtime configure`: registers the runtime shim with an engine.

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result};
use engines::{Desired, Engine, InstallationKind, Proposal};

/// The row of the tables.
pub(crate) const COMMAND: Command = Command::group("runtime", "Configures container engines", &[CONFIGURE]);

const CONFIGURE: Command =
    Command::new("configure", "Adds the runtime to the configuration of an engine", configure).flags(FLAGS);

const FLAGS: &[Flag] = &[
    Flag::switch("dry-run", "Print what the configuration would become and write nothing"),
    Flag::text("runtime", "Engine to configure: docker, containerd or crio").default("docker"),
    Flag::text("config", "Configuration file of the engine, where it is not at its usual place"),
    Flag::text("drop-in-config", "Drop-in file to write for engines that read such"),
    Flag::text("executable-path", "Program of the engine, for --config-source=command"),
    Flag::text("config-mode", "What to write: config-file, or the outdated oci-hook"),
    Flag::text("config-source", "Where to read the present configuration: file or command").default("file"),
    Flag::text("oci-hook-path", "File for the OCI hook, with --config-mode=oci-hook"),
    Flag::text("nvidia-runtime-name", "Name under which the runtime is registered").default("nvidia"),
    Flag::text("nvidia-runtime-path", "Path or name of the runtime's program").aliases(&["runtime-path"]),
    Flag::text("nvidia-runtime-hook-path", "Path of the hook's program, with --config-mode=oci-hook")
        .default("/usr/bin/nvidia-container-runtime-hook"),
    Flag::switch("nvidia-set-as-default", "Make it the default runtime").aliases(&["set-as-default"]),
    Flag::switch("cdi.enabled", "Switch on the engine's CDI support").aliases(&["cdi.enable", "enable-cdi"]),
];

fn configure(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let engine = engine(parsed.text("runtime"))?;
    check(session, parsed)?;
    let path = match parsed.text("config") {
        "" => usual_config(session, engine),
        given => session.absolute(given)?,
    };
    let proposal = (engine.propose)(&session.host, &path, &desired(engine, parsed))
        .map_err(|failure| failure.context(format!("unable to load config for runtime {}", engine.name)))?;
    if !proposal.exists {
        session.info("Config file does not exist; using empty config");
    }
    for finding in &proposal.findings {
        session.warn(&finding.message);
    }
    if parsed.switch("dry-run") { show(session, &proposal) } else { write(session, engine, &path, &proposal) }
}

fn engine(name: &str) -> Result<&'static Engine> {
    engines::by_name(name).ok_or_else(|| match name {
        "containerd" | "crio" => not_yet(format!("configuring {name} is not supported yet")),
        _ => Failure::coded(codes::BAD_VALUE, format!("unrecognized runtime '{name}'")),
    })
}

/// The usual file; other installations of the engine have files of their own, which nobody should
/// have to guess.
fn usual_config(session: &mut Session, engine: &Engine) -> String {
    for installation in (engine.detect)(&session.host) {
        let kind = match installation.kind {
            InstallationKind::System => continue,
            InstallationKind::Rootless => "a rootless",
            InstallationKind::Snap => "a snap of",
        };
        let (name, config) = (engine.name, installation.config);
        session.warn(&format!("there is {kind} {name} too: --config={config} configures it"));
    }
    engine.default_config.to_owned()
}

/// The options that mean something for other engines only, or nothing any more.
fn check(session: &mut Session, parsed: &Parsed) -> Result<()> {
    match parsed.text("config-mode") {
        "" | "config" | "config-file" => {}
        mode @ ("oci-hook" | "hook") => {
            return Err(not_yet(format!("--config-mode={mode} is not supported yet")));
        }
        mode => session.warn(&format!("Ignoring unsupported config mode '{mode}'; using 'config-file'")),
    }
    match parsed.text("config-source") {
        "file" => {}
        "command" => session.warn("A command as config source is not supported for docker; using file"),
        source => {
            return Err(Failure::coded(codes::BAD_VALUE, format!("unrecognized Config Source: {source}")));
        }
    }
    if !parsed.text("drop-in-config").is_empty() {
        return Err(Failure::coded(codes::BAD_VALUE, "runtime docker does not support drop-in configs"));
    }
    if !parsed.text("executable-path").is_empty() {
        session.warn("Ignoring executable-path=... flag for docker");
    }
    Ok(())
}

fn desired(engine: &Engine, parsed: &Parsed) -> Desired {
    let runtime_path = match parsed.text("nvidia-runtime-path") {
        "" => engine.default_runtime_path,
        path => path,
    };
    Desired {
        runtime_name: parsed.text("nvidia-runtime-name").to_owned(),
        runtime_path: runtime_path.to_owned(),
        set_as_default: parsed.switch("nvidia-set-as-default"),
        enable_cdi: parsed.switch("cdi.enabled"),
    }
}

fn show(session: &mut Session, proposal: &Proposal) -> Result<Exit> {
    session.out(&proposal.text);
    if !proposal.text.ends_with('\n') {
        session.out("\n");
    }
    Ok(Exit::Well)
}

fn write(session: &mut Session, engine: &Engine, path: &str, proposal: &Proposal) -> Result<Exit> {
    if proposal.plan.is_empty() {
        session.info(&format!("{path} says so already; nothing was changed"));
        return Ok(Exit::Well);
    }
    let receipt = session.apply(&proposal.plan)?;
    session.info(&format!("Wrote updated config to {path}"));
    if let Some(id) = receipt.id {
        session.info(&format!("`longshore undo {id}` takes it back"));
    }
    session.info(&format!("It is recommended that {} daemon be restarted.", engine.name));
    Ok(Exit::Well)
}

fn not_yet(message: String) -> Failure {
    Failure::coded(codes::NOT_YET, message)
        .hint("this release configures docker, with --config-mode=config-file")
}
