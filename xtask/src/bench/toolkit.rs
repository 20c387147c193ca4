//! A toolkit under measurement: a folder of executables, with settings, a CDI specification and an
//! inventory of its own, so that two of them do not meet.

use super::case::{Case, Way};
use super::config::{self, Variables};
use super::place::{CONTAINER, Place};
use crate::engines::missing_is_fine;
use crate::exec::{capture, command};
use diag::{Failure, Result, ResultExt};
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Longshore keeps its inventory.
const INVENTORY: &str = "/run/longshore";
/// The line of a fresh `config.toml` that says where CDI specifications lie.
const SPEC_DIRS: &str = r#"spec-dirs = ["/etc/cdi", "/var/run/cdi"]"#;

/// What is behind the settings of a shim that leaves all mounts in `config.json`.
const MOUNTS_IN_SPEC: &str =
    "\n[nvidia-container-runtime.modes.jit-cdi]\nnvcdi-feature-flags = [\"mounts-in-spec\"]\n";

/// One toolkit.
#[derive(Clone, Debug)]
pub(crate) struct Toolkit {
    /// Its name in tables.
    pub(crate) name: String,
    /// The folder of its executables.
    bin: PathBuf,
    /// The folder of all else that belongs to it.
    home: PathBuf,
}

/// A call that is ready to be measured.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The program.
    program: PathBuf,
    /// Its whole environment.
    variables: Variables,
    /// What lies in `config.json` before it.
    pub(crate) config: Vec<u8>,
}

impl Toolkit {
    /// Takes the executables of a folder; their settings are the default ones.
    pub(crate) fn new(place: &Place, name: &str, bin: &Path) -> Result<Self> {
        let toolkit = Self { name: name.to_owned(), bin: bin.to_owned(), home: place.of_toolkit(name) };
        let settings = toolkit.home.join("nvidia-container-runtime");
        for folder in [&settings, &toolkit.cdi()] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let text = capture(toolkit.ctk(place).arg("config"))?;
        let own = text.replace(SPEC_DIRS, &format!("spec-dirs = [\"{}\"]", toolkit.cdi().display()));
        if own == text {
            return Err(Failure::new(format!("the settings of {name} do not say {SPEC_DIRS}")));
        }
        fs::write(settings.join("config.toml"), &own).context("cannot write config.toml")?;
        let settings = toolkit.mounts_in_spec().join("nvidia-container-runtime");
        fs::create_dir_all(&settings).context("cannot make a folder of settings")?;
        fs::write(settings.join("config.toml"), own + MOUNTS_IN_SPEC).context("cannot write config.toml")?;
        let output = format!("--output={}", toolkit.cdi().join("nvidia.json").display());
        capture(toolkit.ctk(place).args(["cdi", "generate", "--format=json", &output]))?;
        Ok(toolkit)
    }

    /// Makes a case's call ready.
    pub(crate) fn call(&self, place: &Place, case: &Case, plain: &Value) -> Result<Call> {
        let asking = config::asking(plain.clone(), case.gpus)?;
        let low = if case.way.is_alone() { place.program_folder() } else { place.runc_folder() };
        let variables = self.variables(&low);
        let ready = |program: &str, config: &Value| Call {
            program: self.bin.join(program),
            variables: variables.clone(),
            config: config::bytes(config),
        };
        Ok(match case.way {
            Way::Cdi | Way::AloneCdi => ready("nvidia-container-runtime.cdi", &asking),
            Way::Prestart => {
                let hook = self.bin.join("nvidia-container-runtime-hook");
                let config = config::by_docker(plain.clone(), case.gpus, &hook, &variables)?;
                Call { config: config::bytes(&config), ..plain_call(place, plain) }
            }
            Way::Engine | Way::PieceDevices | Way::PieceMounts | Way::PieceHook => {
                let applied = self.applied(place, &asking)?;
                let config = config::piece(applied, plain, case.way);
                Call { config: config::bytes(&config), ..plain_call(place, plain) }
            }
            _ => ready("nvidia-container-runtime", &asking),
        })
    }

