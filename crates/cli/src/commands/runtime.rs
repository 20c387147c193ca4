//! `nvidia-ctk runtime configure`: registers the runtime shim with an engine.

mod restart;

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result, ResultExt};
use engines::{Choice, Desired, Engine, Files, Installation, InstallationKind, Proposal, Wish};
use plan::{Applicability, Plan, Step};
use restart::Restart;

/// The row of the tables.
pub(crate) const COMMAND: Command = Command::group("runtime", "Configures container engines", &[CONFIGURE]);

const CONFIGURE: Command =
    Command::new("configure", "Adds the runtime to the configuration of an engine", configure).flags(FLAGS);

const FLAGS: &[Flag] = &[
    Flag::switch("dry-run", "Print what the configuration would become and write nothing"),
    Flag::text("runtime", "Engine to configure: docker, containerd, crio, podman, k3s or rke2")
        .default("docker")
        .aliases(&["engine"]),
    Flag::text("config", "Configuration file of the engine, where it is not the one that its daemon reads"),
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
    Flag::switch("rootless", "Configure the engine of the calling user, not that of the system"),
    Flag::text("root", "Directory that holds the file system of another host, which is configured"),
    Flag::switch(
        "restart",
        "Reload or restart the engine if that is needed, and wait until it shows the change",
    ),
    Flag::text("restart-command", "Command line that restarts the engine; implies --restart"),
    Flag::text("restart-timeout", "Seconds until the engine has to show the change, or it is taken back")
        .default("60"),
    Flag::switch("stop-containers", "Restart also when that stops running containers"),
];

fn configure(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    enter_root(session, parsed.text("root"))?;
    if wants_hook(session, parsed) {
        return oci_hook(session, parsed);
    }
    let engine = engine(parsed.text("runtime"))?;
    let (engine, installation) = installation(session, engine, parsed)?;
    let drop_in = drop_in(engine, &installation, parsed.text("drop-in-config"))?;
    let dumped = dumped(session, engine, parsed, &installation.config)?;
    let release = engines::release(&session.host, engine, installation.program.as_deref());
    let files = Files { config: &installation.config, drop_in: &drop_in, dumped: dumped.as_deref(), release };
    let desired = desired(session, engine, parsed);
    let proposal = (engine.propose)(&session.host, &files, &desired)
        .map_err(|failure| failure.context(unable_to_load(engine)))?;
    report(session, engine, &proposal, &installation.config);
    if parsed.switch("dry-run") {
        return show(session, engine, &proposal);
    }
    let restart = Restart::new(parsed, engine, installation, desired)?;
    write(session, &restart, &proposal)
}

/// Looks at and changes the host whose file system is below this directory.
fn enter_root(session: &mut Session, root: &str) -> Result<()> {
    if !root.is_empty() {
        let root = session.absolute(root)?;
        session.host = session.host.below(&root)?;
    }
    Ok(())
}

fn engine(name: &str) -> Result<&'static Engine> {
    engines::by_name(name)
        .ok_or_else(|| Failure::coded(codes::BAD_VALUE, format!("unrecognized runtime '{name}'")))
}

/// The installation that is meant, and the engine that it really is: containerd inside k3s is k3s's.
fn installation(
    session: &mut Session,
    engine: &'static Engine,
    parsed: &Parsed,
) -> Result<(&'static Engine, Installation)> {
    let installation = match parsed.text("config") {
        "" => chosen(session, engine, parsed.switch("rootless"))?,
        given => given_file(session, engine, &session.absolute(given)?),
    };
    // Whoever names the file of such an installation gets it, with what speaks against it.
    if let Some(reason) = engines::refusal(engine, &installation) {
        session.warn(&reason.line());
    }
    let really = match installation.kind {
        InstallationKind::K3s => engines::by_name("k3s"),
        InstallationKind::Rke2 => engines::by_name("rke2"),
        _ => None,
    };
    Ok((really.unwrap_or(engine), installation))
}

fn chosen(session: &mut Session, engine: &Engine, rootless: bool) -> Result<Installation> {
    let Choice { installation, notes } = engines::choose(&session.host, engine, Wish { rootless })?;
    for note in notes {
        session.warn(&note);
    }
    if installation.config != engine.default_config && !rootless {
        session.info(&format!("{} reads {}", installation.seen, installation.config));
    }
    Ok(installation)
}

/// The installation that reads a file which the caller names, or none that is known.
fn given_file(session: &Session, engine: &Engine, config: &str) -> Installation {
    let found = (engine.detect)(&session.host).into_iter();
    found.chain(engine.rootless(&session.host)).find(|found| found.config == config).unwrap_or_else(|| {
        Installation {
            kind: InstallationKind::System,
            config: config.to_owned(),
            drop_in: None,
            program: None,
            service: None,
            socket: None,
            seen: config.to_owned(),
        }
    })
}

fn unable_to_load(engine: &Engine) -> String {
    format!("unable to load config for runtime {}", engine.name)
}

/// Whether the mode asks for an OCI hook.
fn wants_hook(session: &mut Session, parsed: &Parsed) -> bool {
    match parsed.text("config-mode") {
        "" | "config" | "config-file" => false,
        mode @ ("oci-hook" | "hook") => {
            session.warn(&format!("The {mode:?} config-mode is deprecated"));
            true
        }
        mode => {
            let runtime = parsed.text("runtime");
            session.warn(&format!("Ignoring unsupported config mode for {runtime}: {mode:?}"));
            false
        }
    }
}

