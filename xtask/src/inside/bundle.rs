//! A bundle for a bare low-level runtime: `config.json` and a root filesystem on tmpfs.

use super::{Job, expect, scratch};
use crate::exec::{capture, command, output};
use diag::{Failure, Result, ResultExt};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Output;

/// A bundle on tmpfs.
#[derive(Clone, Debug)]
pub(crate) struct Bundle {
    /// The folder.
    pub(crate) path: PathBuf,
}

impl Bundle {
    /// Makes a bundle that runs `program` in the glibc image with this environment.
    pub(crate) fn make(job: &Job, name: &str, program: &[&str], environment: &[&str]) -> Result<Self> {
        Self::of(&job.images.join("glibc"), name, program, environment)
    }

    /// Makes a bundle with a copy of this tree as its root.
    pub(crate) fn of(image: &Path, name: &str, program: &[&str], environment: &[&str]) -> Result<Self> {
        let path = scratch("bundles").join(name);
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        capture(command(["cp", "-a"]).arg(image).arg(path.join("rootfs")))?;
        let bundle = Self { path };
        let mut config = bundle.default_config()?;
        let mut variables = vec!["PATH=/usr/sbin:/usr/bin:/sbin:/bin"];
        variables.extend(environment);
        config["process"]["terminal"] = json!(false);
        config["process"]["args"] = json!(program);
        config["process"]["env"] = json!(variables);
        config["root"]["readonly"] = json!(false);
        bundle.write(&config)?;
        Ok(bundle)
    }

    /// Removes the bundle.
    pub(crate) fn discard(self) -> Result<()> {
        fs::remove_dir_all(&self.path).with_context(|| format!("cannot remove {}", self.path.display()))
    }

    /// The path of `config.json`.
    pub(crate) fn config_path(&self) -> PathBuf {
        self.path.join("config.json")
    }

    /// The bytes of `config.json`.
    pub(crate) fn config_bytes(&self) -> Result<Vec<u8>> {
        fs::read(self.config_path()).context("cannot read config.json")
    }

    /// `config.json`, parsed.
    pub(crate) fn config(&self) -> Result<Value> {
        serde_json::from_slice(&self.config_bytes()?).context("config.json is not JSON")
    }

    /// Replaces `config.json`.
    pub(crate) fn write(&self, config: &Value) -> Result<()> {
        self.write_bytes(format!("{config:#}").as_bytes())
    }

    /// Replaces `config.json` with any bytes.
    pub(crate) fn write_bytes(&self, bytes: &[u8]) -> Result<()> {
        fs::write(self.config_path(), bytes).context("cannot write config.json")
    }

    fn default_config(&self) -> Result<Value> {
        capture(command(["runc", "spec", "--bundle"]).arg(&self.path))?;
        let config = self.config()?;
        fs::remove_file(self.config_path()).context("cannot remove config.json")?;
        Ok(config)
    }
}

/// Runs a bundle through a runtime the way engines do, `create`, `start`, `delete`, and gives what
/// the container wrote to its standard output.
pub(crate) fn run(runtime: &Path, bundle: &Bundle, id: &str) -> Result<String> {
    let created = create(runtime, bundle, id)?;
    if !created.status.success() {
        return Err(Failure::new(format!(
            "create ended with {}: {}",
            created.status,
            expect::text(&created)
        )));
    }
    let script = "\"$0\" start \"$1\" || exit
        for _ in $(seq 300); do \"$0\" state \"$1\" | grep -q '\"status\": \"stopped\"' && break; sleep 0.02; done
        \"$0\" delete --force \"$1\"";
    capture(command(["timeout", "-k", "5", "60", "sh", "-c", script]).arg(runtime).arg(id))?;
    fs::read_to_string(bundle.path.join("stdout")).context("cannot read what the container wrote")
}

/// Calls `create` alone. Its streams are files: a container that was created after all keeps them
/// open, and a pipe would never end.
pub(crate) fn create(runtime: &Path, bundle: &Bundle, id: &str) -> Result<Output> {
    let (out, err) = (bundle.path.join("stdout"), bundle.path.join("stderr"));
    let file = |path: &Path| File::create(path).with_context(|| format!("cannot make {}", path.display()));
    let mut create = command(["timeout", "-k", "5", "60"]);
    create.arg(runtime).args(["create", "--bundle"]).arg(&bundle.path).arg(id);
    let status =
        create.stdout(file(&out)?).stderr(file(&err)?).status().context("cannot start the runtime")?;
    let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    Ok(Output { status, stdout: read(&out)?, stderr: read(&err)? })
}

/// Removes a container that may not exist.
pub(crate) fn remove(runtime: &Path, id: &str) -> Result<()> {
    output(command(["timeout", "-k", "5", "60"]).arg(runtime).args(["delete", "--force", id])).map(drop)
}

const SETTINGS: &str = "/etc/nvidia-container-runtime/config.toml";

/// Makes the shim call this low-level runtime.
pub(crate) fn use_runtime(path: &Path) -> Result<()> {
    use_runtime_with(path, "")
}

/// The same, with more settings.
pub(crate) fn use_runtime_with(path: &Path, more: &str) -> Result<()> {
    fs::create_dir_all("/etc/nvidia-container-runtime").context("cannot make the folder of the settings")?;
    let text = format!("[nvidia-container-runtime]\nruntimes = [\"{}\"]\n{more}", path.display());
    fs::write(SETTINGS, text).with_context(|| format!("cannot write {SETTINGS}"))
}

/// Makes the shim call the machine's own low-level runtime again.
pub(crate) fn use_default_runtime() -> Result<()> {
    fs::remove_file(SETTINGS).with_context(|| format!("cannot remove {SETTINGS}"))
}
