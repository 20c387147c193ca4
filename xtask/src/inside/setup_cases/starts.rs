//! The states from which a machine is set up.

use super::machine::{Place, beside, write};
use diag::{Failure, Result, ResultExt};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// A login that must survive, and what Docker Desktop left beside it.
const CLIENT: &str = "{\n\t\"auths\": {\n\t\t\"registry.example\": {\n\t\t\t\"auth\": \"dTpzZWNyZXQ=\"\n\t\t}\n\t},\n\t\"credsStore\": \"desktop\",\n\t\"currentContext\": \"desktop-linux\"\n}";

pub(super) fn nothing(place: &mut Place) -> Result<()> {
    let said = place.ends(&place.setup("--yes"), 0)?;
    place.has_gpu(&said)?;
    // Docker was told to start with the machine, and so were our units.
    place.ends(
        "systemctl is-enabled docker.service nvidia-cdi-refresh.path && test -e /run/cdi/nvidia.yaml",
        0,
    )?;
    place.ends(&place.setup("--yes"), 0)?;
    // What runs is not ended unasked.
    place.ends(CONTAINER, 0)?;
    let refused = place.ends(&place.undo(), 1)?;
    if !refused.contains("I108") {
        return Err(Failure::new(format!("a running container does not stop it:\n{refused}")));
    }
    place.ends("docker rm -f lasting", 0)?;
    place.ends(&place.undo(), 0).map(drop)
}

/// A container that lasts, from an image of the machine's own files.
pub(super) const CONTAINER: &str = "tar -C / -ch lib64/ld-linux-x86-64.so.2 usr/lib/x86_64-linux-gnu/libc.so.6 usr/bin/sleep | docker import - lasting && \
                         docker run -d --name lasting --network none lasting /usr/bin/sleep 600";

/// One call after the other, each killed when it begins a step that none before it had begun; the last one
/// comes to its end. The same on the way back.
pub(super) fn killed_at_every_step(place: &mut Place) -> Result<()> {
    let (said, kills) = killed_until_done(place, &place.setup("--yes"))?;
    place.has_gpu(&said)?;
    let (_, back) = killed_until_done(place, &place.undo())?;
    if kills < 5 || back < 3 {
        return Err(Failure::new(format!("it was killed {kills} and {back} times only")));
    }
    Ok(())
}

/// What the call that came to its end said, and how many were killed before it.
fn killed_until_done(place: &Place, call: &str) -> Result<(String, usize)> {
    let mut begun = BTreeSet::new();
    for kills in 0..40 {
        let (said, ended) = killed_at_a_new_step(place, call, &mut begun)?;
        if ended {
            return Ok((said, kills));
        }
    }
    Err(Failure::new("it does not come to its end"))
}

/// Kills the program alone: the package manager that it runs may go on or die of its closed output, as it
/// would on any machine.
fn killed_at_a_new_step(place: &Place, call: &str, begun: &mut BTreeSet<String>) -> Result<(String, bool)> {
    let mut child: std::process::Child = place
        .machine()?
        .command(&format!("exec {call} 2>&1"))
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start it")?;
    let mut said = String::new();
    let out = child.stdout.take().ok_or_else(|| Failure::new("no pipe"))?;
    for line in BufReader::new(out).lines() {
        let line = line.context("cannot read what it says")?;
        said.push_str(&line);
        said.push('\n');
        if line.trim_start().starts_with("-> ") && begun.insert(line.clone()) {
            let killed = Command::new("pkill").args(["-KILL", "-P", &child.id().to_string()]).status();
            killed.context("cannot kill it")?;
            let _gone = child.kill();
            child.wait().context("cannot wait for it")?;
            // A package manager that goes on has the lock for a while, which the next call waits for.
            return Ok((said, false));
        }
    }
    let status = child.wait().context("cannot wait for it")?;
    // The way back ends with our own package, and the record goes with it.
    let over = said.contains("no set-up that could be taken back");
    if status.success() || over {
        Ok((said, true))
    } else {
        Err(Failure::new(format!("{call}\nended with {status}:\n{said}")))
    }
}

/// The power goes while dpkg is at work; the machine boots, and the set-up goes on.
pub(super) fn loss_of_power(place: &mut Place) -> Result<()> {
    let call = place.setup("--yes");
    let started = place.machine()?.command(&format!("{call} >/root/log 2>&1")).spawn();
    let mut child = started.context("cannot start it")?;
    place.machine()?.wait_for(
        "grep -q 'Status: install ok unpacked' /var/lib/dpkg/status",
        std::time::Duration::from_secs(120),
    )?;
    place.reboot()?;
    let _status = child.wait();
    fs::remove_file("/root/log").context("cannot remove a log")?;
    let said = place.ends(&call, 0)?;
    place.has_gpu(&said)?;
    if !said.contains("was interrupted at") {
        return Err(Failure::new(format!("it does not say that it goes on:\n{said}")));
    }
    place.ends(&place.undo(), 0).map(drop)
}

