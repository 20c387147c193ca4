//! The musl loader has no cache: it searches the directories of `/etc/ld-musl-ARCH.path`.

use diag::Result;
use rootfs::{ContainerRoot, Public};

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: &str = "x86_64";
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: &str = "aarch64";

/// What musl searches without a path file; a path file takes its place (musl, `ldso/dynlink.c`).
const DEFAULT: &str = "/lib:/usr/local/lib:/usr/lib";

/// Whether the image has the musl loader.
pub(crate) fn is_present(root: &ContainerRoot) -> Result<bool> {
    Ok(root.lstat(format!("/lib/ld-musl-{ARCHITECTURE}.so.1"))?.is_some())
}

/// Adds `folders` to the path file of an image with the musl loader.
pub(crate) fn update(root: &ContainerRoot, folders: &[String]) -> Result<()> {
    if !is_present(root)? {
        return Ok(());
    }
    let file = format!("/etc/ld-musl-{ARCHITECTURE}.path");
    let present = match root.read_public(&file, super::CONFIGURATION_FILE_LIMIT)? {
        Public::Absent => None,
        Public::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        // What is written for everybody must not come from where not everybody may look.
        Public::Withheld => return Ok(()),
    };
    match with_folders(present.as_deref(), folders) {
        Some(content) => root.write_file_atomic(&file, content.as_bytes(), 0o644).map(drop),
        None => Ok(()),
    }
}

/// The file's content with the missing folders behind; `None` when none is missing.
fn with_folders(present: Option<&str>, folders: &[String]) -> Option<String> {
    let base = present.unwrap_or(DEFAULT);
    let known: Vec<&str> = base.split([':', '\n']).map(str::trim).collect();
    let missing: Vec<&str> =
        folders.iter().map(String::as_str).filter(|folder| !known.contains(folder)).collect();
    if missing.is_empty() {
        return None;
    }
    let base = base.trim_end_matches(['\n', ':']);
    let separator = if base.is_empty() { "" } else { "\n" };
    Some(format!("{base}{separator}{}\n", missing.join("\n")))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test makes the image that it looks at")]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn what_not_everybody_may_read_is_not_written_for_everybody() {
        let image = tempfile::tempdir().unwrap();
        let at = |path: &str| image.path().join(path);
        fs::create_dir_all(at("lib")).unwrap();
        fs::create_dir(at("etc")).unwrap();
        fs::write(at(&format!("lib/ld-musl-{ARCHITECTURE}.so.1")), "").unwrap();
        fs::write(at("shadow"), "root:secret\n").unwrap();
        let file = at(&format!("etc/ld-musl-{ARCHITECTURE}.path"));
        symlink("/shadow", &file).unwrap();
        let root = ContainerRoot::open(image.path()).unwrap();
        fs::set_permissions(at("shadow"), fs::Permissions::from_mode(0o600)).unwrap();
        update(&root, &["/usr/lib64".to_owned()]).unwrap();
        assert!(file.is_symlink());
        fs::set_permissions(at("shadow"), fs::Permissions::from_mode(0o644)).unwrap();
        update(&root, &["/usr/lib64".to_owned()]).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "root:secret\n/usr/lib64\n");
    }

    #[test]
    fn folders_are_added_once_and_the_default_is_kept() {
        let folders = ["/usr/lib64".to_owned(), "/usr/lib".to_owned()];
        let table = [
            (None, Some("/lib:/usr/local/lib:/usr/lib\n/usr/lib64\n")),
            (Some("/lib\n/opt/lib\n"), Some("/lib\n/opt/lib\n/usr/lib64\n/usr/lib\n")),
            (Some("/usr/lib64:/usr/lib\n"), None),
            (Some(""), Some("/usr/lib64\n/usr/lib\n")),
        ];
        for (present, expected) in table {
            assert_eq!(with_folders(present, &folders).as_deref(), expected, "{present:?}");
        }
    }
}
