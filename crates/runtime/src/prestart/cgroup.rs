//! The container's device cgroup learns of the GPU nodes, from the host's namespaces.
//!
//! In version 1 rules are written to `devices.allow`. In version 2 the rules are a program attached
//! to the group; every attached program must allow an access, so each one is widened. Programs of
//! the original detach first and attach then; here there is no moment without a filter.

use super::{bpf, program};
use crate::codes;
use diag::{Failure, Result};
use program::Rule;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, open};
use std::path::Path;

const TABLE_LIMIT: usize = 16 * 1024 * 1024;

/// A device cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Group {
    /// Directory of the `devices` controller.
    V1(String),
    /// Directory in the unified tree.
    V2(String),
}

/// The groups of a process: what `/proc/PID/cgroup` says. `self` is this one.
pub(super) fn membership(process: &str) -> Result<String> {
    read(&format!("/proc/{process}/cgroup"))
}

/// Allows the devices to the group that a process of this membership is in. `false`: its device group is
/// not mounted here, so that no engine of this place can have restricted it.
pub(super) fn allow(membership: &str, rules: &[Rule]) -> Result<bool> {
    let mounts = read("/proc/self/mountinfo")?;
    match find(membership, &mounts) {
        Some(Group::V1(directory)) => allow_v1(&directory, rules).map(|()| true),
        Some(Group::V2(directory)) => allow_v2(&directory, rules).map(|()| true),
        None => Ok(false),
    }
}

fn allow_v1(directory: &str, rules: &[Rule]) -> Result<()> {
    let path = format!("{directory}/devices.allow");
    let fd =
        open(&path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()).map_err(|errno| cannot(&path, errno))?;
    for rule in rules {
        // One rule a write: the kernel parses one.
        rustix::io::write(&fd, rule.to_string().as_bytes()).map_err(|errno| cannot(&path, errno))?;
    }
    Ok(())
}

fn allow_v2(directory: &str, rules: &[Rule]) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let group = open(directory, flags, Mode::empty()).map_err(|errno| cannot(directory, errno))?;
    let attached = bpf::query(&group).map_err(|errno| cannot(directory, errno))?;
    for id in attached.programs {
        widen(&group, id, attached.flags, rules).map_err(|failure| {
            failure.context(format!("cannot allow the GPU in the device cgroup `{directory}`"))
        })?;
    }
    Ok(())
}

/// Replaces one program by a copy that also allows the devices.
fn widen(group: &OwnedFd, id: u32, flags: u32, rules: &[Rule]) -> Result<()> {
    let failed = |what: &str, errno: rustix::io::Errno| {
        Failure::coded(codes::DEVICE_CGROUP, format!("cannot {what} device program {id}"))
            .caused_by(std::io::Error::from(errno))
    };
    let old = bpf::open_program(id).map_err(|errno| failed("open", errno))?;
    let instructions = bpf::instructions(&old).map_err(|errno| failed("read", errno))?;
    if instructions.is_empty() {
        return Err(Failure::coded(
            codes::HIDDEN_PROGRAM,
            format!("the kernel does not give out the instructions of device program {id}"),
        )
        .hint("use --runtime=nvidia or a CDI device, which need no change of the program"));
    }
    let new = bpf::load(&program::widened(&instructions, rules)).map_err(|errno| failed("load", errno))?;
    bpf::replace(group, &old, &new, flags).map_err(|errno| failed("replace", errno))
}

/// The device cgroup by `/proc/PID/cgroup` and `/proc/self/mountinfo`: the `devices` controller of
/// version 1 where it is mounted (a hybrid system has both trees), else the unified tree. As long as
/// any mount namespace has the controller, every process is listed in it, so that alone says nothing.
fn find(membership: &str, mounts: &str) -> Option<Group> {
    let group = |wanted: &str| {
        membership.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':');
            let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
            controllers.split(',').any(|controller| controller == wanted).then_some(path)
        })
    };
    let v1 = || directory(mounts, "cgroup", "devices", group("devices")?).map(Group::V1);
    let v2 = || directory(mounts, "cgroup2", "", group("")?).map(Group::V2);
    v1().or_else(v2)
}

/// Where the group `path` is mounted: a mount of this type whose options have `option` and whose root
/// is a parent of the group.
fn directory(mounts: &str, kind: &str, option: &str, path: &str) -> Option<String> {
    mounts.lines().rev().find_map(|line| {
        let (mount, source) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (unescape(mount.next()?), unescape(mount.next()?));
        let mut source = source.split(' ');
        let has_option = |options: &str| option.is_empty() || options.split(',').any(|found| found == option);
        if source.next()? != kind || !has_option(source.nth(1)?) {
            return None;
        }
        let below = path.strip_prefix(root.trim_end_matches('/'))?;
        let is_below = below.is_empty() || below.starts_with('/');
        is_below.then(|| format!("{point}{}", below.trim_end_matches('/')))
    })
}

/// Octal escapes of blanks and backslashes in mountinfo; see proc(5).
fn unescape(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

fn read(path: &str) -> Result<String> {
    rootfs::trusted::read(Path::new(path), TABLE_LIMIT)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn cannot(path: &str, errno: rustix::io::Errno) -> Failure {
    Failure::coded(codes::DEVICE_CGROUP, format!("cannot change the device cgroup `{path}`"))
        .caused_by(std::io::Error::from(errno))
        .hint("the surroundings of this engine may not allow these devices: a system container needs them in its own rules; no-cgroups = true in config.toml leaves device cgroups alone")
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "\
24 1 0:21 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
25 24 0:22 / /sys/fs/cgroup/unified rw shared:5 - cgroup2 cgroup2 rw
26 24 0:23 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
27 24 0:24 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices
";
    const V2: &str = "30 1 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
    const INNER: &str = "30 1 0:30 /docker/abc /mnt/a\\040b rw - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_group_is_found_in_every_layout() {
        let v1 = |path: &str| Some(Group::V1(path.to_owned()));
        let v2 = |path: &str| Some(Group::V2(path.to_owned()));
        let table = [
            ("5:devices:/docker/abc\n0::/x\n", V1, v1("/sys/fs/cgroup/devices/docker/abc")),
            ("5:devices:/\n", V1, v1("/sys/fs/cgroup/devices")),
            ("3:cpu,cpuacct:/a\n0::/b\n", V2, v2("/sys/fs/cgroup/b")),
            ("0::/system.slice/docker-abc.scope\n", V2, v2("/sys/fs/cgroup/system.slice/docker-abc.scope")),
            ("0::/docker/abc/deeper\n", INNER, v2("/mnt/a b/deeper")),
            ("0::/docker/abcdef\n", INNER, None),
            ("5:devices:/x\n", V2, None),
            ("5:devices:/\n0::/docker/abc\n", V2, v2("/sys/fs/cgroup/docker/abc")),
            ("5:devices:/a\n0::/b\n", V1, v1("/sys/fs/cgroup/devices/a")),
            ("", V1, None),
            ("garbage\n5:devices\n", V1, None),
        ];
        for (membership, mounts, expected) in table {
            assert_eq!(find(membership, mounts), expected, "{membership}");
        }
    }
}
