//! What stands in the way of a start without any malice: a full root, a read-only one, mounts of the user
//! on the paths that a hook writes to. The container does not start, with a reason, or it starts right; and
//! where it did not start, the next start does as if nothing had been.

use super::place::{Host, VICTIM, clear, said};
use crate::exec::{capture, command, tail};
use crate::inside::bundle::{self, Bundle};
use crate::inside::check::Ledger;
use crate::inside::images::{ALSO_WRITES, BY_HOOK};
use crate::inside::{Job, scratch};
use diag::{Failure, Result, ResultExt};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const SHIM: &str = "/usr/bin/nvidia-container-runtime";
const NAME: &str = "obstacle";

/// How a start must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// `nvidia-smi` shows the host's GPUs.
    Right,
    /// Refused, or right: which, lies with the runtime.
    Either,
}

/// What an engine's `config.json` has besides the usual.
struct Obstacle {
    name: &'static str,
    /// Mounts: where, of what type, from where, with which options.
    mounts: &'static [(&'static str, &'static str, &'static str, &'static [&'static str])],
    read_only: bool,
    ends: Ends,
}

const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu";

const OBSTACLES: &[Obstacle] = &[
    Obstacle {
        name: "a tmpfs on /etc",
        mounts: &[("/etc", "tmpfs", "tmpfs", &[])],
        read_only: false,
        ends: Ends::Right,
    },
    Obstacle {
        name: "a tmpfs on /etc, read-only root",
        mounts: &[("/etc", "tmpfs", "tmpfs", &[])],
        read_only: true,
        ends: Ends::Right,
    },
    Obstacle {
        name: "a read-only tmpfs on /etc",
        mounts: &[("/etc", "tmpfs", "tmpfs", &["ro"])],
        read_only: false,
        ends: Ends::Either,
    },
    Obstacle {
        name: "mounts upon mounts",
        mounts: &[
            ("/etc", "tmpfs", "tmpfs", &[]),
            ("/etc/ld.so.conf.d", "tmpfs", "tmpfs", &[]),
            ("/usr/share", "tmpfs", "tmpfs", &[]),
            ("/usr/share/nvidia", "tmpfs", "tmpfs", &[]),
        ],
        read_only: true,
        ends: Ends::Right,
    },
    Obstacle {
        name: "a read-only folder of the host on the libraries",
        mounts: &[(LIBRARIES, "none", "/srv/victim/lib", &["rbind", "ro"])],
        read_only: false,
        ends: Ends::Either,
    },
    Obstacle {
        name: "the same, read-only root",
        mounts: &[(LIBRARIES, "none", "/srv/victim/lib", &["rbind", "ro"])],
        read_only: true,
        ends: Ends::Either,
    },
    Obstacle {
        name: "a read-only folder of the host on /etc, read-only root",
        mounts: &[("/etc", "none", "/srv/victim", &["rbind", "ro"])],
        read_only: true,
        ends: Ends::Either,
    },
];

/// Runs all of them.
pub(super) fn run(job: &Job, runtimes: &[&str], thorough: bool, ledger: &mut Ledger) -> Result<()> {
    for runtime in runtimes {
        // crun makes mount points in a volume before it makes the volume read-only.
        let is_met = |obstacle: &&Obstacle| {
            *runtime == "runc" || obstacle.mounts.iter().all(|(_, _, source, _)| !source.starts_with(VICTIM))
        };
        for obstacle in OBSTACLES.iter().filter(is_met) {
            ledger
                .check(&format!("{runtime}, in the way"), obstacle.name, || meet(job, runtime, obstacle))?;
        }
        ledger.check(&format!("{runtime}, in the way"), "a root that the host protects", || {
            protected(job, runtime)
        })?;
        ledger.check(&format!("{runtime}, in the way"), "a link into a volume that is root's", || {
            withheld(job, runtime)
        })?;
        for (what, amounts) in [("blocks", BLOCKS), ("inodes", INODES)] {
            let amounts = if thorough { amounts } else { amounts.get(..4).unwrap_or(amounts) };
            ledger.check(&format!("{runtime}, full root"), what, || {
                amounts.iter().try_for_each(|free| full(job, runtime, what, *free))
            })?;
        }
    }
    Ok(())
}

fn meet(job: &Job, runtime: &str, obstacle: &Obstacle) -> Result<()> {
    let bundle = usual(job, runtime)?;
    let mut config = bundle.config()?;
    config["root"]["readonly"] = json!(obstacle.read_only);
    let mounts = config["mounts"].as_array_mut().ok_or_else(|| Failure::new("no mounts in config.json"))?;
    mounts.extend(obstacle.mounts.iter().map(|(destination, kind, source, options)| {
        json!({"destination": destination, "type": kind, "source": source, "options": options})
    }));
    if obstacle.read_only {
        config["process"]["args"] = json!(["sh", "-c", ALSO_WRITES]);
    }
    bundle.write(&config)?;
    let before = Host::now()?;
    let ended = start(&bundle);
    before.must_be_untouched()?;
    bundle::remove(Path::new(runtime), NAME)?;
    bundle::use_default_runtime()?;
    bundle.discard()?;
    match (ended, obstacle.ends) {
        (Ok(()), _) => Ok(()),
        (Err(failure), Ends::Either) => must_have_a_reason(&failure),
        (Err(failure), Ends::Right) => Err(failure),
    }
}

