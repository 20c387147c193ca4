//! A freshly installed Debian with systemd, and a local repository with Docker: for tests that install and
//! remove for real, with apt, and without any network.

use super::{Place, Suite, apt, mirror, remove_tree, unpack};
use crate::exec::{capture, command};
use crate::progress::step;
use crate::project::Project;
use diag::{Result, ResultExt};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// What a machine has before anybody sets it up.
const MACHINE: &[&str] = &[
    "apt",
    "base-files",
    "base-passwd",
    "bash",
    "bsdutils",
    "coreutils",
    "dash",
    "dbus",
    "debconf",
    "debian-archive-keyring",
    "debianutils",
    "diffutils",
    "dpkg",
    "findutils",
    "grep",
    "gzip",
    "hostname",
    "init-system-helpers",
    "iproute2",
    "kmod",
    "libc-bin",
    "login",
    "mawk",
    "mount",
    "ncurses-base",
    "ncurses-bin",
    "passwd",
    "perl-base",
    "procps",
    "sed",
    "systemd",
    "systemd-sysv",
    "sysvinit-utils",
    "tar",
    "tzdata",
    "util-linux",
];

/// What is to be installed on it.
const OFFERED: &[&str] = &["docker.io", "docker-cli"];

/// What some set-ups need besides.
const MORE: &[&str] =
    &["ca-certificates", "curl", "dbus-user-session", "rootlesskit", "slirp4netns", "uidmap"];

/// Package managers of other distributions, which are Debian's packages, too.
const MANAGERS: &[&str] = &["dnf", "zypper", "pacman-package-manager", "createrepo-c", "rpm"];

