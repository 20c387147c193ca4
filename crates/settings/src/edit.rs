//! Changes of a file that somebody else wrote: comments, order and layout stay.

use crate::codes;
use crate::option::{failed, stays_valid, understand};
use crate::parse::not_toml;
use crate::table::{self, Shown};
use diag::{Failure, Result};
use toml_edit::{DocumentMut, Item, Table, TableLike};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Sets keys of a file as [`crate::set`] does, and leaves everything else in it as it is.
///
/// # Errors
/// As for [`crate::set_all`], or something else than a table stands where keys belong.
pub fn edit(text: &str, options: &[String], separator: &str) -> Result<String> {
    let mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK } else { "" };
    let bare = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let wanted = options
        .iter()
        .map(|option| understand(option, separator).map_err(|cause| failed(option, cause)))
        .collect::<Result<Vec<_>>>()?;
    let bare = wanted.iter().fold(bare.to_owned(), |text, (path, item)| uncommented(text, path, item));
    let mut changed = !text.ends_with(&bare);
    let mut document = bare.parse::<DocumentMut>().map_err(|cause| not_toml(&bare, &cause))?;
    for (option, (path, item)) in options.iter().zip(wanted) {
        changed |= store(document.as_table_mut(), path, item).map_err(|cause| failed(option, cause))?;
    }
    if !changed {
        return Ok(text.to_owned());
    }
    let after = document.to_string();
    // The library writes every line's end in the form of Unix.
    let after = if bare.contains("\r\n") { after.replace("\r\n", "\n").replace('\n', "\r\n") } else { after };
    stays_valid(text, &after)?;
    Ok(format!("{mark}{after}"))
}

/// The default file shows keys that are not set as comments: such a line becomes the key itself, in
/// its place. Text that has no such line exactly once stays as it is.
fn uncommented(text: String, path: &str, item: &Item) -> String {
    let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
    let Some(Shown::Comment(default)) = table::find(path).map(|key| key.shown) else { return text };
    let Some(value) = item.as_value() else { return text };
    let comment = format!("#{name} = {default}");
    let mut here = String::new();
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        if let Some(header) = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            header.clone_into(&mut here);
        } else if here == section && bare == comment {
            found.push(at..at + bare.len());
        }
        at += line.len();
    }
    let [place] = found.as_slice() else { return text };
    let mut after = text.clone();
    after.replace_range(place.clone(), &format!("{name} = {}", value.to_string().trim()));
    if after.parse::<DocumentMut>().is_ok() { after } else { text }
}

