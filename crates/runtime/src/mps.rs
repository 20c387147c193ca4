//! The pipes of the CUDA Multi-Process Service.

use driver::File;
use host::{Host, Kind};

/// The directory of pipes unless `CUDA_MPS_PIPE_DIRECTORY` names another
/// (`nvidia-cuda-mps-control(1)`). It comes and goes with the daemon, so it is looked for at each start
/// and never kept. Anybody may make files in `/tmp`: only a directory that root made counts.
pub(crate) fn folder(host: &Host) -> Option<File> {
    const FOLDER: &str = "/tmp/nvidia-mps";
    let stat = host.lstat(FOLDER).ok()??;
    (stat.kind == Kind::Directory && stat.uid == 0)
        .then(|| File { host_path: FOLDER.to_owned(), container_path: FOLDER.to_owned() })
}
