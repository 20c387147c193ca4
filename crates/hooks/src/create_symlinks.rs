//! `create-symlinks`: links in the container that lead to injected files.

use crate::catalogue::Hook;
use crate::prepare_container::Link;
use crate::{arguments, container};
use diag::Result;
use rootfs::{ContainerRoot, Directory};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

pub(crate) const HOOK: Hook = Hook {
    name: "create-symlinks",
    summary: Some("Makes symbolic links in the container."),
    flags: "   --link TARGET::PATH  make the link PATH with the text TARGET; may be given several times\n",
    run,
};

fn run(arguments: &[OsString]) -> Result<()> {
    let mut links = Vec::new();
    let specification = arguments::flags(arguments, |name, values| {
        match name {
            "link" => links.push(Link::parse(&values.text()?)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if links.is_empty() {
        return Ok(());
    }
    create(&container::root(specification.as_deref())?, &links)
}

/// Makes the links. Each directory is looked up once; its descriptor serves all links in it.
pub(crate) fn create(root: &ContainerRoot, links: &[Link]) -> Result<()> {
    let mut directories: BTreeMap<&str, Directory> = BTreeMap::new();
    for link in links {
        let (parent, name) = link.path.rsplit_once('/').unwrap_or(("", &link.path));
        if !directories.contains_key(parent) {
            directories.insert(parent, root.make_directory(parent, 0o755)?);
        }
        if let Some(directory) = directories.get(parent) {
            directory.symlink(OsStr::new(&link.target), OsStr::new(name))?;
        }
    }
    Ok(())
}
