//! `cdi generate`: writes the specification of this machine's GPUs.

mod flags;
mod options;
mod program;
mod special;

use super::output;
use crate::arguments::{Command, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use cdi::{Format, Spec};
use diag::{Failure, Finding, Result, ResultExt, Severity};
use driver::{Driver, NvmlSnapshot};

pub(super) const COMMAND: Command =
    Command::new("generate", "Writes the CDI specification of this machine's GPUs", generate)
        .flags(flags::FLAGS);

fn generate(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let options = options::read(session, parsed)?;
    let output =
        output::choose(parsed.text("output"), parsed.given("format").then(|| parsed.text("format")))?;
    if output.overruled.is_some() {
        session.warn("the ending of the output file does not fit the requested format; the ending decides");
    }
    let spec = match options.special {
        Some(special) => special::specify(session, special, &options),
        None => {
            let (driver, findings) = look(session, &options.places);
            specify(session, &driver, findings, &options)
        }
    }
    .context("failed to generate CDI spec")?;
    session.info(&format!("Generated CDI spec with version {}", spec.cdi_version));
    let text = match output.format {
        Format::Yaml => spec.to_yaml(),
        Format::Json => spec.to_json(),
    };
    match &output.path {
        Some(path) => session.write_file(path, text.as_bytes())?,
        None => session.out(&text),
    }
    Ok(Exit::Well)
}

/// The driver as the kernel, its files and NVML show it. NVML may be missing: then the kernel's word
/// must do.
fn look(session: &mut Session, places: &discover::Options) -> (Driver, Vec<Finding>) {
    let snapshot = match ask_nvml(session, places) {
        Ok(snapshot) => Some(snapshot),
        Err(failure) => {
            session.warn(&format!("{}; GPUs are taken from procfs alone", failure.chain()));
            None
        }
    };
    discover::sweep(&session.host, places, snapshot.as_ref())
}

/// Asks NVML; below a driver root of its own the loader would not find the right library.
fn ask_nvml(session: &Session, places: &discover::Options) -> Result<NvmlSnapshot> {
    let mut options = nvml::Options::default();
    if places.driver_root != "/" {
        let (driver, _) = discover::sweep(&session.host, places, None);
        let nvml =
            driver.libraries.into_iter().find(|library| library.soname.as_deref() == Some(nvml::SONAME));
        let missing = || Failure::new(format!("there is no {} below {}", nvml::SONAME, places.driver_root));
        options.library = Some(nvml.ok_or_else(missing)?.file.host_path);
    }
    session.nvml(options).context("NVML did not answer")
}

fn specify(
    session: &mut Session,
    driver: &Driver,
    findings: Vec<Finding>,
    options: &options::Options,
) -> Result<Spec> {
    for finding in &findings {
        match finding.severity {
            Severity::Note => session.info(&finding.message),
            Severity::Warning | Severity::Error => session.warn(&finding.message),
        }
    }
    let without = if driver.gpus.is_empty() {
        Some("no NVIDIA GPU was found".to_owned())
    } else if driver.gpus.iter().all(|gpu| gpu.node.is_none()) {
        Some(format!("no GPU has a device node below {}", driver.dev_root))
    } else {
        None
    };
    if let Some(reason) = without {
        return Err(Failure::coded(codes::NO_GPU, format!("{reason}; nothing was written"))
            .hint("`longshore doctor` finds the cause"));
    }
    let mut driver = driver.clone();
    if options.without_sockets {
        driver.sockets.clear();
    }
    let spec = inject::spec(&driver, &options.spec)?;
    spec.validate()?;
    Ok(spec)
}

#[cfg(test)]
mod tests;
