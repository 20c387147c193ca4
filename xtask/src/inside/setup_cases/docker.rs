//! Docker Engine from Docker's own repository, of which a mirror lies here.

use super::machine::{Place, beside, write};
use super::proxy::Proxy;
use super::starts::CONTAINER;
use crate::test::DOCKER_VERSION;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::PathBuf;

const LIST: &str = "/etc/apt/sources.list.d/docker.list";
const SOURCES: &str = "/etc/apt/sources.list.d/docker.sources";
const KEY: &str = "/etc/apt/keyrings/docker.gpg";

/// The mirror; the case is left out where none could be made.
fn mirror(place: &Place) -> Option<PathBuf> {
    place.parts.docker.clone()
}

/// A list of an older guide and its key, which expired; the repository is reached by a proxy only. What is
/// wanted is of another channel, and not its newest version.
pub(super) fn renewed(place: &mut Place) -> Result<()> {
    let Some(mirror) = mirror(place) else { return Ok(()) };
    let proxy = Proxy::of(&mirror)?;
    let installed = place.installed()?;
    place.ends(CURL, 0)?;
    let address = "http://docker.invalid/linux";
    write(LIST, &format!("deb [arch=amd64 signed-by={KEY}] {address}/debian trixie stable\r\n"))?;
    let expired = fs::read(mirror.join("expired.gpg")).context("cannot read a key")?;
    fs::write(KEY, &expired).context("cannot write a key")?;
    let before = place.state()?;
    let options = format!(
        "--yes --docker-repository --docker-mirror={address} --proxy=http://{} --channel=test --docker-version={DOCKER_VERSION}",
        proxy.address
    );
    let said = place.ends(&place.setup(&options), 0)?;
    place.has_gpu(&said)?;
    says(&said, "Renew the key of a repository")?;
    says(&said, "comes in place of /etc/apt/keyrings/docker.gpg")?;
    let now = place
        .ends("dpkg-query -W -f '${Version}' docker-ce; cat /etc/apt/sources.list.d/docker.sources", 0)?;
    says(&now, DOCKER_VERSION)?;
    says(&now, "Components: test")?;
    if proxy.served() < 5 {
        return Err(Failure::new(format!("the proxy was asked {} times only", proxy.served())));
    }
    place.ends(&place.undo(), 0)?;
    place.is_as(&before)?;
    for path in [LIST, KEY] {
        fs::remove_file(path).with_context(|| format!("{path} is not back"))?;
    }
    place.only(&installed)
}

/// As a machine has it whose owner followed a guide.
const CURL: &str = "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends curl ca-certificates";

/// The distribution's Docker has a container and an image; Docker's own takes its place only with consent, and
/// only once no container runs. The image stays, there and back.
pub(super) fn in_place(place: &mut Place) -> Result<()> {
    let Some(mirror) = mirror(place) else { return Ok(()) };
    let installed = place.installed()?;
    place.ends(DOCKER, 0)?;
    place.ends(CONTAINER, 0)?;
    let before = place.state()?;
    let own = format!("--yes --docker-repository --docker-mirror=file:{}/linux", mirror.display());
    let refused = place.ends(&place.setup(&own), 1)?;
    says(&refused, "I111")?;
    says(&refused, "--remove-conflicting removes them")?;
    let runs = place.ends(&place.setup(&format!("{own} --remove-conflicting")), 1)?;
    says(&runs, "I108")?;
    says(&runs, "lasting")?;
    place.is_as(&before)?;
    place.ends("docker rm -f lasting", 0)?;
    let before = place.state()?;
    let said = place.ends(&place.setup(&format!("{own} --remove-conflicting")), 0)?;
    place.has_gpu(&said)?;
    place.ends("docker image inspect lasting && dpkg-query -W docker-ce containerd.io && ! test -e /usr/share/doc/docker.io", 0)?;
    place.ends(&place.undo(), 0)?;
    place.is_as(&before)?;
    place.ends("docker image inspect lasting && docker rmi lasting", 0)?;
    place.only(&installed)
}

const DOCKER: &str = "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends docker.io docker-cli";

/// The list names the same repository with another key: two of them stop apt, so the older one goes aside.
pub(super) fn older_list(place: &mut Place) -> Result<()> {
    let Some(mirror) = mirror(place) else { return Ok(()) };
    let base = format!("file:{}/linux", mirror.display());
    write(LIST, &format!("deb [signed-by={KEY}] {base}/debian trixie nightly\n"))?;
    fs::copy(mirror.join("binary.gpg"), KEY).context("cannot copy a key")?;
    let before = place.state()?;
    let call = place.setup(&format!("--yes --docker-repository --docker-mirror={base}"));
    let said = place.ends(&call, 0)?;
    place.has_gpu(&said)?;
    says(&said, "docker.list named the same repository in another way")?;
    place.ends(&format!("test -e {SOURCES} && ! test -e {LIST}"), 0)?;
    place.ends(&place.undo(), 0)?;
    place.is_as(&before)?;
    beside(&["rm", LIST, KEY]).map(drop)
}

/// A list whose key is gone, and which cannot be fetched: Debian's Docker is wanted, so it only has to be out of
/// apt's way. The key is text under the name of a binary one: apt of this release takes it so.
pub(super) fn keys(place: &mut Place) -> Result<()> {
    let Some(mirror) = mirror(place) else { return Ok(()) };
    let base = format!("file:{}/linux/debian", mirror.display());
    for (name, key, wanted) in [("gone", None, "is set aside"), ("text", Some("renewed.asc"), "the GPU")] {
        let file = format!("/etc/apt/keyrings/{name}.gpg");
        write(LIST, &format!("deb [signed-by={file}] {base} trixie stable\n"))?;
        if let Some(key) = key {
            fs::copy(mirror.join(key), &file).context("cannot copy a key")?;
        }
        let before = place.state()?;
        let said = place.ends(&place.setup("--yes"), 0)?;
        place.has_gpu(&said)?;
        says(&said, wanted).map_err(|failure| failure.context(name))?;
        let stays = if key.is_some() { "" } else { "! " };
        place.ends(&format!("{stays}test -e {LIST}"), 0)?;
        place.ends(&place.undo(), 0)?;
        place.is_as(&before).map_err(|failure| failure.context(name))?;
        beside(&["rm", "-f", LIST, &file])?;
    }
    Ok(())
}

fn says(said: &str, words: &str) -> Result<()> {
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.contains(words) {
        Ok(())
    } else {
        Err(Failure::new(format!("it does not say `{words}`:\n{said}")))
    }
}
