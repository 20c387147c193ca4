//! Plans of dnf, zypper and pacman, carried out and taken back by the real programs on local repositories.
//!
//! The programs are Debian's packages, in a root that says it is of another distribution; no systemd runs
//! there, so the engine is a stand-in that is installed and never started. Ours is the real package.

use crate::engines::fresh;
use crate::exec::{capture, command, output};
use crate::inside::Check;
use crate::package;
use crate::project::Project;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::Path;
use std::time::Instant;

/// A distribution: its manager, what it says of itself, and what its engine's package is called.
struct System {
    manager: &'static str,
    release: &'static str,
    engine: &'static str,
    /// Makes repositories of the folders /srv/engine and /srv/longshore known or ready.
    prepare: &'static str,
}

const RPM: &str = "for d in engine longshore; do createrepo_c --quiet /srv/$d; done; mkdir -p /etc/products.d; rpm --install /srv/engine/base-*.rpm";

const SYSTEMS: &[System] = &[
    System {
        manager: "dnf",
        release: "ID=fedora\\nVERSION_ID=43\\nPRETTY_NAME=\"Fedora Linux 43\"\\n",
        engine: "moby-engine",
        prepare: "mkdir -p /etc/yum.repos.d; printf '[engine]\\nname=e\\nbaseurl=file:///srv/engine\\ngpgcheck=0\\n' >/etc/yum.repos.d/engine.repo",
    },
    System {
        manager: "zypper",
        release: "ID=opensuse-leap\\nID_LIKE=\"suse opensuse\"\\nVERSION_ID=15.6\\nPRETTY_NAME=\"openSUSE Leap 15.6\"\\n",
        engine: "docker",
        prepare: "mkdir -p /etc/zypp/repos.d; printf '[engine]\\nname=e\\nenabled=1\\nbaseurl=file:///srv/engine\\ngpgcheck=0\\n' >/etc/zypp/repos.d/engine.repo",
    },
    System {
        manager: "pacman",
        release: "ID=arch\\nPRETTY_NAME=\"Arch Linux\"\\n",
        engine: "docker",
        prepare: "mkdir -p /var/lib/pacman/sync /var/lib/pacman/local; printf '[options]\\nArchitecture = auto\\nSigLevel = Never\\n[engine]\\nServer = file:///srv/engine\\n' >/etc/pacman.conf",
    },
];

