//! The rpm package, wrapped by `rpmbuild` from a spec that is written here.

use super::{Release, architecture, fresh};
use crate::exec::{capture, command, output};
use diag::{Failure, Result, ResultExt};
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Names of the original's packages whose files this one has.
const REPLACED: [&str; 5] = [
    "nvidia-container-toolkit",
    "nvidia-container-toolkit-base",
    "libnvidia-container-tools",
    "nvidia-container-runtime",
    "nvidia-docker2",
];

/// Folders that go with the package: nothing else brings them, at least not on every machine.
const FOLDERS: [&str; 5] = [
    "/usr/libexec/longshore",
    "/usr/libexec/longshore/sim",
    "/usr/share/doc/longshore",
    "/usr/share/fish/vendor_completions.d",
    "/usr/share/longshore",
];

/// Debian's folder of zsh completions, and the one that rpm systems read.
const ZSH: (&str, &str) = ("usr/share/zsh/vendor-completions", "usr/share/zsh/site-functions");

/// The package as it is published.
pub(super) fn wrap(release: &Release) -> Result<PathBuf> {
    compressed(release, "w19.zstdio")
}

/// The package with hardly any compression.
pub(super) fn wrap_quickly(release: &Release) -> Result<PathBuf> {
    compressed(release, "w1.gzdio")
}

fn compressed(release: &Release, how: &str) -> Result<PathBuf> {
    if output(command(["rpmbuild", "--version"]).env("LC_ALL", "C")).is_err() {
        return Err(Failure::new("no rpmbuild here")
            .hint("install it (Debian: rpm, Fedora: rpm-build), or say --only deb,tar"));
    }
    let scratch = release.scratch.join("rpm");
    fresh(&scratch)?;
    let spec = scratch.join("longshore.spec");
    fs::write(&spec, text(release)?).context("cannot write the spec")?;
    let mut build = command(["rpmbuild", "-bb", "--quiet"]);
    for (name, value) in [
        ("_topdir", scratch.display().to_string()),
        ("_buildhost", "reproducible".to_owned()),
        ("use_source_date_epoch_as_buildtime", "1".to_owned()),
        ("clamp_mtime_to_source_date_epoch", "1".to_owned()),
        ("_build_id_links", "none".to_owned()),
        ("_binary_payload", how.to_owned()),
    ] {
        build.arg("--define").arg(format!("{name} {value}"));
    }
    build.env("SOURCE_DATE_EPOCH", release.time.to_string()).arg(&spec);
    capture(&mut build)?;
    let name = format!("longshore-{}-1.{}.rpm", release.version, architecture(false));
    let (built, file) = (scratch.join("RPMS").join(architecture(false)).join(&name), release.out.join(&name));
    fs::copy(&built, &file).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(file)
}

/// Signs the package with a key of gpg's, in the key ring of the user that this home belongs to, or else in the
/// caller's. The signature holds its time: up to it, two builds have the same bytes.
pub(super) fn sign(file: &Path, key: &str, home: Option<&Path>) -> Result<()> {
    // The macros of distributions name a gpg of their own, which is not always there.
    let gpg = capture(&mut command(["sh", "-c", "command -v gpg"])).context("there is no gpg here")?;
    let mut sign = command(["rpmsign", "--addsign", "--key-id", key]);
    sign.arg("--define").arg(format!("__gpg {}", gpg.trim())).arg(file);
    if let Some(home) = home {
        sign.env("HOME", home).env("GNUPGHOME", home);
    }
    capture(&mut sign).with_context(|| format!("cannot sign {}", file.display())).map(drop)
}

/// Signs it with a key that is made in this home, whose package database knows that key.
pub(super) fn sign_with_new_key(file: &Path, home: &Path) -> Result<()> {
    const NAME: &str = "The Longshore Authors (test) <test@packages.invalid>";
    fresh(home)?;
    fs::set_permissions(home, fs::Permissions::from_mode(0o700)).context("cannot close a folder of keys")?;
    let macros = format!("%_dbpath {}\n", home.join("database").display());
    fs::write(home.join(".rpmmacros"), macros).context("cannot write rpm's macros")?;
    let run = |words: &[&str]| capture(command(words).env("HOME", home).env("GNUPGHOME", home));
    let gpg = ["gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""];
    run(&[&gpg[..], &["--quick-generate-key", NAME, "rsa3072", "sign", "1d"]].concat())?;
    let signed = sign(file, NAME, Some(home));
    let key = run(&["gpg", "--armor", "--export"])?;
    run(&["gpgconf", "--kill", "all"])?;
    let public = home.join("key.asc");
    fs::write(&public, key).context("cannot write the public key")?;
    run(&["rpm", "--import", &public.display().to_string()])?;
    signed
}

fn text(release: &Release) -> Result<String> {
    let mut spec = format!(
        "Name: longshore\nVersion: {}\nRelease: 1\n\
         Summary: GPUs for containers, and why when they do not get them\nLicense: Apache-2.0\nGroup: System Environment/Base\nPackager: The Longshore Authors\n\
         Requires: libc.so.6(GLIBC_{})(64bit)\nAutoReqProv: no\n",
        release.version, release.glibc
    );
    for name in REPLACED {
        let _ = writeln!(spec, "Conflicts: {name}");
    }
    let _ = writeln!(spec, "Provides: nvidia-container-toolkit = {}", settings::TOOLKIT_VERSION);
    let _ = write!(
        spec,
        "%global debug_package %{{nil}}\n%global __os_install_post %{{nil}}\n\
         %description\nTakes the place of the NVIDIA Container Toolkit name for name: the runtime\n\
         shim and hooks of container starts, CDI specifications and the configuration\n\
         of Docker, containerd, CRI-O and Podman. Adds a doctor, a linter and a\n\
         simulated GPU host.\n\
         %install\nmkdir -p %{{buildroot}}\ncp -a {0}/. %{{buildroot}}/\n\
         mkdir -p %{{buildroot}}/{2}\nmv %{{buildroot}}/{1}/* %{{buildroot}}/{2}/\nrmdir %{{buildroot}}/{1}\n",
        release.tree.display(),
        ZSH.0,
        ZSH.1
    );
    for (section, name) in [("%post", "post"), ("%preun", "preun"), ("%postun", "postun")] {
        let file = release.packaging.join("rpm").join(name);
        let body = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let _ = write!(spec, "{section}\n{body}");
    }
    let date = capture(
        command(["date", "--utc", "+%a %b %d %Y", "--date"])
            .arg(format!("@{}", release.time))
            .env("LC_ALL", "C"),
    )?;
    let author = "The Longshore Authors <longshore@packages.invalid>";
    let _ = write!(
        spec,
        "%changelog\n* {} {author} - {}-1\n- See the change log in /usr/share/doc/longshore.\n",
        date.trim(),
        release.version
    );
    let _ = write!(spec, "%files\n%defattr(-,root,root,-)\n{}", files(release)?);
    Ok(spec)
}

/// Every file but not the folders that belong to the system.
fn files(release: &Release) -> Result<String> {
    let mut find = command(["find".as_ref(), release.tree.as_os_str()]);
    let list = capture(find.args(["(", "-type", "f", "-o", "-type", "l", ")", "-printf", "/%P\n"]))?;
    let mut names: Vec<String> = list.lines().map(|name| name.replace(ZSH.0, ZSH.1)).collect();
    names.sort();
    names.extend(FOLDERS.map(|folder| format!("%dir {folder}")));
    Ok(names.join("\n") + "\n")
}