/// A file that the hook reads in order to write it again is a link of the image to one of a volume, which is
/// for root alone: what stands there does not come into the image.
fn withheld(job: &Job, runtime: &str) -> Result<()> {
    let bundle = usual(job, runtime)?;
    let (root, folder) = (bundle.path.join("rootfs"), format!("{VICTIM}/vault"));
    capture(command(["sh", "-c", VAULT]).arg(&root).arg(&folder))?;
    let mut config = bundle.config()?;
    let mounts = config["mounts"].as_array_mut().ok_or_else(|| Failure::new("no mounts in config.json"))?;
    mounts.push(json!({"destination": "/vol", "type": "none", "source": folder, "options": ["rbind", "ro"]}));
    bundle.write(&config)?;
    let before = Host::now()?;
    let ended = start(&bundle);
    before.must_be_untouched()?;
    let link = fs::read_link(root.join("etc/ld-musl-x86_64.path"));
    bundle::remove(Path::new(runtime), NAME)?;
    bundle::use_default_runtime()?;
    bundle.discard()?;
    capture(&mut command(["rm", "-rf", &folder]))?;
    ended?;
    link.map(drop).context("the link into the volume was replaced by what it leads to")
}

const VAULT: &str = "set -e; mkdir -p \"$1\" \"$0/vol\"; umask 077; echo /root/secret > \"$1/shadow\"
    : > \"$0/lib/ld-musl-x86_64.so.1\"; ln -s /vol/shadow \"$0/etc/ld-musl-x86_64.path\"";

/// The root is a folder of the host that the engine shows read-only, by a mount of its own: nothing is written
/// to it. crun 1.21 lets the container write to it where the configuration does not ask for a read-only root.
fn protected(job: &Job, runtime: &str) -> Result<()> {
    for read_only in [true, false].into_iter().filter(|asked| *asked || runtime == "runc") {
        let bundle = usual(job, runtime)?;
        let (root, folder) = (bundle.path.join("rootfs"), format!("{VICTIM}/golden"));
        capture(command(["sh", "-c", PROTECT]).arg(&root).arg(&folder))?;
        let found = capture(command(["sh", "-c", "command -v \"$0\""]).arg(runtime))?;
        // What runtimes make of mounts in their configuration is their own affair.
        bundle::use_runtime_with(Path::new(found.trim()), BY_HOOK)?;
        let mut config = bundle.config()?;
        config["root"]["readonly"] = json!(read_only);
        bundle.write(&config)?;
        let before = Host::now()?;
        let created = bundle::create(Path::new(SHIM), &bundle, NAME)?;
        let touched = before.must_be_untouched();
        bundle::remove(Path::new(runtime), NAME)?;
        capture(command(["sh", "-c", "umount \"$0\" && rm -rf \"$1\""]).arg(&root).arg(&folder))?;
        bundle::use_default_runtime()?;
        bundle.discard()?;
        touched?;
        if created.status.success() {
            return Err(Failure::new("nothing was written, and the start went well: this proves nothing"));
        }
        must_have_a_reason(&Failure::new(format!("refused: {}", said(&created))))?;
    }
    Ok(())
}

const PROTECT: &str = "set -e; mv \"$0\" \"$1\"; mkdir \"$0\"; mount --bind \"$1\" \"$0\"
    mount -o remount,bind,ro \"$0\"; mount --make-private \"$0\"";

/// Pages, and inodes, that a root has left: none, and such that the hook gets to another step with each.
const BLOCKS: &[usize] = &[0, 2, 9, 40, 1, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 36, 44, 48];
const INODES: &[usize] =
    &[0, 7, 60, 110, 1, 2, 3, 5, 15, 20, 25, 30, 40, 50, 70, 80, 90, 100, 105, 115, 120, 130];

