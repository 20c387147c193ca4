//! Symbolic links resolved inside a root: the walk that a process chrooted there would do.

use diag::{Failure, Result};
use std::collections::VecDeque;

/// How many links one path may go through: what Linux itself allows (`MAXSYMLINKS`).
const LINK_LIMIT: usize = 40;

/// Resolves all links of `path`, and of its last component too if `follow_last`. `read_link` is
/// asked for the text of a link by its canonical path and says `None` for what is no link or not
/// there. `..` never leads above the root. A path whose end does not exist resolves to where that
/// end would be.
pub(crate) fn resolve(
    path: &str,
    follow_last: bool,
    mut read_link: impl FnMut(&str) -> Result<Option<String>>,
) -> Result<String> {
    let mut done = String::new();
    let mut ahead: VecDeque<String> = components(path).collect();
    let mut links = 0;
    while let Some(name) = ahead.pop_front() {
        if name == ".." {
            done.truncate(done.rfind('/').unwrap_or(0));
            continue;
        }
        let here = format!("{done}/{name}");
        let target = if ahead.is_empty() && !follow_last { None } else { read_link(&here)? };
        let Some(target) = target else {
            done = here;
            continue;
        };
        links += 1;
        if links > LINK_LIMIT {
            return Err(Failure::new(format!("{path} goes through more than {LINK_LIMIT} symbolic links")));
        }
        if target.starts_with('/') {
            done.clear();
        }
        for name in components(&target).rev() {
            ahead.push_front(name);
        }
    }
    Ok(if done.is_empty() { "/".to_owned() } else { done })
}

fn components(path: &str) -> impl DoubleEndedIterator<Item = String> {
    path.split('/').filter(|name| !name.is_empty() && *name != ".").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(path: &str) -> Result<Option<String>> {
        Ok(match path {
            "/lib" => Some("usr/lib"),
            "/usr/lib/abs" => Some("/lib/real"),
            "/up" => Some("../../../../etc"),
            "/loop" => Some("loop"),
            _ => None,
        }
        .map(str::to_owned))
    }

    #[test]
    fn links_resolve_inside_the_root() {
        for (path, follow, expected) in [
            ("/", true, "/"),
            ("/a/./b//c", true, "/a/b/c"),
            ("/lib/x", true, "/usr/lib/x"),
            ("/lib", false, "/lib"),
            ("/lib/abs", true, "/usr/lib/real"),
            ("/lib/abs", false, "/usr/lib/abs"),
            ("/up/passwd", true, "/etc/passwd"),
            ("/../../x", true, "/x"),
            ("/a/../lib/y", true, "/usr/lib/y"),
        ] {
            assert_eq!(resolve(path, follow, links).expect(path), expected, "{path}");
        }
        assert!(resolve("/loop/x", true, links).is_err());
    }
}
