//! systemd learns of the GPU nodes of a container whose control group it made.
//!
//! With the systemd cgroup driver an engine has systemd make a scope for each container. Whenever
//! systemd applies the scope's properties anew (a daemon-reload, any change of a resource limit), it
//! sets the device rules that it knows of; what only the kernel was told is lost, and programs say
//! `Failed to initialize NVML: Unknown Error`. So the scope's `DeviceAllow` gets the nodes too.

mod message;

use super::program::Rule;
use crate::codes;
use diag::{Failure, Result, ResultExt};
use formats::dbus;
use host::Host;
use std::io::{Read, Write};
use std::time::Duration;

/// Where systemd listens for root, without any bus daemon.
const SOCKET: &str = "/run/systemd/private";
/// systemd answers within milliseconds; a machine that thrashes may need longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than any answer to our one call.
const REPLY_LIMIT: usize = 128 * 1024;

/// Adds the rules to the scope that `membership` names, unless it is that of `own` process: then the
/// container has none of its own. Both are contents of `/proc/PID/cgroup`. `false` when there is
/// nothing to tell: no systemd, or a group that it did not make.
///
/// # Errors
/// When systemd cannot be asked or refuses.
pub(super) fn allow(host: &Host, membership: &str, own: &str, rules: &[Rule]) -> Result<bool> {
    let Some(scope) = scope(membership).filter(|found| scope(own) != Some(found)) else { return Ok(false) };
    if rules.is_empty() || !host.exists(SOCKET) {
        return Ok(false);
    }
    let told = host.connect(SOCKET, PATIENCE).and_then(|mut stream| converse(&mut stream, scope, rules));
    told.map(|()| true).map_err(|cause| {
        Failure::coded(codes::SYSTEMD, format!("systemd does not take the device rules of `{scope}`"))
            .caused_by(cause)
            .hint("the container loses its GPUs at the next `systemctl daemon-reload`; use --runtime=nvidia or a CDI device")
    })
}

/// The scope that a container runs in: the last part of its path, or the one before the last where the
/// runtime has made a group below (crun). Sessions of people are scopes too.
fn scope(membership: &str) -> Option<&str> {
    let path = membership.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        matches!(controllers, "" | "name=systemd").then_some(path).filter(|path| path.contains(".scope"))
    })?;
    // The manager of a user has scopes of its own, which the system's manager does not know.
    if path.split('/').any(|part| part.starts_with("user@")) {
        return None;
    }
    let mut parts = path.rsplit('/');
    let name = match parts.next()? {
        "container" => parts.next()?,
        last => last,
    };
    let of_a_person = name.starts_with("session-") || name == "init.scope";
    Some(name).filter(|name| name.ends_with(".scope") && !of_a_person)
}

/// One call: who we are, the change, and the answer (D-Bus specification, "Authentication Protocol").
fn converse(stream: &mut (impl Read + Write), scope: &str, rules: &[Rule]) -> Result<()> {
    // The user id 0 in hexadecimal digits of its text.
    stream.write_all(b"\0AUTH EXTERNAL 30\r\n").context("cannot write to systemd")?;
    let welcome = line(stream)?;
    if !welcome.starts_with(b"OK ") {
        let text = String::from_utf8_lossy(&welcome).trim().to_owned();
        return Err(Failure::new(format!("systemd does not let us in: {text}")));
    }
    let mut call = b"BEGIN\r\n".to_vec();
    call.extend(message::allow_devices(scope, rules));
    stream.write_all(&call).context("cannot write to systemd")?;
    loop {
        match dbus::parse_reply(&reply(stream)?) {
            dbus::Reply::Done => return Ok(()),
            dbus::Reply::Refused(text) => return Err(Failure::new(format!("systemd refuses: {text}"))),
            dbus::Reply::Other => {}
        }
    }
}

fn line(stream: &mut impl Read) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") && line.len() < 512 {
        stream.read_exact(&mut byte).context("systemd gives no answer")?;
        line.extend(byte);
    }
    Ok(line)
}

