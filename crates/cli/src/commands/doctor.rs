//! `longshore doctor`: why a container does not get its GPU, and what to do next.

mod bundle;
mod engine_plan;
mod fix;
mod management;
mod user;

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::commands::explain::facts_of_file;
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result};
use doctor::facts::EngineKind;
use doctor::report::Style;
use doctor::{Diagnosis, Facts, Options};
use std::process::ExitCode;
use std::time::Duration;

/// The row of the tables.
pub(crate) const COMMAND: Command = Command::new(
    "doctor",
    "Finds out why a container does not get its GPU, and what to do next",
    doctor,
)
.flags(&[
    Flag::text(
        "engine",
        "The engine in question: docker, podman, containerd or crio; without it the one that is there",
    ),
    Flag::text("context", "The Docker context to look at instead of the current one"),
    Flag::text("socket", "The socket of the daemon to look at instead of any context"),
    Flag::text("image", "Say also what would happen to this image here (nothing is pulled)"),
    Flag::text("container", "Look also into this running container, without touching it"),
    Flag::text("user", "Look as this user would after a new login (root only)"),
    Flag::switch("probe", "Start a throw-away container too, and open its devices (nothing is pulled)"),
    Flag::switch("json", "Print the diagnosis as JSON, with `-v` also everything that was seen"),
    Flag::switch("verbose", "Show the proof of each finding, and what does not apply").aliases(&["v"]),
    Flag::text("from", "Judge the facts in this file (made by `--facts`) instead of this machine"),
    Flag::switch("facts", "Print everything that was seen as JSON, and judge nothing"),
    Flag::switch("fix", "Repair what is safe to repair, ask before what restarts something, then look again"),
    Flag::switch("yes", "With --fix: do not ask").aliases(&["y"]),
    Flag::switch("html", "Print the diagnosis as one page of HTML"),
    Flag::text("deadline", "Milliseconds that each look may take").default("300"),
])
.commands(&[bundle::COMMAND]);

fn doctor(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let mut facts = facts(session, parsed)?;
    if parsed.switch("facts") {
        session.out(&facts.to_json());
        return Ok(Exit::Well);
    }
    if parsed.switch("fix") && !parsed.given("from") {
        facts = fix::fix(session, parsed, facts)?;
    }
    let diagnosis = doctor::diagnose(&facts);
    let text = shown(session, parsed, &facts, &diagnosis);
    session.out(&text);
    Ok(Exit::Given(ExitCode::from(diagnosis.exit_code())))
}

fn facts(session: &mut Session, parsed: &Parsed) -> Result<Facts> {
    if parsed.given("from") {
        return facts_of_file(session, parsed.text("from"));
    }
    let options = options(session, parsed)?;
    if parsed.given("user")
        && let Some(facts) = user::facts(session, parsed)?
    {
        return Ok(facts);
    }
    let mut facts = doctor::collect(&session.host, &options);
    if parsed.switch("probe") {
        facts.probe = Some(doctor::probe::probe(&session.host, &facts, options.image.as_deref()).into());
    }
    Ok(facts)
}

/// What is seen on this machine, without any choice.
pub(crate) fn facts_here(session: &Session) -> Facts {
    let own_directory = own_directory(session);
    doctor::collect(
        &session.host,
        &Options { own_directory, nvml: Some(management::ask), ..Options::default() },
    )
}

fn options(session: &Session, parsed: &Parsed) -> Result<Options> {
    let text = parsed.text("deadline");
    let deadline: u64 = text.parse().map_err(|cause| {
        Failure::coded(codes::BAD_VALUE, format!("`{text}` is not a number of milliseconds")).caused_by(cause)
    })?;
    let given = |name: &str| parsed.given(name).then(|| parsed.text(name).to_owned());
    let socket = given("socket").map(|socket| match socket.starts_with("unix://") {
        true => Ok(socket),
        false => session.absolute(&socket),
    });
    let engine = given("engine").map(|name| engine(&name)).transpose()?;
    let defaults = Options::default();
    Ok(Options {
        engine,
        image: given("image"),
        container: given("container"),
        nvml: Some(management::ask),
        nvml_deadline: defaults.nvml_deadline,
        context: given("context"),
        socket: socket.transpose()?,
        own_directory: own_directory(session),
        deadline: Duration::from_millis(deadline),
        engine_deadline: defaults.engine_deadline.max(Duration::from_millis(deadline.saturating_mul(5))),
    })
}

fn engine(name: &str) -> Result<EngineKind> {
    EngineKind::named(name).ok_or_else(|| {
        Failure::coded(codes::BAD_VALUE, format!("the doctor does not know the engine `{name}`"))
            .hint("it knows docker, podman, containerd and crio")
    })
}

/// The folder of this executable.
fn own_directory(session: &Session) -> Option<String> {
    let program = session.host.read_link("/proc/self/exe").ok()??;
    program.rsplit_once('/').map(|(directory, _)| directory.to_owned())
}

fn shown(session: &Session, parsed: &Parsed, facts: &Facts, diagnosis: &Diagnosis) -> String {
    let verbose = parsed.switch("verbose");
    if parsed.switch("json") {
        return doctor::report::json(diagnosis, verbose.then_some(facts));
    }
    if parsed.switch("html") {
        return doctor::report::html(diagnosis);
    }
    doctor::report::text(diagnosis, Style { colour: session.colour(), verbose })
}

/// The three lines that `longshore` alone begins with.
pub(crate) fn verdict(session: &Session) -> String {
    doctor::verdict(&doctor::diagnose(&facts_here(session)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands;
    use host::Host;

    /// A directory without anything in it is a machine about which hardly anything is known.
    fn run(arguments: &[&str]) -> (Exit, String, String) {
        let root = tempfile::tempdir().unwrap();
        let mut session = Session::kept(Host::at(root.path()));
        let arguments: Vec<_> = arguments.iter().map(Into::into).collect();
        let exit = commands::run(&mut session, &arguments);
        let (out, err) = session.printed();
        (exit, out.to_owned(), err.to_owned())
    }

    #[test]
    fn an_empty_machine_has_no_gpu_and_that_is_the_root() {
        let (exit, out, _) = run(&["doctor", "--json"]);
        assert_eq!(exit, Exit::Given(ExitCode::from(1)));
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["root"], "H101");
    }

    #[test]
    fn wrong_values_are_usage_errors() {
        for arguments in [["doctor", "--engine=lxd"], ["doctor", "--deadline=soon"]] {
            let (exit, out, err) = run(&arguments);
            assert_eq!((exit, out.as_str()), (Exit::Usage, ""), "{err}");
        }
    }
}
