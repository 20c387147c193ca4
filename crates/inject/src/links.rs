//! Symbolic links that lead to driver files and device nodes.

use crate::Policy;
use driver::{Driver, Library, Link};

/// Links that the driver's installer makes under names other than the SONAME: they come first.
const INSTALLED: &[&str] = &["libcuda.so", "libGLX_indirect.so.0", "libnvidia-opticalflow.so"];

/// Links in the directories of the libraries, in the order in which the driver has these.
pub(crate) fn of_libraries(driver: &Driver, policy: &Policy, wanted: impl Fn(&Library) -> bool) -> Vec<Link> {
    let libraries =
        driver.libraries.iter().filter(|library| policy.wants_library(library) && wanted(library));
    unique(libraries.flat_map(of_library))
}

/// The libraries that are wanted, by depth and path.
pub(crate) fn sorted_libraries<'a>(driver: &'a Driver, policy: &Policy) -> Vec<&'a Library> {
    let libraries = driver.libraries.iter().filter(|library| policy.wants_library(library)).collect();
    crate::order::by_depth(libraries, |library: &&Library| &library.file.container_path)
}

/// First the links that only the installer makes, then that of the SONAME, then the others.
fn of_library(library: &Library) -> Vec<Link> {
    let rank = |link: &Link| {
        let name = base_name(&link.path);
        match (INSTALLED.contains(&name), library.soname.as_deref() == Some(name)) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        }
    };
    (0..=2)
        .flat_map(|wanted| library.links.iter().filter(move |link| rank(link) == wanted))
        .cloned()
        .collect()
}

/// Links of graphics stacks that lie apart from the libraries that they lead to.
pub(crate) fn of_graphics(driver: &Driver, policy: &Policy) -> Vec<Link> {
    if !policy.graphics_links || !policy.wants_graphics() {
        return Vec::new();
    }
    let libraries = driver.libraries.iter().filter(|library| library.bits == 64).map(|library| &library.file);
    let links = libraries.chain(&driver.xorg).filter_map(|file| {
        let (folder, name) = file.container_path.rsplit_once('/')?;
        let (stem, _) = name.split_once(".so.")?;
        match stem {
            "libnvidia-allocator" => {
                Some(link("../libnvidia-allocator.so.1", format!("{folder}/gbm/nvidia-drm_gbm.so")))
            }
            "libnvidia-vulkan-producer" | "libglxserver_nvidia" => {
                Some(link(name, format!("{folder}/{stem}.so")))
            }
            _ => None,
        }
    });
    unique(links)
}

/// Links below `/dev/dri/by-path` of one GPU whose node is there.
pub(crate) fn of_gpu(gpu: &driver::Gpu) -> Vec<Link> {
    let is_there = |link: &&Link| gpu.drm.iter().any(|node| base_name(&node.path) == base_name(&link.target));
    unique(gpu.drm_links.iter().filter(is_there).cloned())
}

/// Directories of the mounted libraries, in the order in which the driver has them.
pub(crate) fn folders(driver: &Driver, policy: &Policy) -> Vec<String> {
    let libraries = driver.libraries.iter().filter(|library| policy.wants_library(library));
    let mut folders: Vec<String> = Vec::new();
    for (folder, _) in libraries.filter_map(|library| library.file.container_path.rsplit_once('/')) {
        if !folders.iter().any(|known| known == folder) {
            folders.push(folder.to_owned());
        }
    }
    folders
}

pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn link(target: impl Into<String>, path: String) -> Link {
    Link { target: target.into(), path }
}

fn unique(links: impl Iterator<Item = Link>) -> Vec<Link> {
    let mut unique = Vec::new();
    for link in links {
        if !unique.contains(&link) {
            unique.push(link);
        }
    }
    unique
}
