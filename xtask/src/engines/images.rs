//! Test images without a registry: packages unpacked into a small tree, the tree packed as a
//! docker-archive that Docker, Podman, containerd and skopeo all load.

use super::unpack::{link, make_folder, merged_usr, package};
use super::{Place, remove_tree};
use crate::exec::{capture, command};
use diag::{Failure, Result, ResultExt};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// The image with glibc and busybox; driver programs run in it.
pub(crate) const GLIBC: &str = "longshore/glibc:latest";

/// The image with a static busybox alone: no loader, no `ld.so.cache`.
pub(crate) const BUSYBOX: &str = "longshore/busybox:latest";

/// Makes both images and their trees in `<suite>.images`.
pub(super) fn make(place: &Place, archives: &[PathBuf]) -> Result<()> {
    let (partial, folder) = (place.file("images.partial"), place.file("images"));
    remove_tree(&partial)?;
    image(&partial, "glibc", GLIBC, &find(archives, &["libc6", "libgcc-s1", "busybox-static"])?)?;
    image(&partial, "busybox", BUSYBOX, &find(archives, &["busybox-static"])?)?;
    remove_tree(&folder)?;
    fs::rename(&partial, &folder).with_context(|| format!("cannot rename {}", partial.display()))
}

fn find<'a>(archives: &'a [PathBuf], packages: &[&str]) -> Result<Vec<&'a Path>> {
    let one = |package: &&str| {
        let is_it = |path: &&PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{package}_")))
        };
        let found = archives.iter().find(is_it).map(PathBuf::as_path);
        found.ok_or_else(|| Failure::new(format!("package {package} was not downloaded")))
    };
    packages.iter().map(one).collect()
}

fn image(folder: &Path, name: &str, tag: &str, packages: &[&Path]) -> Result<()> {
    let tree = folder.join(name);
    grow(&tree, packages)?;
    let layer = folder.join(format!("{name}.layer"));
    pack(&tree, &layer, &["."])?;
    archive(folder, name, tag, &layer)?;
    fs::remove_file(&layer).context("cannot remove the layer")
}

/// The tree of an image: the packages without their documentation, busybox under all its names.
fn grow(tree: &Path, packages: &[&Path]) -> Result<()> {
    merged_usr(tree)?;
    packages.iter().try_for_each(|archive| package(archive, tree))?;
    for folder in ["dev", "proc", "sys", "etc", "tmp", "root", "run", "var"] {
        make_folder(&tree.join(folder))?;
    }
    remove_tree(&tree.join("usr/share"))?;
    fs::write(tree.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n").context("cannot write passwd")?;
    fs::write(tree.join("etc/group"), "root:x:0:\n").context("cannot write group")?;
    let applets = capture(command(["chroot"]).arg(tree).args(["/bin/busybox", "--list"]))?;
    for applet in applets.lines().filter(|applet| *applet != "busybox") {
        let path = tree.join("usr/bin").join(applet);
        if !path.exists() {
            link("busybox", &path)?;
        }
    }
    if tree.join("etc/ld.so.conf.d").exists() {
        fs::write(tree.join("etc/ld.so.conf"), "include /etc/ld.so.conf.d/*.conf\n")
            .context("cannot write ld.so.conf")?;
        capture(command(["ldconfig", "-r"]).arg(tree))?;
    }
    Ok(())
}

/// Packs files of a folder so that the same files always give the same bytes.
fn pack(folder: &Path, archive: &Path, members: &[&str]) -> Result<()> {
    let mut tar = command(["tar", "--create", "--sort=name", "--mtime=@0", "--numeric-owner"]);
    tar.args(["--owner=0", "--group=0", "--directory"]).arg(folder).arg("--file").arg(archive);
    capture(tar.args(members)).map(drop)
}

/// Wraps a layer as a docker-archive: configuration, layer, manifest.
fn archive(folder: &Path, name: &str, tag: &str, layer: &Path) -> Result<()> {
    let staging = folder.join(format!("{name}.staging"));
    let layer_digest = sha256(layer)?;
    make_folder(&staging.join(&layer_digest))?;
    fs::copy(layer, staging.join(&layer_digest).join("layer.tar")).context("cannot copy the layer")?;
    let configuration = json!({
        "architecture": architecture(), "os": "linux", "created": "1970-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["sh"]},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer_digest}")]},
    });
    let draft = staging.join("config.json");
    fs::write(&draft, configuration.to_string()).context("cannot write the image configuration")?;
    let file = format!("{}.json", sha256(&draft)?);
    fs::rename(&draft, staging.join(&file)).context("cannot name the image configuration")?;
    let layers = [format!("{layer_digest}/layer.tar")];
    let manifest = json!([{"Config": file, "RepoTags": [tag], "Layers": layers}]);
    fs::write(staging.join("manifest.json"), manifest.to_string()).context("cannot write the manifest")?;
    pack(&staging, &folder.join(format!("{name}.tar")), &[&file, &layers[0], "manifest.json"])?;
    remove_tree(&staging)
}

fn sha256(file: &Path) -> Result<String> {
    let text = capture(command(["sha256sum"]).arg(file))?;
    let digest = text.split_whitespace().next().filter(|digest| digest.len() == 64);
    digest.map(str::to_string).ok_or_else(|| Failure::new(format!("sha256sum answered {text:?}")))
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