/// One whole message.
fn reply(stream: &mut impl Read) -> Result<Vec<u8>> {
    let mut bytes = vec![0; dbus::FIXED];
    stream.read_exact(&mut bytes).context("systemd gives no answer")?;
    let rest = dbus::length_of_rest(&bytes).filter(|length| *length <= REPLY_LIMIT);
    let rest = rest.ok_or_else(|| Failure::new("systemd's answer cannot be understood"))?;
    bytes.resize(dbus::FIXED + rest, 0);
    let rest = bytes.get_mut(dbus::FIXED..).unwrap_or_default();
    stream.read_exact(rest).context("systemd breaks off its answer")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::program::Access;
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_containers_own_scope_is_found_and_no_other() {
        let table = [
            ("0::/system.slice/docker-abc.scope\n", Some("docker-abc.scope")),
            ("0::/machine.slice/libpod-abc.scope/container\n", Some("libpod-abc.scope")),
            ("5:devices:/x\n1:name=systemd:/system.slice/docker-abc.scope\n0::/\n", Some("docker-abc.scope")),
            ("5:devices:/system.slice/docker-abc.scope\n0::/docker/abc\n", None),
            ("0::/docker/abc\n", None),
            ("0::/user.slice/user-0.slice/session-3.scope\n", None),
            ("0::/user.slice/user-0.slice/session-3.scope/mycontainer\n", None),
            ("0::/init.scope\n", None),
            ("0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-abc.scope\n", None),
            ("", None),
            ("0::\n0:\n::::", None),
        ];
        for (membership, expected) in table {
            assert_eq!(scope(membership), expected, "{membership}");
        }
    }

    #[test]
    fn the_scope_of_the_caller_itself_is_left_alone() {
        let group = "0::/system.slice/run-r1.scope\n";
        let rules = [Rule { major: 195, minor: 0, access: Access::parse(None) }];
        assert!(!allow(&Host::at("/nonexistent"), group, group, &rules).unwrap());
    }

    /// Both directions of a conversation that is written down before.
    struct Script {
        said: Vec<u8>,
        answers: Cursor<Vec<u8>>,
    }

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.answers.read(buffer)
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.said.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn conversation(answers: &[&[u8]]) -> (Result<()>, Vec<u8>) {
        let mut script = Script { said: Vec::new(), answers: Cursor::new(answers.concat()) };
        let rules = [Rule { major: 195, minor: 0, access: Access::parse(Some("rw")) }];
        let end = converse(&mut script, "docker-abc.scope", &rules);
        (end, script.said)
    }

    const WELCOME: &[u8] = b"OK 0123456789abcdef0123456789abcdef\r\n";
    /// A signal, which may come at any time; a return; an error with a text.
    const SIGNAL: &[u8] = b"l\x04\0\x01\0\0\0\0\x01\0\0\0\0\0\0\0";
    const RETURN: &[u8] = b"l\x02\0\x01\0\0\0\0\x02\0\0\0\x08\0\0\0\x05\x01u\0\x01\0\0\0";
    const ERROR: &[u8] = b"l\x03\0\x01\x09\0\0\0\x02\0\0\0\x08\0\0\0\x05\x01u\0\x01\0\0\0\x04\0\0\0nope\0";

    #[test]
    fn every_end_of_the_conversation_is_told_apart() {
        let (end, said) = conversation(&[WELCOME, SIGNAL, RETURN]);
        assert!(end.is_ok(), "{end:?}");
        assert!(said.starts_with(b"\0AUTH EXTERNAL 30\r\nBEGIN\r\nl\x01\0\x01"), "{said:?}");
        for (answers, expected) in [
            (vec![&b"REJECTED EXTERNAL\r\n"[..]], "systemd does not let us in: REJECTED EXTERNAL"),
            (vec![WELCOME, ERROR], "systemd refuses: nope"),
            (vec![WELCOME], "systemd gives no answer: failed to fill whole buffer"),
            (
                vec![WELCOME, b"l\x02\0\x01\xff\xff\xff\xff\x02\0\0\0\0\0\0\0"],
                "systemd's answer cannot be understood",
            ),
            (vec![WELCOME, b"GET / HTTP/1.0\r\n\r\n"], "systemd's answer cannot be understood"),
        ] {
            assert_eq!(conversation(&answers).0.unwrap_err().chain(), expected);
        }
    }
}
