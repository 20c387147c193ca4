//! The edits that give a container what it asks for, made just in time.

use crate::{Ask, Policy, Request, Target, hooks, links, mounts, nodes, select};
use cdi::ContainerEdits;
use diag::Result;
use driver::{Driver, Platform};

/// The edits that give a container what it asks for; none when it asks for nothing.
///
/// # Errors
/// What is asked for is not on this machine, or there is no driver.
pub fn edits(request: &Request, driver: &Driver, policy: &Policy) -> Result<ContainerEdits> {
    let mut edits = ContainerEdits::default();
    if request.ask == Ask::Nothing {
        return Ok(edits);
    }
    let targets = select(&request.ask, driver)?;
    let policy = &policy.for_gpus(targets.iter().filter_map(|target| driver.gpus.get(target.gpu)));
    let policy = &policy.for_platform(driver.platform);
    for target in targets {
        edits.append(&of_target(target, driver, policy));
    }
    if request.ask == Ask::DriverOnly {
        edits.env.push("NVCT_EMPTY_DEVICE=".into());
    }
    edits.append(&common(driver, policy));
    edits.additional_gids.sort_unstable();
    edits.additional_gids.dedup();
    Ok(edits)
}

/// What one GPU or MIG device brings.
pub(crate) fn of_target(target: Target, driver: &Driver, policy: &Policy) -> ContainerEdits {
    let mut edits = nodes::of_target(target, driver, policy);
    edits.hooks = hooks::of_target(target, driver, policy);
    edits
}

/// What every GPU container gets.
pub(crate) fn common(driver: &Driver, policy: &Policy) -> ContainerEdits {
    let mut edits = nodes::control(driver, policy);
    edits.env = environment(driver);
    edits.mounts = mounts::of(driver, policy);
    edits.hooks = hooks::common(driver, policy);
    edits
}

/// Where `libcuda` lies, for programs that look; and a mark that tells other hooks and nested runtimes
/// that the GPUs are already there.
fn environment(driver: &Driver) -> Vec<String> {
    let is_driver = |path: &str| links::base_name(path).starts_with("libcuda.so.");
    let mut folders: Vec<&str> = driver
        .libraries
        .iter()
        .filter(|library| driver.platform == Platform::Pci && library.bits == 64)
        .filter(|library| is_driver(&library.file.container_path))
        .filter_map(|library| Some(library.file.container_path.rsplit_once('/')?.0))
        .collect();
    folders.dedup();
    let mut env = Vec::new();
    if !folders.is_empty() {
        env.push(format!("NVIDIA_CTK_LIBCUDA_DIR={}", folders.join(":")));
    }
    env.push("NVIDIA_VISIBLE_DEVICES=void".into());
    env
}
