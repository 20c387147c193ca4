//! Mounts by the fused hook and mounts by the runtime give the same container, also one with volumes of
//! its user in the way.

use super::super::bundle::{self, Bundle};
use super::super::check::Ledger;
use super::super::{Job, scratch};
use super::SHIM;
use crate::exec::{capture, command};
use diag::{Failure, Result, ResultExt};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const SETTINGS: &str = "/etc/nvidia-container-runtime/config.toml";
const BY_RUNTIME: &str =
    "[nvidia-container-runtime.modes.jit-cdi]\nnvcdi-feature-flags = [\"mounts-in-spec\"]\n";

/// What stands in the place of an engine's name.
pub(crate) const ENGINE: &str = "hook or runtime mounts";

/// Where a user has a volume.
const VOLUMES: [(&str, &[&str]); 4] = [
    ("no volume", &[]),
    ("a volume in the place of a program", &["/usr/bin/nvidia-smi"]),
    ("a volume on the libraries' folder", &["/usr/lib/x86_64-linux-gnu"]),
    ("both", &["/usr/lib/x86_64-linux-gnu", "/usr/bin/nvidia-smi"]),
];

/// Compares the two for each set of volumes.
pub(super) fn run(job: &Job, ledger: &mut Ledger) -> Result<()> {
    fs::create_dir_all("/etc/nvidia-container-runtime").context("cannot make the folder of the settings")?;
    for (name, volumes) in VOLUMES {
        ledger.check(ENGINE, name, || {
            let by_hook = mounts(job, volumes, "")?;
            let by_runtime = mounts(job, volumes, BY_RUNTIME)?;
            fs::remove_file(SETTINGS).context("cannot remove the settings")?;
            compare(&by_hook, &by_runtime)
        })?;
    }
    Ok(())
}

fn compare(by_hook: &BTreeSet<String>, by_runtime: &BTreeSet<String>) -> Result<()> {
    if !by_hook.iter().any(|line| line.contains("libcuda.so")) {
        return Err(Failure::new("nothing is mounted: this proves nothing"));
    }
    match by_hook.symmetric_difference(by_runtime).next() {
        None => Ok(()),
        Some(line) => Err(Failure::new(format!("only one of the two has {line}"))),
    }
}

/// What the container sees mounted outside of the file systems of the kernel: the file that it is, where,
/// and with which options.
fn mounts(job: &Job, volumes: &[&str], settings: &str) -> Result<BTreeSet<String>> {
    fs::write(SETTINGS, settings).context("cannot write the settings")?;
    let program = ["cat", "/proc/self/mountinfo"];
    let bundle = Bundle::make(job, "modes", &program, &["NVIDIA_VISIBLE_DEVICES=all"])?;
    let mut config = bundle.config()?;
    for path in volumes {
        let source = volume(&bundle.path.join("rootfs"), path)?;
        let mount =
            json!({"destination": path, "type": "bind", "source": source, "options": ["rbind", "rprivate"]});
        config["mounts"].as_array_mut().ok_or_else(|| Failure::new("no mounts in config.json"))?.push(mount);
    }
    bundle.write(&config)?;
    let text = bundle::run(Path::new(SHIM), &bundle, "modes")?;
    bundle.discard()?;
    capture(command(["rm", "-rf"]).arg(scratch("volumes")))?;
    Ok(text.lines().filter_map(shown).collect())
}

/// A volume of the user: what the image has there, or a file.
fn volume(root: &Path, path: &str) -> Result<String> {
    let (inside, source) =
        (root.join(path.trim_start_matches('/')), scratch("volumes").join(path.replace('/', "_")));
    fs::create_dir_all(scratch("volumes")).context("cannot make a folder")?;
    if inside.is_dir() {
        capture(command(["cp", "-a"]).arg(&inside).arg(&source))?;
    } else {
        fs::write(&source, "of the user").context("cannot write a volume")?;
    }
    Ok(source.display().to_string())
}

/// Fields 4 to 6 of a line of `mountinfo`, see proc(5).
fn shown(line: &str) -> Option<String> {
    let fields: Vec<&str> = line.split(' ').collect();
    let (root, point, options) = (fields.get(3)?, fields.get(4)?, fields.get(5)?);
    let is_kernels = ["/proc", "/sys", "/dev"].iter().any(|folder| point.starts_with(folder));
    // The root itself is named after the bundle.
    (!is_kernels && *point != "/").then(|| format!("{point} {root} {options}"))
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn lines_are_cut_to_what_a_container_sees() {
        let line = "36 35 98:0 /usr/bin/x /usr/bin/x ro,nosuid,nodev,relatime - ext4 /dev/sda rw";
        assert_eq!(shown(line).as_deref(), Some("/usr/bin/x /usr/bin/x ro,nosuid,nodev,relatime"));
        assert_eq!(shown("1 2 0:3 / /proc/driver ro - proc proc rw"), None);
        assert_eq!(shown("1 2 0:3 / / rw - tmpfs t rw"), None);
        assert_eq!(shown("1 2"), None);
    }
}
