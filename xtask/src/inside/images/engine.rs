//! One container of an image on each engine: what it showed, and the cache that it was left with.

use super::super::Job;
use super::super::bundle;
use super::recipe::Recipe;
use super::{Plan, SHIM, gpu_bundle};
use diag::{Result, ResultExt};
use std::fs;
use std::path::Path;

/// What a container wrote, and its loader cache afterwards.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) cache: Option<Vec<u8>>,
}

/// A way to run containers.
#[derive(Debug)]
pub(super) enum Engine {
    /// Our shim in front of a bare runtime of this name.
    Bare(&'static str),
}

impl Engine {
    /// The engines of a plan, ready to run containers.
    pub(super) fn start_all(_job: &Job, _plan: &Plan) -> Result<Vec<Self>> {
        Ok(vec![Self::Bare("runc"), Self::Bare("crun")])
    }

    /// Its name in the table.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Bare(runtime) => (*runtime).to_string(),
        }
    }

    /// Runs one container of the image.
    pub(super) fn run(&self, recipe: &Recipe, image: &Path) -> Result<Seen> {
        match self {
            Self::Bare(runtime) => bare(runtime, recipe, image),
        }
    }

    /// Ends what was started.
    pub(super) fn stop(self) -> Result<()> {
        Ok(())
    }
}

fn bare(runtime: &str, recipe: &Recipe, image: &Path) -> Result<Seen> {
    let bundle = gpu_bundle(recipe, image, "matrix")?;
    bundle::use_runtime(&Path::new("/usr/bin").join(runtime))?;
    let stdout = bundle::run(Path::new(SHIM), &bundle, "matrix");
    bundle::use_default_runtime()?;
    let stderr = fs::read(bundle.path.join("stderr")).context("cannot read what the container wrote")?;
    let cache = fs::read(bundle.path.join("rootfs/etc/ld.so.cache")).ok();
    let seen = Seen { stdout: stdout?, stderr: String::from_utf8_lossy(&stderr).into_owned(), cache };
    bundle.discard()?;
    Ok(seen)
}
