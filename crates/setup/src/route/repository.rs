//! Repositories of packages: Docker's, and one that has this toolkit.

use super::{Kind, Stage, Wishes, run, stage, words, write};
use crate::sources::{self, List};
use crate::{Manager, Survey, codes, packages};
use diag::{Failure, Result};
use plan::{Applicability, Step};

/// Where apt learns of Docker's repository.
pub(crate) const DOCKER_SOURCES: &str = "/etc/apt/sources.list.d/docker.sources";

const DOCKER: &str = "https://download.docker.com/linux";
pub(crate) const DOCKER_KEY: &str = "/etc/apt/keyrings/docker.asc";

/// The repository as docs.docker.com describes it: its key in a file of its own, named by the list.
pub(super) fn docker(
    survey: &Survey,
    wishes: &Wishes,
    manager: Manager,
    repository: &str,
) -> Result<Option<Stage>> {
    let mirror = wishes.docker_mirror.trim_end_matches('/');
    let base = format!("{}/{repository}", if mirror.is_empty() { DOCKER } else { mirror });
    let channel = channel(&wishes.channel)?;
    let (steps, aside) = if manager == Manager::Apt {
        apt(survey, &base, channel)?
    } else {
        (rpm(survey, &base, channel), Vec::new())
    };
    if steps.is_empty() {
        return Ok(None);
    }
    let place = base.strip_prefix("https://").unwrap_or(&base);
    let place = if mirror.is_empty() { "download.docker.com" } else { place };
    let aside = match aside.as_slice() {
        [] => String::new(),
        aside => format!(
            " {} named the same repository in another way, which apt does not take, and is set aside.",
            aside.join(", ")
        ),
    };
    let effect =
        format!("Packages can be installed from {place}; each is checked against Docker's key.{aside}");
    let title = "add Docker's repository";
    Ok(Some(stage(Kind::DockerRepository, title, Applicability::Unsafe, effect, steps)))
}

fn channel(wish: &str) -> Result<&str> {
    match wish {
        "" | "stable" => Ok("stable"),
        "test" | "experimental" => Ok("test"),
        "nightly" => Ok("nightly"),
        other => {
            Err(Failure::coded(codes::BAD_WISH, format!("Docker's repository has no channel `{other}`"))
                .hint("the channels are stable, test (also called experimental) and nightly"))
        }
    }
}

/// The steps, and the lists that they set aside.
fn apt(survey: &Survey, base: &str, channel: &str) -> Result<(Vec<Step>, Vec<String>)> {
    let codename = &survey.distribution.codename;
    if codename.is_empty() {
        let message =
            format!("nothing says which release of Debian or Ubuntu {} is", survey.distribution.name);
        return Err(Failure::coded(codes::BAD_WISH, message)
            .hint("leave out --docker-repository: the distribution has Docker Engine"));
    }
    let list = format!(
        "Types: deb\nURIs: {base}\nSuites: {codename}\nComponents: {channel}\nSigned-By: {DOCKER_KEY}\n"
    );
    let named = sources::naming(&survey.lists, base, codename);
    if named.iter().any(|list| list.has(channel)) {
        return Ok((Vec::new(), Vec::new()));
    }
    let Some(list) = write(survey, DOCKER_SOURCES, list.into_bytes()) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let named: Vec<&List> = named.into_iter().filter(|list| list.path != DOCKER_SOURCES).collect();
    let mut steps: Vec<Step> = Vec::new();
    if !survey.files.contains_key(DOCKER_KEY) {
        steps.extend(docker_key(survey, base));
    }
    steps.extend(named.iter().map(|list| list.aside()));
    steps.push(list);
    steps.extend(packages::refresh(Manager::Apt).map(|argv| run(argv, None)));
    Ok((steps, named.iter().map(|list| list.path.clone()).collect()))
}

/// Its key, fetched into a file of its own.
fn docker_key(survey: &Survey, base: &str) -> Vec<Step> {
    let only = if base.starts_with("https:") { "--proto =https " } else { "" };
    let tool = ["curl", "ca-certificates"];
    let mut steps = Vec::new();
    if !survey.curl {
        let remove = packages::remove(Manager::Apt, &tool);
        steps.push(run(packages::install_beside(Manager::Apt, &tool), Some(remove)));
    }
    steps.extend([
        run(words("/usr/bin/install -m 0755 -d /etc/apt/keyrings"), None),
        run(
            words(&format!("/usr/bin/curl -fsSL {only}{base}/gpg -o {DOCKER_KEY}")),
            Some(words(&format!("/bin/rm -f {DOCKER_KEY}"))),
        ),
    ]);
    steps
}

