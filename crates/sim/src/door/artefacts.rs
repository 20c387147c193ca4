//! The two built files that a simulated host needs: the NVML library and `nvidia-smi`.

use crate::codes::NO_ARTEFACTS;
use diag::{Failure, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The simulated NVML, as cargo names it.
const NVML: &str = "libnvidia_ml_sim.so";
/// The simulated `nvidia-smi`, as cargo names it.
const SMI: &str = "nvidia-smi-sim";

/// The files' bytes: read before anything is mounted over the place where they lie.
pub(super) struct Artefacts {
    pub(super) nvml: Vec<u8>,
    pub(super) smi: Vec<u8>,
}

/// Reads both from beside the executable (a build) or `../libexec/longshore/sim` (an installation).
pub(super) fn read(executable: &Path) -> Result<Artefacts> {
    let beside = executable.parent().unwrap_or(Path::new("/"));
    let directories = [beside.to_path_buf(), beside.join("../libexec/longshore/sim")];
    Ok(Artefacts { nvml: first(&directories, NVML)?, smi: first(&directories, SMI)? })
}

fn first(directories: &[PathBuf], name: &str) -> Result<Vec<u8>> {
    directories.iter().find_map(|directory| fs::read(directory.join(name)).ok()).ok_or_else(|| {
        let places: Vec<String> = directories.iter().map(|place| place.display().to_string()).collect();
        Failure::coded(
            NO_ARTEFACTS,
            format!("{name}, a part of the simulated host, is not in {}", places.join(" or ")),
        )
        .hint("build it beside the executable: cargo build -p sim-nvml -p sim-smi")
    })
}
