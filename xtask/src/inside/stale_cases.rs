//! A machine changes under a container engine: after each change a container shows what the machine
//! has now, by a live specification, by one that is refreshed, and through the shim.

use super::bundle::{self, Bundle};
use super::check::Ledger;
use super::{Job, install, scratch};
use crate::exec::{capture, command, output};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::Path;
use std::process::{Child, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

const LIVE: &str = "/etc/cdi/live.yaml";
const WRITTEN: &str = "/etc/cdi/written.yaml";
const WATCHED: &str = "/etc/cdi/watched.yaml";

/// How long `longshore cdi watch` may take to notice, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a machine has of its driver, as a host and as a container see it. The DRM nodes of the first GPU are
/// left out: once it has MIG devices a container does not get them.
const PROBE: &str = "cd /usr/lib/x86_64-linux-gnu && for f in libcuda.so.*.* libnvidia-ml.so.*.*; do
    [ -f \"$f\" ] && echo \"$f\"; done; wc -c < libcuda.so.1
    for n in /dev/nvidia-uvm /dev/nvidia[0-9]*; do [ -c \"$n\" ] && ls -lL \"$n\" | tr -s ' ' | cut -d' ' -f5,6,10; done
    ls -d /dev/nvidia-caps/nvidia-cap[1-9]? /dev/nvidia-caps/nvidia-cap[1-9]?? 2>/dev/null
    for f in /usr/share/X11/xorg.conf.d/nvidia-drm-outputclass.conf /usr/share/nvidia/nvoptix.bin; do
    [ -f \"$f\" ] && echo \"$f\"; done
    for l in /dev/dri/by-path/*; do case $l in *pci-0000:1b:*) ;; *) [ ! -L \"$l\" ] || {
    echo \"$l $(readlink \"$l\")\"; ls -lL \"$l\" | tr -s ' ' | cut -d' ' -f5,6; };; esac; done; true";

/// Shell functions for the changes.
pub(super) const FUNCTIONS: &str = "set -e
    lib=/usr/lib/x86_64-linux-gnu
    libraries() { # OLD NEW: the files of the driver get another version
      find /usr/lib /usr/lib64 /lib/firmware/nvidia -depth -name \"*$1*\" ! -type l 2>/dev/null | while read -r f; do
        [ -e \"$f\" ] && mv \"$f\" \"${f%/*}/$(basename \"$f\" | sed \"s/$1/$2/\")\" || true; done
      find $lib -type l | while read -r l; do t=$(readlink \"$l\"); case $t in *$1*)
        ln -sfn \"$(echo \"$t\" | sed \"s/$1/$2/\")\" \"$l\";; esac; done; ldconfig; }
    instance() { # GI MINOR MINOR: a GPU instance of GPU 0 and a compute instance in it
      d=/proc/driver/nvidia/capabilities/gpu0/mig/gi$1; mkdir -p $d/ci0 /dev/nvidia-caps
      printf 'DeviceFileMinor: %s\\nDeviceFileMode: 292\\nDeviceFileModify: 1\\n' $2 > $d/access
      printf 'DeviceFileMinor: %s\\nDeviceFileMode: 292\\nDeviceFileModify: 1\\n' $3 > $d/ci0/access
      mknod -m 444 /dev/nvidia-caps/nvidia-cap$2 c 510 $2; mknod -m 444 /dev/nvidia-caps/nvidia-cap$3 c 510 $3; }
    renumber() { # another graphics card comes first: each DRM node of the GPUs moves up by one
      for d in $(ls -d /sys/bus/pci/devices/*/drm/* | sort -t/ -k8 -V -r); do
        old=${d##*/}; kind=${old%%[0-9]*}; n=$((${old#$kind} + 1)); group=$(stat -c %g /dev/dri/$old)
        mv $d ${d%/*}/$kind$n; rm /dev/dri/$old; mknod -m 660 /dev/dri/$kind$n c 226 $n; chgrp $group /dev/dri/$kind$n
        for l in /dev/dri/by-path/*; do [ \"$(readlink $l)\" != ../$old ] || ln -sfn ../$kind$n $l; done; done; }
    power_off() { # what a boot makes anew goes away
      rm -rf /mnt/off; mkdir /mnt/off; cp -a /proc/driver/nvidia /mnt/off/proc; cp -a /sys/module/nvidia /mnt/off/sys
      rm -rf /proc/driver/nvidia/* /sys/module/nvidia/* /dev/nvidia[0-9]* /dev/nvidiactl /dev/nvidia-uvm* /dev/nvidia-caps
      rm -rf /run/longshore; }
    boot() { # another boot: the module is loaded, uvm has another major
      echo 4f1c2a7e-0f0b-4c55-9d0a-3f2b1c0d9e8f > /mnt/boot_id; mount --bind /mnt/boot_id /proc/sys/kernel/random/boot_id
      sed -E 's/^(507|520) nvidia-uvm/521 nvidia-uvm/' /proc/devices > /mnt/devices; cat /mnt/devices > /proc/devices
      cp -a /mnt/off/proc/. /proc/driver/nvidia; cp -a /mnt/off/sys/. /sys/module/nvidia
      for n in 0 1 2 3 4 5 6 7; do mknod -m 666 /dev/nvidia$n c 195 $n; done; mknod -m 666 /dev/nvidiactl c 195 255
      mknod -m 666 /dev/nvidia-uvm c 521 0; mknod -m 666 /dev/nvidia-uvm-tools c 521 1; }
    module() { # OLD NEW: another kernel module is loaded
      for f in /proc/driver/nvidia/version /sys/module/nvidia/version; do t=$(sed \"s/$1/$2/\" $f); echo \"$t\" > $f; done; }
";

/// A change of the machine.
struct Scenario {
    name: &'static str,
    /// A shell script that makes it, after [`FUNCTIONS`].
    change: &'static str,
    /// Whether devices come or go: then a live specification has to be refreshed too.
    devices: bool,
    /// Whether a specification with the files written out is stale by it.
    stale: bool,
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "nothing", change: "true", devices: false, stale: false },
    Scenario {
        name: "driver upgrade",
        change: "libraries 580.95.05 581.15.03; module 580.95.05 581.15.03",
        devices: false,
        stale: true,
    },
    Scenario {
        name: "driver downgrade",
        change: "libraries 581.15.03 570.86.15; module 581.15.03 570.86.15",
        devices: false,
        stale: true,
    },
    Scenario {
        name: "half-finished upgrade: new files, old module",
        change: "libraries 570.86.15 580.95.05",
        devices: false,
        stale: true,
    },
    Scenario {
        name: "upgrade finished by a reboot",
        change: "module 570.86.15 580.95.05",
        devices: false,
        stale: false,
    },
    Scenario {
        name: "another major for uvm",
        change: "sed 's/^507 /520 /' /proc/devices > /tmp/devices; cat /tmp/devices > /proc/devices
            rm /dev/nvidia-uvm /dev/nvidia-uvm-tools
            mknod -m 666 /dev/nvidia-uvm c 520 0; mknod -m 666 /dev/nvidia-uvm-tools c 520 1",
        devices: false,
        stale: true,
    },
    Scenario {
        name: "a reboot, with GPUs that come late",
        // In between a refresh finds no driver: it waits, and takes away what is not true.
        change: "power_off; longshore cdi refresh --output /etc/cdi/written.yaml --class=written
            [ ! -e /etc/cdi/written.yaml ]; sleep 1; boot",
        devices: false,
        stale: true,
    },
    Scenario { name: "DRM nodes renumbered", change: "renumber", devices: true, stale: true },
    Scenario {
        name: "a library overwritten in place",
        change: "cp $lib/libcuda.so.1 /tmp/lib; printf more >> /tmp/lib; cat /tmp/lib > $lib/libcuda.so.1",
        devices: false,
        stale: false,
    },
    Scenario {
        name: "a configuration file removed",
        change: "mv /usr/share/nvidia/nvoptix.bin /tmp/kept",
        devices: false,
        stale: true,
    },
    Scenario {
        name: "a configuration file added",
        change: "mv /tmp/kept /usr/share/nvidia/nvoptix.bin",
        devices: false,
        stale: true,
    },
    Scenario {
        name: "a GPU lost",
        change:
            "mv /proc/driver/nvidia/gpus/0000:df:00.0 /tmp/gpu; rm /dev/nvidia7 /dev/dri/renderD136 /dev/dri/card8
            rm -f /dev/dri/by-path/pci-0000:df:00.0-*",
        devices: true,
        stale: true,
    },
    Scenario {
        name: "MIG devices made, and no NVML to ask",
        change: "rm $lib/libnvidia-ml.so*; ldconfig; instance 1 12 13",
        devices: true,
        stale: true,
    },
    Scenario {
        name: "MIG devices made anew",
        change: "rm -r /proc/driver/nvidia/capabilities/gpu0/mig/gi1 /dev/nvidia-caps/nvidia-cap1[23]; instance 2 21 22",
        devices: true,
        stale: true,
    },
    Scenario {
        name: "a GPU plugged in again",
        change: "mv /tmp/gpu /proc/driver/nvidia/gpus/0000:df:00.0; mknod -m 666 /dev/nvidia7 c 195 7",
        devices: true,
        stale: true,
    },
];

/// Runs all scenarios, one after the other on one machine.
pub(super) fn run(job: &Job) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    install(job)?;
    ledger.check("stale", "specifications are written", write_both)?;
    let watch = Watch::start()?;
    for (number, scenario) in SCENARIOS.iter().enumerate() {
        let check = |ledger: &mut Ledger, way: &str, work: &dyn Fn() -> Result<()>| {
            ledger.check("stale", &format!("{}: {way}", scenario.name), work)
        };
        shell(scenario.change).with_context(|| format!("cannot make the change {}", scenario.name))?;
        let wanted = probe_host()?;
        let bundle = |way: &str| format!("{way}-{number}");
        check(&mut ledger, "a live specification", &|| live(job, scenario, &bundle("live"), &wanted))?;
        check(&mut ledger, "a refreshed one", &|| written(job, scenario, &bundle("written"), &wanted))?;
        check(&mut ledger, "a watched one", &|| watched(job, &bundle("watched"), &wanted))?;
        check(&mut ledger, "the shim", &|| shim(job, &bundle("shim"), &wanted))?;
    }
    failures(&mut ledger)?;
    removal(job, &mut ledger)?;
    drop(watch);
    Ok(())
}

/// `longshore cdi watch`, which ends with this value.
struct Watch(Child);

impl Watch {
    fn start() -> Result<Self> {
        let words = ["cdi", "watch", "--interval=1", "--class=watched", "--output", WATCHED];
        command(["longshore"]).args(words).spawn().map(Self).context("cannot start the watch")
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Already ended is fine; the simulated host's end would end it too.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

/// Waits for the watch to do its work.
fn until(what: &str, done: impl Fn() -> Result<bool>) -> Result<()> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if done()? {
            return Ok(());
        }
        sleep(Duration::from_millis(100));
    }
    Err(Failure::new(format!("{what}: not after {} seconds", PATIENCE.as_secs())))
}

fn watched(job: &Job, name: &str, wanted: &str) -> Result<()> {
    until("the watched specification fits", || {
        Ok(Path::new(WATCHED).exists()
            && output(&mut command(["longshore", "cdi", "diff", WATCHED]))?.status.success())
    })?;
    by_specification(job, WATCHED, "nvidia.com/watched=all", name, wanted)
}

fn write_both() -> Result<()> {
    fs::create_dir_all("/etc/cdi").context("cannot make /etc/cdi")?;
    for path in [LIVE, WRITTEN] {
        refresh(path, "Wrote")?;
    }
    Ok(())
}

/// Refreshes a specification, which has to say so, and to say nothing the second time.
fn refresh(path: &str, says: &str) -> Result<()> {
    let once = || -> Result<String> {
        let output = refresh_output(path)?;
        if !output.status.success() {
            return Err(Failure::new(super::expect::text(&output)));
        }
        Ok(super::expect::text(&output))
    };
    let (first, second) = (once()?, once()?);
    let is_nothing = |line: &str| line.starts_with("warning: ") || line.starts_with("Nothing to describe");
    let quiet = |text: &str| text.lines().all(is_nothing);
    let first_is_well = if says.is_empty() { quiet(&first) } else { first.contains(says) };
    if first_is_well && quiet(&second) {
        return Ok(());
    }
    Err(Failure::new(format!("expected {says:?} and then nothing, got {first:?} and then {second:?}")))
}

fn refresh_output(path: &str) -> Result<Output> {
    let class = if path == LIVE { "--class=live" } else { "--class=written" };
    let mut refresh = command(["longshore", "cdi", "refresh", "--output", path, class]);
    if path == LIVE {
        refresh.arg("--live");
    }
    output(&mut refresh)
}

fn shell(script: &str) -> Result<String> {
    capture(&mut command(["sh", "-c", &format!("{FUNCTIONS}{script}")]))
}

fn probe_host() -> Result<String> {
    capture(&mut command(["sh", "-c", PROBE]))
}

fn live(job: &Job, scenario: &Scenario, name: &str, wanted: &str) -> Result<()> {
    if scenario.devices {
        refresh(LIVE, "Wrote")?;
    }
    by_specification(job, LIVE, "nvidia.com/live=all", name, wanted)
}

fn written(job: &Job, scenario: &Scenario, name: &str, wanted: &str) -> Result<()> {
    diff(!scenario.stale)?;
    refresh(WRITTEN, if scenario.stale { "Wrote" } else { "" })?;
    diff(true)?;
    by_specification(job, WRITTEN, "nvidia.com/written=all", name, wanted)
}

/// `longshore cdi diff` has to say whether the written specification fits.
fn diff(fits: bool) -> Result<()> {
    let ended = output(&mut command(["longshore", "cdi", "diff", WRITTEN]))?;
    if ended.status.code() == Some(i32::from(!fits)) {
        return Ok(());
    }
    let said = super::expect::text(&ended);
    Err(Failure::new(format!(
        "`longshore cdi diff` does not find that it {}: {said}",
        if fits { "fits" } else { "is stale" }
    )))
}

fn by_specification(job: &Job, path: &str, device: &str, name: &str, wanted: &str) -> Result<()> {
    let bundle = Bundle::make(job, name, &["sh", "-c", PROBE], &[])?;
    let folder = bundle.path.display().to_string();
    capture(&mut command(["longshore", "cdi", "apply", path, "--device", device, "--bundle", &folder]))?;
    same(&bundle::run(Path::new("/usr/bin/runc"), &bundle, name)?, wanted)?;
    bundle.discard()
}

fn shim(job: &Job, name: &str, wanted: &str) -> Result<()> {
    let bundle = Bundle::make(job, name, &["sh", "-c", PROBE], &["NVIDIA_VISIBLE_DEVICES=all"])?;
    same(&bundle::run(Path::new("/usr/bin/nvidia-container-runtime"), &bundle, name)?, wanted)?;
    bundle.discard()
}

fn same(shown: &str, wanted: &str) -> Result<()> {
    if shown == wanted {
        return Ok(());
    }
    Err(Failure::new(format!("the machine has\n{wanted}the container shows\n{shown}")))
}

/// Places where no file can be written: an error with a code, and the old file as it was.
fn failures(ledger: &mut Ledger) -> Result<()> {
    let folder = scratch("places").display().to_string();
    let prepare = format!(
        "mkdir -p {folder}/full {folder}/ro; echo old > {folder}/file
        mount -t tmpfs -o size=16k full {folder}/full; echo old > {folder}/full/nvidia.yaml
        dd if=/dev/zero of={folder}/full/fill bs=4k 2>/dev/null || true
        mount -t tmpfs ro {folder}/ro; echo old > {folder}/ro/nvidia.yaml; mount -o remount,ro {folder}/ro"
    );
    shell(&prepare)?;
    for (name, path) in [
        ("a full disk", format!("{folder}/full/nvidia.yaml")),
        ("a read-only file system", format!("{folder}/ro/nvidia.yaml")),
        ("a file in place of the directory", format!("{folder}/file/nvidia.yaml")),
    ] {
        ledger.check("stale", &format!("generate: {name}"), || refuses(&path))?;
    }
    shell(&format!("umount {folder}/full {folder}/ro")).map(drop)
}

fn refuses(path: &str) -> Result<()> {
    let before = fs::read(path).ok();
    for words in [["nvidia-ctk", "cdi", "generate"], ["longshore", "cdi", "refresh"]] {
        let ended = output(command(words).arg(format!("--output={path}")))?;
        let said = super::expect::text(&ended);
        let has_code =
            said.contains("[P1") && said.contains(path.rsplit_once('/').map_or(path, |(folder, _)| folder));
        if ended.status.code() != Some(1) || !has_code {
            return Err(Failure::new(format!("{} and {said}", ended.status)));
        }
    }
    let folder = Path::new(path).parent().map(fs::read_dir);
    let left = folder.and_then(|entries| entries.ok()).into_iter().flatten().flatten();
    let left: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().starts_with(".long"))
        .collect();
    if fs::read(path).ok() == before && left.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("the old file was touched, or {left:?} left behind")))
}

/// Without a driver nothing starts, and everybody says why; the specifications go.
fn removal(job: &Job, ledger: &mut Ledger) -> Result<()> {
    shell(
        "find /usr/lib /usr/lib64 /usr/bin -name '*nvidia*' -path '*.so*' -delete; rm -f $lib/libcuda*
        rm -rf /proc/driver/nvidia /sys/module/nvidia* /dev/nvidia[0-9]* /dev/nvidia-uvm* /dev/nvidiactl; ldconfig",
    )?;
    ledger.check("stale", "driver removed: a live specification", || {
        let text = fails(job, LIVE, "nvidia.com/live=1")?;
        says(&text, "is not there")
    })?;
    ledger.check("stale", "driver removed: a refreshed one", || {
        for path in [LIVE, WRITTEN] {
            refresh(path, "Removed")?;
        }
        says(&fails(job, "/etc/cdi", "nvidia.com/written=0")?, "C104")
    })?;
    ledger.check("stale", "driver removed: a watched one", || {
        until("the watched specification is gone", || Ok(!Path::new(WATCHED).exists()))
    })?;
    ledger.check("stale", "driver removed: the shim", || {
        let bundle = Bundle::make(job, "removed", &["true"], &["NVIDIA_VISIBLE_DEVICES=all"])?;
        let ended = bundle::create(Path::new("/usr/bin/nvidia-container-runtime"), &bundle, "removed")?;
        let text = super::expect::text(&ended);
        if ended.status.success() {
            return Err(Failure::new("the container was created"));
        }
        says(&text, "driver")
    })?;
    ledger.check("stale", "boot before the module is loaded", || {
        let output = refresh_output(WRITTEN)?;
        if !output.status.success() || Path::new(WRITTEN).exists() {
            return Err(Failure::new(super::expect::text(&output)));
        }
        says(&super::expect::text(&output), "Nothing to describe")
    })
}

fn fails(job: &Job, path: &str, device: &str) -> Result<String> {
    let bundle = Bundle::make(job, "removed", &["true"], &[])?;
    let folder = bundle.path.display().to_string();
    let ended =
        output(&mut command(["longshore", "cdi", "apply", path, "--device", device, "--bundle", &folder]))?;
    bundle.discard()?;
    if ended.status.success() {
        return Err(Failure::new("the specification was applied"));
    }
    Ok(super::expect::text(&ended))
}

fn says(text: &str, word: &str) -> Result<()> {
    if text.contains(word) { Ok(()) } else { Err(Failure::new(format!("nobody says {word:?}: {text}"))) }
}
