//! Control groups of the simulation: layouts of `/sys/fs/cgroup`, and a group of its own in every
//! hierarchy, so that engines inside leave nothing in the machine's.
//!
//! Mount points below `/sys/fs/cgroup` are never removed: the kernel would detach the mount in every
//! namespace, that of the machine included.

use super::{files, mounts, system};
use crate::Cgroup;
use crate::codes::NO_NAMESPACE;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const ROOT: &str = "/sys/fs/cgroup";
/// Version 1 hierarchies of a machine that shows none: as distributions mounted them.
const USUAL: &[&str] =
    &["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "none,name=systemd"];
/// Files of a new version 1 cpuset that must be filled before a process can join.
const CPUSET: &[&str] = &["cpuset.cpus", "cpuset.mems"];

/// One hierarchy of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hierarchy {
    /// Where it is mounted.
    place: PathBuf,
    /// Version 1: the mount options that name its controllers; `None` is version 2.
    controllers: Option<String>,
}

/// Changes the machine's own tree, as this namespace sees it, to a layout.
pub(super) fn rearrange(layout: Cgroup) -> Result<()> {
    let unified = Path::new(ROOT).join("unified");
    match layout {
        Cgroup::Host => Ok(()),
        Cgroup::V1 if unified.join("cgroup.procs").exists() => mounts::detach(unified),
        Cgroup::V1 => Ok(()),
        Cgroup::V2 | Cgroup::Hybrid => {
            let hierarchies = hierarchies()?;
            mounts::detach(ROOT)?;
            make(layout, &hierarchies, Path::new(ROOT))
        }
    }
}

/// Mounts a layout at `target` in a fresh root; the machine's tree is still to be seen.
pub(super) fn mount_layout(layout: Cgroup, target: &Path) -> Result<()> {
    make(layout, &hierarchies()?, target)
}

fn make(layout: Cgroup, machine: &[Hierarchy], target: &Path) -> Result<()> {
    let only_v2 = machine.iter().any(|one| one.place == Path::new(ROOT) && one.controllers.is_none());
    if layout == Cgroup::V2 || (layout == Cgroup::Host && only_v2) {
        return mounts::file_system("cgroup2", target, "");
    }
    mounts::tmpfs(target, 0o755)?;
    let mut first: Vec<Hierarchy> = machine.iter().filter(|one| one.controllers.is_some()).cloned().collect();
    if first.is_empty() && layout != Cgroup::Host {
        first = USUAL.iter().map(|options| usual(options)).collect();
    }
    for Hierarchy { place, controllers } in &first {
        let place = target.join(place.file_name().unwrap_or_default());
        files::make_directory(&place)?;
        mounts::file_system("cgroup", &place, controllers.as_deref().unwrap_or_default())?;
    }
    copy_links(target)?;
    let machine_is_hybrid = machine.iter().any(|one| one.controllers.is_none());
    if layout == Cgroup::Hybrid || (layout == Cgroup::Host && machine_is_hybrid) {
        files::make_directory(target.join("unified"))?;
        mounts::file_system("cgroup2", target.join("unified"), "")?;
    }
    Ok(())
}

