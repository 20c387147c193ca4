//! Kill tests: a process of ours is killed at its first `write`, then at its second, and so on until
//! one run ends unkilled; the same for every other writing system call that it makes. After each
//! kill the file is the old or the new one, never a part, and the next run succeeds.

use super::bundle::{self, Bundle};
use super::check::{Check, Ledger};
use super::{Job, install, scratch};
use crate::exec::{capture, command, output};
use diag::{Failure, Result, ResultExt};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

/// The system calls that change something. `?`: not every architecture has all of them.
const WRITING: &str = "?open,?creat,write,writev,pwrite64,ftruncate,fallocate,?rename,renameat,renameat2,?link,linkat,\
                       ?unlink,unlinkat,?symlink,symlinkat,?mkdir,mkdirat,fsync,fdatasync,?chmod,fchmod,fchmodat,\
                       ?chown,fchown,fchownat,setxattr,fsetxattr,copy_file_range,sendfile,flock";

/// In the full form every call on a file or a descriptor counts.
const EVERYTHING: &str = "%file,%desc";

/// No process of ours makes a system call so often; reaching it means that the sweep does not end.
const MOST: usize = 2_000;

/// Where the inventory lies.
const INVENTORY: &str = "/run/longshore/inventory.json";

/// A process that writes a file.
#[derive(Clone, Debug)]
struct Subject {
    name: &'static str,
    file: PathBuf,
    old: Option<Vec<u8>>,
    /// The inventory before the run; of another state of the machine, so that it is made anew.
    inventory: Option<Vec<u8>>,
    words: Vec<String>,
}

/// Runs all kill tests.
pub(super) fn run(job: &Job, thorough: bool) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    install(job)?;
    let calls = if thorough { EVERYTHING } else { WRITING };
    for subject in subjects(job)? {
        let started = Instant::now();
        let swept = subject.sweep(calls);
        let kills = *swept.as_ref().unwrap_or(&0);
        let case = format!("{}: killed {kills} times", subject.name);
        let check = Check::new("strace", &case, started.elapsed().as_secs_f64(), swept.map(drop));
        ledger.record(Check { count: 1, ..check })?;
    }
    Ok(())
}

fn subjects(job: &Job) -> Result<Vec<Subject>> {
    let daemon = "{\n    // kept\n    \"log-level\": \"info\"\n}\n";
    let words = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
    let configure = words("nvidia-ctk runtime configure --runtime=docker --config=/etc/docker/daemon.json");
    let generate = words("nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml");
    let spec = PathBuf::from("/etc/cdi/nvidia.yaml");
    let json = PathBuf::from("/etc/docker/daemon.json");
    let subject = |name, file: &Path, old: Option<&[u8]>, words: &Vec<String>| Subject {
        name,
        file: file.to_path_buf(),
        old: old.map(<[u8]>::to_vec),
        inventory: None,
        words: words.clone(),
    };
    let containerd = words("nvidia-ctk runtime configure --runtime=containerd");
    let drop_in = PathBuf::from("/etc/containerd/conf.d/99-nvidia.toml");
    // Not the file that the container start below reads.
    let config = PathBuf::from("/etc/nvidia-container-runtime/other.toml");
    let settings = words(
        "nvidia-ctk config --config-file=/etc/nvidia-container-runtime/other.toml --in-place --set nvidia-container-cli.no-cgroups=true",
    );
    let start = container_start(job)?;
    let stale = stale_inventory(&start)?;
    Ok(vec![
        subject("new daemon.json", &json, None, &configure),
        subject("changed daemon.json", &json, Some(daemon.as_bytes()), &configure),
        subject("new drop-in of containerd", &drop_in, None, &containerd),
        subject("changed config.toml", &config, Some(b"# mine\ndisable-require = false\n"), &settings),
        subject("new CDI specification", &spec, None, &generate),
        subject("replaced CDI specification", &spec, Some(b"old"), &generate),
        Subject { inventory: Some(stale), name: "config.json and a stale inventory", ..start.clone() },
        start,
    ])
}

/// The shim in front of a runtime that does nothing: `config.json` and the inventory are written.
fn container_start(job: &Job) -> Result<Subject> {
    let runtime = scratch("true");
    fs::copy("/usr/bin/true", &runtime).context("cannot copy a runtime that does nothing")?;
    bundle::use_runtime(&runtime)?;
    let bundle = Bundle::make(job, "kill", &["true"], &["NVIDIA_VISIBLE_DEVICES=all"])?;
    let path = bundle.path.display().to_string();
    let words =
        ["nvidia-container-runtime", "create", "--bundle", &path, "kill"].map(str::to_string).to_vec();
    let old = Some(bundle.config_bytes()?);
    let file = bundle.config_path();
    Ok(Subject { name: "config.json and a new inventory", file, old, inventory: None, words })
}

/// An inventory as a container start writes it; then a file of the driver changes.
fn stale_inventory(start: &Subject) -> Result<Vec<u8>> {
    start.reset()?;
    capture(&mut start.command())?;
    let bytes = read_if_there(Path::new(INVENTORY))?;
    capture(&mut command(["sh", "-c", "touch /usr/bin/nvidia-smi && ldconfig"]))?;
    bytes.ok_or_else(|| Failure::new(format!("a container start did not write {INVENTORY}")))
}

