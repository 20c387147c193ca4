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
            "link" => links.extend(values.list()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if links.is_empty() {
        return Ok(());
    }
    create_written(&container::root(specification.as_deref())?, &links)
}

/// Makes the links up to the first that is none, which is an error after them.
fn create_written(root: &ContainerRoot, texts: &[String]) -> Result<()> {
    let mut links = Vec::new();
    let bad =
        texts.iter().map(|text| Link::parse(text)).find_map(|link| link.map(|link| links.push(link)).err());
    create(root, &links)?;
    bad.map_or(Ok(()), Err)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test looks at its own directory")]
    fn links_before_a_bad_one_are_made() {
        let folder = tempfile::tempdir().unwrap();
        let root = ContainerRoot::open(folder.path()).unwrap();
        let texts = ["a::/x/one", "b::/x/two", "bad", "c::/x/three"].map(str::to_owned);
        let failure = create_written(&root, &texts).unwrap_err();
        assert_eq!(failure.message(), "invalid symlink specification bad");
        let made = |name: &str| std::fs::read_link(folder.path().join("x").join(name)).is_ok();
        assert_eq!(["one", "two", "three"].map(made), [true, true, false]);
    }
}
