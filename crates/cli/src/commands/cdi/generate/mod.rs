//! `cdi generate`: writes the specification of this machine's GPUs.

mod audience;
mod coherent;
pub(super) mod flags;
mod infer;
pub(super) mod live;
mod options;
mod program;
mod special;

use super::output::{self, Output};
use crate::arguments::{Command, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use cdi::{Format, Spec};
use diag::{Failure, Finding, Result, ResultExt, Severity};
use driver::{Driver, NvmlSnapshot};
use inject::select;

pub(super) const COMMAND: Command =
    Command::new("generate", "Writes the CDI specification of this machine's GPUs", generate)
        .flags(flags::FLAGS);

/// A specification for one file.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) spec: Spec,
    /// What is put into the file's name before its ending: empty, or `.coherent`.
    pub(super) part: &'static str,
    /// For the line about what was done: what was left out, and for whom.
    pub(super) note: Option<String>,
}

fn generate(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let output = output(session, parsed, parsed.text("output"))?;
    for made in make(session, parsed)? {
        write(session, &output, &made)?;
    }
    Ok(Exit::Well)
}

/// The output for a path and the options.
pub(super) fn output(session: &mut Session, parsed: &Parsed, path: &str) -> Result<Output> {
    let output = output::choose(path, parsed.given("format").then(|| parsed.text("format")))?;
    if output.overruled.is_some() {
        session.warn("the ending of the output file does not fit the requested format; the ending decides");
    }
    Ok(output)
}

/// The specifications that the options ask for, nothing written yet.
pub(super) fn make(session: &mut Session, parsed: &Parsed) -> Result<Vec<Made>> {
    let options = options::read(session, parsed)?;
    if parsed.switch("verbose") {
        session.tell_all();
    }
    let audience = audience::choose(session, &options::named(parsed, "for"), parsed.knows("config"))?;
    let fitted = |(part, mut spec): (&'static str, Spec)| {
        let note = audience.fit(&mut spec);
        spec.validate().map(|()| Made { spec, part, note })
    };
    specifications(session, &options)
        .and_then(|specs| specs.into_iter().map(fitted).collect())
        .context("failed to generate CDI spec")
}

/// The specification of this machine as it is now, made the way in which `old` was made.
pub(super) fn make_like(session: &mut Session, old: &Spec) -> Result<Spec> {
    let options = infer::options(session, old)?;
    let specs = specifications(session, &options)?;
    specs.into_iter().next().map(|(_, spec)| spec).ok_or_else(|| Failure::new("no specification came out"))
}

/// The driver as a specification with these options would show it, for those who wait for a change.
pub(super) fn places(session: &mut Session, parsed: &Parsed) -> Result<discover::Options> {
    options::read(session, parsed).map(|options| options.places)
}

fn specifications(session: &mut Session, options: &options::Options) -> Result<Vec<(&'static str, Spec)>> {
    match options.special {
        Some(special) => special::specify(session, special, options).map(|spec| vec![("", spec)]),
        None => {
            let (driver, findings) = look(session, &options.places);
            specify(session, &driver, findings, options)
        }
    }
}

/// Writes one specification, and says so in one line.
pub(super) fn write(session: &mut Session, output: &Output, made: &Made) -> Result<()> {
    let text = text(output, made);
    match output.path_of(made.part) {
        Some(path) => session.write_file(&path, text.as_bytes()).context("failed to save CDI spec")?,
        None => session.out(&text),
    }
    let note = made.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    session.info(&format!("Generated CDI spec with version {}{note}", made.spec.cdi_version));
    Ok(())
}

/// What the file holds.
pub(super) fn text(output: &Output, made: &Made) -> String {
    match output.format {
        Format::Yaml => made.spec.to_yaml(),
        Format::Json => made.spec.to_json(),
    }
}

/// The driver as the kernel, its files and NVML show it. NVML may be missing: then the kernel's word
/// must do.
fn look(session: &mut Session, places: &discover::Options) -> (Driver, Vec<Finding>) {
    let snapshot = match ask_nvml(session, places) {
        Ok(snapshot) => Some(snapshot),
        Err(failure) => {
            session.debug(&format!("{}; GPUs are taken from procfs alone", failure.chain()));
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
) -> Result<Vec<(&'static str, Spec)>> {
    tell(session, &findings);
    usable(driver, options)?;
    let mut driver = driver.clone();
    if options.without_sockets {
        driver.sockets.clear();
    }
    let mut spec = inject::spec(&driver, &options.spec)?;
    if options.spec.devices == inject::Ask::DriverOnly {
        spec.devices = vec![no_device()];
        spec.cdi_version = spec.minimum_version().to_owned();
    }
    if options.live {
        live::enliven(&mut spec, options);
    }
    Ok(if options.coherent { coherent::split(spec, &driver) } else { vec![("", spec)] })
}

/// The device for a container that asks for no GPU and still gets the driver. A device has to bring
/// something; the variable is the original's.
fn no_device() -> cdi::Device {
    let env = vec!["NVCT_EMPTY_DEVICE=".to_owned()];
    let container_edits = cdi::ContainerEdits { env, ..cdi::ContainerEdits::default() };
    cdi::Device { name: "none".to_owned(), container_edits, ..cdi::Device::default() }
}

fn tell(session: &mut Session, findings: &[Finding]) {
    for finding in findings {
        match finding.severity {
            Severity::Note => session.debug(&finding.message),
            Severity::Warning | Severity::Error => session.warn(&finding.message),
        }
    }
}

/// Whether there is what a container needs: a GPU with its node, and `libcuda`.
fn usable(driver: &Driver, options: &options::Options) -> Result<()> {
    let refused = |reason: String| Failure::coded(codes::NO_GPU, format!("{reason}; nothing was written"));
    if driver.gpus.is_empty() {
        return Err(refused("no NVIDIA GPU was found".to_owned()).hint("`longshore doctor` finds the cause"));
    }
    if driver.gpus.iter().all(|gpu| !gpu.has_node()) {
        let reason = format!("no GPU has a device node below {}", driver.dev_root);
        return Err(refused(reason).hint("`longshore doctor` finds the cause"));
    }
    let targets = select(&options.spec.devices, driver)?;
    let asked_for =
        |gpu: usize| options.spec.devices == inject::Ask::All || targets.iter().any(|t| t.gpu == gpu);
    let without: Vec<String> = driver
        .gpus
        .iter()
        .enumerate()
        .filter(|(index, gpu)| !gpu.has_node() && asked_for(*index))
        .map(|(index, gpu)| format!("GPU {index} ({})", gpu.bus_id))
        .collect();
    let missing = if !without.is_empty() {
        format!("{} without a device node", without.join(", "))
    } else if driver.platform != driver::Platform::Tegra && !has_cuda(driver) {
        format!("libcuda is not below {}", driver.root)
    } else {
        return Ok(());
    };
    if options.allow_incomplete {
        return Ok(());
    }
    Err(refused(missing)
        .hint("`longshore doctor` finds the cause; --allow-incomplete writes it all the same"))
}

fn has_cuda(driver: &Driver) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().starts_with("libcuda.so");
    driver.libraries.iter().any(|library| name(&library.file.container_path))
}

#[cfg(test)]
mod tests;