impl Subject {
    /// Kills at each call of each kind; gives the number of kills.
    fn sweep(&self, calls: &str) -> Result<usize> {
        self.reset()?;
        capture(&mut self.command()).context("the run without any kill failed")?;
        let new =
            self.read()?.ok_or_else(|| Failure::new(format!("{} was not written", self.file.display())))?;
        let made = self.calls_made(calls)?;
        if made.is_empty() {
            return Err(Failure::new("strace saw no call at all"));
        }
        made.iter().try_fold(0, |kills, call| Ok(kills + self.sweep_call(call, &new)?))
    }

    /// Kills at the first, second, third ... call of one kind until a run ends unkilled: strace
    /// counts each kind of call on its own.
    fn sweep_call(&self, call: &str, new: &[u8]) -> Result<usize> {
        for number in 1..=MOST {
            self.reset()?;
            let killed = self.killed_at(number, call)?;
            self.judge(new, killed).with_context(|| format!("killed at {call} number {number}"))?;
            if !killed {
                return Ok(number - 1);
            }
        }
        Err(Failure::new(format!("still killed at {call} number {MOST}")))
    }

    /// The kinds of calls that the process really makes, out of those that count.
    fn calls_made(&self, calls: &str) -> Result<BTreeSet<String>> {
        self.reset()?;
        let (_, log) = self.traced(&["-e".to_string(), format!("trace={calls}")])?;
        Ok(log.lines().filter_map(call_of).map(str::to_string).collect())
    }

    fn command(&self) -> Command {
        command(&self.words)
    }

    fn read(&self) -> Result<Option<Vec<u8>>> {
        read_if_there(&self.file)
    }

    /// Puts the old state back: the file and the inventory.
    fn reset(&self) -> Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let put = match &self.old {
            Some(bytes) => fs::write(&self.file, bytes),
            None => fs::remove_file(&self.file).or_else(crate::engines::missing_is_fine),
        };
        put.with_context(|| format!("cannot put {} back", self.file.display()))?;
        let put = match &self.inventory {
            Some(bytes) => fs::write(INVENTORY, bytes),
            None => fs::remove_file(INVENTORY).or_else(crate::engines::missing_is_fine),
        };
        put.with_context(|| format!("cannot put {INVENTORY} back"))
    }

    /// Runs under strace, which kills at the numbered call; whether it came to that.
    fn killed_at(&self, number: usize, call: &str) -> Result<bool> {
        let inject = format!("inject={call}:signal=KILL:when={number}");
        let options = ["-e".to_string(), format!("trace={call}"), "-e".to_string(), inject];
        let (ended, log) = self.traced(&options)?;
        let killed = log.contains("+++ killed by SIGKILL +++");
        if killed || ended.status.success() {
            return Ok(killed);
        }
        Err(Failure::new(format!("a run failed without a kill:\n{}", super::expect::text(&ended))))
    }

    fn traced(&self, options: &[String]) -> Result<(Output, String)> {
        let path = scratch("strace.log");
        let mut strace = command(["timeout", "-k", "5", "60", "strace", "-f", "-o"]);
        let ended = output(strace.arg(&path).args(options).arg("--").args(&self.words))?;
        let log = fs::read(&path).context("strace wrote no log")?;
        Ok((ended, String::from_utf8_lossy(&log).into_owned()))
    }

    /// Old or new, never a part; and the next run succeeds.
    fn judge(&self, new: &[u8], killed: bool) -> Result<()> {
        let found = self.read()?;
        let whole = found.as_deref() == Some(new) || (killed && found == self.old);
        if !whole {
            let bytes =
                found.map_or_else(|| "is gone".to_string(), |found| format!("has {} bytes", found.len()));
            return Err(Failure::new(format!("{} is neither old nor new: it {bytes}", self.file.display())));
        }
        judge_inventory()?;
        if found == self.old || !self.words.iter().any(|word| word == "create") {
            capture(&mut self.command()).context("the next run failed")?;
        }
        judge_inventory()?;
        if self.read()?.as_deref() == Some(new) {
            return Ok(());
        }
        Err(Failure::new(format!("the next run did not bring {} to its new state", self.file.display())))
    }
}

/// The name of the system call in a line of the log, `PID name(arguments) = result`.
fn call_of(line: &str) -> Option<&str> {
    let name = line.split_once(' ')?.1.trim_start().split_once('(')?.0;
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some(name)
}

fn judge_inventory() -> Result<()> {
    let Some(bytes) = read_if_there(Path::new(INVENTORY))? else { return Ok(()) };
    serde_json::from_slice::<serde_json::Value>(&bytes)
        .map(drop)
        .context("the inventory is only partly written")
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_call_is_read_from_the_log() {
        for (line, wanted) in [
            ("311 openat(AT_FDCWD, \"/etc\", O_RDONLY) = 3", Some("openat")),
            ("311   fsync(3 <unfinished ...>", Some("fsync")),
            ("311 <... fsync resumed>) = 0", None),
            ("311 +++ exited with 0 +++", None),
            ("311 --- SIGCHLD {si_signo=SIGCHLD (x)} ---", None),
        ] {
            assert_eq!(call_of(line), wanted, "{line}");
        }
    }
}
