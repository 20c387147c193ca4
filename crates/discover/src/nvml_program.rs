//! NVML asked by a program of its own: for those that cannot load it themselves.
//!
//! The program is fixed and root's; nothing of the environment reaches it, and it is killed at a
//! deadline.

use diag::{Failure, Result};
use driver::{Driver, NvmlAnswer, NvmlSnapshot, Platform};
use host::exec::Command;
use host::{Host, Kind};
use std::time::Duration;

/// The program: the dynamic executable under another name.
pub const PROGRAM: &str = "/usr/libexec/longshore/inventory";

/// A first `nvmlInit` on a machine with eight GPUs and no persistence daemon takes seconds.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15);

/// The library whose path the program is told where the loader would not find it.
const LIBRARY: &str = "libnvidia-ml.so.1";

/// Whether only NVML can tell what the device ids of a request mean.
pub(crate) fn is_needed(driver: &Driver, ids: &[String]) -> bool {
    let uuids = driver
        .gpus
        .iter()
        .flat_map(|gpu| std::iter::once(&gpu.uuid).chain(gpu.mig.iter().map(|device| &device.uuid)));
    let known: Vec<&Option<String>> = uuids.collect();
    let is_known = |id: &String| {
        known.iter().any(|uuid| uuid.as_ref().is_some_and(|uuid| uuid.eq_ignore_ascii_case(id)))
    };
    known.iter().any(|uuid| uuid.is_none()) && ids.iter().any(|id| looks_like_uuid(id) && !is_known(id))
}

/// Whether NVML may tell the CUDA version that images of a Tegra system are compared with.
pub(crate) fn is_useful(driver: &Driver) -> bool {
    let is_nvml =
        |path: &str| path.rsplit('/').next().is_some_and(|name| name.starts_with("libnvidia-ml.so"));
    driver.platform == Platform::Tegra
        && driver.cuda.is_none()
        && driver.libraries.iter().any(|library| is_nvml(&library.file.container_path))
}

/// `GPU-...`, `MIG-...`; a MIG device by GPU, instance and instance (`MIG-GPU-.../7/0`) needs no NVML.
fn looks_like_uuid(id: &str) -> bool {
    let prefix = id.get(..4).unwrap_or_default();
    (prefix.eq_ignore_ascii_case("GPU-") || prefix.eq_ignore_ascii_case("MIG-")) && !id.contains('/')
}

/// Asks NVML through the program.
///
/// # Errors
/// The program is missing or not root's alone; NVML gave no answer, or another one than a snapshot.
pub(crate) fn ask(host: &Host, driver: &Driver) -> Result<NvmlSnapshot> {
    if !host.is_live() {
        return Err(Failure::new("this host is not the running machine"));
    }
    let program = trusted(host, PROGRAM)?;
    let own_root = driver.root != "/";
    let library = driver
        .libraries
        .iter()
        .find(|library| library.soname.as_deref() == Some(LIBRARY) && library.bits == 64);
    let library = library.filter(|_| own_root).map(|library| library.file.host_path.clone());
    let output = Command::new(program).args(library).deadline(DEADLINE).run()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = NvmlAnswer::json_in(&text).find_map(|json| serde_json::from_str(json).ok());
    match answer {
        Some(NvmlAnswer::Snapshot(snapshot)) => Ok(snapshot),
        Some(NvmlAnswer::Error { code, text }) => {
            Err(Failure::new(format!("NVML says: {text} (error {code})")))
        }
        Some(NvmlAnswer::LibraryNotFound { text }) => Err(Failure::new(format!("cannot load NVML: {text}"))),
        None => Err(Failure::new(format!("NVML gave no answer: {}", output.ending()))),
    }
}

/// The path with links resolved, if root alone can change what is there.
fn trusted(host: &Host, path: &str) -> Result<String> {
    let resolved = host.resolve(path)?;
    for path in [path, &resolved] {
        let ends = path.match_indices('/').skip(1).map(|(end, _)| end).chain([path.len()]);
        for part in ends.filter_map(|end| path.get(..end)) {
            let stat = host.lstat(part)?.ok_or_else(|| Failure::new(format!("{part} does not exist")))?;
            if stat.uid != 0 || stat.kind != Kind::Link && stat.mode & 0o022 != 0 {
                return Err(Failure::new(format!(
                    "{part} can be changed by others than root; it is not run"
                )));
            }
        }
    }
    // Called by its own name, by which it knows what to do.
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use driver::{Gpu, Mig};

    fn machine(gpu: Option<&str>, mig: &[Option<&str>]) -> Driver {
        let owned = |uuid: Option<&str>| uuid.map(str::to_owned);
        let mig = mig.iter().map(|uuid| Mig { uuid: owned(*uuid), ..Mig::default() }).collect();
        Driver { gpus: vec![Gpu { uuid: owned(gpu), mig, ..Gpu::default() }], ..Driver::default() }
    }

    #[test]
    fn nvml_is_asked_only_for_uuids_that_may_be_unknown() {
        let table = [
            (machine(Some("GPU-a"), &[]), "GPU-b", false),
            (machine(None, &[]), "GPU-b", true),
            (machine(None, &[]), "0", false),
            (machine(Some("GPU-a"), &[None]), "MIG-x", true),
            (machine(Some("GPU-a"), &[None]), "gpu-A", false),
            (machine(Some("GPU-a"), &[None]), "0:0", false),
            (machine(Some("GPU-a"), &[None]), "MIG-GPU-a/1/0", false),
            (machine(Some("GPU-a"), &[Some("MIG-x")]), "mig-X", false),
            (machine(Some("GPU-a"), &[Some("MIG-x"), None]), "MIG-x", false),
        ];
        for (driver, id, expected) in table {
            assert_eq!(is_needed(&driver, &[id.to_owned()]), expected, "{id} on {:?}", driver.gpus);
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test writes the host that it looks at")]
    fn a_program_that_others_can_change_is_not_run() {
        let folder = tempfile::tempdir().expect("temporary directory");
        let nodes = |mode: &str| format!("/usr/libexec/longshore/inventory\telf64\t{mode}\t0:0\tx\n");
        for (mode, trusts) in [("755", true), ("775", false), ("757", false)] {
            std::fs::write(folder.path().join("nodes.tsv"), nodes(mode)).expect("nodes");
            let host = Host::recorded(folder.path()).expect("a host");
            assert_eq!(trusted(&host, PROGRAM).is_ok(), trusts, "{mode}");
        }
    }
}
