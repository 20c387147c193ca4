//! The Debian package, installed, upgraded, swapped with the original's, removed and purged by the
//! real `dpkg` in the real files of a Debian release.
//!
//! It wraps the executables under test, not a release build, so that it takes seconds. The package
//! database of the root begins empty: that a C library is there is shown by running the programs.

use crate::dist;
use crate::engines::{self, Suite};
use crate::exec::{capture, command, output};
use crate::inside::Check;
use crate::package::{self, Published};
use crate::project::Project;
use crate::test::Options;
use diag::{Failure, Result, ResultExt};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A root that is thrown away, with a package database of its own.
struct Root {
    path: PathBuf,
}

/// One thing that is done, and what must hold then.
type Step = fn(&Root, &Packages) -> Result<()>;

/// What is done with the package, in this order, on one root.
const STEPS: &[(&str, Step)] = &[
    ("takes the original's place, settings kept", replaces_the_original),
    ("every name answers", answers),
    ("an upgrade keeps the user's settings", upgrades),
    ("removed: its files are gone, settings stay", removes),
    ("purged: the root is what it was", purges),
    ("a fresh install writes the default settings", installs_afresh),
];

/// The packages of a run.
struct Packages {
    original: PathBuf,
    first: PathBuf,
    second: PathBuf,
    /// Every path of the root before anything was installed.
    before: String,
}

/// The part.
pub(super) fn packages(project: &Project, options: &Options) -> Result<Vec<Check>> {
    dist::build(project)?;
    let folder = project.root().join("target/xtask/packages");
    package::fresh(&folder)?;
    let built = |version: &str| package::of_dist(project, &folder.join(version), version);
    let (first, second) = (built("0.1.0")?, built("0.1.1")?);
    let original = original(&folder)?;
    let mut checks = Vec::new();
    for suite in [Suite::Bookworm, Suite::Trixie] {
        let source = engines::ensure(project, suite)?;
        let root = Root::copied(&source.path, &folder.join(suite.name()))?;
        let packages = Packages {
            original: original.clone(),
            first: first.clone(),
            second: second.clone(),
            before: root.listing()?,
        };
        checks.extend(carry_out(suite.name(), &root, &packages));
        package::fresh(&root.path)?;
    }
    if options.all {
        checks.extend(judged(project, &folder.join("published"))?);
    }
    Ok(checks)
}

/// The packages that are published, before the distributions' own judges, where those are installed: an error
/// has to be overridden with its reason.
fn judged(project: &Project, folder: &Path) -> Result<Vec<Check>> {
    let is_here =
        |name: &str| output(&mut command([name, "--version"])).is_ok_and(|ran| ran.status.success());
    let judges: Vec<&(&str, &[&str])> = JUDGES.iter().filter(|(name, _)| is_here(name)).collect();
    if judges.len() < JUDGES.len() {
        eprintln!("  skipped: not both of lintian and rpmlint are installed");
    }
    if judges.is_empty() {
        return Ok(Vec::new());
    }
    let Published { deb, rpm, home } = Published::build(project, folder)?;
    let judge = |(name, options): &&(&str, &[&str])| {
        let started = Instant::now();
        let file = if *name == "lintian" { &deb } else { &rpm };
        let end = output(command([*name]).args(*options).arg(file).env("HOME", &home))
            .and_then(|ran| verdict(&ran));
        Check::new(name, "no error", started.elapsed().as_secs_f64(), end)
    };
    Ok(judges.iter().map(judge).collect())
}

const JUDGES: &[(&str, &[&str])] = &[("lintian", &["--fail-on", "error"]), ("rpmlint", &[])];

/// The static executable is one on purpose: without a dynamic loader there is none to hijack. rpmlint, unlike
/// lintian, reads no reasons from the package.
fn verdict(ran: &std::process::Output) -> Result<()> {
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let errors: Vec<&str> =
        said.lines().filter(|line| line.starts_with("E: ") || line.contains(": E: ")).collect();
    let errors: Vec<&str> =
        errors.into_iter().filter(|line| !line.contains("statically-linked-binary")).collect();
    if errors.is_empty() { Ok(()) } else { Err(Failure::new(errors.join("\n"))) }
}

/// A step needs the one before it: the first failure ends the row.
fn carry_out(suite: &str, root: &Root, packages: &Packages) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, step) in STEPS {
        let started = Instant::now();
        let check = Check::new(suite, name, started.elapsed().as_secs_f64(), step(root, packages));
        let failed = check.failure.is_some();
        checks.push(Check { seconds: started.elapsed().as_secs_f64(), ..check });
        if failed {
            break;
        }
    }
    checks
}

fn replaces_the_original(root: &Root, packages: &Packages) -> Result<()> {
    root.dpkg(&["--install"], &packages.original)?;
    root.write("etc/nvidia-container-runtime/config.toml", MINE)?;
    root.dpkg(&["--install"], &packages.first)?;
    root.expect("etc/nvidia-container-runtime/config.toml", MINE)?;
    match root.status("nvidia-container-toolkit")?.as_str() {
        "deinstall ok config-files" | "" => Ok(()),
        other => Err(Failure::new(format!("the original's package is still `{other}`"))),
    }
}

/// Settings that only a user would write.
const MINE: &str = "# mine\n[nvidia-container-cli]\nno-cgroups = true\n";

