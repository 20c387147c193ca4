//! The dynamic executable: `longshore`, `nvidia-ctk`, and the names that people and scripts call.

use std::process::ExitCode;

#[expect(clippy::disallowed_methods, reason = "an executable's main is where arguments enter")]
fn main() -> ExitCode {
    cli::main(std::env::args_os().collect())
}
