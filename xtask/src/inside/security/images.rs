//! Hostile images. Each is started in every way under every low-level runtime; afterwards the host is
//! what it was, and the container shows nothing of it.

use super::place::{Container, Host, MARKED, VICTIM, Way, said};
use crate::inside::Job;
use crate::inside::check::Ledger;
use crate::inside::expect::text;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::Path;
use std::process::Output;

/// How the start of a container with a hostile image ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// The container is created; whatever the image tries acts on the image alone.
    Contained,
    /// The container is refused with words, by the hook or already by the runtime.
    Refused,
}

use Ends::{Contained, Refused};

/// A hostile image.
struct Image {
    /// The flaw of the field that it tries again.
    name: &'static str,
    /// A shell script that runs in the image's root.
    script: &'static str,
    environment: &'static [&'static str],
    /// In the order of [`Way::ALL`].
    ends: [Ends; 3],
}

const fn image(name: &'static str, script: &'static str, ends: [Ends; 3]) -> Image {
    Image { name, script, environment: &[], ends }
}

const IMAGES: &[Image] = &[
    image("harmless", "", [Contained; 3]),
    image(
        "CVE-2024-0132: a compat library is a link to the host",
        "mkdir usr/local/cuda/compat; cd usr/local/cuda/compat
         ln -s $UP$HOST libcuda.so.999.1; ln -s $HOST/lib libcuda.so.1",
        [Contained; 3],
    ),
    image(
        "CVE-2024-0132: the compat folder is a link to the host",
        "ln -s $UP$HOST/compat usr/local/cuda/compat",
        [Contained; 3],
    ),
    image(
        "CVE-2024-0133: the library folder is a link to the host",
        "mkdir -p .$HOST/lib; mv usr/lib/x86_64-linux-gnu usr/lib/old; ln -s $HOST/lib usr/lib/x86_64-linux-gnu",
        [Contained; 3],
    ),
    image(
        "CVE-2024-0134: /etc is a link to the host",
        "mkdir srv; mv etc .$HOST; ln -s $UP$HOST etc",
        [Contained; 3],
    ),
    image(
        "CVE-2024-0136: the image has an ldconfig of its own",
        "mkdir -p usr/sbin; printf '#!/bin/sh\\ntouch /ran $HOST/ran\\n' > usr/sbin/ldconfig
         chmod 755 usr/sbin/ldconfig; cp usr/sbin/ldconfig usr/sbin/ldconfig.real",
        [Contained; 3],
    ),
    Image {
        // A loader that honours one of these waits for the named pipe for ever.
        environment: &[
            "LD_PRELOAD=/proc/self/cwd/x.so:/x.so:/mnt/bundles/hostile/rootfs/x.so",
            "LD_AUDIT=/proc/self/cwd/x.so",
            "LD_LIBRARY_PATH=/proc/self/cwd",
        ],
        ..image("CVE-2025-23266: LD_PRELOAD and LD_AUDIT", "mkfifo x.so ../x.so", [Contained; 3])
    },
    image(
        "CVE-2025-23267: ld.so.conf.d is a link to the host",
        "rm -r etc/ld.so.conf.d; ln -s $UP$HOST/ld.so.conf.d etc/ld.so.conf.d",
        [Refused; 3],
    ),
    image(
        "CVE-2025-23267: the loader cache is a link to the host",
        "rm etc/ld.so.cache; ln -s $UP$HOST/ld.so.cache etc/ld.so.cache",
        [Contained; 3],
    ),
    image(
        "CVE-2025-31133: mount targets are links to the host",
        "ln -s $UP$HOST/secret usr/bin/nvidia-smi; ln -s $HOST/secret usr/lib/x86_64-linux-gnu/libcuda.so.1
         mkdir -p .$HOST; echo inside > .$HOST/secret",
        [Contained; 3],
    ),
    image(
        "CVE-2024-45310: folders would be made behind a link",
        "rm -rf usr/share etc/nvidia; ln -s $UP$HOST/nvidia etc/nvidia; ln -s $HOST usr/share; ln -s $HOST opt2
         mkdir -p .$HOST/nvidia; rm -rf opt; ln -s $HOST opt",
        [Contained; 3],
    ),
    image(
        "CVE-2023-28642: a magic link of /proc/self/root",
        "mv usr/lib/x86_64-linux-gnu usr/lib/old; ln -s /proc/self/root/srv/victim/lib usr/lib/x86_64-linux-gnu",
        [Refused; 3],
    ),
    image(
        "CVE-2024-21626: a magic link of /proc/self/cwd",
        "rm -r etc/ld.so.conf.d; ln -s /proc/self/cwd/$UP$HOST/ld.so.conf.d etc/ld.so.conf.d",
        [Refused; 3],
    ),
    image(
        "CVE-2024-21626: a magic link of /proc/self/fd",
        "rm -r etc/ld.so.conf.d; ln -s /proc/self/fd/3/$UP$HOST/ld.so.conf.d etc/ld.so.conf.d",
        [Refused; 3],
    ),
    image(
        "CVE-2025-52881: a link to files of the kernel",
        "rm -r etc/ld.so.conf.d; ln -s /proc/sys/kernel etc/ld.so.conf.d",
        [Refused; 3],
    ),
    image("ld.so.conf is a named pipe", "rm etc/ld.so.conf; mkfifo etc/ld.so.conf", [Contained; 3]),
    image("a drop-in is a named pipe", "mkfifo etc/ld.so.conf.d/00-a.conf", [Contained; 3]),
    image("the loader cache is a named pipe", "rm etc/ld.so.cache; mkfifo etc/ld.so.cache", [Contained; 3]),
    image(
        "the application profile is a named pipe",
        "mkdir -p etc/nvidia/nvidia-application-profiles-rc.d
         mkfifo etc/nvidia/nvidia-application-profiles-rc.d/10-container.conf",
        [Contained; 3],
    ),
    image(
        "ld.so.conf includes itself",
        "printf 'include ld.so.conf\\ninclude /etc/ld.so.conf*\\n' > etc/ld.so.conf",
        [Contained; 3],
    ),
    image("/etc is a file", "mv etc old; echo > etc", [Refused; 3]),
    image(
        "the chmod hook meets a link to the host",
        "ln -s $UP$HOST/secret etc/opened",
        [Contained; 3],
    ),
];

