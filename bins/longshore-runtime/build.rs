//! Link options of the profile `hot`.

use std::env;
use std::path::Path;

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script everything by the environment")]
fn main() {
    println!("cargo::rerun-if-changed=no-unwind-tables.ld");
    let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    // The profile's name is told only by the directory: `<target>/hot/build/<package>/out`.
    let out = env::var("OUT_DIR").unwrap_or_default();
    let profile = Path::new(&out).ancestors().nth(3).and_then(Path::file_name);
    if profile.is_some_and(|name| name == "hot") {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{folder}/no-unwind-tables.ld");
    }
}