/// An overlay over the root, so that nothing of it changes; all mounts end with this shell.
const TRY: &str = r#"set -e
lower=$1 place=$2 longshore=$3 release=$4 prepare=$5 list=$6
mount -t tmpfs -o mode=755 place $place; mkdir $place/up $place/work $place/root
mount -t overlay -o lowerdir=$lower,upperdir=$place/up,workdir=$place/work overlay $place/root
root=$place/root; mount -t proc proc $root/proc; mount --rbind /dev $root/dev; mount -t tmpfs run $root/run
mkdir -p $root/srv; cp -a $7/. $root/srv/; cp $longshore $root/root/longshore
rm -rf $root/etc/os-release $root/usr/bin/apt-get $root/var/lib/dpkg/status; printf "$release" > $root/etc/os-release
inside() { chroot $root env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
inside sh -c "$prepare"
look() { (cd $root; find . -xdev \( -path ./proc -o -path ./dev -o -path ./run -o -path ./srv -o -path ./var/cache -o -path ./var/log \
  -o -path './var/lib/[rdzp][pnya]*' -o -path ./var/lib/longshore -o -path ./root \) -prune -o -printf '%P %y %m %l\n' | sort)
  inside sh -c "$list" | sort; }
look > $place/before
ended=0; inside /root/longshore setup --yes --repository=file:///srv/longshore || ended=$?; echo "setup: $ended"
inside test -x /usr/bin/nvidia-container-runtime-hook && echo "the hook is there"
inside cat /etc/docker/daemon.json
ended=0; inside /root/longshore undo setup --yes || ended=$?; echo "undo: $ended"
look > $place/after
diff $place/before $place/after && echo "as before""#;

/// One check for each manager.
pub(super) fn managers(project: &Project, folder: &Path) -> Result<Vec<Check>> {
    if output(command(["rpmbuild", "--version"]).env("LC_ALL", "C")).is_err() {
        eprintln!("  skipped: dnf, zypper and pacman: no rpmbuild here");
        return Ok(Vec::new());
    }
    let root = fresh::ensure_managers(project)?;
    let rpm = package::rpm_of_dist(project, folder, "0.1.0")?;
    let mut checks = Vec::new();
    for system in SYSTEMS {
        let started = Instant::now();
        let end = repositories(system, folder, &rpm).and_then(|_| carry_out(project, system, folder, &root));
        let case = "set up from a local repository, and taken back";
        checks.push(Check::new(system.manager, case, started.elapsed().as_secs_f64(), end));
    }
    Ok(checks)
}

fn repositories(system: &System, folder: &Path, rpm: &Path) -> Result<()> {
    let srv = folder.join("srv");
    for name in ["engine", "longshore"] {
        package::fresh(&srv.join(name))?;
    }
    if system.manager == "pacman" {
        let engine = folder.join("engine");
        stand_in(&engine)?;
        archive(system.engine, &engine, &srv.join("engine"), "engine")?;
        return archive("longshore", &folder.join("tree"), &srv.join("longshore"), "longshore");
    }
    fs::copy(rpm, srv.join("longshore/longshore.rpm")).context("cannot copy our package")?;
    let engine = folder.join("engine");
    stand_in(&engine)?;
    // The C library and the shell, which no rpm package of this root has brought.
    let base: String =
        (28..50).map(|minor| format!("Provides: libc.so.6(GLIBC_2.{minor})(64bit)\n")).collect();
    let files = "/usr/bin/dockerd\n/usr/lib/systemd/system/docker.service\n";
    let install = format!("cp -a {}/. %{{buildroot}}/", engine.display());
    let (top, target) = (folder.join("rpmbuild"), srv.join("engine"));
    package::fresh(&top)?;
    stand_in_rpm(&top, &target, [system.engine, "", &install, files])?;
    stand_in_rpm(&top, &target, ["base", &format!("Provides: /bin/sh\n{base}"), "true", ""])
}

/// An rpm package of this name, with these fields, made by this call, of these files.
fn stand_in_rpm(top: &Path, target: &Path, [name, fields, install, files]: [&str; 4]) -> Result<()> {
    let spec = format!(
        "Name: {name}\nVersion: 1\nRelease: 1\nSummary: stands for it\nLicense: Apache-2.0\nAutoReqProv: no\nBuildArch: noarch\n{fields}\
         %description\nx\n%install\n{install}\n%files\n{files}"
    );
    let file = top.join(format!("{name}.spec"));
    fs::write(&file, spec).context("cannot write a spec")?;
    let mut build = command(["rpmbuild", "-bb", "--quiet", "--define"]);
    capture(build.arg(format!("_topdir {}", top.display())).arg(file))?;
    capture(command(["cp", "-r"]).arg(top.join("RPMS/noarch/.")).arg(target)).map(drop)
}

/// A program and a unit that nobody starts.
fn stand_in(tree: &Path) -> Result<()> {
    package::fresh(&tree.join("usr/bin"))?;
    package::fresh(&tree.join("usr/lib/systemd/system"))?;
    let unit = "[Service]\nExecStart=/usr/bin/dockerd\n[Install]\nWantedBy=multi-user.target\n";
    fs::write(tree.join("usr/lib/systemd/system/docker.service"), unit).context("cannot write a unit")?;
    fs::write(tree.join("usr/bin/dockerd"), "#!/bin/sh\n").context("cannot write a program")?;
    capture(command(["chmod", "755"]).arg(tree.join("usr/bin/dockerd"))).map(drop)
}

/// A package of pacman's and the database of its repository, both of which are plain archives.
fn archive(name: &str, tree: &Path, repository: &Path, database: &str) -> Result<()> {
    let info = format!(
        "pkgname = {name}\npkgbase = {name}\npkgver = 1-1\npkgdesc = x\nurl = x\nbuilddate = 1\npackager = x\nsize = 1\narch = any\n"
    );
    fs::write(tree.join(".PKGINFO"), info).context("cannot describe a package")?;
    let file = format!("{name}-1-1-any.pkg.tar");
    let target = repository.join(&file);
    let mut tar = command(["tar", "--owner=0", "--group=0", "-cf"]);
    capture(tar.arg(&target).arg("-C").arg(tree).args([".PKGINFO", "usr"]))?;
    fs::remove_file(tree.join(".PKGINFO")).context("cannot tidy up")?;
    let sum = capture(command(["sha256sum"]).arg(&target))?;
    let size = fs::metadata(&target).context("cannot look at a package")?.len();
    let entry = repository.join(format!("{name}-1-1"));
    package::fresh(&entry)?;
    let description = format!(
        "%FILENAME%\n{file}\n\n%NAME%\n{name}\n\n%BASE%\n{name}\n\n%VERSION%\n1-1\n\n%DESC%\nx\n\n%CSIZE%\n{size}\n\n%ISIZE%\n1\n\n\
         %SHA256SUM%\n{}\n\n%ARCH%\nany\n\n%BUILDDATE%\n1\n\n%PACKAGER%\nx\n\n",
        sum.split(' ').next().unwrap_or_default()
    );
    fs::write(entry.join("desc"), description).context("cannot describe a package")?;
    let mut tar = command(["tar", "-cf"]);
    tar.arg(repository.join(format!("{database}.db"))).arg("-C").arg(repository);
    capture(tar.arg(format!("{name}-1-1"))).map(drop)
}

fn carry_out(project: &Project, system: &System, folder: &Path, root: &Path) -> Result<()> {
    let place = folder.join("place");
    package::fresh(&place)?;
    let rpm = system.manager != "pacman";
    let prepare = if rpm { format!("{}; {RPM}", system.prepare) } else { system.prepare.to_owned() };
    let list = if rpm { "rpm -qa" } else { "pacman -Q || true" };
    let mut unshare = command(["unshare", "--mount", "--propagation", "private", "sh", "-c", TRY, "sh"]);
    unshare.arg(root).arg(&place).arg(project.dist().join("longshore"));
    let ran = output(unshare.args([system.release, &prepare, list]).arg(folder.join("srv")))?;
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    // The check list says no: the engine is a stand-in.
    let wanted = [
        "setup: 1",
        "the hook is there",
        "nvidia-container-runtime",
        "undo: 0",
        "as before",
        "cannot tell   a container",
    ];
    match wanted.iter().find(|words| !said.contains(**words)) {
        None if ran.status.success() => Ok(()),
        missing => Err(Failure::new(format!(
            "{} ended with {}, `{missing:?}` is missing:\n{said}",
            system.manager, ran.status
        ))),
    }
}