/// Stores an item at a path; says whether that changes anything.
fn store(root: &mut Table, path: &str, item: Item) -> Result<bool> {
    let (sections, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut at: &mut dyn TableLike = root;
    for section in sections.split('.').filter(|section| !section.is_empty()) {
        if item.is_none() && !at.contains_key(section) {
            return Ok(false);
        }
        let entry = at.entry(section).or_insert_with(|| Item::Table(Table::new()));
        at = entry.as_table_like_mut().ok_or_else(|| {
            Failure::coded(codes::WRONG_TYPE, format!("{section} is not a table in config.toml"))
        })?;
    }
    if item.is_none() {
        return Ok(at.remove(name).is_some());
    }
    match (at.get_mut(name).and_then(Item::as_value_mut), item.into_value()) {
        (Some(present), Ok(mut new)) => {
            if present.to_string().trim() == new.to_string().trim() {
                return Ok(false);
            }
            *new.decor_mut() = present.decor().clone();
            *present = new;
        }
        (None, Ok(new)) => drop(at.insert(name, Item::Value(new))),
        (_, Err(_)) => return Ok(false),
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use proptest::prelude::*;

    fn edited(text: &str, options: &[&str]) -> String {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        edit(text, &options, ":").unwrap()
    }

    #[test]
    fn an_invalid_file_can_be_mended() {
        let file = "disable-require = \"yes\"\n[nvidia-container-cli]\nldconfig = \"/sbin/ldconfig\"\n";
        assert!(Settings::parse(file).is_err());
        let half = edited(file, &["nvidia-container-cli.ldconfig=@/sbin/ldconfig"]);
        assert_eq!(half, file.replace("\"/sbin", "\"@/sbin"));
        let whole = edited(&half, &["disable-require=true"]);
        assert!(Settings::parse(&whole).unwrap().0.disable_require);
        assert_eq!(edited(file, &[]), file);
        // What was valid stays so.
        let option = ["nvidia-container-cli.ldconfig=/sbin/ldconfig".to_owned()];
        assert!(edit("", &option, ":").is_err());
        let both = ["nvidia-container-cli.ldconfig=/sbin/ldconfig", "features.allow-ldconfig-from-container"];
        assert!(edited("", &both).contains("\"/sbin/ldconfig\""));
    }

    #[test]
    fn only_what_is_set_changes() {
        let file = "# mine\n\n[nvidia-container-cli]   # here\n# why\nroot   =  '/x'  # mounted\nzzz = 1.50\n\n[other]\na = 0x10\n";
        let cases: [(&[&str], String); 5] = [
            (&["nvidia-container-cli.root=/x"], file.replace("'/x'", "\"/x\"")),
            (&["nvidia-container-cli.root=/y"], file.replace("'/x'", "\"/y\"")),
            (
                &["nvidia-container-cli.no-cgroups"],
                file.replace("zzz = 1.50\n", "zzz = 1.50\nno-cgroups = true\n"),
            ),
            (&["disable-require=true"], file.replace("# mine\n\n[", "disable-require = true\n# mine\n\n[")),
            (&["features.allow-ldconfig-from-container=nil"], file.to_owned()),
        ];
        for (options, expected) in cases {
            let after = edited(file, options);
            assert_eq!(after, expected, "{options:?}");
            assert_eq!(edited(&after, options), after, "twice is once");
        }
    }

    #[test]
    fn a_key_shown_as_a_comment_takes_the_place_of_the_comment() {
        let file = crate::default_file();
        let after = edited(&file, &["nvidia-container-cli.no-cgroups", "swarm-resource=A"]);
        let expected = file
            .replace("#no-cgroups = false", "no-cgroups = true")
            .replace("#swarm-resource = \"DOCKER_RESOURCE_GPU\"", "swarm-resource = \"A\"");
        assert_eq!(after, expected);
        let set = "#no-cgroups = false\n[nvidia-container-cli]\nno-cgroups = true\n#no-cgroups = false\n";
        let after = edited(set, &["nvidia-container-cli.no-cgroups=false"]);
        assert_eq!(after, set.replace("no-cgroups = true", "no-cgroups = false"), "it is set already");
    }

    #[test]
    fn odd_files_keep_their_form() {
        assert_eq!(edited("", &["disable-require"]), "disable-require = true\n");
        assert_eq!(
            edited("a = 1\r\n[nvidia-container-cli]\r\nroot = \"/a\"\r\n", &["nvidia-container-cli.root=/b"]),
            "a = 1\r\n[nvidia-container-cli]\r\nroot = \"/b\"\r\n"
        );
        assert_eq!(
            edited("\u{feff}a = 1\n", &["disable-require"]),
            "\u{feff}a = 1\ndisable-require = true\n"
        );
        assert_eq!(
            edited("nvidia-container-cli = { root = \"/a\" }\n", &["nvidia-container-cli.root=/b"]),
            "nvidia-container-cli = { root = \"/b\" }\n"
        );
        assert!(
            edit("nvidia-container-cli = 3\n", &["nvidia-container-cli.root=/b".to_owned()], ":").is_err()
        );
    }

    proptest! {
        #[test]
        fn every_line_that_is_not_set_stays(
            lines in proptest::collection::vec(
                prop_oneof![
                    Just("# a comment".to_owned()),
                    Just(String::new()),
                    Just("   # indented".to_owned()),
                    "[a-z]{3,8}x = [1-9][0-9]{0,3}".prop_map(String::from),
                ],
                0..12,
            ),
            value in "[a-z/]{1,10}",
        ) {
            let mut seen = std::collections::BTreeSet::new();
            let lines: Vec<String> =
                lines.into_iter().filter(|line| !line.contains('=') || seen.insert(line.split('=').next().map(str::to_owned))).collect();
            let text = lines.join("\n") + "\n";
            let after = edited(&text, &[&format!("nvidia-container-cli.root={value}"), "disable-require"]);
            let ours = ["[nvidia-container-cli]".to_owned(), format!("root = \"{value}\""), "disable-require = true".to_owned()];
            let left: Vec<&str> = after.lines().filter(|line| !ours.iter().any(|own| own == line)).collect();
            let kept = left.iter().filter(|line| !line.is_empty()).copied().collect::<Vec<_>>();
            let before = lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect::<Vec<_>>();
            prop_assert_eq!(kept, before);
            prop_assert_eq!(edited(&after, &[&format!("nvidia-container-cli.root={value}"), "disable-require"]), after);
        }
    }
}
