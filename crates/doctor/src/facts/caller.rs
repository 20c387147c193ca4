//! The user: who they are, and whether they belong to the group `docker`.

use super::Reason;
use super::look;
use host::Host;
use serde::{Deserialize, Serialize};

/// The user that the doctor runs as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Effective user id.
    pub uid: u32,
    /// Name in `/etc/passwd`.
    pub name: Option<String>,
    /// Groups of this process, not of the user's record: a new membership needs a new login.
    pub groups: Vec<u32>,
    /// Id of the group `docker`; `None` when there is no such group.
    pub docker_gid: Option<u32>,
    /// Whether `/etc/group` lists the user in the group `docker`.
    pub listed_in_docker: bool,
}

impl Caller {
    /// Whether the caller is root.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.uid == 0
    }
}

pub(super) fn read(host: &Host) -> Result<Caller, Reason> {
    let status = look::required_text(host, "/proc/self/status")?;
    let passwd = look::text(host, "/etc/passwd")?.unwrap_or_default();
    let group = look::text(host, "/etc/group")?.unwrap_or_default();
    caller(&status, &passwd, &group)
        .ok_or_else(|| Reason::malformed("/proc/self/status", "it has no Uid and Groups lines"))
}

fn caller(status: &str, passwd: &str, group: &str) -> Option<Caller> {
    let uid = numbers(status, "Uid:")?.get(1).copied()?;
    let mut groups = numbers(status, "Groups:")?;
    groups.extend(numbers(status, "Gid:")?.get(1).copied());
    groups.sort_unstable();
    groups.dedup();
    let name = account_name(passwd, uid);
    let docker = group.lines().find_map(docker_group);
    let listed = match (&name, &docker) {
        (Some(name), Some((_, members))) => members.contains(name),
        _ => false,
    };
    Some(Caller { uid, name, groups, docker_gid: docker.map(|(gid, _)| gid), listed_in_docker: listed })
}

fn numbers(status: &str, key: &str) -> Option<Vec<u32>> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().map(|word| word.parse().ok()).collect()
}

fn account_name(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse::<u32>().ok()? == uid).then(|| name.to_owned())
    })
}

fn docker_group(line: &str) -> Option<(u32, Vec<String>)> {
    let mut fields = line.strip_prefix("docker:")?.split(':');
    let gid = fields.nth(1)?.parse().ok()?;
    let members = fields.next().unwrap_or_default();
    Some((gid, members.split(',').map(|name| name.trim().to_owned()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str =
        "Name:\tx\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t27 100 \n";
    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000::/home/ada:/bin/sh\n";

    #[test]
    fn membership_in_the_file_and_in_the_session_are_two_things() {
        let caller = caller(STATUS, PASSWD, "root:x:0:\ndocker:x:999:bob,ada\n").unwrap();
        assert_eq!((caller.uid, caller.name.as_deref()), (1000, Some("ada")));
        assert_eq!(caller.groups, [27, 100, 1000]);
        assert_eq!((caller.docker_gid, caller.listed_in_docker), (Some(999), true));
    }

    #[test]
    fn foreign_text_gives_no_caller() {
        assert_eq!(caller("", PASSWD, ""), None);
        assert_eq!(caller("Uid:\tx\n", PASSWD, ""), None);
        assert_eq!(caller(STATUS, "", "docker:x:y:\n").unwrap().docker_gid, None);
    }
}
