//! A mirror of Docker's repository on this machine, with Debian's Docker under the names that Docker's packages
//! have, signed by a key that its owner renewed: the one that old machines have is expired.

use crate::engines::fresh;
use crate::exec::{capture, command, output};
use crate::package;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::{Path, PathBuf};

/// The version of the packages that work; channel `test` has a newer one that does not.
pub(crate) const VERSION: &str = "5:28.5.0-1~debian.13~trixie";

const NEWER: &str = "5:29.0.0~rc.1-1~debian.13~trixie";

/// A package: its name, the packages of Debian whose files and scripts it has, and its fields.
const PACKAGES: &[(&str, &[&str], &str)] = &[
    (
        "docker-ce",
        &["docker.io"],
        "Depends: containerd.io, docker-ce-cli, iptables, libsystemd0, adduser, tini\nConflicts: docker.io\nReplaces: docker.io\n",
    ),
    ("docker-ce-cli", &["docker-cli"], "Conflicts: docker-cli\nReplaces: docker-cli\n"),
    (
        "containerd.io",
        &["containerd", "runc"],
        "Depends: libseccomp2\nProvides: containerd, runc\nConflicts: containerd, runc\nReplaces: containerd, runc\n",
    ),
    ("docker-buildx-plugin", &[], ""),
    ("docker-compose-plugin", &[], ""),
];

/// The certificate as it was, expired for years, and as it is now.
const KEYS: &str = r#"set -e
export GNUPGHOME="$1/gnupg" LC_ALL=C; mkdir -m 700 "$GNUPGHOME"
sign() { gpg --batch --quiet --pinentry-mode loopback --passphrase '' "$@"; }
sign --faked-system-time 20200101T000000 --quick-generate-key 'Docker Release <docker@packages.invalid>' rsa2048 sign 20210101T000000
print=$(sign --list-keys --with-colons | sed -n 's/^fpr:*//p' | tr -d : | head -n 1)
sign --export > "$1/expired.gpg"
sign --quick-set-expire "$print" 10y
sign --armor --export > "$1/renewed.asc"; sign --export > "$1/binary.gpg"
for list in "$1"/linux/debian/dists/*/Release; do sign --yes --clearsign --output "${list%Release}InRelease" "$list"; done
GNUPGHOME="$1/gnupg" gpgconf --kill all
rm -rf "$GNUPGHOME""#;

/// Makes it below a folder from a flat repository that has Debian's packages; `None` where there is no GnuPG.
pub(super) fn make(folder: &Path, debian: &Path) -> Result<Option<PathBuf>> {
    if output(&mut command(["gpg", "--version"])).is_err() {
        eprintln!("  skipped: a mirror of Docker's repository: there is no gpg");
        return Ok(None);
    }
    let mirror = folder.join("mirror");
    let base = mirror.join("linux/debian");
    let pool = base.join("dists/trixie/pool");
    package::fresh(&pool)?;
    let mut stable = String::new();
    for (name, parts, fields) in PACKAGES {
        let file = made(&folder.join("repacked"), debian, &pool, [name, VERSION, fields], parts)?;
        stable += &entry(&file)?;
    }
    let newer = made(&folder.join("repacked"), debian, &pool, ["docker-ce", NEWER, ""], &[])?;
    let test = format!("{stable}{}", entry(&newer)?);
    release(&base.join("dists/trixie"), &[("stable", &stable), ("test", &test)])?;
    capture(command(["sh", "-c", KEYS, "sh"]).arg(&mirror))?;
    fs::copy(mirror.join("renewed.asc"), base.join("gpg")).context("cannot copy a key")?;
    Ok(Some(mirror))
}

fn entry(file: &Path) -> Result<String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    fresh::stanza(file, &format!("dists/trixie/pool/{name}"))
}

/// A package of this name and version, with these fields, of the files of others.
fn made(
    scratch: &Path,
    debian: &Path,
    pool: &Path,
    [name, version, fields]: [&str; 3],
    parts: &[&str],
) -> Result<PathBuf> {
    package::fresh(scratch)?;
    for part in parts {
        let unpack = "for f in \"$1\"/\"$2\"_*.deb; do dpkg-deb --extract \"$f\" \"$3\"; [ -e \"$3/DEBIAN\" ] || dpkg-deb --control \"$f\" \"$3/DEBIAN\"; done";
        capture(command(["sh", "-c", unpack, "sh"]).arg(debian).arg(part).arg(scratch))?;
    }
    // Debian's part for AppArmor, and the documentation, which two packages would share.
    capture(command(["rm", "-rf"]).arg(scratch.join("usr/share/doc")))?;
    let control = scratch.join("DEBIAN");
    fs::create_dir_all(&control).context("cannot make DEBIAN")?;
    fs::remove_file(control.join("md5sums")).ok();
    let text = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {}\nMaintainer: Nobody <nobody@packages.invalid>\n{fields}Description: stands \
         for Docker's\n",
        fresh::architecture()?
    );
    fs::write(control.join("control"), text).context("cannot write control")?;
    let file = pool.join(format!("{name}_{}.deb", version.replace([':', '~'], ".")));
    capture(command(["dpkg-deb", "--root-owner-group", "-Znone", "--build"]).args([scratch, &file]))?;
    Ok(file)
}

/// The indices of components, and the file that names them.
fn release(dist: &Path, components: &[(&str, &str)]) -> Result<()> {
    let architecture = fresh::architecture()?;
    let mut sums = String::new();
    for (name, packages) in components {
        let place = format!("{name}/binary-{architecture}/Packages");
        let file = dist.join(&place);
        fs::create_dir_all(file.parent().unwrap_or(dist)).context("cannot make a folder of a repository")?;
        fs::write(&file, packages).context("cannot write an index")?;
        let sum = capture(command(["sha256sum"]).arg(&file))?;
        let sum = sum.split(' ').next().ok_or_else(|| Failure::new("sha256sum says nothing"))?;
        sums += &format!(" {sum} {} {place}\n", packages.len());
    }
    let date = capture(command(["date", "--utc", "--rfc-email"]).env("LC_ALL", "C"))?;
    let names: Vec<&str> = components.iter().map(|(name, _)| *name).collect();
    let text = format!(
        "Origin: Docker\nSuite: trixie\nCodename: trixie\nDate: {date}\nArchitectures: {architecture}\nComponents: {}\nSHA256:\n{sums}",
        names.join(" "),
        date = date.trim().replace("+0000", "UTC"),
    );
    fs::write(dist.join("Release"), text).context("cannot write a release file")
}
