//! `nvidia-container-runtime`: stands in front of runc or crun and gives containers their GPUs.
//!
//! Every command goes on to the low-level runtime. Only for those that make a container out of a
//! bundle, and only if that container asks for GPUs, the bundle's `config.json` is edited before.

mod bundle;
mod decide;
mod executables;
mod just_in_time;
mod legacy;
mod log;
mod mounts;
#[cfg(test)]
mod probes;
mod spec_files;

use crate::{configuration, dev_char};
use decide::{Decision, Way};
use diag::{Failure, Result, ResultExt};
use host::{Host, HostMut};
use just_in_time::{Made, Maker};
use log::Log;
use oci::args::Invocation;
use settings::{Mode, Settings};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

#[cfg(test)]
pub(crate) use probes::{chosen, decided, logged, of_hooks};

/// Version of the OCI runtime specification that `--version` names.
const OCI_VERSION: &str = "1.3.0";

/// Under which of its names the shim runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personality {
    /// `nvidia-container-runtime`: the mode is in `config.toml`.
    Configured,
    /// `nvidia-container-runtime.cdi`.
    Cdi,
    /// `nvidia-container-runtime.legacy`.
    Legacy,
}

/// What the shim works with.
struct Shim {
    host: HostMut,
    settings: Settings,
    settings_file: String,
    /// The path by which this program was called.
    called_as: String,
}

/// The program; `args[0]` is the name it was called by. Becomes the low-level runtime, and comes back
/// only with a failure.
#[must_use]
pub fn shim(args: Vec<OsString>, personality: Personality) -> ExitCode {
    // The journal is for changes that people make; nothing here is written down in it.
    let host = HostMut::new(Host::live(), host::JOURNAL_DIR);
    let failure = match oci::args::parse(args.get(1..).unwrap_or_default()) {
        Ok(invocation) => {
            let log = Log::of_engine(&host, &invocation);
            let failure = run(args, &invocation, personality, &log);
            log.error(&failure);
            failure
        }
        Err(failure) => failure,
    };
    log::to_stderr(&host, &failure);
    ExitCode::FAILURE
}

/// Does what is to be done and becomes the low-level runtime, unless something fails.
fn run(args: Vec<OsString>, invocation: &Invocation, personality: Personality, log: &Log) -> Failure {
    match low_level_runtime(&args, invocation, personality, log) {
        Ok(program) => {
            let handed_on: Vec<OsString> =
                std::iter::once(program.clone().into()).chain(args.into_iter().skip(1)).collect();
            host::hand_over(&program, &handed_on)
        }
        Err(failure) => failure,
    }
}

/// Does what is to be done before the low-level runtime, and gives its path.
fn low_level_runtime(
    args: &[OsString],
    invocation: &Invocation,
    personality: Personality,
    log: &Log,
) -> Result<String> {
    if invocation.version {
        print_version();
    }
    let host = log.host();
    let settings_file = settings::location(|name| host.environment().get(name).map(str::to_owned));
    let settings = configuration::load_settings(host, &settings_file)?;
    let program = executables::low_level(host, &settings.runtime.runtimes)
        .context("failed to create NVIDIA Container Runtime: error constructing low-level runtime")?;
    // A container that runs can be stopped and removed whatever the file says meanwhile.
    if invocation.creates() {
        let log = log.with_debug_file(invocation, &settings.runtime);
        let called_as = args.first().and_then(|name| name.to_str()).unwrap_or_default();
        let shim = Shim { host: host.clone(), settings, settings_file, called_as: called_as.to_owned() };
        let prepared = shim.prepare(personality, invocation, &program, &log);
        prepared.inspect_err(|failure| log.last_word(failure))?;
    }
    Ok(program)
}

impl Shim {
    fn mode(&self, personality: Personality) -> Result<Mode> {
        match personality {
            Personality::Configured => self.settings.mode(),
            Personality::Cdi => Ok(Mode::Cdi),
            Personality::Legacy => Ok(Mode::Legacy),
        }
    }

    /// Edits the bundle if its container asks for GPUs.
    fn prepare(
        &self,
        personality: Personality,
        invocation: &Invocation,
        low_level: &str,
        log: &Log,
    ) -> Result<()> {
        let mode = self.mode(personality)?;
        let path = bundle::config_path(invocation)?;
        log.debug(|| format!("looking at {path}, mode {mode:?}, low-level runtime {low_level}"));
        let mut config = bundle::read(&self.host, &path)?;
        let decision = decide::decide(&config, &self.settings, mode)?;
        decision.request.notes.iter().for_each(|note| log.warning(note));
        if decision.way == Way::Untouched {
            log.debug(|| "the container asks for no GPU: handed on as it is".to_owned());
            return Ok(());
        }
        log.info(&format!("giving the container its GPUs: {}", decision.way));
        self.modify(mode, &decision, low_level, &mut config, log).context(
            "could not apply required modification to OCI specification: error modifying OCI spec",
        )?;
        bundle::write(&self.host, &path, &config)
    }