/// Runs all images.
pub(super) fn run(job: &Job, runtimes: &[&str], ledger: &mut Ledger) -> Result<()> {
    for runtime in runtimes {
        for (position, way) in Way::ALL.into_iter().enumerate() {
            let engine = format!("{runtime} of {}, {}", job.suite, way.name());
            for image in IMAGES {
                ledger.check(&engine, image.name, || {
                    carry_out(job, image, way, runtime, image.ends[position])
                })?;
            }
        }
    }
    Ok(())
}

fn carry_out(job: &Job, image: &Image, way: Way, runtime: &str, ends: Ends) -> Result<()> {
    let container = Container::make(job, way, runtime, image.script, image.environment)?;
    let before = Host::now()?;
    let ended = container.create()?;
    let judged = before.must_be_untouched().and_then(|()| judge(&container, image, &ended, ends));
    container.remove()?;
    judged
}

fn judge(container: &Container<'_>, image: &Image, ended: &Output, ends: Ends) -> Result<()> {
    let found = if ended.status.success() { Contained } else { Refused };
    // 1 and 255 are the runtimes' own ends; every other is a crash, or a wait that was cut short.
    if found == Refused && !matches!(ended.status.code(), Some(1 | 255)) {
        return Err(Failure::new(format!("not refused but broken off: {}", said(ended))));
    }
    if found != ends {
        return Err(Failure::new(format!("expected {ends:?}, got {}", said(ended))));
    }
    let root = container.bundle.path.join("rootfs");
    if root.join("ran").exists() {
        return Err(Failure::new("a program of the image was run"));
    }
    if image.name.starts_with("CVE-2024-0132") && root.join(COMPAT_DROP_IN).exists() {
        return Err(Failure::new("a compat library of the host was looked at"));
    }
    if found == Refused {
        return has_a_reason(image, &text(ended));
    }
    if image.name.starts_with("CVE-2025-23267") && has_marked_entries(&root.join("etc/ld.so.cache"))? {
        return Err(Failure::new("the loader cache of the host was taken over"));
    }
    if container.way != Way::Separate && !container.mounts()?.contains("libcuda.so") {
        return Err(Failure::new("the hook has mounted nothing: this proves nothing"));
    }
    // In the image this path is free for a mount; on the host it is the secret.
    if image.name.starts_with("CVE-2025-31133")
        && container.way != Way::Separate
        && !container.mounts()?.contains(&format!(" {VICTIM}/secret "))
    {
        return Err(Failure::new("the mount did not come to lie in the image"));
    }
    container.must_not_show_the_host()
}

fn has_marked_entries(cache: &Path) -> Result<bool> {
    let bytes = fs::read(cache).context("the container has no loader cache")?;
    Ok(bytes.windows(MARKED.len()).any(|part| part == MARKED.as_bytes()))
}

/// Made when the image has compat libraries that are newer than the driver: those of the host's folder are.
const COMPAT_DROP_IN: &str = "etc/ld.so.conf.d/00-compat-longshore.conf";

/// Where the runtime shows what a hook said (runc does, crun does not), it is one of our codes.
fn has_a_reason(image: &Image, text: &str) -> Result<()> {
    let is_hook = text.contains("error running hook");
    if text.trim().is_empty() || text.contains("panicked") || (is_hook && !text.contains("[R3")) {
        return Err(Failure::new(format!("refused without a reason: {text}")));
    }
    if is_hook && image.name.starts_with("CVE-2025-52881") && !text.contains("[R304]") {
        return Err(Failure::new(format!("refused by the kernel alone: {text}")));
    }
    Ok(())
}
