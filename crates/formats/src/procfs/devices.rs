//! `/proc/devices`: which major number a driver has.

/// Character device majors by driver name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Majors(Vec<(String, u32)>);

impl Majors {
    /// The major of a driver. Drivers before 390 register `nvidia` under the name
    /// `nvidia-frontend`, which is looked up when `nvidia` is not there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u32> {
        let exact = |wanted: &str| self.0.iter().find(|(name, _)| name == wanted).map(|(_, major)| *major);
        exact(name).or_else(|| if name == "nvidia" { exact("nvidia-frontend") } else { None })
    }

    /// Names and majors in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(name, major)| (name.as_str(), *major))
    }
}

/// Reads the character devices of `/proc/devices`.
#[must_use]
pub fn devices(text: &str) -> Majors {
    let section = text.lines().skip_while(|line| line.trim() != "Character devices:").skip(1);
    let lines = section.take_while(|line| !line.trim_end().ends_with(':'));
    Majors(lines.filter_map(device).collect())
}

fn device(line: &str) -> Option<(String, u32)> {
    let (major, name) = line.trim().split_once(' ')?;
    Some((name.trim().to_owned(), major.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Character devices:\n  1 mem\n  4 tty\n195 nvidia\n195 nvidiactl\n507 nvidia-uvm\n510 nvidia-caps\n\nBlock devices:\n  7 loop\n259 blkext\n";

    #[test]
    fn majors_are_found_by_name_among_character_devices_only() {
        let majors = devices(TABLE);
        let table = [
            ("nvidia", Some(195)),
            ("nvidia-uvm", Some(507)),
            ("nvidia-caps", Some(510)),
            ("mem", Some(1)),
            ("loop", None),
            ("nvidia-nvswitch", None),
        ];
        for (name, expected) in table {
            assert_eq!(majors.get(name), expected, "{name}");
        }
    }

    #[test]
    fn the_old_name_of_the_driver_stands_in() {
        assert_eq!(devices("Character devices:\n195 nvidia-frontend\n").get("nvidia"), Some(195));
    }

    #[test]
    fn foreign_text_gives_no_majors() {
        for text in
            ["", "195 nvidia\n", "Block devices:\n195 nvidia\n", "Character devices:\nnvidia 195\n-1 x\n"]
        {
            assert_eq!(devices(text), Majors::default(), "{text:?}");
        }
    }
}
