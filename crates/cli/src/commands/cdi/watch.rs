//! `cdi watch`: refreshes the specification whenever the machine changes.

use super::generate::{self, flags};
use super::refresh;
use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result};
use driver::Driver;
use host::{Watch, Woken};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

pub(super) const COMMAND: Command = Command::new(
    "watch",
    "Refreshes the specification whenever the driver, a GPU or a MIG device changes",
    watch,
)
.flags(&FLAGS);

const FLAGS: [Flag; flags::FLAGS.len() + 2] = flags::and([
    Flag::text("interval", "Seconds between looks at what the kernel tells nobody about, as MIG")
        .default("10"),
    Flag::switch("once", "End after the first change").hidden(),
]);

/// A package manager changes many files, a driver makes many nodes: wait until it is quiet for so long,
const QUIET: Duration = Duration::from_millis(300);
/// but not longer than this.
const LONGEST: Duration = Duration::from_secs(10);

/// Directories whose entries matter, besides those in which the driver's files were found.
const DIRECTORIES: &[&str] = &[
    "/dev",
    "/dev/dri",
    "/dev/nvidia-caps",
    "/dev/nvidia-caps-imex-channels",
    "/etc",
    "/etc/OpenCL/vendors",
    "/etc/nvidia-container-runtime",
    "/etc/vulkan/icd.d",
    "/etc/vulkan/implicit_layer.d",
    "/usr/bin",
    "/usr/lib64",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/share/X11/xorg.conf.d",
    "/usr/share/egl/egl_external_platform.d",
    "/usr/share/glvnd/egl_vendor.d",
    "/usr/share/nvidia",
    "/usr/share/vulkan/icd.d",
    "/usr/share/vulkan/implicit_layer.d",
    "/var/run/cdi",
];

fn watch(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let interval = interval(parsed.text("interval"))?;
    let places = generate::places(session, parsed)?;
    let watch = Watch::new()?;
    if !watch.hears_events() {
        session.warn("the kernel's events cannot be heard here; changes are noticed with delay");
    }
    let mut state = State::default();
    loop {
        let (driver, _) = discover::sweep(&session.host, &places, None);
        look_at(session, &watch, &driver, &places);
        state.refresh(session, parsed, driver);
        if parsed.switch("once") && state.done > 1 {
            return Ok(Exit::Well);
        }
        loop {
            let woken = watch.wait(state.patience(interval), concerns_gpus)?;
            if woken != Woken::Timeout {
                until_quiet(&watch)?;
                break;
            }
            // Nothing was heard: only what tells nobody may have changed.
            if state.failed || discover::sweep(&session.host, &places, None).0 != state.driver {
                break;
            }
        }
    }
}

/// What the last refresh rested on, and how it ended.
#[derive(Default)]
struct State {
    driver: Driver,
    failed: bool,
    /// The last failure, which is told once.
    told: String,
    failures: u32,
    done: u32,
}

impl State {
    fn refresh(&mut self, session: &mut Session, parsed: &Parsed, driver: Driver) {
        self.driver = driver;
        match refresh::once(session, parsed) {
            Ok(refresh::Outcome::Waiting) if self.done > 0 => {}
            Ok(_) => (self.failed, self.failures, self.told) = (false, 0, String::new()),
            Err(failure) => {
                (self.failed, self.failures) = (true, self.failures.saturating_add(1));
                let text = failure.line();
                if self.told != text {
                    session.fail(&failure);
                    self.told = text;
                }
            }
        }
        self.done = self.done.saturating_add(1);
    }

    /// After a failure sooner at first, then less and less often.
    fn patience(&self, interval: Duration) -> Duration {
        if !self.failed {
            return interval;
        }
        let doubled = Duration::from_secs(1).saturating_mul(1 << self.failures.min(6));
        doubled.min(interval.max(Duration::from_secs(1)))
    }
}

fn interval(text: &str) -> Result<Duration> {
    let seconds = text.parse::<u64>().ok().filter(|seconds| (1..=86_400).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        Failure::coded(codes::BAD_VALUE, format!("{text:?} is no number of seconds from 1 to 86400"))
    })
}

fn look_at(session: &mut Session, watch: &Watch, driver: &Driver, places: &discover::Options) {
    let root = places.driver_root.trim_end_matches('/');
    let usual = DIRECTORIES.iter().map(|directory| format!("{root}{directory}"));
    let plain = [&driver.binaries, &driver.firmware, &driver.sockets, &driver.configs, &driver.xorg];
    let files = driver.libraries.iter().map(|library| &library.file).chain(plain.into_iter().flatten());
    let found = files.filter_map(|file| Some(file.host_path.rsplit_once('/')?.0.to_owned()));
    let directories: BTreeSet<String> = usual.chain(found).collect();
    for directory in &directories {
        if let Err(failure) = watch.directory(&session.host, directory) {
            session.debug(&failure.chain());
        }
    }
}

fn until_quiet(watch: &Watch) -> Result<()> {
    let end = Instant::now() + LONGEST;
    while Instant::now() < end && watch.wait(QUIET, concerns_gpus)? != Woken::Timeout {}
    Ok(())
}

/// Whether an event of the kernel is about NVIDIA's driver, its devices, or DRM nodes.
fn concerns_gpus(event: &[u8]) -> bool {
    const MARKS: [&[u8]; 3] = [b"nvidia", b"SUBSYSTEM=drm", b"PCI_ID=10DE:"];
    MARKS.iter().any(|mark| event.windows(mark.len()).any(|part| part == *mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_other_devices_do_not_matter() {
        for (event, expected) in [
            ("add@/module/nvidia\0ACTION=add\0SUBSYSTEM=module\0", true),
            ("remove@/devices/pci0000:00/0000:07:00.0\0PCI_ID=10DE:2330\0", true),
            ("add@/devices/pci0000:00/0000:07:00.0/drm/card0\0SUBSYSTEM=drm\0", true),
            ("add@/devices/virtual/block/loop0\0SUBSYSTEM=block\0", false),
            ("", false),
        ] {
            assert_eq!(concerns_gpus(event.as_bytes()), expected, "{event:?}");
        }
    }

    #[test]
    fn failures_are_tried_again_less_and_less_often() {
        let patience = |failures| {
            State { failed: failures > 0, failures, ..State::default() }
                .patience(Duration::from_secs(10))
                .as_secs()
        };
        assert_eq!([0, 1, 2, 3, 4, 40].map(patience), [10, 2, 4, 8, 10, 10]);
        assert!(interval("0").is_err() && interval("ten").is_err() && interval("5").is_ok());
    }
}