fn drop_in(engine: &Engine, installation: &Installation, given: &str) -> Result<String> {
    match (engine.default_drop_in, given) {
        (None, "") => Ok(String::new()),
        (None, _) => {
            let problem = format!("runtime {} does not support drop-in configs", engine.name);
            Err(Failure::coded(codes::BAD_VALUE, problem))
        }
        (Some(usual), "") => Ok(installation.drop_in.clone().unwrap_or_else(|| usual.to_owned())),
        (Some(_), given) if given.starts_with('/') => Ok(given.to_owned()),
        (Some(_), given) => {
            let problem = format!("the drop-in-config path {given:?} is not an absolute path");
            Err(Failure::coded(codes::BAD_VALUE, problem))
        }
    }
}

/// What the engine says of itself, where that is asked for.
fn dumped(session: &mut Session, engine: &Engine, parsed: &Parsed, config: &str) -> Result<Option<Vec<u8>>> {
    let executable = parsed.text("executable-path");
    let can_tell = !engine.dump_commands.is_empty();
    let asked = match parsed.text("config-source") {
        "file" => false,
        "command" if can_tell => true,
        "command" => {
            let name = engine.name;
            session.warn(&format!("A command Config Source is not supported for {name}; using file"));
            false
        }
        source => {
            return Err(Failure::coded(codes::BAD_VALUE, format!("unrecognized Config Source: {source}")));
        }
    };
    if !executable.is_empty() && !can_tell {
        session.warn(&format!("Ignoring executable-path=... flag for {}", engine.name));
    }
    if !asked {
        return Ok(None);
    }
    let executable = (!executable.is_empty()).then(|| session.absolute(executable)).transpose()?;
    let other = Some(config).filter(|path| *path != engine.default_config && session.host.exists(path));
    let may_be_mute = session.host.is_live()
        && !session.host.exists(config)
        && engines::can_tell(&session.host, engine, executable.as_deref());
    match engines::dump(&session.host, engine, executable.as_deref(), other) {
        // containerd 1.x refuses to answer while it has no file.
        Err(failure) if may_be_mute => {
            session.warn(&format!("{}; using the empty config", failure.line()));
            Ok(None)
        }
        answer => answer.map(Some).with_context(|| unable_to_load(engine)),
    }
}

fn desired(session: &mut Session, engine: &Engine, parsed: &Parsed) -> Desired {
    // Where a path is needed, the bare name means the usual one, as scripts expect.
    let runtime_path = match parsed.text("nvidia-runtime-path") {
        "" | "nvidia-container-runtime" => engine.default_runtime_path,
        path => path,
    };
    let enable_cdi = parsed.switch("cdi.enabled");
    if enable_cdi && !engine.cdi_switch {
        session
            .warn(&format!("Ignoring cdi.enabled flag for {}: its CDI support has no switch", engine.name));
    }
    Desired {
        runtime_name: parsed.text("nvidia-runtime-name").to_owned(),
        runtime_path: runtime_path.to_owned(),
        set_as_default: parsed.switch("nvidia-set-as-default"),
        enable_cdi,
    }
}

fn report(session: &mut Session, engine: &Engine, proposal: &Proposal, config: &str) {
    match (engine.name, proposal.exists) {
        ("containerd", _) | (_, true) if engine.name != "docker" => {}
        (_, true) => session.info(&format!("Loading config from {config}")),
        (_, false) => session.info("Config file does not exist; using empty config"),
    }
    for note in &proposal.notes {
        session.info(note);
    }
    for finding in &proposal.findings {
        session.warn(&finding.message);
    }
}

fn show(session: &mut Session, engine: &Engine, proposal: &Proposal) -> Result<Exit> {
    for file in &proposal.files {
        if let Some(title) = file.title {
            session.info(&format!("{title}:"));
        }
        session.out(&file.text);
        if !file.text.ends_with('\n') || engine.default_drop_in.is_some() {
            session.out("\n");
        }
    }
    Ok(Exit::Well)
}

fn write(session: &mut Session, restart: &Restart, proposal: &Proposal) -> Result<Exit> {
    if proposal.plan.is_empty() {
        let paths: Vec<&str> = proposal.files.iter().map(|file| file.path.as_str()).collect();
        session.info(&match paths.as_slice() {
            [] => "No file needs to be written".to_owned(),
            [path] => format!("{path} says so already; nothing was changed"),
            paths => format!("{} say so already; nothing was changed", paths.join(" and ")),
        });
    }
    restart.carry_out(session, &proposal.plan)?;
    Ok(Exit::Well)
}

/// Carries out a plan and says what it wrote; gives the name of the change.
fn apply(session: &mut Session, plan: &Plan, root: &str) -> Result<Option<String>> {
    let receipt = session.apply(plan)?;
    for step in &plan.steps {
        if let Step::Write { path, .. } = step {
            session.info(&format!("Wrote updated config to {path}"));
        }
    }
    if let Some(id) = &receipt.id {
        let root = if root.is_empty() { String::new() } else { format!("--root={root} ") };
        session.info(&format!("`longshore undo {root}{id}` takes it back"));
    }
    Ok(receipt.id)
}

/// The OCI hook file, on standard output where no path is given.
fn oci_hook(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let text = engines::oci_hook::text(parsed.text("nvidia-runtime-hook-path"))?;
    let path = parsed.text("oci-hook-path");
    if path.is_empty() || parsed.switch("dry-run") {
        session.out(&text);
        return Ok(Exit::Well);
    }
    let path = session.absolute(path)?;
    let before = session.host.read_optional(&path)?;
    if before.as_deref() == Some(text.as_bytes()) {
        session.info(&format!("{path} says so already; nothing was changed"));
        return Ok(Exit::Well);
    }
    let step = Step::Write { path: path.clone(), before, after: text.into_bytes(), mode: 0o644 };
    apply(
        session,
        &Plan::new(format!("write the OCI hook {path}"), Applicability::Safe).step(step),
        parsed.text("root"),
    )?;
    Ok(Exit::Well)
}
