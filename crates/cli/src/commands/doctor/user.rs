//! `longshore doctor --user NAME`: what another user of this machine would see after a new login.
//!
//! A child with that user's identity, groups and home looks, and hands its facts back: what the kernel
//! refuses to the user is really refused. Variables that the user sets in a shell are not known.

use crate::arguments::Parsed;
use crate::codes;
use crate::session::Session;
use diag::{Failure, Result};
use doctor::Facts;
use host::exec::Command;
use std::time::Duration;

/// What is handed on to the child.
const OPTIONS: [&str; 6] = ["engine", "context", "socket", "image", "container", "deadline"];
/// `PATH` after a login, as login(1) and systemd set it.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Programs of util-linux that change the identity, and how each is told.
const CHANGERS: [&str; 2] = ["/usr/bin/setpriv", "/usr/sbin/runuser"];

/// An account of `/etc/passwd`.
#[derive(Debug, PartialEq, Eq)]
struct Account {
    name: String,
    uid: u32,
    gid: u32,
    home: String,
}

/// The facts as that user sees them; `None` when that is the caller.
pub(super) fn facts(session: &mut Session, parsed: &Parsed) -> Result<Option<Facts>> {
    let name = parsed.text("user");
    let passwd = session.host.read_text("/etc/passwd")?;
    let account =
        passwd.lines().filter_map(account).find(|one| one.name == name || one.uid.to_string() == name);
    let account = account.ok_or_else(|| unknown(name, &passwd))?;
    if account.uid == session.host.uid() {
        return Ok(None);
    }
    if session.host.uid() != 0 {
        return Err(Failure::new(format!("only root may look as {}", account.name))
            .hint("sudo longshore doctor --user NAME"));
    }
    let output = child(session, parsed, &account)?.run()?;
    if !output.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let why = said.lines().next().unwrap_or("it said nothing").to_owned();
        return Err(Failure::new(format!("cannot look as {}: {why}", account.name))
            .hint("this program must be where that user may execute it"));
    }
    session.info(&format!(
        "this is what {} sees after a new login; variables set in a shell, such as DOCKER_HOST, are not known",
        account.name
    ));
    Facts::from_json(&output.stdout).map(Some)
}

/// People's accounts begin at 1000 (`UID_MIN` of login.defs(5)).
fn unknown(name: &str, passwd: &str) -> Failure {
    let people = passwd.lines().filter_map(account).filter(|one| (1000..65534).contains(&one.uid));
    let people: Vec<String> = people.take(8).map(|one| one.name).collect();
    let here = match people.as_slice() {
        [] => "it names no people".to_owned(),
        names => format!("it names {}", names.join(", ")),
    };
    Failure::coded(codes::BAD_VALUE, format!("there is no user `{name}` in /etc/passwd")).hint(format!(
        "{here}; a user whom only a directory service knows (LDAP, SSSD) runs `longshore doctor` without --user"
    ))
}

fn child(session: &Session, parsed: &Parsed, account: &Account) -> Result<Command> {
    let own = session.host.read_link("/proc/self/exe")?.unwrap_or_default();
    let changer = CHANGERS.into_iter().find(|path| session.host.exists(path));
    let changer = changer.ok_or_else(|| {
        Failure::new("neither setpriv nor runuser (util-linux) is here to look as another user")
    })?;
    let mut words = match changer {
        "/usr/bin/setpriv" => vec![
            format!("--reuid={}", account.uid),
            format!("--regid={}", account.gid),
            "--init-groups".to_owned(),
        ],
        _ => vec!["--user".to_owned(), account.name.clone(), "--".to_owned()],
    };
    words.extend([own, "doctor".to_owned(), "--facts".to_owned()]);
    words.extend(
        OPTIONS
            .iter()
            .filter(|name| parsed.given(name))
            .map(|name| format!("--{name}={}", parsed.text(name))),
    );
    words.extend(parsed.switch("probe").then(|| "--probe".to_owned()));
    let mut command = Command::new(changer).args(words).deadline(Duration::from_secs(200));
    command.max_output = 16 * 1024 * 1024;
    let command = command.env("HOME", &account.home).env("USER", &account.name).env("LOGNAME", &account.name);
    let runtime = format!("/run/user/{}", account.uid);
    let command =
        if session.host.exists(&runtime) { command.env("XDG_RUNTIME_DIR", &runtime) } else { command };
    Ok(command.env("PATH", PATH))
}

/// A line of passwd(5).
fn account(line: &str) -> Option<Account> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, _, home, ..] = fields.as_slice() else { return None };
    Some(Account {
        name: (*name).to_owned(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        home: (*home).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_user_is_told_who_is_there() {
        let failure = unknown(
            "adaa",
            "root:x:0:0::/root:/bin/sh\nada:x:1000:100::/home/ada:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
        );
        assert!(failure.line().contains("no user `adaa` in /etc/passwd"), "{}", failure.line());
        assert!(
            failure.first_hint().is_some_and(|hint| hint.starts_with("it names ada; a user")),
            "{failure:?}"
        );
    }

    #[test]
    fn accounts_are_those_of_passwd() {
        let ada = account("ada:x:1000:100:Ada,,,:/home/ada:/bin/zsh").unwrap();
        assert_eq!((ada.uid, ada.gid, ada.home.as_str()), (1000, 100, "/home/ada"));
        for line in ["", "+::::::", "ada:x:1000", "ada:x:u:g::/:/bin/sh"] {
            assert_eq!(account(line), None, "{line}");
        }
    }
}