/// The user `u` calls it with sudo; logins survive, the residue goes, and comes back with the undo.
pub(super) fn residue(place: &mut Place) -> Result<()> {
    const FILE: &str = "/home/u/.docker/config.json";
    write(FILE, CLIENT)?;
    beside(&["chown", "-R", "u:u", "/home/u/.docker"])?;
    beside(&["chmod", "600", FILE])?;
    let as_sudo = |call: String| call.replace("env -i", "env -i SUDO_USER=u");
    let said = place.ends(&as_sudo(place.setup("--yes --add-user")), 0)?;
    place.has_gpu(&said)?;
    let now = fs::read_to_string(FILE).context("cannot read the client's settings")?;
    let whole = now.contains("dTpzZWNyZXQ=") && !now.contains("desktop");
    let owner = beside(&["stat", "-c", "%U %a", FILE])?;
    if !whole || owner.trim() != "u 600" {
        return Err(Failure::new(format!("the client's settings are ({}):\n{now}", owner.trim())));
    }
    place.ends("id -nG u | grep -qw docker", 0)?;
    place.ends(&as_sudo(place.undo()), 0)?;
    let back = fs::read_to_string(FILE).context("cannot read the client's settings")?;
    beside(&["rm", "-rf", "/home/u/.docker", "/home/u/.local"])?;
    if back == CLIENT { Ok(()) } else { Err(Failure::new(format!("they are not back:\n{back}"))) }
}

/// The original's package is replaced and comes back; what its user wrote is used and stays.
pub(super) fn original(place: &mut Place) -> Result<()> {
    const SETTINGS: (&str, &str) = (
        "/etc/nvidia-container-runtime/config.toml",
        "# mine\n[nvidia-container-runtime]\nlog-level = \"debug\"\n",
    );
    const DAEMON: (&str, &str) = (
        "/etc/docker/daemon.json",
        "{\n    \"log-opts\": {\"max-size\": \"10m\"},\n    \"runtimes\": {\n        \"nvidia\": {\n            \"args\": [],\n            \"path\": \"/usr/bin/nvidia-container-runtime\"\n        }\n    }\n}\n",
    );
    place.ends(&format!("dpkg --install {}", place.original.display()), 0)?;
    write(SETTINGS.0, SETTINGS.1)?;
    write(DAEMON.0, DAEMON.1)?;
    let before = place.state()?;
    let said = place.ends(&place.setup("--yes"), 0)?;
    place.has_gpu(&said)?;
    for (path, content) in [SETTINGS, DAEMON] {
        let now = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
        if path == SETTINGS.0 && now != content || !now.contains("max-size") && path == DAEMON.0 {
            return Err(Failure::new(format!("{path} is now:\n{now}")));
        }
    }
    place.ends(&place.undo(), 0)?;
    place.is_as(&before)?;
    place
        .ends("dpkg --purge nvidia-container-toolkit; rm -rf /etc/nvidia-container-runtime /etc/docker", 0)
        .map(drop)
}

/// Another daemon with files and a socket of its own is neither configured nor restarted.
pub(super) fn second_daemon(place: &mut Place) -> Result<()> {
    const CONFIG: (&str, &str) = ("/etc/docker-2/daemon.json", "{\"labels\": [\"place=second\"]}\n");
    const UNIT: (&str, &str) = (
        "/etc/systemd/system/docker-2.service",
        "[Service]\nExecStart=/usr/sbin/dockerd -H unix:///run/docker-2.sock --config-file=/etc/docker-2/daemon.json --data-root=/mnt/docker-2 \
         --exec-root=/run/docker-2 --pidfile=/run/docker-2.pid --bridge=none --iptables=false --containerd=/run/containerd/containerd.sock\n",
    );
    place.ends("DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND; apt-get update && apt-get install --yes --no-install-recommends docker.io docker-cli", 0)?;
    write(CONFIG.0, CONFIG.1)?;
    write(UNIT.0, UNIT.1)?;
    let up = "systemctl daemon-reload; systemctl start docker-2; docker -H unix:///run/docker-2.sock version";
    place.machine()?.wait_for(up, std::time::Duration::from_secs(30))?;
    let (before, second) = (place.state()?, place.machine()?.main_pid("docker-2")?);
    let said = place.ends(&place.setup("--yes"), 0)?;
    place.has_gpu(&said)?;
    place.ends(&place.undo(), 0)?;
    place.is_as(&before)?;
    if place.machine()?.main_pid("docker-2")? != second {
        return Err(Failure::new("the second daemon was restarted"));
    }
    let away = "systemctl stop docker-2; rm -rf /etc/docker-2 /etc/systemd/system/docker-2.service /run/docker-2*; systemctl daemon-reload; \
                apt-get purge --yes --auto-remove docker.io docker-cli; dpkg --purge adduser libip4tc2; groupdel docker; rm -rf /etc/docker /etc/containerd /etc/cni";
    place.run(away).map(drop)
}

/// Somebody at a terminal says no to a step, and leaves at the next: nothing has changed.
pub(super) fn asked(place: &mut Place) -> Result<()> {
    let call = place.setup("");
    let said = place.ends(
        &format!("(sleep 1; echo n; sleep 1; echo q) | script --quiet --return --command '{call}' /dev/null"),
        1,
    )?;
    for wanted in [
        "Install Docker Engine",
        "is installed and runs, now and after each",
        "Carry this out? [Y]es, [n]o, [q]uit:",
        "Stopped here",
    ] {
        if !said.contains(wanted) {
            return Err(Failure::new(format!("it does not say `{wanted}`:\n{said}")));
        }
    }
    Ok(())
}
