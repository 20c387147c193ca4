//! The scopes that systemd keeps for containers: whoever applies their properties again (a daemon-reload, a
//! new limit) sets the device rules that stand in their units, and takes away what stands there not.

use super::look;
use host::Host;
use serde::{Deserialize, Serialize};

/// The scope of a running container that has a GPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Name of the unit.
    pub name: String,
    /// Whether systemd knows of its GPU.
    pub keeps_gpu: bool,
}

const UNITS: &str = "/run/systemd/transient";
const GROUPS: [&str; 4] = [
    "/sys/fs/cgroup/system.slice",
    "/sys/fs/cgroup/machine.slice",
    "/sys/fs/cgroup/systemd/system.slice",
    "/sys/fs/cgroup/systemd/machine.slice",
];
/// What engines call theirs.
const ENGINES: [&str; 4] = ["docker-", "libpod-", "cri-containerd-", "crio-"];

/// Those that can be looked at; others need root.
pub(super) fn read(host: &Host) -> Vec<Scope> {
    let names = look::names(host, UNITS).unwrap_or_default();
    let is_of_engine =
        |name: &&String| name.ends_with(".scope") && ENGINES.iter().any(|engine| name.starts_with(engine));
    names.iter().filter(is_of_engine).filter_map(|name| scope(host, name)).collect()
}

fn scope(host: &Host, name: &str) -> Option<Scope> {
    let process = GROUPS.iter().find_map(|group| {
        let paths = ["", "/container"].map(|below| format!("{group}/{name}{below}/cgroup.procs"));
        let text =
            paths.iter().find_map(|path| look::text(host, path).ok()?.filter(|text| !text.is_empty()))?;
        text.lines().next().map(str::to_owned)
    })?;
    // The nodes that a hook has put into the container are mounts.
    let mounts = look::text(host, &format!("/proc/{process}/mountinfo")).ok()??;
    let has_gpu = mounts.lines().filter_map(|line| line.split(' ').nth(4)).any(|point| {
        let number = point.strip_prefix("/dev/nvidia");
        number.is_some_and(|number| number.bytes().next().is_some_and(|byte| byte.is_ascii_digit()))
    });
    has_gpu.then(|| Scope { name: name.to_owned(), keeps_gpu: keeps_gpu(host, name) })
}

/// Without any rule in its unit systemd leaves the devices of a scope alone.
fn keeps_gpu(host: &Host, name: &str) -> bool {
    let folder = format!("{UNITS}/{name}.d");
    let drop_ins = look::names(host, &folder).unwrap_or_default();
    let paths = drop_ins.iter().map(|file| format!("{folder}/{file}")).chain([format!("{UNITS}/{name}")]);
    let texts: Vec<String> = paths.filter_map(|path| look::text(host, &path).ok()?).collect();
    let mut rules =
        texts.iter().flat_map(|text| text.lines()).filter(|line| line.starts_with("DeviceAllow="));
    let is_ours =
        |line: &str| ["/dev/char/195:", "/dev/nvidia", "char-nvidia"].iter().any(|part| line.contains(part));
    let mut has_rules = false;
    rules.any(|line| {
        has_rules = true;
        is_ours(line)
    }) || !has_rules
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]
mod tests {
    use super::*;

    const MOUNTS: &str = "1 0 0:1 / / rw - overlay o rw\n2 1 0:6 /nvidia2 /dev/nvidia2 ro - devtmpfs d rw\n";

    fn seen(unit: &str, drop_in: &str, mounts: &str) -> Vec<Scope> {
        let root = tempfile::tempdir().expect("a folder");
        let name = "docker-abc.scope";
        for (path, text) in [
            (format!("run/systemd/transient/{name}"), unit),
            (format!("run/systemd/transient/{name}.d/50-DeviceAllow.conf"), drop_in),
            (format!("sys/fs/cgroup/system.slice/{name}/cgroup.procs"), "42\n"),
            ("proc/42/mountinfo".to_owned(), mounts),
        ] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        read(&Host::at(root.path()))
    }

    #[test]
    fn containers_whose_gpu_systemd_does_not_know_are_found() {
        let unit = "[Scope]\nDeviceAllow=/dev/char/1:3 rwm\n";
        let scope = |keeps_gpu| vec![Scope { name: "docker-abc.scope".to_owned(), keeps_gpu }];
        assert_eq!(seen(unit, "", MOUNTS), scope(false));
        assert_eq!(seen(unit, "[Scope]\nDeviceAllow=/dev/char/195:2 rwm\n", MOUNTS), scope(true));
        assert_eq!(seen("[Scope]\n", "", MOUNTS), scope(true));
        assert_eq!(seen(unit, "", "1 0 0:1 / / rw - overlay o rw\n"), []);
    }
}
