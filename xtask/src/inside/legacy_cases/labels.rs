//! A container whose mounts have an SELinux label: nodes of the host that are mounted keep a label that the
//! container may not open, nodes that are made in its `/dev` get that of the mount. This kernel has no
//! SELinux, and a runtime refuses a label there; so the hook gets to see one that the runtime did not.

use crate::exec::command;
use crate::inside::Job;
use crate::inside::bundle::{self, Bundle};
use crate::inside::check::Ledger;
use diag::{Failure, Result};
use serde_json::json;
use std::path::Path;

const LABEL: &str = "sed -i 's/\"linux\": *{/&\"mountLabel\": \"system_u:object_r:container_file_t:s0:c1,c2\",/' config.json; \
    exec /usr/bin/nvidia-container-runtime-hook prestart";
const PLAIN: &str = "exec /usr/bin/nvidia-container-runtime-hook prestart";
/// How many nodes are mounts, the modes of all, and whether another GPU may be opened.
const LOOK: &str =
    "grep -c ' /dev/nvidia' /proc/self/mountinfo; stat -c '%A %U %G' /dev/nvidia2 /dev/nvidiactl | sort -u
    cat /dev/nvidia2 2>&1 | grep -o 'No such device'; nvidia-smi -L | grep -c UUID";

pub(super) fn run(job: &Job, ledger: &mut Ledger) -> Result<()> {
    for (case, script, mounts) in
        [("with an SELinux label", LABEL, "0"), ("without an SELinux label", PLAIN, "4")]
    {
        ledger.check("prestart hook", &format!("nodes {case}"), || nodes(job, script, mounts))?;
    }
    Ok(())
}

fn nodes(job: &Job, script: &str, mounts: &str) -> Result<()> {
    let bundle = Bundle::make(job, "label", &["sh", "-c", LOOK], &["NVIDIA_VISIBLE_DEVICES=2"])?;
    let mut config = bundle.config()?;
    config["hooks"] = json!({"prestart": [{"path": "/bin/sh", "args": ["sh", "-c", script]}]});
    bundle.write(&config)?;
    let runc = crate::exec::capture(command(["sh", "-c"]).arg("command -v runc"))?;
    let shown = bundle::run(Path::new(runc.trim()), &bundle, "label")?;
    bundle.discard()?;
    let wanted = [mounts, "crw-rw-rw- root root", "No such device", "1"];
    if shown.lines().eq(wanted) { Ok(()) } else { Err(Failure::new(format!("the container shows {shown}"))) }
}