/// A root with so much left. It is refused with a reason or starts right, and with more room it starts as
/// if it had always had it.
fn full(job: &Job, runtime: &str, what: &str, free: usize) -> Result<()> {
    let bundle = usual(job, runtime)?;
    let root = bundle.path.join("rootfs");
    let image = scratch("image");
    capture(command(["mv"]).args([&root, &image]))?;
    fs::create_dir(&root).context("cannot make a root")?;
    capture(command(["sh", "-c", FILL]).arg(&root).arg(&image).args([what, &free.to_string()]))?;
    let config = bundle.config_bytes()?;
    let before = Host::now()?;
    let ended = start(&bundle);
    let touched = before.must_be_untouched();
    bundle::remove(Path::new(runtime), NAME)?;
    capture(command(["sh", "-c", ROOM]).arg(&root).arg(what))?;
    bundle.write_bytes(&config)?;
    let again = start(&bundle).and_then(|()| listing(&root));
    // And one that had the room from the beginning.
    capture(command(["sh", "-c", "umount \"$0\" && cp -a \"$1/.\" \"$0\""]).arg(&root).arg(&image))?;
    bundle.write_bytes(&config)?;
    let undisturbed = start(&bundle).and_then(|()| listing(&root));
    bundle::use_default_runtime()?;
    bundle.discard()?;
    capture(command(["rm", "-rf"]).arg(&image))?;
    touched?;
    if let Err(failure) = ended {
        must_have_a_reason(&failure).with_context(|| format!("with {free} {what} left"))?;
    }
    match again?.symmetric_difference(&undisturbed?).next() {
        None => Ok(()),
        Some(line) => Err(Failure::new(format!("after a start with {free} {what} left: {line}"))),
    }
}

/// A tmpfs with the image in it, and so much left.
const FILL: &str = "set -e; root=$0; mount -t tmpfs -o mode=755,nr_inodes=100000 full $root; cp -a $1/. $root
    case $2 in
    blocks) used=$(df -k --output=used $root | tail -n 1); mount -o remount,size=$((used + 4 * $3))k $root;;
    inodes) used=$(df --output=iused $root | tail -n 1); mount -o remount,nr_inodes=$((used + $3)) $root;;
    esac";
const ROOM: &str = "case $1 in blocks) mount -o remount,size=1g \"$0\";; inodes) mount -o remount,nr_inodes=100000 \"$0\";; esac";

/// A bundle whose program shows the GPUs, for this runtime.
fn usual(job: &Job, runtime: &str) -> Result<Bundle> {
    let found = capture(command(["sh", "-c", "command -v \"$0\""]).arg(runtime))?;
    bundle::use_runtime(Path::new(found.trim()))?;
    clear(&scratch("bundles").join(NAME))?;
    let bundle = Bundle::make(job, NAME, &["nvidia-smi", "-L"], &["NVIDIA_VISIBLE_DEVICES=all"])?;
    let etc = bundle.path.join("rootfs/etc");
    fs::create_dir_all(etc.join("ld.so.conf.d")).context("cannot make a folder")?;
    fs::write(etc.join("ld.so.conf"), "include /etc/ld.so.conf.d/*.conf\n").context("cannot write")?;
    capture(command(["ldconfig", "-r"]).arg(bundle.path.join("rootfs")))?;
    let mut config = bundle.config()?;
    // What the runtime itself mounts is not the question here.
    config["linux"]["maskedPaths"] = Value::Null;
    bundle.write(&config)?;
    Ok(bundle)
}

/// Starts the container; it must show the host's GPUs.
fn start(bundle: &Bundle) -> Result<()> {
    let created = bundle::create(Path::new(SHIM), bundle, NAME)?;
    if !created.status.success() {
        return Err(Failure::new(format!("refused: {}", said(&created))));
    }
    bundle::remove(Path::new(SHIM), NAME)?;
    let shown = bundle::run(Path::new(SHIM), bundle, NAME)?;
    let wanted = capture(&mut command(["nvidia-smi", "-L"]))?;
    if shown.trim() == wanted.trim() {
        return Ok(());
    }
    let errors = fs::read_to_string(bundle.path.join("stderr")).unwrap_or_default();
    Err(Failure::new(format!("started half: {shown}{}", tail(&errors, 5))))
}

fn must_have_a_reason(failure: &Failure) -> Result<()> {
    let text = failure.line();
    if text.starts_with("refused: ") && text.len() > 30 && !text.contains("panicked") {
        return Ok(());
    }
    Err(Failure::new(text))
}

/// Every file of a tree with the sum of its content; times do not count.
fn listing(root: &Path) -> Result<BTreeSet<String>> {
    let script = "cd \"$0\" && find . -printf '%P %y %m %U:%G %l\\n' && find . -type f -exec cksum {} +";
    Ok(capture(command(["sh", "-c", script]).arg(root))?.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_start_is_no_reason() {
        assert!(must_have_a_reason(&Failure::new("refused: exit status: 1: cannot write /etc/x")).is_ok());
        assert!(must_have_a_reason(&Failure::new("started half: ")).is_err());
        assert!(
            must_have_a_reason(&Failure::new("refused: exit status: 101: thread 'main' panicked")).is_err()
        );
    }

    #[test]
    fn obstacles_of_the_host_are_read_only() {
        for obstacle in OBSTACLES {
            for (_, _, source, options) in obstacle.mounts {
                assert!(!source.starts_with(VICTIM) || options.contains(&"ro"), "{}", obstacle.name);
            }
        }
    }
}