fn answers(root: &Root, _packages: &Packages) -> Result<()> {
    for words in [
        &["longshore", "--version"][..],
        &["nvidia-ctk", "--version"],
        &["nvidia-container-runtime", "--version"],
        &["nvidia-cdi-hook", "--version"],
    ] {
        // The runtime passes `--version` on to runc, which the roots have.
        root.run(words).with_context(|| format!("{} does not answer", words.join(" ")))?;
    }
    for name in
        ["nvidia-container-runtime.cdi", "nvidia-container-runtime.legacy", "nvidia-container-runtime-hook"]
    {
        root.run(&["test", "-x", &format!("/usr/bin/{name}")]).with_context(|| format!("no {name}"))?;
    }
    Ok(())
}

fn upgrades(root: &Root, packages: &Packages) -> Result<()> {
    root.dpkg(&["--install"], &packages.second)?;
    root.expect("etc/nvidia-container-runtime/config.toml", MINE)
}

fn removes(root: &Root, _packages: &Packages) -> Result<()> {
    root.dpkg(&["--remove"], Path::new("longshore"))?;
    root.expect("etc/nvidia-container-runtime/config.toml", MINE)?;
    match root.listing()?.lines().find(|line| line.contains("longshore") || line.contains("nvidia-c")) {
        Some(left) if !left.contains("nvidia-container-runtime") => {
            Err(Failure::new(format!("{left} is left")))
        }
        _ => Ok(()),
    }
}

fn purges(root: &Root, packages: &Packages) -> Result<()> {
    root.dpkg(&["--purge"], Path::new("longshore"))?;
    // A folder that only the original's package had brought is not ours to remove.
    root.dpkg(&["--purge"], Path::new("nvidia-container-toolkit")).ok();
    let after = root.listing()?;
    let (old, kept): (BTreeSet<&str>, BTreeSet<&str>) =
        (packages.before.lines().collect(), after.lines().collect());
    match (kept.difference(&old).next(), old.difference(&kept).next()) {
        (None, None) => Ok(()),
        (Some(path), _) => Err(Failure::new(format!("{path} is left"))),
        (None, Some(path)) => Err(Failure::new(format!("{path} is gone"))),
    }
}

fn installs_afresh(root: &Root, packages: &Packages) -> Result<()> {
    root.dpkg(&["--install"], &packages.first)?;
    let shipped = root.read("usr/share/longshore/config.toml")?;
    root.expect("etc/nvidia-container-runtime/config.toml", &shipped)
}

/// A package with the name and one file of the original's.
pub(super) fn original(folder: &Path) -> Result<PathBuf> {
    let tree = folder.join("original");
    package::fresh(&tree.join("DEBIAN"))?;
    package::fresh(&tree.join("usr/bin"))?;
    let control = "Package: nvidia-container-toolkit\nVersion: 1.20.0-1\nArchitecture: all\n\
                   Maintainer: Nobody <nobody@packages.invalid>\nDescription: stands for the original's\n";
    fs::write(tree.join("DEBIAN/control"), control).context("cannot write control")?;
    fs::write(tree.join("usr/bin/nvidia-container-runtime"), "#!/bin/sh\n").context("cannot write a file")?;
    let file = folder.join("original.deb");
    capture(command(["dpkg-deb", "--root-owner-group", "-Znone", "--build"]).args([&tree, &file]))?;
    Ok(file)
}

impl Root {
    /// A copy of an unpacked release, with an empty package database.
    fn copied(source: &Path, path: &Path) -> Result<Self> {
        capture(command(["cp", "-a", "--reflink=auto"]).args([source, path]))?;
        let database = path.join("var/lib/dpkg");
        for folder in ["info", "updates", "triggers", "alternatives", "parts"] {
            package::fresh(&database.join(folder))?;
        }
        // The maintainer scripts write there, as on every machine.
        capture(command(["mknod", "--mode=666"]).arg(path.join("dev/null")).args(["c", "1", "3"]))?;
        fs::write(database.join("status"), "").context("cannot write an empty package database")?;
        Ok(Self { path: path.to_path_buf() })
    }

    fn dpkg(&self, action: &[&str], what: &Path) -> Result<()> {
        let mut dpkg = command(["dpkg"]);
        dpkg.arg(format!("--root={}", self.path.display())).args(["--force-depends", "--log=/dev/null"]);
        dpkg.env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
        capture(dpkg.args(action).arg(what)).map(drop)
    }

    /// `want status` of a package, empty where it is unknown.
    fn status(&self, package: &str) -> Result<String> {
        let database = self.read("var/lib/dpkg/status")?;
        let paragraph = database.split("\n\n").find(|text| text.contains(&format!("Package: {package}\n")));
        let line = paragraph.and_then(|text| text.lines().find_map(|line| line.strip_prefix("Status: ")));
        Ok(line.unwrap_or_default().to_owned())
    }

    fn run(&self, words: &[&str]) -> Result<String> {
        let mut chroot = command(["chroot".as_ref(), self.path.as_os_str()]);
        capture(chroot.args(words).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"))
    }

    /// Every path with its kind, mode and link, without what dpkg itself keeps.
    fn listing(&self) -> Result<String> {
        let mut find = command(["find".as_ref(), self.path.as_os_str()]);
        find.args(["-path", "*/var/lib/dpkg", "-prune", "-o", "-printf", "%P %y %m %l\n"]);
        let mut lines: Vec<String> = capture(&mut find)?.lines().map(str::to_owned).collect();
        lines.sort();
        Ok(lines.join("\n"))
    }

    fn read(&self, path: &str) -> Result<String> {
        let path = self.path.join(path);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&path)).context("cannot make a folder")?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    fn expect(&self, path: &str, text: &str) -> Result<()> {
        let found = self.read(path)?;
        if found == text { Ok(()) } else { Err(Failure::new(format!("/{path} holds {found:?}"))) }
    }
}
