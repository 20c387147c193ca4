//! The machine that hostile images try to reach, and the containers that they are started in.

use crate::exec::{capture, command};
use crate::inside::bundle::{self, Bundle};
use crate::inside::{Job, expect, scratch};
use diag::{Failure, Result, ResultExt};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A folder of the host that no container may see or change: a shared mount of its own, so that it is
/// known again in any mount table, and what is mounted on it elsewhere appears here too.
pub(super) const VICTIM: &str = "/srv/victim";

/// A folder that only the loader cache of the host's folder knows.
pub(super) const MARKED: &str = "/srv/victim/marked";

/// Everything that a hook would write to in a container, so that a hook that is led here finds its way.
const FILES: &str = "set -e
mkdir -p $0/lib/x86_64-linux-gnu $0/x86_64-linux-gnu $0/ld.so.conf.d $0/nvidia $0/compat
for d in lib lib/x86_64-linux-gnu x86_64-linux-gnu; do echo host > $0/$d/libcuda.so.1; done
mkdir $0/marked; cp -L /lib/x86_64-linux-gnu/libc.so.6 $0/marked/
echo $0/marked > $0/marked.conf; ldconfig -X -f $0/marked.conf -C $0/ld.so.cache
echo include /etc/ld.so.conf.d/*.conf > $0/ld.so.conf
echo host > $0/compat/libcuda.so.999.1
echo host > $0/libcuda.so.999.1
echo secret > $0/secret
chmod 600 $0/secret";

/// A runtime that does nothing, under a name for which the shim has the hook make the mounts.
pub(super) const NOTHING: &str = "/mnt/nothing/runc";

/// Makes the folder of the host.
pub(super) fn make_victim() -> Result<()> {
    // As systemd leaves it on every machine.
    capture(&mut command(["mount", "--make-rshared", "/"]))?;
    fs::create_dir_all(VICTIM).with_context(|| format!("cannot make {VICTIM}"))?;
    capture(&mut command(["mount", "-t", "tmpfs", "victim", VICTIM]))?;
    capture(&mut command(["mount", "--make-shared", VICTIM]))?;
    capture(&mut command(["install", "-D", "/usr/bin/true", NOTHING]))?;
    capture(&mut command(["sh", "-c", FILES, VICTIM])).map(drop)
}

/// The state of the host: its mounts, and names, modes, owners, sizes, times and links of its files.
#[derive(Debug)]
pub(super) struct Host {
    lines: BTreeSet<String>,
}

impl Host {
    /// Takes it down.
    pub(super) fn now() -> Result<Self> {
        let mut find = command(["find", VICTIM, "/etc", "/usr/bin", "/usr/sbin", "/usr/lib"]);
        let files = capture(find.args(["-printf", "%p %y %m %U %G %s %T@ %l\\n"]))?;
        let top = capture(&mut command(["find", "/", "/srv", "/opt", "-maxdepth", "1", "-printf", "%p\\n"]))?;
        let mounts = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mount table")?;
        let lines = [files, top, mounts].iter().flat_map(|text| text.lines()).map(str::to_owned).collect();
        Ok(Self { lines })
    }

    /// Fails when anything differs now.
    pub(super) fn must_be_untouched(&self) -> Result<()> {
        let now = Self::now()?;
        let changes: Vec<&String> = self.lines.symmetric_difference(&now.lines).take(6).collect();
        if changes.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!("the host has changed: {changes:#?}")))
    }
}

/// How GPUs come into a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The runtime shim with the fused hook.
    Fused,
    /// A specification of other times or people, with one hook for each step, and no environment given
    /// to them, so that an OCI runtime may hand them the image's own.
    Separate,
    /// The prestart hook.
    Prestart,
    /// `nvidia-container-cli configure`, called as `ctr run --gpus` has it called.
    Cli,
}

impl Way {
    pub(super) const ALL: [Self; 4] = [Self::Fused, Self::Separate, Self::Prestart, Self::Cli];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fused => "fused hook",
            Self::Separate => "separate hooks",
            Self::Prestart => "prestart hook",
            Self::Cli => "nvidia-container-cli",
        }
    }

    /// Whether it is called on the host, and enters the container by its process.
    pub(super) fn enters(self) -> bool {
        matches!(self, Self::Prestart | Self::Cli)
    }
}

/// The hooks of a specification with one hook for each step.
pub(super) const SEPARATE: [&str; 6] = [
    "create-symlinks --link libcuda.so.1::/usr/lib/x86_64-linux-gnu/libcuda.so --link made::/opt/proof/link",
    "enable-cuda-compat --host-driver-version=580.95.05",
    "update-ldcache --folder /usr/lib/x86_64-linux-gnu --folder /opt/driver/lib",
    "update-application-profile",
    "disable-device-node-modification",
    "chmod --mode 777 --path /etc/opened",
];

/// Takes the pid out of the state on its standard input.
const CLI: &str = r#"pid=$(grep -o '"pid": *[0-9]*' | grep -o '[0-9]*$')
    exec nvidia-container-cli --load-kmods configure --device=all --compute --compat32 --graphics --utility --video \
    --display --ngx --pid="$pid" "$0""#;

const SHIM: &str = "/usr/bin/nvidia-container-runtime";
const NAME: &str = "hostile";

/// A container of a hostile image.
#[derive(Debug)]
pub(super) struct Container<'a> {
    pub(super) bundle: Bundle,
    pub(super) way: Way,
    runtime: &'a str,
}

impl<'a> Container<'a> {
    /// A bundle whose image is prepared by the shell script `image`, in which `$HOST` is the folder of
    /// the host and `$UP` climbs to `/`; `environment` is the image's.
    pub(super) fn make(
        job: &Job,
        way: Way,
        runtime: &'a str,
        image: &str,
        environment: &[&str],
    ) -> Result<Self> {
        let mut variables = vec!["NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=all"];
        variables.extend(environment);
        clear(&scratch("bundles").join(NAME))?;
        let bundle = Bundle::make(job, NAME, &["sleep", "100"], &variables)?;
        let container = Self { bundle, way, runtime };
        let found = capture(command(["sh", "-c", "command -v \"$0\""]).arg(runtime))?;
        bundle::use_runtime(Path::new(found.trim()))?;
        container.grow(image)?;
        let mut config = container.bundle.config()?;
        container.add_hooks(&mut config);
        container.bundle.write(&config)?;
        Ok(container)
    }

    fn grow(&self, image: &str) -> Result<()> {
        let usual = "set -e; umask 022
            mkdir -p etc/ld.so.conf.d usr/local/cuda; cp /etc/ld.so.cache etc/ld.so.cache
            echo 'include /etc/ld.so.conf.d/*.conf' > etc/ld.so.conf; touch etc/debian_version
            UP=../../../../../../../../../../../..; HOST=$0";
        let mut shell = command(["sh", "-c", &format!("{usual}\n{image}"), VICTIM]);
        capture(shell.current_dir(self.bundle.path.join("rootfs"))).map(drop)
    }

    fn add_hooks(&self, config: &mut Value) {
        match self.way {
            Way::Fused => {}
            Way::Separate => {
                let hook = |line: &&str| {
                    let args: Vec<&str> = ["nvidia-cdi-hook"].into_iter().chain(line.split(' ')).collect();
                    json!({"path": "/usr/bin/nvidia-cdi-hook", "args": args})
                };
                config["hooks"]["createContainer"] = SEPARATE.iter().map(hook).collect();
                config["linux"]["devices"] =
                    json!([{"path": "/dev/nvidia0", "type": "c", "major": 195, "minor": 0}]);
            }
            Way::Prestart => {
                let name = "nvidia-container-runtime-hook";
                config["hooks"]["prestart"] = json!([{
                    "path": format!("/usr/bin/{name}"), "args": [name, "prestart"],
                    "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                }]);
            }
            Way::Cli => {
                config["hooks"]["prestart"] = json!([{
                    "path": "/bin/sh", "args": ["sh", "-c", CLI, self.bundle.path.join("rootfs")],
                    "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                }]);
            }
        }
    }

    /// Creates the container, which then waits for its start.
    pub(super) fn create(&self) -> Result<Output> {
        match self.way {
            Way::Fused => bundle::create(Path::new(SHIM), &self.bundle, NAME),
            Way::Separate | Way::Prestart | Way::Cli => {
                bundle::create(Path::new(self.runtime), &self.bundle, NAME)
            }
        }
    }

    /// The container's own mount table, before it is started.
    pub(super) fn mounts(&self) -> Result<String> {
        let state = capture(&mut command([self.runtime, "state", NAME]))?;
        let state: Value = serde_json::from_str(&state).context("the runtime's state is not JSON")?;
        let path = format!("/proc/{}/mountinfo", state["pid"]);
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    }

    /// No mount of the container shows anything of the host's folder.
    pub(super) fn must_not_show_the_host(&self) -> Result<()> {
        let own = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mount table")?;
        let device = |line: &str| line.split(' ').nth(2).map(str::to_owned);
        let victim = own.lines().find(|line| line.split(' ').nth(4) == Some(VICTIM)).and_then(device);
        let victim = victim.ok_or_else(|| Failure::new("the host's folder is not mounted"))?;
        let mounts = self.mounts()?;
        match mounts.lines().find(|line| device(line).as_ref() == Some(&victim)) {
            None => Ok(()),
            Some(line) => Err(Failure::new(format!("the container shows files of the host: {line}"))),
        }
    }

    /// The arguments that the shim gives to the fused hook, when it runs nothing in the end.
    pub(super) fn fused_arguments(&self) -> Result<Vec<String>> {
        let ended = self.create()?;
        let config = self.bundle.config()?;
        let arguments = &config["hooks"]["createContainer"][0]["args"];
        let arguments: Vec<String> = serde_json::from_value(arguments.clone()).unwrap_or_default();
        match arguments.split_first() {
            Some((_, rest)) if !rest.is_empty() => Ok(rest.to_vec()),
            _ => Err(Failure::new(format!("the shim adds no hook: {}", said(&ended)))),
        }
    }

    /// Has the prestart hook leave device cgroups alone: the process that it is called for is ours.
    pub(super) fn without_cgroups(&self) -> Result<()> {
        let settings = "/etc/nvidia-container-runtime/config.toml";
        fs::write(settings, "[nvidia-container-cli]\nno-cgroups = true\n")
            .with_context(|| format!("cannot write {settings}"))
    }

    /// Ends the container.
    pub(super) fn end(&self) -> Result<()> {
        bundle::remove(Path::new(self.runtime), NAME)
    }

    /// Removes the container and its bundle.
    pub(super) fn remove(self) -> Result<()> {
        self.end()?;
        bundle::use_default_runtime()?;
        clear(&self.bundle.path)
    }
}

/// Removes a bundle, with what a failed check has left mounted in it.
pub(super) fn clear(bundle: &Path) -> Result<()> {
    let script = "cut -d' ' -f5 /proc/self/mountinfo | grep \"^$0/\" | sort -r | xargs -r -n1 umount -l
        rm -rf --one-file-system \"$0\"";
    capture(command(["sh", "-c", script]).arg(bundle)).map(drop)
}

/// The state that an OCI runtime hands to a hook.
pub(super) fn state(bundle: &Bundle, pid: u32) -> String {
    json!({"ociVersion": "1.0.2", "id": NAME, "status": "creating", "pid": pid, "bundle": bundle.path})
        .to_string()
}

/// Calls a hook with the state on its standard input.
pub(super) fn call(hook: &mut Command, state: &str) -> Result<Output> {
    let hook = hook.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = hook.spawn().context("cannot start a hook")?;
    if let Some(mut stdin) = child.stdin.take() {
        // A hook that refuses its arguments does not read its state.
        let _ = stdin.write_all(state.as_bytes());
    }
    child.wait_with_output().context("cannot wait for a hook")
}

/// What a command said, for a failure.
pub(super) fn said(ended: &Output) -> String {
    format!("{}: {}", ended.status, last_words(ended))
}

fn last_words(ended: &Output) -> String {
    crate::exec::tail(&expect::text(ended), 1)
}
