//! CPU time of process trees, as a control group counts it.
//!
//! The measuring process itself lies in `<group>/runner`, and so does all that it starts; runc puts
//! containers into `<group>/<id>`. The group above counts both, and keeps what ended processes used.

use crate::simulated::Cgroup;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::{Path, PathBuf};

const CGROUPS: &str = "/sys/fs/cgroup";

/// A control group that counts.
#[derive(Debug)]
pub(crate) struct Meter {
    name: String,
    /// The hierarchy that counts.
    hierarchy: PathBuf,
    unified: bool,
}

impl Meter {
    /// Makes the group and moves this process into it.
    pub(crate) fn start(name: &str, layout: Cgroup) -> Result<Self> {
        let unified = match layout {
            Cgroup::V1 => false,
            Cgroup::V2 => true,
            Cgroup::Host => Path::new(CGROUPS).join("cgroup.controllers").exists(),
        };
        let hierarchy = if unified { PathBuf::from(CGROUPS) } else { Path::new(CGROUPS).join("cpuacct") };
        let meter = Self { name: name.to_owned(), hierarchy, unified };
        let runner = meter.group().join("runner");
        fs::create_dir_all(&runner).with_context(|| format!("cannot make {}", runner.display()))?;
        join(&runner)?;
        Ok(meter)
    }

    /// `linux.cgroupsPath` of a container that is to be counted.
    pub(crate) fn path_of(&self, container: &str) -> String {
        format!("/{}/{container}", self.name)
    }

    /// The layout's name.
    pub(crate) fn layout(&self) -> &'static str {
        if self.unified { "v2" } else { "v1" }
    }

    /// User and system time up to now, in nanoseconds.
    pub(crate) fn read(&self) -> Result<u64> {
        let path = self.group().join(if self.unified { "cpu.stat" } else { "cpuacct.usage" });
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let count = if self.unified { usage_of(&text) } else { text.trim().parse().ok() };
        count.ok_or_else(|| Failure::new(format!("{} holds no count: {text}", path.display())))
    }

    fn group(&self) -> PathBuf {
        self.hierarchy.join(&self.name)
    }
}

/// Leaves nothing behind: runc makes groups of this name in every hierarchy. A mount point is never
/// removed, only directories below them.
impl Drop for Meter {
    fn drop(&mut self) {
        // A group that cannot be removed is empty and does no harm.
        let _ = join(&self.hierarchy);
        let _ = fs::remove_dir(self.group().join("runner"));
        let hierarchies = fs::read_dir(CGROUPS).into_iter().flatten().flatten();
        for hierarchy in hierarchies.map(|entry| entry.path()).chain([PathBuf::from(CGROUPS)]) {
            let _ = fs::remove_dir(hierarchy.join(&self.name));
        }
    }
}

/// Moves this process; `0` is whoever writes it.
fn join(group: &Path) -> Result<()> {
    fs::write(group.join("cgroup.procs"), "0").with_context(|| format!("cannot join {}", group.display()))
}

/// `usage_usec` of a `cpu.stat`, in nanoseconds (kernel, Documentation/admin-guide/cgroup-v2.rst).
fn usage_of(stat: &str) -> Option<u64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
    line.trim().parse::<u64>().ok()?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_found_in_a_cpu_stat() {
        assert_eq!(usage_of("usage_usec 1234\nuser_usec 1000\nsystem_usec 234\n"), Some(1_234_000));
        assert_eq!(usage_of("user_usec 1000\n"), None);
    }
}
