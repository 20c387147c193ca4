//! Mount lists of Tegra systems: `/etc/nvidia-container-runtime/host-files-for-container.d/*.csv`.

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

/// One list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MountList {
    /// Its lines.
    pub lines: Vec<MountLine>,
    /// Numbers (from 1) and texts of lines that have another form; they count for nothing.
    pub strangers: Vec<(usize, String)>,
}

/// Reads one list. Empty lines and those that begin with `#` are left out.
#[must_use]
pub fn parse(text: &str) -> MountList {
    let mut list = MountList::default();
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        match read_line(line) {
            Some(line) => list.lines.push(line),
            None if line.is_empty() || line.starts_with('#') => {}
            None => list.strangers.push((number, line.to_owned())),
        }
    }
    list
}

fn read_line(line: &str) -> Option<MountLine> {
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
        assert_eq!(parse(text), MountList { lines: expected.into(), strangers: Vec::new() });
    }

    #[test]
    fn a_wrong_line_is_named_and_costs_no_other() {
        for (text, number, lines) in
            [("dev, /a\nfile, /b\ndir, /c\n", 2, 2), ("dev\n", 1, 0), ("lib, \n", 1, 0), ("# x\n, /a", 2, 0)]
        {
            let list = parse(text);
            let numbers: Vec<usize> = list.strangers.iter().map(|(number, _)| *number).collect();
            assert_eq!((numbers, list.lines.len()), (vec![number], lines), "{text:?}");
        }
    }
}
