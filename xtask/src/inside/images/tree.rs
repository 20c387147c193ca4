//! A tree of files as lines that can be compared: kind, mode, size, time, link text.

use crate::exec::{capture, command};
use diag::Result;
use std::collections::BTreeSet;
use std::path::Path;

/// Every file of a tree; times count for all but directories, so a file written anew is seen.
pub(super) fn listing(root: &Path) -> Result<BTreeSet<String>> {
    let form = "%P %y %m %U:%G %s %T@ %l\n";
    let mut find = command(["find"]);
    find.arg(root).args(["-type", "d", "-printf", "%P d %m %U:%G\n", "-o", "-printf", form]);
    Ok(capture(&mut find)?.lines().map(str::to_string).collect())
}

/// The first line that only one of two listings has.
pub(super) fn difference(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Option<String> {
    let gone = before.difference(after).next().map(|line| format!("before: {line}"));
    let new = after.difference(before).next().map(|line| format!("after: {line}"));
    match (gone, new) {
        (None, None) => None,
        (gone, new) => Some([gone, new].into_iter().flatten().collect::<Vec<_>>().join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn one_file_written_anew_is_a_difference() {
        let listing = |lines: &[&str]| lines.iter().map(|line| (*line).to_string()).collect();
        let before = listing(&["etc d", "etc/a f 644 1.5"]);
        assert_eq!(difference(&before, &before), None);
        let text = difference(&before, &listing(&["etc d", "etc/a f 644 2.5"]));
        assert_eq!(text.as_deref(), Some("before: etc/a f 644 1.5; after: etc/a f 644 2.5"));
        assert!(difference(&before, &listing(&["etc d", "etc/a f 644 1.5", "run/x f"])).is_some());
    }
}
