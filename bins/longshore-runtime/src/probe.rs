//! What `longshore doctor --probe` runs inside a throw-away container: opens each of its GPU's device
//! nodes and says how that ended. A line is `node PATH ok` or `node PATH ERROR`, or `library PATH`.

use std::fs::{OpenOptions, metadata, read_dir};
use std::io::Write;
use std::os::unix::fs::FileTypeExt;
use std::process::ExitCode;

/// Where device nodes of GPUs are: those of the driver, of MIG, and of WSL2.
const NODES: [&str; 2] = ["/dev", "/dev/nvidia-caps"];
/// Where the driver's libraries are put, on every distribution.
const LIBRARIES: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/lib/wsl/lib",
    "/usr/lib/wsl/drivers",
];

/// Looks and tells.
pub(crate) fn main() -> ExitCode {
    let mut text = String::from("probe\n");
    for path in NODES.into_iter().flat_map(|folder| names(folder, is_node)) {
        text += &format!("node {path} {}\n", opened(&path));
    }
    for path in LIBRARIES.into_iter().flat_map(|folder| names(folder, is_library)) {
        text += &format!("library {path}\n");
    }
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

#[expect(clippy::disallowed_methods, reason = "it looks at the container that it runs in")]
fn names(folder: &str, wanted: fn(&str, &std::fs::DirEntry) -> bool) -> Vec<String> {
    let entries = read_dir(folder).into_iter().flatten().flatten();
    let wanted = entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| wanted(name, entry)));
    let mut paths: Vec<String> =
        wanted.map(|entry| format!("{folder}/{}", entry.file_name().to_string_lossy())).collect();
    paths.sort_unstable();
    paths
}

/// What stands in the directory may be a file with the node mounted over it: the node counts.
#[expect(clippy::disallowed_methods, reason = "it looks at the container that it runs in")]
fn is_node(name: &str, entry: &std::fs::DirEntry) -> bool {
    let is_device = || metadata(entry.path()).is_ok_and(|node| node.file_type().is_char_device());
    (name.starts_with("nvidia") || name == "dxg") && is_device()
}

fn is_library(name: &str, _: &std::fs::DirEntry) -> bool {
    name.starts_with("libcuda.so.") || name.starts_with("libnvidia-ml.so.")
}

/// A node is opened as the driver's libraries open it.
#[expect(clippy::disallowed_methods, reason = "it opens the nodes of the container that it runs in")]
fn opened(path: &str) -> String {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.to_string(),
    }
}
