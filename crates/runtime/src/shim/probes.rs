//! What settings come to, for the test of all of their keys.

use super::{Log, decide, executables, just_in_time, legacy, spec_files};
use host::{Durability, Host, HostMut};
use oci::args::Invocation;
use oci::{Config, Stage};
use settings::{Mode, Settings};

/// The decision in every mode.
pub(crate) fn decided(config: &Config, settings: &Settings) -> String {
    let modes = [Mode::Auto, Mode::JitCdi, Mode::Cdi, Mode::Csv, Mode::Legacy];
    modes.map(|mode| format!("{:?}", decide::decide(config, settings, mode))).join("\n")
}

/// What edits are made by.
pub(crate) fn of_hooks(settings: &Settings) -> String {
    just_in_time::choices(settings)
}

/// What is in the file of the settings after one line of each level.
pub(crate) fn logged(settings: &Settings) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let host = HostMut::new(Host::at(folder.path()), host::JOURNAL_DIR);
    let invocation = Invocation::default();
    let log = Log::of_engine(&host, &invocation).with_debug_file(&invocation, &settings.runtime);
    log.info("information");
    log.warning("warning");
    host.read_text("/shim.log").unwrap_or_default()
}

/// Low-level runtime, prestart hook and specifications on a machine that has two programs and a file.
pub(crate) fn chosen(settings: &Settings) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let host = HostMut::new(Host::at(folder.path()), host::JOURNAL_DIR);
    for path in ["/bin/runc", "/bin/crun", "/cdi/a.yaml"] {
        host.make_directories(path.rsplit_once('/').expect("absolute").0).expect("a directory");
        host.write_with(path, b"", 0o755, Durability::Volatile).expect("a program");
    }
    let mut config = Config::parse(b"{}").expect("valid");
    legacy::insert_hook(&host, settings, &mut config).expect("inserted");
    let files = spec_files::files(&host, &settings.runtime.modes.cdi_spec_dirs);
    let low_level = executables::low_level(&host, &settings.runtime.runtimes);
    format!("{low_level:?} {:?} {}", config.hooks(Stage::Prestart), files.len())
}