/// Registers and configures all packages, in the order in which Debian's own installer does: the few that
/// the scripts of all others need go first.
const INSTALL: &str = r#"set -e
mount -t proc proc /proc
export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
ln -sf mawk /usr/bin/awk
for name in base-passwd base-files libc6 perl-base mawk; do dpkg --force-unsafe-io --force-depends --install /packages/${name}_*.deb; done
dpkg --force-unsafe-io --force-depends --unpack /packages/*.deb
dpkg --force-unsafe-io --force-depends --force-confold --configure -a
rm -rf /packages
umount /proc"#;

/// A machine's files, and packages for it.
#[derive(Clone, Debug)]
pub(crate) struct Fresh {
    /// The tree that becomes `/`.
    pub(crate) root: PathBuf,
    /// A flat repository of apt's.
    pub(crate) repository: PathBuf,
}

/// Makes it ready; does nothing when it is.
pub(crate) fn ensure(project: &Project) -> Result<Fresh> {
    let place = Place { base: project.engines(), name: "fresh-trixie" };
    let fresh = Fresh { root: place.root(), repository: place.file("repository") };
    fs::create_dir_all(&place.base).with_context(|| format!("cannot make {}", place.base.display()))?;
    let lock = File::create(place.file("lock")).context("cannot make the lock of the engines")?;
    lock.lock().context("cannot lock the engines")?;
    if !fresh.root.exists() {
        make(&place, &fresh)?;
    }
    Ok(fresh)
}

fn make(place: &Place, fresh: &Fresh) -> Result<()> {
    super::require_root()?;
    let apt = apt::Apt::new(place, &mirror::find(place)?, Suite::Trixie.name())?;
    step("reading the package index", || apt.update())?;
    let machine = step("downloading a machine", || apt.download(MACHINE))?;
    let partial = place.file("partial");
    remove_tree(&partial)?;
    step(format!("installing {} packages", machine.len()), || install(&partial, &machine))?;
    let offered = step(format!("downloading {}", OFFERED.join(", ")), || apt.download(OFFERED))?;
    remove_tree(&fresh.repository)?;
    fs::create_dir_all(&fresh.repository).context("cannot make a repository")?;
    for archive in offered.iter().filter(|archive| !machine.contains(archive)) {
        add(archive, &fresh.repository)?;
    }
    fs::rename(&partial, &fresh.root).with_context(|| format!("cannot rename {}", partial.display()))?;
    remove_tree(&place.file("tools"))?;
    apt.clean()
}

fn install(root: &Path, archives: &[PathBuf]) -> Result<()> {
    unpack::merged_usr(root)?;
    archives.iter().try_for_each(|archive| unpack::package(archive, root))?;
    for folder in ["packages", "proc", "sys", "dev", "run", "var/lib/dpkg/info", "var/lib/dpkg/updates"] {
        unpack::make_folder(&root.join(folder))?;
    }
    fs::write(root.join("var/lib/dpkg/status"), "").context("cannot write an empty package database")?;
    capture(command(["cp", "-t"]).arg(root.join("packages")).args(archives))?;
    let null = root.join("dev/null");
    if !null.exists() {
        capture(command(["mknod", "--mode=666"]).arg(null).args(["c", "1", "3"]))?;
    }
    let mut unshare = command(["unshare", "--mount", "--propagation", "private", "chroot"]);
    capture(unshare.arg(root).args(["sh", "-c", INSTALL])).map(drop)
}

/// Puts a package into a flat repository, whose index grows by it.
pub(crate) fn add(archive: &Path, repository: &Path) -> Result<()> {
    // apt writes the epoch of a version as %3a into names of files, and takes that for a sign in addresses.
    let name = archive.file_name().unwrap_or_default().to_string_lossy().replace("%3a", ".");
    let file = repository.join(&name);
    fs::copy(archive, &file).with_context(|| format!("cannot copy {}", archive.display()))?;
    let index = repository.join("Packages");
    let before = fs::read_to_string(&index).unwrap_or_default();
    let stanza = stanza(&file, &format!("./{name}"))?;
    fs::write(&index, before + &stanza).context("cannot write the index of a repository")
}

/// What an index says of a package that lies there under this name.
pub(crate) fn stanza(file: &Path, name: &str) -> Result<String> {
    let fields = capture(command(["dpkg-deb", "--field"]).arg(file))?;
    let sum = capture(command(["sha256sum"]).arg(file))?;
    let sum = sum.split(' ').next().unwrap_or_default();
    let size = fs::metadata(file).context("cannot look at a package")?.len();
    Ok(format!("{}\nFilename: {name}\nSize: {size}\nSHA256: {sum}\n\n", fields.trim_end()))
}

/// What this machine's packages call its architecture.
pub(crate) fn architecture() -> Result<String> {
    Ok(capture(&mut command(["dpkg", "--print-architecture"]))?.trim().to_owned())
}

/// Further packages for the fresh machine, as a flat repository of its own.
pub(crate) fn ensure_more(project: &Project) -> Result<PathBuf> {
    let fresh = ensure(project)?;
    let place = Place { base: project.engines(), name: "fresh-more" };
    let lock = File::create(place.file("lock")).context("cannot make the lock of the engines")?;
    lock.lock().context("cannot lock the engines")?;
    if !place.root().exists() {
        let apt = apt::Apt::new(&place, &mirror::find(&place)?, Suite::Trixie.name())?;
        step("reading the package index", || apt.update())?;
        let all = step(format!("downloading {}", MORE.join(", ")), || apt.download(MORE))?;
        let there = there(&fresh)?;
        let partial = place.file("partial");
        remove_tree(&partial)?;
        fs::create_dir_all(&partial).context("cannot make a repository")?;
        for archive in all.iter().filter(|archive| !there.contains(&package_of(archive))) {
            add(archive, &partial)?;
        }
        fs::rename(&partial, place.root()).with_context(|| format!("cannot rename {}", partial.display()))?;
        remove_tree(&place.file("tools"))?;
        apt.clean()?;
    }
    Ok(place.root())
}

/// The packages that the fresh machine has, or is offered.
fn there(fresh: &Fresh) -> Result<BTreeSet<String>> {
    let database = fresh.root.join("var/lib/dpkg");
    let mut query = command(["dpkg-query", "--show", "--showformat", "${Package}\n", "--admindir"]);
    let offered = fs::read_to_string(fresh.repository.join("Packages")).context("cannot read an index")?;
    let offered = offered.lines().filter_map(|line| line.strip_prefix("Package: "));
    Ok(capture(query.arg(database))?.lines().chain(offered).map(str::to_owned).collect())
}

fn package_of(archive: &Path) -> String {
    let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split('_').next().unwrap_or_default().to_owned()
}

/// The fresh machine with the package managers of others.
pub(crate) fn ensure_managers(project: &Project) -> Result<PathBuf> {
    let fresh = ensure(project)?;
    let place = Place { base: project.engines(), name: "managers" };
    let lock = File::create(place.file("lock")).context("cannot make the lock of the engines")?;
    lock.lock().context("cannot lock the engines")?;
    if !place.root().exists() {
        let apt = apt::Apt::new(&place, &mirror::find(&place)?, Suite::Trixie.name())?;
        step("reading the package index", || apt.update())?;
        let all = step(format!("downloading {}", MANAGERS.join(", ")), || apt.download(MANAGERS))?;
        let there = there(&fresh)?;
        let new: Vec<&PathBuf> = all.iter().filter(|archive| !there.contains(&package_of(archive))).collect();
        let partial = place.file("partial");
        remove_tree(&partial)?;
        capture(command(["cp", "-a"]).args([&fresh.root, &partial]))?;
        step(format!("installing {} packages", new.len()), || add_to(&partial, &new))?;
        fs::rename(&partial, place.root()).with_context(|| format!("cannot rename {}", partial.display()))?;
        remove_tree(&place.file("tools"))?;
        apt.clean()?;
    }
    Ok(place.root())
}

fn add_to(root: &Path, archives: &[&PathBuf]) -> Result<()> {
    unpack::make_folder(&root.join("packages"))?;
    capture(command(["cp", "-t"]).arg(root.join("packages")).args(archives))?;
    let install = "dpkg --force-unsafe-io --force-depends --force-confold --install /packages/*.deb && rm -rf /packages";
    let mut chroot = command(["chroot"]);
    chroot
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("LC_ALL", "C")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    capture(chroot.arg(root).args(["sh", "-c", install])).map(drop)
}
