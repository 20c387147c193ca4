//! Mount lists of Tegra systems: `/etc/nvidia-container-runtime/host-files-for-container.d/*.csv`.

use diag::{Failure, Result};

/// What a line asks to be shown in the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `dev`: a device node.
    Device,
    /// `dir`: a directory.
    Directory,
    /// `lib`: a library file.
    Library,
    /// `sym`: a symbolic link.
    Link,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountLine {
    /// What it is.
    pub kind: Kind,
    /// Where it is on the host; libraries and links may be patterns.
    pub path: String,
}

/// Reads one list. Empty lines and those that begin with `#` are left out.
///
/// # Errors
/// A failure that names the first line with an unknown kind or without a path.
pub fn parse(text: &str) -> Result<Vec<MountLine>> {
    let numbered = text.lines().map(str::trim).zip(1..);
    let content = numbered.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    content.map(|(text, number)| line(text).ok_or_else(|| wrong(text, number))).collect()
}

fn line(line: &str) -> Option<MountLine> {
    let (kind, path) = line.split_once(',')?;
    let kind = match kind.trim() {
        "dev" => Kind::Device,
        "dir" => Kind::Directory,
        "lib" => Kind::Library,
        "sym" => Kind::Link,
        _ => return None,
    };
    let path = path.trim();
    (!path.is_empty()).then(|| MountLine { kind, path: path.to_owned() })
}

fn wrong(line: &str, number: usize) -> Failure {
    Failure::new(format!("line {number} of the mount list is not `dev|dir|lib|sym, path`: `{line}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_a_kind_and_a_path() {
        let text = "dev, /dev/nvhost-ctrl\n\n# libraries\nlib,/usr/lib/libx.so*\nsym , /usr/lib/liby.so\ndir, /etc/nv\n";
        let expected = [
            (Kind::Device, "/dev/nvhost-ctrl"),
            (Kind::Library, "/usr/lib/libx.so*"),
            (Kind::Link, "/usr/lib/liby.so"),
            (Kind::Directory, "/etc/nv"),
        ];
        let expected = expected.map(|(kind, path)| MountLine { kind, path: path.to_owned() });
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (text, number) in [("dev, /a\nfile, /b\n", 2), ("dev\n", 1), ("lib, \n", 1)] {
            let message = parse(text).unwrap_err().chain();
            assert!(message.contains(&format!("line {number} ")), "{message}");
        }
    }
}
