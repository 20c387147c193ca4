//! Links that lead to a library.

use crate::survey::{Survey, join};
use driver::Link;
use host::Kind;

/// Links that the driver's own installer always makes and programs rely on: stem of the library,
/// text of the link (empty: the library itself), name of the link.
const ALWAYS: &[(&str, &str, &str)] = &[
    ("libcuda", "libcuda.so.1", "libcuda.so"),
    ("libGLX_nvidia", "", "libGLX_indirect.so.0"),
    ("libnvidia-opticalflow", "libnvidia-opticalflow.so.1", "libnvidia-opticalflow.so"),
];

/// The links of the library at `path`: those always made, then its SONAME and its `.so` where the
/// host has such a link beside it.
pub(crate) fn of(survey: &mut Survey<'_>, path: &str, soname: Option<&str>) -> Vec<Link> {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let listing = survey.listing(if directory.is_empty() { "/" } else { directory });
    let is_link = |link: &str| {
        listing.as_ref().and_then(|listing| listing.get(link)).is_some_and(|entry| entry.kind == Kind::Link)
    };
    let stem = name.split(".so").next().unwrap_or(name);
    let mut links = Vec::new();
    let mut add = |target: &str, link: &str| {
        let link = Link { target: target.to_owned(), path: join(directory, link) };
        if !links.contains(&link) {
            links.push(link);
        }
    };
    for (_, target, link) in ALWAYS.iter().filter(|(library, ..)| *library == stem) {
        add(if target.is_empty() { name } else { target }, link);
    }
    if let Some(soname) = soname.filter(|soname| *soname != name && is_link(soname)) {
        add(name, soname);
    }
    let target = soname.unwrap_or(name);
    let plain = format!("{}.so", target.split(".so").next().unwrap_or(target));
    if plain != target && is_link(&plain) {
        add(target, &plain);
    }
    links
}