    /// The configuration after CDI was applied: the shim writes it, for a runtime that does nothing.
    fn applied(&self, place: &Place, asking: &Value) -> Result<Value> {
        let home = ("XDG_CONFIG_HOME".to_owned(), self.mounts_in_spec().display().to_string());
        let mut variables = self.variables(&place.program_folder());
        variables.retain(|(name, _)| *name != home.0);
        let call = Call {
            program: self.bin.join("nvidia-container-runtime.cdi"),
            variables: variables.into_iter().chain([home]).collect(),
            config: config::bytes(asking),
        };
        place.configure(&call.config)?;
        capture(&mut call.command(place, Way::AloneCdi))?;
        let edited = fs::read(place.config()).context("cannot read config.json")?;
        if edited == call.config {
            return Err(Failure::new(format!("{} did not edit config.json", self.name)));
        }
        serde_json::from_slice(&edited).context("the edited config.json is not JSON")
    }

    fn ctk(&self, place: &Place) -> Command {
        let mut ctk = command([self.bin.join("nvidia-ctk")]);
        ctk.env_clear().envs(self.variables(&place.runc_folder()));
        ctk
    }

    /// Engines' environment, and where this toolkit's settings are.
    fn variables(&self, low: &Path) -> Variables {
        let path = format!("{}:{}:/usr/sbin:/usr/bin:/sbin:/bin", low.display(), self.bin.display());
        let home = self.home.display().to_string();
        vec![("PATH".to_owned(), path), ("XDG_CONFIG_HOME".to_owned(), home)]
    }

    /// Settings of a shim that does to `config.json` what an engine does.
    fn mounts_in_spec(&self) -> PathBuf {
        self.home.join("mounts-in-spec")
    }

    fn cdi(&self) -> PathBuf {
        self.home.join("cdi")
    }
}

/// The call of the low-level runtime itself.
pub(crate) fn plain_call(place: &Place, plain: &Value) -> Call {
    low_level(&place.runc_folder(), plain)
}

/// The call of the program that stands in for it.
pub(crate) fn program_call(place: &Place, plain: &Value) -> Call {
    low_level(&place.program_folder(), plain)
}

fn low_level(folder: &Path, plain: &Value) -> Call {
    let variables = vec![("PATH".to_owned(), "/usr/sbin:/usr/bin:/sbin:/bin".to_owned())];
    Call { program: folder.join("runc"), variables, config: config::bytes(plain) }
}

impl Call {
    /// The command, with the arguments that dockerd gives to a runtime.
    pub(crate) fn command(&self, place: &Place, way: Way) -> Command {
        let mut words: Vec<OsString> = vec!["--root".into(), place.state().into(), "--log".into()];
        words.extend([place.file("log.json").into(), "--log-format".into(), "json".into()]);
        if way == Way::AloneOther {
            words.push("state".into());
        } else {
            words.extend(["create".into(), "--bundle".into(), place.bundle().into()]);
            words.extend(["--pid-file".into(), place.file("pid").into()]);
        }
        words.push(CONTAINER.into());
        let mut call = command([&self.program]);
        call.args(words).env_clear().envs(self.variables.clone());
        call
    }
}

/// Whose inventory lies at its place.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    owner: Option<String>,
}

impl Inventory {
    /// Puts the inventory that this toolkit has left there back, and the present one aside.
    pub(crate) fn belongs_to(&mut self, toolkit: &str) -> Result<()> {
        let aside = |name: &str| format!("{INVENTORY}.{name}");
        match self.owner.as_deref() {
            Some(owner) if owner == toolkit => return Ok(()),
            Some(owner) => rename(INVENTORY, &aside(owner))?,
            None => {}
        }
        rename(&aside(toolkit), INVENTORY)?;
        self.owner = Some(toolkit.to_owned());
        Ok(())
    }

    /// Removes it, as a boot does.
    pub(crate) fn forget(&self) -> Result<()> {
        fs::remove_dir_all(INVENTORY).or_else(missing_is_fine).context("cannot remove the inventory")
    }
}

fn rename(from: &str, to: &str) -> Result<()> {
    fs::rename(from, to).or_else(missing_is_fine).with_context(|| format!("cannot move {from}"))
}