/// A list of Docker's own that has the channel switched on stays as it is.
fn rpm(survey: &Survey, base: &str, channel: &str) -> Vec<Step> {
    const FILE: &str = "/etc/yum.repos.d/docker-ce.repo";
    let there =
        survey.files.get(FILE).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
    let section = there
        .split("\n[")
        .find(|section| section.trim_start_matches('[').starts_with(&format!("docker-ce-{channel}]")));
    let on = section.is_some_and(|section| {
        section.contains(base) && section.lines().any(|line| line.trim() == "enabled=1")
    });
    if on {
        return Vec::new();
    }
    let list = format!(
        "[docker-ce-{channel}]\nname=Docker CE {channel}\nbaseurl={base}/$releasever/$basearch/{channel}\nenabled=1\ngpgcheck=1\n\
         gpgkey={base}/gpg\n"
    );
    write(survey, FILE, list.into_bytes()).into_iter().collect()
}

/// The repository of this toolkit, where the caller names one.
pub(super) fn own(survey: &Survey, wishes: &Wishes, manager: Manager) -> Result<Option<Stage>> {
    let address = wishes.repository.as_str();
    if address.is_empty() {
        return Ok(None);
    }
    let bad = |what: String| Failure::coded(codes::BAD_WISH, what);
    if address.contains(char::is_whitespace) || !address.contains(":/") {
        return Err(bad(format!("`{address}` is no address of a repository"))
            .hint("for example https://packages.example/deb or file:/srv/packages"));
    }
    let local = address.starts_with("file:");
    let key = wishes.repository_key.as_ref();
    if key.is_none() && !local {
        return Err(bad(format!("nothing says which key signs {address}")).hint("--repository-key=FILE does"));
    }
    let steps = match manager {
        Manager::Apt => own_apt(survey, address, key),
        Manager::Dnf => own_rpm(survey, address, key, "/etc/yum.repos.d"),
        Manager::Zypper => own_rpm(survey, address, key, "/etc/zypp/repos.d"),
        Manager::Pacman => own_pacman(survey, address),
    };
    if steps.is_empty() {
        return Ok(None);
    }
    let checked = if key.is_some() {
        "each is checked against the key that you gave"
    } else {
        "nothing checks them: they lie on this machine"
    };
    let effect = format!("Packages can be installed from {address}; {checked}.");
    Ok(Some(stage(Kind::Repository, "add the toolkit's repository", Applicability::Unsafe, effect, steps)))
}

type Key<'a> = Option<&'a (String, Vec<u8>)>;

fn own_apt(survey: &Survey, address: &str, key: Key<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let trust = match key {
        Some((name, bytes)) => {
            let form = if name.ends_with(".asc") || bytes.starts_with(b"-----BEGIN") { "asc" } else { "gpg" };
            let path = format!("/etc/apt/keyrings/longshore.{form}");
            steps.extend(write(survey, &path, bytes.clone()));
            format!("Signed-By: {path}")
        }
        None => "Trusted: yes".to_owned(),
    };
    let list = format!("Types: deb\nURIs: {address}\nSuites: ./\n{trust}\n");
    let list = write(survey, "/etc/apt/sources.list.d/longshore.sources", list.into_bytes());
    if list.is_some() {
        steps.extend(list);
        steps.extend(packages::refresh(Manager::Apt).map(|argv| run(argv, None)));
    }
    steps
}

fn own_rpm(survey: &Survey, address: &str, key: Key<'_>, folder: &str) -> Vec<Step> {
    const KEY: &str = "/etc/pki/rpm-gpg/RPM-GPG-KEY-longshore";
    let mut steps = Vec::new();
    let trust = match key {
        Some((_, bytes)) => {
            steps.extend(write(survey, KEY, bytes.clone()));
            format!("gpgcheck=1\ngpgkey=file://{KEY}")
        }
        None => "gpgcheck=0".to_owned(),
    };
    let list = format!("[longshore]\nname=Longshore\nbaseurl={address}\nenabled=1\n{trust}\n");
    steps.extend(write(survey, &format!("{folder}/longshore.repo"), list.into_bytes()));
    steps
}

/// pacman has one file, and asks its own keyring about keys.
fn own_pacman(survey: &Survey, address: &str) -> Vec<Step> {
    const FILE: &str = "/etc/pacman.conf";
    let before = survey.files.get(FILE).cloned().unwrap_or_default();
    let text = String::from_utf8_lossy(&before).into_owned();
    if text.lines().any(|line| line.trim() == "[longshore]") {
        return Vec::new();
    }
    let level = if address.starts_with("file:") { "Optional TrustAll" } else { "Required" };
    let section = format!("\n[longshore]\nSigLevel = {level}\nServer = {address}\n");
    write(survey, FILE, [before, section.into_bytes()].concat()).into_iter().collect()
}
