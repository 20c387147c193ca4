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
mod container;
mod injection;
mod process;
mod program;

use crate::configuration;
use arguments::{Command, Options};
use container::Container;
use diag::{Failure, Result};
use host::Host;
use inject::{Ask, Policy, Request};
use injection::Injection;
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
    let debug = |text: &str| {
        if options.debug {
            say(text)
        }
    };
    let container = Container::load()?;
    let host = Host::live();
    let path = options
        .config
        .clone()
        .unwrap_or_else(|| settings::location(|name| host.environment().get(name).map(ToOwned::to_owned)));
    let settings = configuration::load_settings(&host, &path)?;
    let request = inject::request(&container.config, &settings, false);
    request.notes.iter().for_each(|note| say(note));
    if request.ask == Ask::Nothing {
        debug("no GPU is asked for");
        return Ok(());
    }
    debug(&format!("asked for: {:?}", request.ask));
    let injection = prepare(&host, &container, &settings, &request, &path)?;
    debug(&format!("injecting {injection}"));
    injection.carry_out(&container, !settings.cli.no_cgroups)
}

/// Everything that is decided and taken from the host, before the container is touched.
fn prepare(
    host: &Host,
    container: &Container,
    settings: &Settings,
    request: &Request,
    settings_file: &str,
) -> Result<Injection> {
    let capabilities = inject::capabilities(&container.config, settings)?;
    let driver = discover::inventory::load(host, &configuration::places(settings, settings_file))?;
    let mut policy = Policy::new("nvidia-cdi-hook");
    policy.capabilities = Some(capabilities.clone());
    if !uses_compat(settings) {
        policy.disabled_hooks.push("enable-cuda-compat".to_owned());
    }
    let edits = inject::edits(request, &driver, &policy)
        .map_err(|failure| told_as_by_the_original(failure, &request.ask, &driver))?;
    Injection::new(&edits, &capabilities)
}

/// Whether newer CUDA compat libraries of the image may be used: the modes in which the original
/// leaves that to `nvidia-container-cli`. In mode `hook` the runtime shim adds a hook for it.
fn uses_compat(settings: &Settings) -> bool {
    match settings.runtime.modes.legacy_cuda_compat_mode.as_str() {
        "ldconfig" | "mount" => true,
        "hook" | "disabled" => false,
        _ => settings.features.allow_cuda_compat_libs_from_container == Some(true),
    }
}

/// The original's words for a device that does not exist, which people search for, then our own.
fn told_as_by_the_original(failure: Failure, ask: &Ask, driver: &driver::Driver) -> Failure {
    let unknown = [inject::codes::NO_SUCH_DEVICE, inject::codes::INVALID_DEVICE_ID];
    let (Ask::Devices(ids), Some(code)) = (ask, failure.code().filter(|code| unknown.contains(code))) else {
        return failure;
    };
    let is_unknown = |id: &&String| inject::select(&Ask::Devices(vec![(*id).clone()]), driver).is_err();
    let id = ids.iter().find(is_unknown).map_or("", String::as_str);
    let hint = match failure.first_hint() {
        Some(hint) => format!("{}; {hint}", failure.chain()),
        None => failure.chain(),
    };
    Failure::coded(code, format!("nvidia-container-cli: device error: {id}: unknown device")).hint(hint)
}

/// One line to standard error, which the runtime shows when the hook fails.
fn say(text: &str) {
    // Nobody can be told when standard error is closed.
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use driver::{Driver, Gpu, Node};

    #[test]
    fn an_unknown_device_is_told_in_the_originals_words_with_the_valid_range() {
        let gpu = |minor| Gpu { minor, node: Some(Node::default()), ..Gpu::default() };
        let driver = Driver {
            version: Some("580.95.05".to_owned()),
            gpus: (0..8).map(gpu).collect(),
            ..Driver::default()
        };
        let ask = Ask::Devices(vec!["0".to_owned(), "99".to_owned()]);
        let failure = inject::select(&ask, &driver).unwrap_err();
        assert_eq!(
            told_as_by_the_original(failure, &ask, &driver).line(),
            "nvidia-container-cli: device error: 99: unknown device [R201]; \
             hint: no GPU with index 99: this machine has GPUs 0-7"
        );
    }

    #[test]
    fn compat_libraries_follow_the_legacy_mode() {
        for (mode, expected) in
            [("ldconfig", true), ("mount", true), ("hook", false), ("disabled", false), ("", false)]
        {
            let mut settings = Settings::default();
            mode.clone_into(&mut settings.runtime.modes.legacy_cuda_compat_mode);
            assert_eq!(uses_compat(&settings), expected, "{mode}");
        }
    }
}
