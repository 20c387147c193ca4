//! Running one case on a simulated machine, or on this one.

use crate::case::{Case, Machine, Outcome};
use diag::{Failure, Result, ResultExt};
use host::exec::Command;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// What is put to the test, and what makes the machine.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// Folder with `nvidia-ctk`, `nvidia-container-runtime` and the others.
    pub folder: PathBuf,
    /// The `longshore` that runs simulated machines.
    pub simulator: PathBuf,
}

const DEADLINE: Duration = Duration::from_secs(60);
const MAX_OUTPUT: usize = 16 << 20;

/// Runs a case; `keep` leaves its directory behind and says where.
///
/// # Errors
/// When it cannot be set up or started, or does not end within a minute.
pub fn run(case: &Case, binaries: &Binaries, keep: bool) -> Result<Outcome> {
    let directory = TempDir::with_prefix("conformance-").context("cannot make a directory for the run")?;
    let run = Run { case, binaries, directory: directory.path() };
    let outcome =
        run.prepare().and_then(|()| run.execute()).with_context(|| format!("cannot run {}", case.name));
    if keep {
        let _ = directory.keep();
    }
    outcome
}

struct Run<'a> {
    case: &'a Case,
    binaries: &'a Binaries,
    directory: &'a Path,
}

impl Run<'_> {
    fn prepare(&self) -> Result<()> {
        let cases = self.case.folder.parent().unwrap_or(&self.case.folder);
        for (place, source) in &self.case.files {
            self.write(place, &read(&cases.join(source))?)?;
        }
        self.write("path/runc", &read(&cases.join("low-level.sh"))?)?;
        let script = self.directory.join("path/runc");
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))
            .context("cannot make runc")?;
        let Some(settings) = &self.case.settings else { return Ok(()) };
        let config = read(&cases.join("config.toml"))?.replace("$MODE", &settings.mode);
        self.write("conf/nvidia-container-runtime/config.toml", &config)?;
        self.write("bundle/rootfs/.keep", "")?;
        self.write("bundle/config.json", &self.case.bundle()?)
    }

    fn execute(&self) -> Result<Outcome> {
        let command = match &self.case.host {
            Some(machine) => self.simulated(machine)?,
            None => self.command("/usr/bin/env".to_owned(), Vec::new()),
        };
        let output = command.run()?;
        let text = |bytes: &[u8]| self.general(&String::from_utf8_lossy(bytes));
        let config = std::fs::read_to_string(self.directory.join("handed-on.json")).ok();
        Ok(Outcome {
            exit: output.code,
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            config: config.map(|config| self.general(&config)),
        })
    }

    fn simulated(&self, machine: &Machine) -> Result<Command> {
        let preset = machine.preset.as_deref().unwrap_or("conformance");
        let host = format!("inherits = {preset:?}\n\n[faults]\nnvml_lost = {:?}\n", machine.lost_gpus);
        self.write("host.toml", &host)?;
        let words = ["sim", "run", "--host", "$DIR/host.toml", "--share", "$DIR", "--", "/usr/bin/env"];
        let simulator = self.binaries.simulator.to_string_lossy().into_owned();
        Ok(self.command(simulator, words.map(str::to_owned).to_vec()))
    }

    /// The case's command under a clean environment: `env -i NAME=VALUE... COMMAND`.
    fn command(&self, program: String, mut words: Vec<String>) -> Command {
        let environment = [
            "-i",
            "PATH=$BIN:$DIR/path:/usr/sbin:/usr/bin:/sbin:/bin",
            "XDG_CONFIG_HOME=$DIR/conf",
            "HOME=$DIR",
            // Else the engines of the machine would decide; no other toolkit knows the variable.
            "NVIDIA_CTK_CDI_GENERATE_FOR=docker@29.7",
        ];
        words.extend(environment.map(str::to_owned));
        if let Some(setup) = &self.case.setup {
            let script = format!("{setup} && exec \"$@\"");
            words.extend(["/bin/sh".to_owned(), "-c".to_owned(), script, "setup".to_owned()]);
        }
        words.extend(self.case.argv.iter().cloned());
        let words = words.iter().map(|word| self.special(word));
        let mut command = Command::new(program).args(words).deadline(DEADLINE);
        command.max_output = MAX_OUTPUT;
        command
    }

    fn write(&self, place: &str, text: &str) -> Result<()> {
        let path = self.directory.join(place);
        let writing = || format!("cannot write {}", path.display());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(writing)?;
        }
        std::fs::write(&path, self.special(text)).with_context(writing)
    }

    /// Placeholders to the places of this run.
    fn special(&self, text: &str) -> String {
        let places = self.places();
        places.iter().fold(text.to_owned(), |text, (placeholder, place)| text.replace(placeholder, place))
    }

    /// The places of this run to placeholders.
    fn general(&self, text: &str) -> String {
        let places = self.places();
        places.iter().fold(text.to_owned(), |text, (placeholder, place)| text.replace(place, placeholder))
    }

    fn places(&self) -> [(&'static str, String); 3] {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        [
            ("$DIR", text(self.directory)),
            ("$CASE", text(&self.case.folder)),
            ("$BIN", text(&self.binaries.folder)),
        ]
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|cause| Failure::new(format!("cannot read {}", path.display())).caused_by(cause))
}
