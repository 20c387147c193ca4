//! The CRI plugin's table, and the entry of a runtime in it.

use crate::Desired;
use crate::toml_tree::{Node, Tree, table, table_mut};
use diag::Result;

/// The shim that runs any OCI runtime by its `BinaryName`.
const RUNC_SHIM: &str = "io.containerd.runc.v2";

/// The plugin's name in a version of the configuration.
pub(super) fn plugin(version: i64) -> &'static str {
    match version {
        1 => "cri",
        2 => "io.containerd.grpc.v1.cri",
        _ => "io.containerd.cri.v1.runtime",
    }
}

/// The entry of our runtime: the one that is there, or else one like that of the runtime used now,
/// with our program.
///
/// # Errors
/// Something else than a table stands where runtimes are.
pub(super) fn entry(file: &str, cri: &Tree, desired: &Desired, version: i64) -> Result<Tree> {
    let containerd = table(file, cri, &["containerd"])?;
    let runtimes = table(file, cri, &["containerd", "runtimes"])?;
    let named = |name: &str| match runtimes.and_then(|runtimes| runtimes.get(name)) {
        Some(Node::Table(entry)) => Some(entry.clone()),
        _ => None,
    };
    if let Some(runtimes) = runtimes {
        table(file, runtimes, &[&desired.runtime_name])?;
    }
    let default = containerd.and_then(|table| table.get("default_runtime_name")).and_then(Node::as_text);
    let default = default.filter(|name| !name.starts_with("nvidia"));
    let models = default.as_deref().into_iter().chain(["runc", "crun"]);
    let present = named(&desired.runtime_name);
    let mut entry =
        present.or_else(|| models.filter_map(named).find(for_runc)).unwrap_or_else(|| fallback(version));
    if !for_runc(&entry) {
        entry.insert("runtime_type".to_owned(), Node::text(RUNC_SHIM));
    }
    table_mut(&mut entry, &["options"]).insert("BinaryName".to_owned(), Node::text(&desired.runtime_path));
    Ok(entry)
}

/// The default runtime's entry where nobody wrote one: containerd before 2.0 drops its own as soon as
/// any other runtime is configured, and then its CRI plugin does not start.
pub(super) fn missing_default(file: &str, cri: &Tree, version: i64) -> Result<Option<(&'static str, Tree)>> {
    let default = table(file, cri, &["containerd"])?.and_then(|table| table.get("default_runtime_name"));
    let default = default.and_then(Node::as_text).unwrap_or_else(|| "runc".to_owned());
    let runtimes = table(file, cri, &["containerd", "runtimes"])?;
    let present = runtimes.is_some_and(|runtimes| runtimes.contains_key("runc"));
    if version > 2 || present || (default != "runc" && !default.starts_with("nvidia")) {
        return Ok(None);
    }
    Ok(Some(("runc", Tree::from([("runtime_type".to_owned(), Node::text(RUNC_SHIM))]))))
}

/// Whether an entry is for runc's shim, the only one that takes a `BinaryName`.
fn for_runc(entry: &Tree) -> bool {
    let kind = entry.get("runtime_type").and_then(Node::as_text);
    kind.is_some_and(|kind| kind.starts_with("io.containerd.runc."))
}

fn fallback(version: i64) -> Tree {
    let mut entry = Tree::from([
        ("privileged_without_host_devices".to_owned(), Node::Value("false".to_owned())),
        ("runtime_type".to_owned(), Node::text(RUNC_SHIM)),
    ]);
    // containerd 2 knows these two no more and warns of them.
    if version < 3 {
        entry.insert("runtime_engine".to_owned(), Node::text(""));
        entry.insert("runtime_root".to_owned(), Node::text(""));
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toml_tree::read;

    #[test]
    fn an_entry_that_is_there_keeps_its_options() {
        let text = "[containerd.runtimes.nvidia]\nprivileged_without_host_devices = true\nruntime_type = 'old'\n\
            [containerd.runtimes.nvidia.options]\nBinaryName = '/old'\nSystemdCgroup = false\n\
            [containerd.runtimes.runc]\nruntime_type = 'io.containerd.runc.v2'\n";
        let desired = Desired {
            runtime_name: "nvidia".to_owned(),
            runtime_path: "/new".to_owned(),
            set_as_default: false,
            enable_cdi: false,
        };
        let entry = entry("test", &read("test", text.as_bytes()).unwrap(), &desired, 2).unwrap();
        let expected = "privileged_without_host_devices = true\nruntime_type = 'io.containerd.runc.v2'\n\
            [options]\nBinaryName = '/new'\nSystemdCgroup = false\n";
        assert_eq!(entry, read("test", expected.as_bytes()).unwrap());
    }
}
