//! Hostile images. Each is started in every way under every low-level runtime; afterwards the host is
//! what it was, and the container shows nothing of it.

use super::hostile::{CVES, Ends, Image, SHAPES};
use super::place::{Container, Host, MARKED, VICTIM, Way, said};
use crate::inside::Job;
use crate::inside::check::Ledger;
use crate::inside::expect::text;
use diag::{Failure, Result, ResultExt};
use rustix::fs::{IFlags, ioctl_setflags};
use std::fs;
use std::path::Path;
use std::process::Output;

/// Runs the flaws of the field in every way; of the other shapes the short form runs two ways.
pub(super) fn run(job: &Job, runtimes: &[&str], thorough: bool, ledger: &mut Ledger) -> Result<()> {
    for runtime in runtimes {
        for (position, way) in Way::ALL.into_iter().enumerate() {
            let engine = format!("{runtime} of {}, {}", job.suite, way.name());
            let has_shapes = thorough || runtimes.first() == Some(runtime) && SHORT.contains(&way);
            let shapes = if has_shapes { SHAPES } else { &[] };
            let waits = |image: &Image| *runtime == "crun" && way == Way::Fused && image.name == CRUN_WAITS;
            for image in CVES.iter().chain(shapes).filter(|image| !waits(image)) {
                ledger.check(&engine, image.name, || {
                    carry_out(job, image, way, runtime, image.ends[position.min(2)])
                })?;
            }
        }
    }
    Ok(())
}

/// crun 1.21 itself, without any hook, waits for ever at this one when it makes a mount of its configuration.
const CRUN_WAITS: &str = "a folder is a named pipe";

const SHORT: [Way; 2] = [Way::Fused, Way::Prestart];

fn carry_out(job: &Job, image: &Image, way: Way, runtime: &str, ends: Ends) -> Result<()> {
    let container = Container::make(job, way, runtime, image.script, image.environment)?;
    let fixed = image.fixed.map(|path| container.bundle.path.join("rootfs").join(path));
    let fix = |flags| fixed.as_deref().map_or(Ok(()), |path| set_flags(path, flags));
    fix(IFlags::IMMUTABLE)?;
    let before = Host::now()?;
    let ended = container.create()?;
    let judged = before.must_be_untouched().and_then(|()| judge(&container, image, &ended, ends));
    fix(IFlags::empty())?;
    container.remove()?;
    judged
}

fn set_flags(path: &Path, flags: IFlags) -> Result<()> {
    let file = fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    ioctl_setflags(file, flags).with_context(|| format!("cannot set flags of {}", path.display()))
}

fn judge(container: &Container<'_>, image: &Image, ended: &Output, ends: Ends) -> Result<()> {
    let found = if ended.status.success() { Ends::Contained } else { Ends::Refused };
    // 1 and 255 are the runtimes' own ends; every other is a crash, or a wait that was cut short.
    if found == Ends::Refused && !matches!(ended.status.code(), Some(1 | 255)) {
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
    if found == Ends::Refused {
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
