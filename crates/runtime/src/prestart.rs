//! `nvidia-container-runtime-hook`: gives a container its GPUs after it was created, which is how
//! `docker run --gpus` works without any runtime being configured.
//!
//! The engine adds this program as a prestart hook and says by environment variables of the
//! *container* what is wanted. The hook runs on the host. It decides with the same code as the
//! runtime shim, takes everything it will show from the host, widens the container's device cgroup,
//! enters the container, and there works with the same code as the fused hook.

mod arguments;
mod bpf;
mod cgroup;
mod configure;
pub(crate) mod container;
mod initialization;
mod injection;
mod log;
mod modes;
mod process;
mod program;
mod systemd;
mod wanted;

pub use configure::{Configuration, Without, configure};
pub use initialization::{check_root, initialization};
pub use process::Claim;

use crate::{codes, configuration};
use arguments::{Command, Options};
use container::Container;
use diag::{Failure, Result, one_line};
use host::Host;
use log::Log;
use rootfs::process::{Keep, harden};
use settings::Settings;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// The program; `args[0]` is the name it was called by, the container's state is on standard input.
#[must_use]
pub fn prestart(args: Vec<OsString>) -> ExitCode {
    match arguments::parse(args.get(1..).unwrap_or_default()) {
        Command::Prestart(options) => match run(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                say(&failure.line());
                ExitCode::FAILURE
            }
        },
        Command::Nothing => ExitCode::SUCCESS,
        Command::Help => {
            say(arguments::USAGE.trim_end());
            ExitCode::SUCCESS
        }
        Command::Version => {
            // Nobody can be told when standard output is closed.
            let text = settings::version_text("NVIDIA Container Runtime Hook");
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Command::Misuse(what) => {
            say(&format!("{what}{}", arguments::USAGE.trim_end()));
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<()> {
    // The engine gives this hook its own environment, which is trusted and says where settings are.
    harden(Keep::Environment)?;
    let host = Host::live();
    let (path, settings) = settings_of(&host, options)?;
    let container = Container::load()?;
    let log = Log::new(&host, &settings.cli.debug, options.debug);
    let done = serve(&host, &container, &settings, &path, &log);
    if let Err(failure) = &done {
        log.error(&failure.line());
    }
    done
}

/// The file of the settings and what stands in it. A file that somebody named has to be there.
fn settings_of(host: &Host, options: &Options) -> Result<(String, Settings)> {
    let variable = |name: &str| host.environment().get(name).map(ToOwned::to_owned);
    let named = options.config.clone().or_else(|| variable(settings::FILE_VARIABLE));
    let path = options.config.clone().unwrap_or_else(|| settings::location(variable));
    if named.is_some_and(|named| !named.is_empty()) && !host.exists(&path) {
        let message = "error getting hook config: failed to load config: couldn't open required configuration file: file does not exist";
        return Err(Failure::coded(codes::SETTINGS, message)
            .hint(format!("{path} is named for it, and is not there")));
    }
    let settings = configuration::load_settings(host, &path)?;
    Ok((path, settings))
}

fn serve(host: &Host, container: &Container, settings: &Settings, path: &str, log: &Log) -> Result<()> {
    let Some(wanted) = wanted::read(container, settings, path, &|note| say(&one_line(note)))? else {
        log.info("no GPU is asked for");
        return Ok(());
    };
    log.info(&format!("asked for: {:?}", wanted.ask));
    configure(host, &wanted, &|text| log.info(text)).map_err(known_by_its_name)
}

/// What the hook sets out to do for a container, for tests of settings.
#[cfg(test)]
pub(crate) fn set_out(config: &oci::Config, settings: &Settings) -> String {
    let container = Container { config: config.clone(), pid: 7, root: "/r".into() };
    match wanted::read(&container, settings, "", &|_| {}) {
        Ok(wanted) => format!("{wanted:?}"),
        Err(failure) => failure.line(),
    }
}

/// What is in the log that the settings name.
#[cfg(test)]
pub(crate) fn logged(settings: &Settings) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::at(folder.path());
    Log::new(&host, &settings.cli.debug, false).info("step");
    host.read_text("/hook.log").unwrap_or_default()
}

/// In the original this is the work of another program, whose name people search for.
fn known_by_its_name(failure: Failure) -> Failure {
    if failure.code() == Some(codes::NOT_LEGACY) {
        return failure;
    }
    let (code, hint) = (failure.code(), failure.first_hint().map(str::to_owned));
    let text = format!("nvidia-container-cli: {}", failure.chain());
    let named = match code {
        Some(code) => Failure::coded(code, text),
        None => Failure::new(text),
    };
    match hint {
        Some(hint) => named.hint(hint),
        None => named,
    }
}

/// One line to standard error, which the runtime shows when the hook fails.
fn say(text: &str) {
    // Nobody can be told when standard error is closed.
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}
