//! The tar ball: the staged tree below one folder, for machines without a package manager.

use super::{Release, architecture};
use crate::exec::{capture, command};
use diag::Result;
use std::path::PathBuf;

pub(super) fn wrap(release: &Release) -> Result<PathBuf> {
    let name = format!("longshore-{}-linux-{}", release.version, architecture(false));
    let file = release.out.join(format!("{name}.tar.xz"));
    let mut tar =
        command(["tar", "--sort=name", "--format=gnu", "--owner=0", "--group=0", "--numeric-owner"]);
    tar.arg(format!("--mtime=@{}", release.time)).arg(format!("--transform=flags=r;s,^\\.,{name},"));
    tar.args(["--xz", "-cf"]).arg(&file).arg("-C").arg(&release.tree).arg(".");
    capture(&mut tar)?;
    Ok(file)
}
