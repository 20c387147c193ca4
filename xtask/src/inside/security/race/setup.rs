//! The set-ups of the races: which hook, called by which OCI runtime, with which rights.

use super::rounds::{PROCESS, Report, Rounds};
use super::swapper::{Swapper, mirror};
use super::{IMAGE, Tally};
use crate::exec::{capture, command, tail};
use crate::inside::Job;
use crate::inside::security::place::{Container, Host, NOTHING, VICTIM, Way, call, said, state};
use diag::{Failure, Result, ResultExt};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Where what the rounds need lies: the program, their description, their report.
const PLACE: &str = "/mnt/rounds";

/// How long the report may stay as it is.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often the host is looked at while the rounds go on.
const LOOK: Duration = Duration::from_secs(4);

/// Whose rights a container is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// Root's.
    Root,
    /// Root's, for a container in a user namespace of its own.
    Users,
    /// A user's who has made a user namespace for the engine, as rootless engines do.
    Rootless,
}

/// As `ctr run --gpus` calls it; the process is one of ours, whose device cgroup is not to be changed.
const CLI: [&str; 7] = [
    "/usr/bin/nvidia-container-cli",
    "configure",
    "--no-cgroups",
    "--device=all",
    "--compute",
    "--utility",
    "--graphics",
];

/// So many rounds and more are the full form.
const FULL: usize = 100_000;

/// A set-up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) way: Way,
    pub(super) rights: Rights,
    pub(super) runtime: &'static str,
}

