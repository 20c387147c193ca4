//! The Debian package, wrapped by `dpkg-deb`.

use super::{Release, architecture, fresh, stage};
use crate::exec::{capture, command};
use diag::{Result, ResultExt};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The packages whose files this one has under the same names. `libnvidia-container1` is not among
/// them: no library of that name is in here.
const REPLACED: &str = "nvidia-container-toolkit, nvidia-container-toolkit-base, \
    libnvidia-container-tools, nvidia-container-runtime, nvidia-docker2";

/// The maintainer scripts of `packaging/deb`.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// The package as it is published.
pub(super) fn wrap(release: &Release) -> Result<PathBuf> {
    compressed(release, "-Zxz")
}

/// The package without compression.
pub(super) fn wrap_quickly(release: &Release) -> Result<PathBuf> {
    compressed(release, "-Znone")
}

fn compressed(release: &Release, how: &str) -> Result<PathBuf> {
    let tree = release.scratch.join("deb");
    fresh(&tree)?;
    let source = release.tree.join(".");
    capture(&mut command(["cp".as_ref(), "-a".as_ref(), source.as_os_str(), tree.as_os_str()]))?;
    let control = tree.join("DEBIAN");
    fs::create_dir_all(&control).context("cannot make DEBIAN")?;
    fs::write(control.join("control"), fields(release, &tree)?).context("cannot write control")?;
    SCRIPTS.iter().try_for_each(|name| script(release, &control, name))?;
    overrides(release, &tree)?;
    fs::write(control.join("md5sums"), sums(&tree)?).context("cannot write md5sums")?;
    stage::date(&tree, release.time)?;
    let file = release.out.join(format!("longshore_{}_{}.deb", release.version, architecture(true)));
    let mut build = command(["dpkg-deb", "--root-owner-group", how, "--build"]);
    build.env("SOURCE_DATE_EPOCH", release.time.to_string());
    capture(build.args([&tree, &file]))?;
    Ok(file)
}

fn fields(release: &Release, tree: &Path) -> Result<String> {
    let size = capture(command(["du", "-sk", "--apparent-size"]).arg(tree))?;
    let size = size.split_whitespace().next().unwrap_or("0").to_owned();
    let provides = format!(
        "nvidia-container-toolkit (= {0}), nvidia-container-toolkit-base (= {0})",
        settings_version()
    );
    Ok(format!(
        "Package: longshore\nVersion: {}\nArchitecture: {}\n\
         Maintainer: The Longshore Authors <longshore@packages.invalid>\n\
         Installed-Size: {size}\nDepends: libc6 (>= {})\nProvides: {provides}\n\
         Conflicts: {REPLACED}\nReplaces: {REPLACED}\nSection: admin\nPriority: optional\n\
         Description: GPUs for containers, and why when they do not get them\n \
         Takes the place of the NVIDIA Container Toolkit name for name: the runtime shim\n \
         and hooks of container starts, CDI specifications and the configuration of\n \
         Docker, containerd, CRI-O and Podman. Adds a doctor that finds the root cause\n \
         of a container without a GPU, a linter for Dockerfiles and manifests, and a\n \
         simulated GPU host.\n",
        release.version,
        architecture(true),
        release.glibc,
    ))
}

/// The version of the original that the executables answer as.
fn settings_version() -> &'static str {
    settings::TOOLKIT_VERSION
}

fn script(release: &Release, control: &Path, name: &str) -> Result<()> {
    let source = release.packaging.join("deb").join(name);
    let target = control.join(name);
    fs::copy(&source, &target).with_context(|| format!("cannot copy {}", source.display()))?;
    fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).context("cannot set the mode of a script")
}

fn overrides(release: &Release, tree: &Path) -> Result<()> {
    let folder = tree.join("usr/share/lintian/overrides");
    fs::create_dir_all(&folder).context("cannot make the folder of overrides")?;
    let source = release.packaging.join("deb/lintian-overrides");
    fs::copy(&source, folder.join("longshore")).context("cannot copy lintian-overrides")?;
    Ok(())
}

fn sums(tree: &Path) -> Result<String> {
    let find = "find . -path ./DEBIAN -prune -o -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 md5sum";
    capture(command(["sh", "-c", find]).current_dir(tree))
}
