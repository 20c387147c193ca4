//! `longshore sim`: runs a command in a simulated GPU host, and shows which hosts there are.

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result};
use sim::{Cgroup, RunOptions};
use std::path::PathBuf;
use std::process::ExitCode;

/// The row of the tables.
pub(crate) const COMMAND: Command = Command::group(
    "sim",
    "Simulates a machine with NVIDIA GPUs for a command, for tests and for looking around",
    &[
        Command::new("run", "Runs a command in a simulated GPU host (needs root)", run)
            .flags(&[
                Flag::text("host", "Name of a host, or path of a description that ends in .toml")
                    .default("dgx-h100"),
                Flag::text(
                    "root",
                    "Unpacked root directory that becomes / in an own pid namespace; it is not changed",
                ),
                Flag::text("cgroup", "Control groups that the command sees: host, v1, v2, hybrid")
                    .default("host"),
                Flag::list("share", "With --root: directory that appears at the same path inside, writable"),
                Flag::list("env", "Variable NAME=VALUE for the command"),
                Flag::switch("no-container-proc", "Do not bring /proc/driver into containers started inside"),
            ])
            .arguments("[--] COMMAND [ARGUMENT...]")
            .stops_at_argument(),
        Command::new("list", "Lists the hosts", list)
            .flags(&[Flag::switch("json", "Print names and summaries as JSON")]),
        Command::new("show", "Shows the description of a host, a start for one of your own", show)
            .arguments("HOST"),
    ],
);

fn run(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let options = options(session, parsed)?;
    match sim::run(&options) {
        Ok(code) => Ok(Exit::Given(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)))),
        Err(failure) => {
            session.fail(&failure);
            // Not 1 or 2: those may be the command's own.
            Ok(Exit::Given(ExitCode::from(sim::COULD_NOT_RUN)))
        }
    }
}

fn options(session: &Session, parsed: &Parsed) -> Result<RunOptions> {
    let usage = |message: String| Failure::coded(codes::BAD_ARGUMENT, message);
    let cgroup = parsed.text("cgroup");
    let mut command = Vec::new();
    for word in &parsed.rest {
        let word = word.to_str().ok_or_else(|| usage(format!("{} is not UTF-8", word.display())))?;
        command.push(word.to_owned());
    }
    if command.is_empty() {
        return Err(usage("sim run needs a command".into()).hint("longshore sim run -- nvidia-smi -L"));
    }
    let absolute = |path: &str| session.absolute(path).map(PathBuf::from);
    Ok(RunOptions {
        host: parsed.text("host").to_owned(),
        root: Some(parsed.text("root")).filter(|root| !root.is_empty()).map(absolute).transpose()?,
        cgroup: Cgroup::from_name(cgroup)
            .ok_or_else(|| usage(format!("--cgroup is host, v1, v2 or hybrid, not {cgroup}")))?,
        share: parsed.list("share").iter().map(|path| absolute(path)).collect::<Result<_>>()?,
        environment: environment(&parsed.list("env"))?,
        container_proc: !parsed.switch("no-container-proc"),
        command,
        executable: session.host.read_link("/proc/self/exe")?.unwrap_or_default().into(),
    })
}

/// Variables out of `--env`. The option's values were split at commas: a part without `=` belongs to
/// the value before it.
fn environment(parts: &[String]) -> Result<Vec<(String, String)>> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for part in parts {
        match (part.split_once('='), variables.last_mut()) {
            (Some((name, value)), _) => variables.push((name.to_owned(), value.to_owned())),
            (None, Some((_, value))) => *value = format!("{value},{part}"),
            (None, None) => {
                let message = format!("--env takes NAME=VALUE, not {part}");
                return Err(Failure::coded(codes::BAD_ARGUMENT, message));
            }
        }
    }
    Ok(variables)
}

fn list(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    if parsed.switch("json") {
        let hosts = sim::presets::list()?;
        let hosts: Vec<_> = hosts
            .iter()
            .map(|(name, summary)| serde_json::json!({"name": name, "summary": summary}))
            .collect();
        session.out(&format!("{:#}\n", serde_json::json!({"schema": 1, "hosts": hosts})));
        return Ok(Exit::Well);
    }
    for (name, summary) in sim::presets::list()? {
        session.out(&format!("{name:<18}{summary}\n"));
    }
    Ok(Exit::Well)
}

fn show(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let [name] = parsed.rest.as_slice() else {
        return Err(Failure::coded(codes::BAD_ARGUMENT, "sim show takes the name of one host")
            .hint("`longshore sim list` names them"));
    };
    session.out(sim::presets::text(&name.to_string_lossy())?);
    Ok(Exit::Well)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_variables_keep_their_commas() {
        let parts = ["A=1", "2", "B=x=y"].map(str::to_owned);
        let expected = [("A", "1,2"), ("B", "x=y")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(environment(&parts).unwrap(), expected);
        assert!(environment(&["A".to_owned()]).is_err());
    }
}
