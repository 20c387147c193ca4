//! Where the benchmark works inside the simulated host: one bundle on tmpfs, with a root filesystem
//! that is fresh for every container, as an engine's is: an overlay above the image.

use crate::exec::{capture, command};
use crate::inside::{Job, make_large, scratch};
use diag::{Result, ResultExt};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Name of the only container.
pub(crate) const CONTAINER: &str = "bench";

/// A low-level runtime that exits at once, without a shell or a loader.
const PROGRAM: &str = "#!/usr/bin/busybox true\n";

/// The folders.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    base: PathBuf,
}

impl Place {
    /// Lays everything out.
    pub(crate) fn make(job: &Job, runc: &Path) -> Result<Self> {
        let place = Self { base: scratch("bench") };
        for folder in [place.runc_folder(), place.program_folder(), place.rootfs()] {
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        capture(command(["cp", "-a"]).arg(job.images.join("glibc")).arg(place.image()))?;
        make_large(&job.images, &place.large_image())?;
        symlink(runc, place.runc_folder().join("runc")).context("cannot link runc")?;
        let program = place.program_folder().join("runc");
        fs::write(&program, PROGRAM).context("cannot write a program")?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).context("cannot set a mode")?;
        Ok(place)
    }

    /// The folder with runc.
    pub(crate) fn runc_folder(&self) -> PathBuf {
        self.base.join("runc")
    }

    /// The folder with the program that stands in for runc.
    pub(crate) fn program_folder(&self) -> PathBuf {
        self.base.join("program")
    }

    /// A folder for what belongs to one toolkit.
    pub(crate) fn of_toolkit(&self, name: &str) -> PathBuf {
        self.base.join("toolkits").join(name)
    }

    /// The bundle.
    pub(crate) fn bundle(&self) -> PathBuf {
        self.base.join("bundle")
    }

    /// The container's root filesystem.
    pub(crate) fn rootfs(&self) -> PathBuf {
        self.bundle().join("rootfs")
    }

    /// `config.json`.
    pub(crate) fn config(&self) -> PathBuf {
        self.bundle().join("config.json")
    }

    /// A file beside the bundle.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.base.join(name)
    }

    /// Where runc keeps its state.
    pub(crate) fn state(&self) -> PathBuf {
        self.base.join("state")
    }

    /// Writes `config.json`.
    pub(crate) fn configure(&self, config: &[u8]) -> Result<()> {
        fs::write(self.config(), config).context("cannot write config.json")
    }

    /// Gives the bundle a fresh root filesystem, of the large image or of the small one.
    pub(crate) fn mount(&self, large: bool) -> Result<()> {
        for folder in [self.upper(), self.work()] {
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let lower = if large { self.large_image() } else { self.image() };
        let (upper, work) = (self.upper(), self.work());
        let options =
            format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
        capture(command(["mount", "-t", "overlay", "-o", &options, "overlay"]).arg(self.rootfs())).map(drop)
    }

    /// Takes the root filesystem away again, with all that the container changed.
    pub(crate) fn unmount(&self) -> Result<()> {
        capture(command(["umount"]).arg(self.rootfs()))?;
        fs::remove_dir_all(self.layers()).context("cannot remove a root filesystem")
    }

    fn image(&self) -> PathBuf {
        self.base.join("image")
    }

    fn large_image(&self) -> PathBuf {
        self.base.join("large-image")
    }

    fn layers(&self) -> PathBuf {
        self.base.join("layers")
    }

    fn upper(&self) -> PathBuf {
        self.layers().join("upper")
    }

    fn work(&self) -> PathBuf {
        self.layers().join("work")
    }
}