    /// Edits the configuration.
    fn modify(
        &self,
        mode: Mode,
        decision: &Decision,
        low_level: &str,
        config: &mut oci::Config,
        log: &Log,
    ) -> Result<()> {
        let maker = Maker {
            host: &self.host,
            settings: &self.settings,
            settings_file: &self.settings_file,
            mode,
            called_as: &self.called_as,
        };
        let mut made = match &decision.way {
            Way::Untouched => return Ok(()),
            Way::Legacy => {
                cdi::apply(&maker.legacy_edits(&decision.request)?, config)?;
                legacy::insert_hook(&self.host, &self.settings, config)?;
                return Ok(());
            }
            Way::SpecFiles(names) => {
                Made { edits: spec_files::edits(&maker, names, config)?, ..Made::default() }
            }
            Way::JustInTime(ask) => maker.edits(ask, &decision.request, config)?,
        };
        for word in inject::unknown_capabilities(config) {
            log.warning(&format!("NVIDIA_DRIVER_CAPABILITIES: {word:?} is no capability and has no effect"));
        }
        made.warnings.iter().for_each(|warning| log.warning(warning));
        made.remarks.iter().for_each(|remark| log.info(remark));
        let edits = &mut made.edits;
        mounts::hand_over(&self.host, &self.settings, low_level, edits, config);
        log.edits(edits);
        // The GPUs are there when the hook that `docker run --gpus` added would run.
        config.remove_hooks(oci::Stage::Prestart, legacy::is_our_hook)?;
        cdi::apply(edits, config)?;
        dev_char::ensure(edits.device_nodes.iter().filter_map(links_to));
        Ok(())
    }
}

/// What a link in `/dev/char` needs to know of a node.
fn links_to(node: &cdi::DeviceNode) -> Option<(&str, u32, u32)> {
    let path = node.host_path.as_deref().unwrap_or(&node.path);
    let is_known = node.major > 0 && matches!(node.type_.as_deref(), None | Some("" | "c" | "u"));
    is_known.then_some((path, u32::try_from(node.major).ok()?, u32::try_from(node.minor).ok()?))
}

fn print_version() {
    let text = format!("{}spec: {OCI_VERSION}\n\n", settings::version_text("NVIDIA Container Runtime"));
    // Nobody can be told when standard output is closed.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::Durability;

    /// What comes of a command line on a machine whose toolkit is set to a mode that there is not, and the
    /// administrator's log.
    fn answer(command: &[&str]) -> (Result<String>, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let host = HostMut::new(Host::at(folder.path()), host::JOURNAL_DIR);
        let settings = "[nvidia-container-runtime]\nmode = \"cid\"\ndebug = \"/shim.log\"\n";
        for (path, text) in [("/usr/bin/runc", ""), ("/etc/nvidia-container-runtime/config.toml", settings)] {
            host.make_directories(path.rsplit_once('/').expect("absolute").0).expect("a directory");
            host.write_with(path, text.as_bytes(), 0o755, Durability::Volatile).expect("a file");
        }
        let args: Vec<OsString> = command.iter().map(OsString::from).collect();
        let invocation = oci::args::parse(&args[1..]).expect("a command line");
        let log = Log::of_engine(&host, &invocation);
        let answer = low_level_runtime(&args, &invocation, Personality::Configured, &log);
        (answer, host.read_text("/shim.log").unwrap_or_default())
    }

    #[test]
    fn a_container_can_be_removed_whatever_the_settings_say() {
        for command in ["state", "kill", "delete", "features"] {
            let (answer, log) = answer(&["nvidia-container-runtime", command, "x"]);
            assert_eq!((answer.expect(command).as_str(), log.as_str()), ("/usr/bin/runc", ""));
        }
    }

    #[test]
    fn the_administrator_s_file_tells_why_a_container_was_not_made() {
        let (answer, log) = answer(&["nvidia-container-runtime", "create", "--bundle", "/b", "x"]);
        assert!(answer.expect_err("no such mode").line().starts_with("invalid mode \"cid\""));
        assert!(log.contains("level=error msg=\"invalid mode \\\"cid\\\""), "{log}");
    }
}
