//! `cargo xtask dist`: packages of a release build, under all names that it answers to.
//!
//! One table of installed files ([`layout`]) is staged as a tree; deb, rpm and tar ball are three
//! ways to wrap that tree. Nothing in them depends on when, where or as whom they were built.

mod archive;
mod deb;
mod glibc;
mod layout;
mod release;
mod rpm;
mod sbom;
mod stage;

use crate::exec::{capture, command};
use crate::project::Project;
use crate::usage;
use diag::{Failure, Result, ResultExt};
use lexopt::{Arg, Parser, ValueExt};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What every format needs to know.
#[derive(Debug)]
struct Release {
    /// The staged tree: what will be `/` on the machine.
    tree: PathBuf,
    /// Where finished packages go.
    out: PathBuf,
    /// Where a format keeps its own intermediate files.
    scratch: PathBuf,
    /// The version of the workspace.
    version: String,
    /// Seconds since 1970 that every file and package carries.
    time: u64,
    /// The newest symbol version of the C library that an executable asks for, as `2.34`.
    glibc: String,
    /// The folder of the checkout that holds maintainer scripts, units and rules.
    packaging: PathBuf,
}

/// Wraps the staged tree and gives the finished file.
type Wrap = fn(&Release) -> Result<PathBuf>;

const FORMATS: &[(&str, Wrap)] = &[("deb", deb::wrap), ("rpm", rpm::wrap), ("tar", archive::wrap)];

/// The command.
pub(crate) fn run(project: &Project, parser: &mut Parser) -> Result<ExitCode> {
    let Choice { formats, out, key } = options(project, parser)?;
    let release = prepare(project, out)?;
    println!("needs glibc {} or newer", release.glibc);
    for (name, wrap) in
        FORMATS.iter().filter(|(name, _)| formats.is_empty() || formats.iter().any(|f| f == name))
    {
        let file = wrap(&release).with_context(|| format!("cannot make the {name} package"))?;
        if let (Some(key), "rpm") = (&key, *name) {
            rpm::sign(&file, key, None)?;
        }
        let sum = capture(command(["sha256sum".as_ref(), file.as_os_str()]).current_dir(&release.out))?;
        println!("{}  {}", sum.split(' ').next().unwrap_or_default(), file.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// What the caller wants.
struct Choice {
    /// Names of formats; none: all.
    formats: Vec<String>,
    out: PathBuf,
    /// The key of gpg's by which the rpm package is signed: rpm looks at each package's own signature, apt at
    /// that of the repository.
    key: Option<String>,
}

fn options(project: &Project, parser: &mut Parser) -> Result<Choice> {
    let (mut formats, mut out, mut key) = (Vec::new(), project.root().join("target/packages"), None);
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Arg::Long("out") => out = parser.value().map_err(usage)?.into(),
            Arg::Long("only") => {
                let text = parser.value().and_then(|value| value.string()).map_err(usage)?;
                formats.extend(text.split(',').map(str::to_owned));
            }
            Arg::Long("sign") => {
                key = Some(parser.value().and_then(|value| value.string()).map_err(usage)?);
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    let known = |name: &String| FORMATS.iter().any(|(format, _)| format == name);
    match formats.iter().find(|name| !known(name)) {
        Some(name) => {
            Err(Failure::new(format!("no package format {name}")).hint("there are deb, rpm and tar"))
        }
        None => Ok(Choice { formats, out, key }),
    }
}

fn prepare(project: &Project, out: PathBuf) -> Result<Release> {
    let built = release::build(project)?;
    let scratch = project.root().join("target/package");
    let tree = scratch.join("tree");
    let packaging = project.root().join("packaging");
    let time = release::time(project)?;
    let entries = layout::entries(project, &built, &packaging, time)?;
    stage::write(&tree, &entries, time)?;
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let glibc = glibc::newest(&[built.longshore.as_path()])?;
    Ok(Release { tree, out, scratch, version: env!("CARGO_PKG_VERSION").to_owned(), time, glibc, packaging })
}

/// The packages as they are published, for those who check packages.
pub(crate) struct Published {
    pub(crate) deb: PathBuf,
    /// Signed with a key that was made for it.
    pub(crate) rpm: PathBuf,
    /// The home of somebody whose rpm knows that key.
    pub(crate) home: PathBuf,
}

impl Published {
    /// Builds them.
    pub(crate) fn build(project: &Project, out: &Path) -> Result<Self> {
        fresh(out)?;
        let release = prepare(project, out.to_path_buf())?;
        let (deb, rpm, home) = (deb::wrap(&release)?, rpm::wrap(&release)?, out.join("home"));
        rpm::sign_with_new_key(&rpm, &home)?;
        Ok(Self { deb, rpm, home })
    }
}

/// A Debian package of the executables under test, for tests: quick to make, large, and with a
/// version of the caller's choice.
pub(crate) fn of_dist(project: &Project, folder: &Path, version: &str) -> Result<PathBuf> {
    deb::wrap_quickly(&under_test(project, folder, version)?)
}

/// The same as an rpm package.
pub(crate) fn rpm_of_dist(project: &Project, folder: &Path, version: &str) -> Result<PathBuf> {
    rpm::wrap_quickly(&under_test(project, folder, version)?)
}

fn under_test(project: &Project, folder: &Path, version: &str) -> Result<Release> {
    let built = release::Built::of_dist(project);
    let packaging = project.root().join("packaging");
    let tree = folder.join("tree");
    stage::write(&tree, &layout::entries(project, &built, &packaging, 0)?, 0)?;
    let glibc = glibc::newest(&[built.longshore.as_path()])?;
    let (out, scratch, version) = (folder.to_path_buf(), folder.to_path_buf(), version.to_owned());
    Ok(Release { tree, out, scratch, version, time: 0, glibc, packaging })
}

/// The name by which a kind of package calls this machine's architecture.
fn architecture(deb: bool) -> &'static str {
    match (std::env::consts::ARCH, deb) {
        ("x86_64", true) => "amd64",
        ("aarch64", true) => "arm64",
        (other, _) => other,
    }
}

/// Empties a folder, or makes it.
pub(crate) fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}