impl Setup {
    /// All set-ups of these runtimes.
    pub(super) fn all(runtimes: &[&'static str]) -> Vec<Self> {
        let mut all = Vec::new();
        for way in [Way::Fused, Way::Prestart] {
            for rights in [Rights::Root, Rights::Users, Rights::Rootless] {
                all.extend(runtimes.iter().map(|runtime| Self { way, rights, runtime }));
            }
        }
        // The same code in a larger program, called as `ctr run --gpus` has it called.
        all.extend(runtimes.first().map(|runtime| Self { way: Way::Cli, rights: Rights::Root, runtime }));
        all
    }

    pub(super) fn name(self) -> String {
        let rights = match self.rights {
            Rights::Root => "rootful",
            Rights::Users => "user namespace",
            Rights::Rootless => "rootless",
        };
        format!("{}, {}, {rights}", self.way.name(), self.runtime)
    }

    fn id(self) -> String {
        self.name().replace(", ", "-").replace(' ', "-")
    }

    /// Runs the rounds.
    pub(super) fn race(self, job: &Job, image: &Image, count: usize) -> Result<Tally> {
        let container = Container::make(job, self.way, NOTHING, IMAGE, &[])?;
        let words = self.words(&container)?;
        let root = container.bundle.path.join("rootfs");
        self.rights.hand_over(&root)?;
        image.describe(words, self.way.enters(), &root, self.limit(count))?;
        let mut config = container.bundle.config()?;
        self.adapt(&mut config);
        container.bundle.write(&config)?;
        let before = Host::now()?;
        // What the runtime does before it calls the hook is its own affair.
        let swapper = Swapper::start_after(&root, &image.touched(), &Path::new(PLACE).join("xtask"))?;
        let ended = self.watch(&container.bundle.path, &before);
        let exchanges = swapper.stop();
        before.must_be_untouched()?;
        Rights::Root.hand_over(&root)?;
        container.remove()?;
        let report = ended?;
        match report.failure {
            Some(failure) => Err(Failure::new(failure)),
            None => Ok(Tally { well: report.well, refused: report.refused, said: report.said, exchanges }),
        }
    }

    /// A program that starts slowly has fewer rounds, but for the full form.
    fn limit(self, count: usize) -> usize {
        if self.way == Way::Cli && count < FULL { (count / 4).max(1) } else { count }
    }

    /// The hook, with the arguments that the shim or an engine gives it.
    fn words(self, container: &Container<'_>) -> Result<Vec<String>> {
        if self.way == Way::Prestart {
            container.without_cgroups()?;
            return Ok(["/usr/bin/nvidia-container-runtime-hook", "prestart"].map(str::to_owned).into());
        }
        if self.way == Way::Cli {
            let root = container.bundle.path.join("rootfs").display().to_string();
            let last = [format!("--pid={PROCESS}"), root];
            return Ok(CLI.iter().map(|word| (*word).to_owned()).chain(last).collect());
        }
        let hook = ["/usr/bin/nvidia-cdi-hook".to_owned()];
        Ok(hook.into_iter().chain(container.fused_arguments()?).collect())
    }

    /// Puts the rounds in place of the hook, and takes out what this machine cannot give without root.
    fn adapt(self, config: &mut Value) {
        let program = format!("{PLACE}/xtask");
        let rounds = json!({"path": program, "args": [program, "rounds", format!("{PLACE}/rounds.json")]});
        let name = if self.way.enters() { "prestart" } else { "createContainer" };
        config["hooks"] = json!({name: [rounds]});
        if self.rights == Rights::Root {
            return;
        }
        let mounts = config["mounts"].as_array().cloned().unwrap_or_default();
        let is_usual =
            |mount: &Value| !["/proc", "/sys", "/sys/fs/cgroup", "/dev/mqueue"].contains(&destination(mount));
        let mut mounts: Vec<Value> = mounts.into_iter().filter(is_usual).collect();
        for mount in mounts.iter_mut().filter(|mount| destination(mount) == "/dev/pts") {
            mount["options"] = json!(["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]);
        }
        // The simulation has mounts in them, so the kernel refuses new ones to user namespaces.
        for path in ["/sys", "/proc"] {
            mounts.insert(0, json!({"destination": path, "type": "none", "source": path, "options": ["rbind", "rprivate"]}));
        }
        config["mounts"] = json!(mounts);
        for part in ["resources", "maskedPaths", "readonlyPaths"] {
            config["linux"][part] = Value::Null;
        }
        if self.rights == Rights::Users {
            let map = json!([{"containerID": 0, "hostID": USERS, "size": 65_536}]);
            config["linux"]["uidMappings"] = map.clone();
            config["linux"]["gidMappings"] = map;
            if let Some(namespaces) = config["linux"]["namespaces"].as_array_mut() {
                namespaces.push(json!({"type": "user"}));
            }
        }
    }

    /// Starts the container and looks at the host again and again until the rounds are over.
    fn watch(self, bundle: &Path, before: &Host) -> Result<Report> {
        let errors = Path::new(PLACE).join("errors");
        let log = File::create(&errors).context("cannot make a file for errors")?;
        let also = log.try_clone().context("cannot make a file for errors")?;
        let mut runtime = self.rights.command(self.runtime);
        runtime.args(["create", "--bundle"]).arg(bundle).arg(self.id()).stdout(log).stderr(also);
        let mut child = runtime.spawn().context("cannot start the runtime")?;
        let ended = follow(&mut child, before);
        let (_, _) = (child.kill(), child.wait());
        crate::exec::output(self.rights.command(self.runtime).args(["delete", "--force", &self.id()]))?;
        let report = ended?;
        if report.is_over {
            return Ok(report);
        }
        let text = fs::read_to_string(errors).unwrap_or_default();
        Err(Failure::new(format!("the rounds did not come to their end: {}", tail(&text, 6))))
    }
}

fn destination(mount: &Value) -> &str {
    mount["destination"].as_str().unwrap_or_default()
}

/// Waits for the end of the runtime; the host must not change, and the rounds must go on.
fn follow(child: &mut Child, before: &Host) -> Result<Report> {
    let (mut looked, mut seen, mut moved) = (Instant::now(), 0, Instant::now());
    loop {
        let is_over = child.try_wait().context("cannot look after the runtime")?.is_some();
        let report = Report::read();
        if is_over || report.is_over {
            return Ok(report);
        }
        if report.well + report.refused > seen {
            (seen, moved) = (report.well + report.refused, Instant::now());
        }
        if moved.elapsed() > PATIENCE {
            return Err(Failure::new(format!("nothing goes on after {seen} rounds")));
        }
        if looked.elapsed() > LOOK {
            before.must_be_untouched()?;
            looked = Instant::now();
        }
        sleep(Duration::from_millis(20));
    }
}

impl Report {
    fn read() -> Self {
        let text = fs::read(Path::new(PLACE).join("report.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

/// The first user of the container's user namespace, and the user without root.
const USERS: u32 = 100_000;
const USER: u32 = 1000;

impl Rights {
    fn user(self) -> u32 {
        match self {
            Self::Root => 0,
            Self::Users => USERS,
            Self::Rootless => USER,
        }
    }

    /// Gives the image, the host's folder and the report to the user whose rights the hook has: it could
    /// do no harm to what it cannot write to.
    fn hand_over(self, root: &Path) -> Result<()> {
        let user = self.user().to_string();
        fs::create_dir_all(PLACE).with_context(|| format!("cannot make {PLACE}"))?;
        let own = std::env::current_exe().context("cannot find the path of this program")?;
        capture(command(["install", "-m", "755"]).arg(own).arg(format!("{PLACE}/xtask")))?;
        let mut own = command(["chown", "-hR", &format!("{user}:{user}")]);
        capture(own.args([root, Path::new(VICTIM), Path::new(PLACE)])).map(drop)
    }

    fn command(self, runtime: &str) -> Command {
        let state = format!("{PLACE}/state");
        match self {
            Self::Root | Self::Users => command([runtime, "--root", &state]),
            Self::Rootless => {
                let user = self.user();
                let mut line = command(["setpriv", &format!("--reuid={user}"), &format!("--regid={user}")]);
                line.args(["--clear-groups", "unshare", "-U", "-r", "-m", "--propagation", "slave"]);
                line.args([unwrapped(runtime).as_path(), "--root".as_ref(), state.as_ref()])
                    .env("XDG_RUNTIME_DIR", PLACE)
                    .env("HOME", PLACE);
                line
            }
        }
    }
}

/// The runtime itself: the simulation's wrapper changes `config.json`, which only root can do.
fn unwrapped(runtime: &str) -> PathBuf {
    let places = ["/usr/bin", "/usr/sbin"].map(|folder| format!("/run/longshore-sim/real{folder}/{runtime}"));
    places.iter().map(PathBuf::from).find(|path| path.exists()).unwrap_or_else(|| runtime.into())
}

/// What the hook does in the image when nobody disturbs it.
pub(super) struct Image {
    /// Everything that it looks at, with every folder on the way there.
    touched: Vec<PathBuf>,
    made: Vec<PathBuf>,
    cache: Vec<u8>,
}

/// What it reads and does not change.
const READ: [&str; 5] =
    ["etc/ld.so.conf", "etc/ld.so.conf.d", "etc/ld.so.cache", "etc/nvidia", "usr/local/cuda/compat"];

/// The hook, between two looks at the mount table.
const OBSERVED: &str = "cat /proc/self/mountinfo; echo; nvidia-cdi-hook \"$@\" || exit
    cat /proc/self/mountinfo";

impl Image {
    /// Calls the hook once, and copies the folders that it goes through to the host.
    pub(super) fn observe(job: &Job) -> Result<Self> {
        let container = Container::make(job, Way::Fused, NOTHING, IMAGE, &[])?;
        let root = container.bundle.path.join("rootfs");
        let cache = fs::read(root.join("etc/ld.so.cache")).context("the image has no loader cache")?;
        let (before, arguments) = (tree(&root)?, container.fused_arguments()?);
        let mut hook = command(["unshare", "-m", "--propagation", "slave", "sh", "-c", OBSERVED, "sh"]);
        let ended = call(hook.args(arguments), &state(&container.bundle, 0))?;
        let shown = String::from_utf8_lossy(&ended.stdout);
        let (known, now) = shown
            .split_once("\n\n")
            .filter(|_| ended.status.success())
            .ok_or_else(|| Failure::new(said(&ended)))?;
        let mounted = now.lines().filter(|line| !known.contains(line)).filter_map(|line| {
            let point = line.split(' ').nth(4)?;
            Some(Path::new(point).strip_prefix(&root).ok()?.to_owned())
        });
        let made: BTreeSet<PathBuf> = tree(&root)?.difference(&before).cloned().collect();
        let ends = mounted.chain(made.iter().cloned()).chain(READ.iter().map(PathBuf::from));
        let touched: BTreeSet<PathBuf> = ends.flat_map(|path| with_parents(&path)).collect();
        let image =
            Self { touched: touched.into_iter().collect(), made: made.into_iter().rev().collect(), cache };
        image.copy(&root)?;
        container.remove()?;
        Ok(image)
    }

    /// The paths to exchange.
    pub(super) fn touched(&self) -> Vec<PathBuf> {
        self.touched.clone()
    }

    /// Makes the folders and files on the host that links will lead to.
    fn copy(&self, root: &Path) -> Result<()> {
        for path in &self.touched {
            let (own, copy) = (root.join(path), mirror().join(path));
            let made = if own.is_dir() {
                fs::create_dir_all(&copy)
            } else {
                fs::create_dir_all(copy.parent().unwrap_or(&copy)).and_then(|()| fs::write(&copy, "host\n"))
            };
            made.with_context(|| format!("cannot make {}", copy.display()))?;
        }
        fs::write(mirror().join("etc/ld.so.cache"), &self.cache).context("cannot copy the loader cache")
    }

    /// Writes down what the rounds are.
    fn describe(&self, words: Vec<String>, enters: bool, root: &Path, count: usize) -> Result<()> {
        let report = Path::new(PLACE).join("report.json");
        if report.exists() {
            fs::remove_file(&report).context("cannot remove an old report")?;
        }
        let replaced = vec![(PathBuf::from("etc/ld.so.cache"), self.cache.clone())];
        let (root, made) = (root.to_owned(), self.made.clone());
        let few = few(&words);
        let rounds = Rounds { words, few, enters, root, made, replaced, count, report };
        let text = serde_json::to_vec(&rounds).context("cannot describe the rounds")?;
        fs::write(format!("{PLACE}/rounds.json"), text).context("cannot describe the rounds")
    }
}

/// The arguments with two mounts and two links of each folder only.
fn few(words: &[String]) -> Vec<String> {
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let (mut kept, mut words) = (Vec::new(), words.iter().peekable());
    while let Some(word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            None if word == "--link" => (word.as_str(), words.next()),
            None => (word.as_str(), None),
            Some((flag, _)) => (flag, None),
        };
        let place = value.unwrap_or(word).rsplit("::").find(|part| part.starts_with(['/', '-']));
        let folder = place.and_then(|place| place.rsplit_once('/')).map_or("", |(folder, _)| folder);
        let count = seen.entry((flag, folder)).or_default();
        *count += 1;
        if *count <= 2 || !matches!(flag, "--mount" | "--link") {
            kept.extend([Some(word), value].into_iter().flatten().cloned());
        }
    }
    kept
}

/// A path and every folder above it, without the root.
fn with_parents(path: &Path) -> Vec<PathBuf> {
    path.ancestors().filter(|part| !part.as_os_str().is_empty()).map(Path::to_owned).collect()
}

/// Every path of a tree, below its root.
fn tree(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let text = capture(command(["find"]).arg(root).args(["-mindepth", "1", "-printf", "%P\\n"]))?;
    Ok(text.lines().map(PathBuf::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_component_of_a_path_is_exchanged() {
        let expected = ["usr/lib/libcuda.so.1", "usr/lib", "usr"].map(PathBuf::from);
        assert_eq!(with_parents(Path::new("usr/lib/libcuda.so.1")), expected);
    }

    #[test]
    fn some_mounts_and_links_of_each_folder_are_kept() {
        let words = "hook --mount=/l/a --mount=/l/b --mount=/l/c --mount=/h/d::/m/d::ro --link x::/l/y --link x::/l/z \
                     --link ../x::/l/w --link x::/m/w --folder=/l --library=a=/l/a --library=b=/l/b --library=c=/l/c";
        let expected = "hook --mount=/l/a --mount=/l/b --mount=/h/d::/m/d::ro --link x::/l/y --link x::/l/z \
                        --link x::/m/w --folder=/l --library=a=/l/a --library=b=/l/b --library=c=/l/c";
        let split = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(few(&split(words)), split(expected));
    }

    #[test]
    fn set_ups_are_all_that_the_runtimes_have() {
        let names: BTreeSet<String> = Setup::all(&["runc", "crun"]).into_iter().map(Setup::name).collect();
        assert_eq!(names.len(), 13);
        assert!(names.contains("fused hook, crun, rootless"));
    }
}
