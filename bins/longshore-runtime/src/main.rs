//! The static executable of a container start; the name it is called by chooses what it is.

mod probe;

use runtime::Personality;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

#[expect(clippy::disallowed_methods, reason = "an executable's main is where arguments enter")]
fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let called = arguments.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    let called = called.to_string_lossy().into_owned();
    match called.strip_suffix(".real").unwrap_or(&called) {
        "nvidia-container-runtime" => runtime::shim(arguments, Personality::Configured),
        "nvidia-container-runtime.cdi" => runtime::shim(arguments, Personality::Cdi),
        "nvidia-container-runtime.legacy" => runtime::shim(arguments, Personality::Legacy),
        "nvidia-container-runtime-hook" | "nvidia-container-toolkit" => runtime::prestart(arguments),
        "nvidia-cdi-hook" if is_live(&arguments) => {
            runtime::provide_driver(arguments.get(2..).unwrap_or_default())
        }
        "nvidia-cdi-hook" => hooks::main(arguments),
        "longshore-probe" => probe::main(),
        other => unknown(other),
    }
}

/// The hook of live specifications needs the inventory, which the other hooks must not reach.
fn is_live(arguments: &[OsString]) -> bool {
    arguments.get(1).is_some_and(|name| name == runtime::PROVIDE_DRIVER)
}

fn unknown(name: &str) -> ExitCode {
    let text = format!(
        "{name}: call this program by one of its names: nvidia-container-runtime, \
         nvidia-container-runtime.cdi, nvidia-container-runtime.legacy, nvidia-container-runtime-hook, \
         nvidia-cdi-hook\n"
    );
    // Nobody can be told when standard error is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(2)
}
