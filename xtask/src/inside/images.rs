//! The image matrix: for every kind of image, what the loader of the container knows after our hook
//! is what it would know after the real `ldconfig`, the loader opens the driver's libraries, and
//! restarts leave nothing behind.

mod engine;
mod expected;
mod modes;
mod recipe;
mod rootless;
mod tree;

pub(crate) use engine::BY_HOOK;
pub(crate) use modes::ENGINE as VOLUMES;
pub(crate) use recipe::{ALSO_WRITES, make_large};

use super::bundle::{self, Bundle};
use super::check::Ledger;
use super::{Job, install, old_kernel, scratch};
use crate::exec::{capture, command};
use diag::{Failure, Result, ResultExt};
use engine::Engine;
use expected::Expected;
use recipe::Recipe;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// How thorough the matrix is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Plan {
    /// Starts of one container, the first included.
    pub(crate) starts: usize,
    /// A tree with what engines need to run without root, when engines run every image, with root and
    /// without, and not the bare runtimes alone.
    pub(crate) rootless: Option<PathBuf>,
    /// Whether the kernel lacks `openat2` and the mount calls of its time.
    pub(crate) old_kernel: bool,
    /// The unpacked Debian package `musl`.
    pub(crate) musl: PathBuf,
}

/// Runs the matrix.
pub(super) fn run(job: &Job, plan: &Plan) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    install(job)?;
    if plan.old_kernel {
        old_kernel::pretend()?;
    }
    let engines = Engine::start_all(job, plan)?;
    for recipe in recipe::ALL {
        let place = scratch("images").join(recipe.name);
        fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
        let image = place.join("image");
        recipe.make(job, plan, &image)?;
        let expected = Expected::find(recipe, &image, &place.join("expected"));
        for engine in &engines {
            ledger.check(&engine.name(), recipe.name, || {
                engine.run(recipe, &image).and_then(|seen| expected.as_ref().map_err(again)?.judge(&seen))
            })?;
        }
        let starts = format!("{} starts", plan.starts);
        ledger.check(&starts, recipe.name, || restarts(recipe, &image, plan.starts))?;
        capture(command(["rm", "-rf"]).arg(&place))?;
    }
    modes::run(job, &mut ledger)?;
    engines.into_iter().try_for_each(Engine::stop)
}

/// A failure once more, for every engine that it stands in the way of.
fn again(failure: &Failure) -> Failure {
    Failure::new(failure.line())
}

const SHIM: &str = "/usr/bin/nvidia-container-runtime";

/// A bundle of an image with the request for all GPUs.
fn gpu_bundle(recipe: &Recipe, image: &Path, name: &str) -> Result<Bundle> {
    let mut environment = vec!["NVIDIA_VISIBLE_DEVICES=all"];
    environment.extend(recipe.environment());
    let bundle = Bundle::of(image, name, recipe.program(), &environment)?;
    let mut config = bundle.config()?;
    config["root"]["readonly"] = serde_json::json!(recipe.read_only);
    bundle.write(&config)?;
    Ok(bundle)
}

/// The same root again and again, each time with the `config.json` that the engine wrote.
fn restarts(recipe: &Recipe, image: &Path, starts: usize) -> Result<()> {
    let bundle = gpu_bundle(recipe, image, "restarts")?;
    let (config, rootfs) = (bundle.config_bytes()?, bundle.path.join("rootfs"));
    let start = || {
        bundle.write_bytes(&config)?;
        bundle::run(Path::new(SHIM), &bundle, "restarts").map(drop)
    };
    start()?;
    let first = tree::listing(&rootfs)?;
    (1..starts).try_for_each(|_| start())?;
    let last = tree::listing(&rootfs)?;
    bundle.discard()?;
    match tree::difference(&first, &last) {
        None => Ok(()),
        Some(difference) => Err(Failure::new(format!("restarts changed the writable layer: {difference}"))),
    }
}
