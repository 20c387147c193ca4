//! One container of an image on each engine: what it showed, and what it was left with.

use super::super::docker::Docker;
use super::super::{Job, bundle, podman_cases, scratch};
use super::recipe::{DEBIAN, Recipe};
use super::rootless::{self, Rootless};
use super::{Plan, SHIM, gpu_bundle};
use crate::exec::{capture, command, output};
use diag::{Failure, Result, ResultExt};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a container wrote, and what is in its root afterwards.
#[derive(Debug)]
pub(super) struct Seen {
    /// Its standard output.
    pub(super) stdout: String,
    /// Its standard error, where the loader of glibc writes its log.
    pub(super) stderr: String,
    /// The loader cache.
    pub(super) cache: Option<Vec<u8>>,
    /// The text of the link `libcuda.so.1` in the driver's directory.
    pub(super) cuda: Option<PathBuf>,
    /// Names of the files that the start added, from an engine that may add only some of the driver's.
    pub(super) added: Option<BTreeSet<String>>,
}

/// A way to run containers.
#[derive(Debug)]
pub(super) enum Engine {
    /// Our shim in front of a bare runtime of this name.
    Bare(&'static str),
    /// Docker with `--gpus all`: our prestart hook; the last engine, it ends the daemon.
    DockerGpus(Docker),
    /// Docker with `--runtime=nvidia`: our shim.
    DockerRuntime,
    /// Podman with a CDI device and the bare runtime of this name.
    Podman(&'static str),
    /// Podman of a user without root rights, with a CDI device.
    RootlessPodman,
    /// Docker of a user without root rights, with `--gpus all`.
    RootlessDocker(Rootless),
}

/// Without the variable this way of asking brings the libraries of `utility,compute` alone, and with
/// it still not all: the list of the original's prestart hook is older than its other ones.
const DOCKER_GPUS: &[&str] = &["--gpus", "all", "-e", "NVIDIA_DRIVER_CAPABILITIES=all"];
const DOCKER_RUNTIME: &[&str] = &["--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=all"];
/// crun with mounts by our hook, which are runc's default: crun 1.21 has a read-only root in force by then.
const CRUN_BY_HOOK: &str = "crun by hook";
pub(crate) const BY_HOOK: &str =
    "[nvidia-container-runtime.modes.jit-cdi]\nnvcdi-feature-flags = [\"mounts-in-hook\"]\n";
/// A daemon, as the calls that are made of it.
pub(super) struct Client {
    /// Takes a tree as an image with this name.
    pub(super) import: fn(&Path, &str) -> Result<()>,
    /// Runs the client with these words.
    pub(super) words: fn(&[&str]) -> Result<Output>,
}

const DOCKER: Client = Client { import: Docker::import, words: Docker::words };
const TAG: &str = "longshore/matrix:latest";
const CONTAINER: &str = "matrix";

impl Engine {
    /// The engines of a plan, ready to run containers.
    pub(super) fn start_all(job: &Job, plan: &Plan) -> Result<Vec<Self>> {
        let mut engines = vec![Self::Bare("runc")];
        // crun 1.21 itself makes no container on a kernel without these calls.
        if !plan.old_kernel {
            engines.extend([Self::Bare("crun"), Self::Bare(CRUN_BY_HOOK)]);
        }
        if let Some(tools) = &plan.rootless {
            podman_cases::generate(job)?;
            engines.extend(podman_cases::runtimes(job)?.iter().copied().map(Self::Podman));
            capture(&mut command(["nvidia-ctk", "runtime", "configure", "--runtime=docker"]))?;
            engines.extend([Self::DockerRuntime, Self::DockerGpus(Docker::start(job.suite()?)?)]);
            engines.extend([Self::RootlessPodman, Self::RootlessDocker(Rootless::start(tools)?)]);
        }
        Ok(engines)
    }

    /// Its name in the table.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Bare(runtime) => (*runtime).to_string(),
            Self::DockerGpus(_) => "docker --gpus".to_string(),
            Self::DockerRuntime => "docker --runtime".to_string(),
            Self::Podman(runtime) => format!("podman {runtime}"),
            Self::RootlessPodman => "podman rootless".to_string(),
            Self::RootlessDocker(_) => "docker rootless".to_string(),
        }
    }

