//! The `nvidia-smi` of a simulated GPU host: it shows what `libnvidia-ml.so.1` tells, with the real
//! tool's words and exit codes. It knows nothing about the simulation and would show a real driver.

mod arguments;
mod gpus;
mod list;
mod nvml;
mod query;
mod table;

use arguments::{Arguments, Request};
use gpus::Gpu;
use nvml::{Code, Nvml};
use std::io::Write;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

const NO_LIBRARY: &str = "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. \
Please make sure that the NVIDIA Display Driver is properly installed and present in your system.\n\
Please also try adding directory that contains libnvidia-ml.so to your system PATH.\n";
const NO_DRIVER: &str = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. \
Make sure that the latest NVIDIA driver is installed and running.\n\n";
const HELP: &str = "\
NVIDIA System Management Interface

    nvidia-smi [OPTION1 [ARG1]] [OPTION2 [ARG2]] ...

    -h,   --help                Print usage information and exit.
    -L,   --list-gpus           Display a list of GPUs connected to the system.
          --version             Print version information and exit.
    -i,   --id=                 Target a specific GPU: index, UUID or PCI bus ID.
          --query-gpu=          Information about GPU: comma-separated fields.
          --format=             csv[,noheader][,nounits]; needed with --query-gpu.
";

/// What ends a run early: the text for standard output and the exit code. The real tool writes all
/// of its messages there.
struct Ended {
    text: String,
    exit: u32,
}

#[expect(clippy::disallowed_methods, reason = "an executable's main is where arguments enter")]
fn main() -> ExitCode {
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let (text, exit) = match run(&words) {
        Ok(text) => (text, 0),
        Err(Ended { text, exit }) => (text, exit),
    };
    let written = std::io::stdout().write_all(text.as_bytes());
    let exit = if written.is_err() && exit == 0 { 1 } else { exit };
    ExitCode::from(u8::try_from(exit).unwrap_or(u8::MAX))
}

fn run(words: &[String]) -> Result<String, Ended> {
    let Arguments { request, id } =
        arguments::parse(words).map_err(|text| Ended { text: format!("ERROR: {text}\n"), exit: 2 })?;
    if request == Request::Help {
        return Ok(HELP.to_owned());
    }
    let nvml = Nvml::open().ok_or_else(|| Ended { text: NO_LIBRARY.into(), exit: 12 })?;
    nvml.start().map_err(|code| not_started(&nvml, code))?;
    let text = show(&nvml, &request, id.as_deref());
    let ended = nvml.end().map_err(|code| failed(&nvml, code));
    text.and_then(|text| ended.map(|()| text))
}

fn show(nvml: &Nvml, request: &Request, id: Option<&str>) -> Result<String, Ended> {
    let mut system = gpus::system(nvml).map_err(|code| failed(nvml, code))?;
    if *request == Request::Version {
        return Ok(version(&system));
    }
    system.gpus = gpus::gpus(nvml, system.count).map_err(|code| failed(nvml, code))?;
    let chosen: Vec<&Gpu> = system.gpus.iter().filter(|gpu| id.is_none_or(|id| gpu.is(id))).collect();
    if chosen.is_empty() {
        return Err(Ended { text: "No devices were found\n".into(), exit: 6 });
    }
    match request {
        Request::List => Ok(list::list(&chosen)),
        Request::Query { fields, header, units } => {
            query::query(&system, &chosen, fields, *header, *units).map_err(|text| Ended { text, exit: 2 })
        }
        Request::Table | Request::Version | Request::Help => Ok(table::table(&system, &chosen, now())),
    }
}

fn version(system: &gpus::System) -> String {
    format!(
        "NVIDIA-SMI version  : {0}\nNVML version        : {1}\nDRIVER version      : {0}\nCUDA Version        : {2}\n",
        system.driver_version,
        short(&system.nvml_version),
        system.cuda_version
    )
}

/// Why NVML did not start, in the real tool's words.
fn not_started(nvml: &Nvml, code: Code) -> Ended {
    let text = match code {
        Code(9) => NO_DRIVER.to_owned(),
        Code(18) => {
            let version = nvml.system_text("nvmlSystemGetNVMLVersion").unwrap_or_default();
            let reason = nvml.error_text(code);
            format!("Failed to initialize NVML: {reason}\nNVML library version: {}\n", short(&version))
        }
        _ => format!("Failed to initialize NVML: {}\n", nvml.error_text(code)),
    };
    Ended { text, exit: code.0 }
}

fn failed(nvml: &Nvml, code: Code) -> Ended {
    Ended {
        text: format!("Unable to determine the device handle: {}\n", nvml.error_text(code)),
        exit: code.0,
    }
}

/// NVML's version as people see it: `13.580.95.05` is shown as `580.95`.
fn short(nvml_version: &str) -> String {
    nvml_version.split('.').skip(1).take(2).collect::<Vec<_>>().join(".")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