/// Other names of hierarchies, such as `cpu` for `cpu,cpuacct`.
fn copy_links(target: &Path) -> Result<()> {
    for entry in files::list(Path::new(ROOT))? {
        if let Ok(text) = fs::read_link(&entry) {
            files::link(&text.to_string_lossy(), &target.join(entry.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// Paths of a group of that name, one in every hierarchy of the machine.
pub(super) fn group_paths(name: &str) -> Result<Vec<PathBuf>> {
    Ok(hierarchies()?.into_iter().map(|hierarchy| hierarchy.place.join(name)).collect())
}

/// Makes the groups. Where the machine lets nobody make groups (a container's read-only tree) there are
/// none, and the simulation shares the machine's.
pub(super) fn make_groups(groups: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    for group in &groups {
        match fs::create_dir(group) {
            Err(cause)
                if matches!(cause.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) =>
            {
                return Ok(Vec::new());
            }
            made => made.with_context(|| format!("cannot make {}", group.display()))?,
        }
        fill_cpuset(group)?;
    }
    Ok(groups)
}

fn fill_cpuset(group: &Path) -> Result<()> {
    let parent = group.parent().unwrap_or(Path::new(ROOT));
    for name in CPUSET.iter().filter(|name| group.join(name).exists() && group.join("tasks").exists()) {
        let value = files::read_text(parent.join(name))?;
        write(&group.join(name), value.trim())?;
    }
    Ok(())
}

/// Moves this process into its groups, which become the roots of all trees that it mounts from now on.
/// A version 2 group is left again for a leaf: a group whose children get controllers holds no process.
pub(super) fn enter_groups(groups: &[PathBuf]) -> Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    for group in groups {
        write(&group.join("cgroup.procs"), "0")?;
    }
    system::unshare_cgroups()
        .map_err(|cause| Failure::coded(NO_NAMESPACE, "cannot make a cgroup namespace").caused_by(cause))?;
    for group in groups.iter().filter(|group| !group.join("tasks").exists()) {
        let leaf = group.join("init");
        files::make_directory(&leaf)?;
        write(&leaf.join("cgroup.procs"), "0")?;
    }
    Ok(())
}

/// Removes groups with everything below them; says whether all are gone. The files in a group vanish
/// with it, so only directories are removed, the deepest first.
pub(super) fn remove_groups(groups: &[PathBuf]) -> bool {
    let left = groups.iter().filter(|group| !remove_group(group)).count();
    left == 0
}

fn remove_group(group: &Path) -> bool {
    let Ok(entries) = fs::read_dir(group) else { return !group.exists() };
    for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove_group(&entry.path());
    }
    fs::remove_dir(group).is_ok() || !group.exists()
}

fn hierarchies() -> Result<Vec<Hierarchy>> {
    Ok(parse(&files::read_text("/proc/self/mountinfo")?))
}

/// The hierarchies in a text of the form of `/proc/self/mountinfo` (proc(5)).
fn parse(table: &str) -> Vec<Hierarchy> {
    table.lines().filter_map(hierarchy).collect()
}

fn hierarchy(line: &str) -> Option<Hierarchy> {
    let (mount, file_system) = line.split_once(" - ")?;
    let place = PathBuf::from(mount.split(' ').nth(4)?);
    let mut words = file_system.split(' ');
    let controllers = match words.next()? {
        "cgroup" => Some(controllers(words.nth(1)?)),
        "cgroup2" => None,
        _ => return None,
    };
    place.starts_with(ROOT).then_some(Hierarchy { place, controllers })
}

/// Out of a hierarchy's options those that name it: controllers, or `none` and its name.
fn controllers(options: &str) -> String {
    let other = |option: &&str| !matches!(*option, "rw" | "ro" | "xattr" | "clone_children" | "noprefix");
    let names: Vec<&str> =
        options.split(',').filter(other).filter(|option| !option.starts_with("release_agent=")).collect();
    let named = names.iter().any(|option| option.starts_with("name="));
    if named { format!("none,{}", names.join(",")) } else { names.join(",") }
}

fn usual(options: &str) -> Hierarchy {
    let name = options.rsplit('=').next().unwrap_or(options);
    Hierarchy { place: Path::new(ROOT).join(name), controllers: Some(options.to_owned()) }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {text:?} to {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_are_found_in_mountinfo() {
        let table = "23 27 0:22 / /sys rw,relatime - sysfs sysfs rw\n\
            32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n\
            40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/lib/x,name=systemd\n\
            41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n\
            42 31 0:39 / /mnt/elsewhere rw - cgroup2 cgroup2 rw\n";
        let expected =
            [("cpu,cpuacct", Some("cpu,cpuacct")), ("systemd", Some("none,name=systemd")), ("unified", None)]
                .map(|(name, controllers)| Hierarchy {
                    place: Path::new(ROOT).join(name),
                    controllers: controllers.map(str::to_owned),
                });
        assert_eq!(parse(table), expected);
        assert_eq!(usual("none,name=systemd").place, Path::new("/sys/fs/cgroup/systemd"));
    }
}