    /// Runs one container of the image.
    pub(super) fn run(&self, recipe: &Recipe, image: &Path) -> Result<Seen> {
        match self {
            Self::Bare(runtime) => bare(runtime, recipe, image),
            Self::DockerGpus(_) => docker(&DOCKER, DOCKER_GPUS, recipe, image),
            Self::DockerRuntime => docker(&DOCKER, DOCKER_RUNTIME, recipe, image),
            Self::Podman(runtime) => {
                let tree = scratch("podman.rootfs");
                capture(command(["cp", "-a"]).arg(image).arg(&tree))?;
                podman(podman_cases::podman(runtime, ["run"]), recipe, &tree)
            }
            Self::RootlessPodman => podman(rootless::podman(), recipe, &rootless::own(image)?),
            Self::RootlessDocker(_) => docker(&rootless::DOCKER, DOCKER_GPUS, recipe, image),
        }
    }

    /// Ends what was started.
    pub(super) fn stop(self) -> Result<()> {
        match self {
            Self::DockerGpus(mut docker) => docker.stop(),
            Self::RootlessDocker(docker) => docker.stop(),
            Self::Bare(_) | Self::DockerRuntime | Self::Podman(_) | Self::RootlessPodman => Ok(()),
        }
    }
}

impl Seen {
    fn new(stdout: &[u8], stderr: &[u8], root: &Path) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let cuda = root.join(DEBIAN.trim_start_matches('/')).join("libcuda.so.1");
        Self {
            stdout: text(stdout),
            stderr: text(stderr),
            cache: fs::read(root.join("etc/ld.so.cache")).ok(),
            cuda: fs::read_link(cuda).ok(),
            added: None,
        }
    }
}

fn bare(runtime: &str, recipe: &Recipe, image: &Path) -> Result<Seen> {
    let bundle = gpu_bundle(recipe, image, CONTAINER)?;
    let (program, settings) = if runtime == CRUN_BY_HOOK { ("crun", BY_HOOK) } else { (runtime, "") };
    bundle::use_runtime_with(&Path::new("/usr/bin").join(program), settings)?;
    let stdout = bundle::run(Path::new(SHIM), &bundle, CONTAINER);
    bundle::use_default_runtime()?;
    let stderr = fs::read(bundle.path.join("stderr")).context("cannot read what the container wrote")?;
    let seen = Seen::new(stdout?.as_bytes(), &stderr, &bundle.path.join("rootfs"));
    bundle.discard()?;
    Ok(seen)
}

/// Podman takes a tree as it is, which is removed then.
fn podman(mut run: Command, recipe: &Recipe, root: &Path) -> Result<Seen> {
    run.args(["--rm", "--network", "none", "--device", "nvidia.com/gpu=all"]).args(options(recipe));
    run.arg("--rootfs").arg(root).args(recipe.program());
    let ended = output(&mut run)?;
    let seen = Seen::new(&ended.stdout, &ended.stderr, root);
    fs::remove_dir_all(root).context("cannot remove the root of a container")?;
    Ok(seen)
}

/// Docker takes a tree as a new image; the container's files come back through the daemon.
fn docker(client: &Client, request: &[&str], recipe: &Recipe, image: &Path) -> Result<Seen> {
    let Client { import, words } = client;
    import(image, TAG)?;
    let mut create = vec!["create", "--name", CONTAINER, "--network", "none"];
    let options = options(recipe);
    create
        .extend(request.iter().copied().chain(options).chain([TAG]).chain(recipe.program().iter().copied()));
    well(words(&create)?)?;
    let ended = words(&["start", "--attach", CONTAINER])?;
    let root = scratch("docker.files");
    for file in ["etc/ld.so.cache", "usr/lib/x86_64-linux-gnu/libcuda.so.1"] {
        let place = root.join(file);
        fs::create_dir_all(place.parent().unwrap_or(&root)).context("cannot make a folder")?;
        // What is not there cannot be copied; the judgement says whether it had to be.
        words(&["cp", &format!("{CONTAINER}:/{file}"), &place.display().to_string()])?;
    }
    let changes = words(&["diff", CONTAINER])?;
    well(words(&["rm", "--force", CONTAINER])?)?;
    well(words(&["rmi", TAG])?)?;
    let mut seen = Seen::new(&ended.stdout, &ended.stderr, &root);
    let changes = String::from_utf8_lossy(&changes.stdout).into_owned();
    let names = changes.lines().filter_map(|line| Some(line.rsplit_once('/')?.1.to_string()));
    seen.added = (request == DOCKER_GPUS).then(|| names.collect());
    fs::remove_dir_all(&root).context("cannot remove the files of a container")?;
    Ok(seen)
}

/// What is the same on the command lines of Docker and Podman.
fn options(recipe: &Recipe) -> Vec<&'static str> {
    let variables = recipe.environment().iter().flat_map(|variable| ["--env", *variable]);
    variables.chain(recipe.read_only.then_some("--read-only")).collect()
}

fn well(ended: Output) -> Result<()> {
    if ended.status.success() { Ok(()) } else { Err(Failure::new(super::super::expect::text(&ended))) }
}
