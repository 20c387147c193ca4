//! Running this very xtask inside a simulated GPU host whose `/` is an unpacked suite.

use crate::engines::Root;
use crate::exec::command;
use crate::inside::Job;
use crate::project::Project;
use diag::{Failure, Result, ResultExt};
use serde::{Deserialize, Serialize};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The preset that the engine tests, the demo and the benchmark run on: eight GPUs.
pub(crate) const PRESET: &str = "dgx-h100";

/// A simulated host that is about to be started.
#[derive(Debug)]
pub(crate) struct Simulated<'a> {
    /// The checkout.
    pub(crate) project: &'a Project,
    /// The suite that becomes `/`.
    pub(crate) root: &'a Root,
    /// The cgroup layout.
    pub(crate) cgroup: Cgroup,
    /// Further folders that are visible inside under the same path.
    pub(crate) shares: Vec<PathBuf>,
}

/// The cgroup layout of a simulated host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Cgroup {
    /// Version 1 hierarchies only.
    V1,
    /// The unified hierarchy only.
    V2,
    /// As the machine has it.
    Host,
}

impl Cgroup {
    /// The layouts that this machine can have. A controller belongs to one version at a time: where
    /// the machine itself is unified, version 1 cannot be mounted any more. A machine with version 1
    /// can show a unified tree as well, with few controllers but with device rules.
    pub(crate) fn possible() -> &'static [Self] {
        if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
            &[Self::Host]
        } else {
            &[Self::V1, Self::V2]
        }
    }

    /// Its name on the command line of `longshore sim run`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::Host => "host",
        }
    }
}

impl Simulated<'_> {
    /// The command that carries out a job inside.
    pub(crate) fn command(&self, job: &Job) -> Result<Command> {
        let agent = self.agent()?;
        let host = self.host(job)?;
        let job = serde_json::to_string(job).context("cannot describe the job")?;
        let mut run = command([self.project.dist().join("longshore")]);
        run.args(["sim", "run", "--host", &host, "--cgroup", self.cgroup.name()]);
        run.arg("--root").arg(&self.root.path);
        let mut shares = vec![self.project.dist(), self.project.logs(), self.root.images.clone()];
        shares.extend(self.shares.iter().cloned());
        for share in shares {
            run.arg("--share").arg(share);
        }
        run.arg("--").arg(agent).args(["inside", &job]);
        Ok(run)
    }

    /// The usual preset, or the path of the description that the work needs.
    fn host(&self, job: &Job) -> Result<String> {
        let Some(description) = job.task.host_description() else { return Ok(PRESET.to_owned()) };
        let path = self.project.logs().join("host.toml");
        fs::write(&path, description).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path.display().to_string())
    }

    /// A copy of this program in a folder that is visible inside: cargo may replace the original.
    fn agent(&self) -> Result<PathBuf> {
        let own = env::current_exe().context("cannot find the path of this program")?;
        let folder = self.project.logs();
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let agent = folder.join("xtask");
        let draft = folder.join(format!("xtask.{}", std::process::id()));
        fs::copy(own, &draft).and_then(|_| fs::rename(&draft, &agent)).context("cannot copy this program")?;
        Ok(agent)
    }
}

/// Says early, and in plain words, why a simulated host cannot run here.
pub(crate) fn require(project: &Project) -> Result<()> {
    crate::engines::require_root()?;
    let longshore = project.dist().join("longshore");
    if longshore.exists() {
        return Ok(());
    }
    Err(Failure::new(format!("{} is not built", longshore.display())))
}
