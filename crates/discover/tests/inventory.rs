//! The inventory on a machine laid out in a directory: what makes it stale, who is believed, and
//! that one of many sweeps.
#![expect(
    clippy::disallowed_methods,
    reason = "the test lays out machines and changes them behind the back of the code"
)]

use discover::Options;
use discover::inventory::{Origin, load, load_with_origin};
use host::{Environment, Host};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";
const INFORMATION: &str = "proc/driver/nvidia/gpus/0000:01:00.0/information";

/// A machine with one GPU in a directory. Device nodes are left out: only root could make them.
struct Machine {
    root: tempfile::TempDir,
    host: Host,
}

fn machine() -> Machine {
    let root = tempfile::tempdir().expect("temporary directory");
    let runtime = root.path().join("run/user");
    fs::create_dir_all(&runtime).expect("run");
    // Users other than root keep it there; root keeps it in /run.
    let own = (Host::live().uid() != 0).then_some(("XDG_RUNTIME_DIR", "/run/user"));
    let host = Host::at(root.path()).with_environment(Environment::from(own));
    let machine = Machine { root, host };
    machine.lay_out();
    machine
}

impl Machine {
    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn put(&self, path: &str, content: &str) {
        fs::create_dir_all(self.at(path).parent().expect("a parent")).expect("directories");
        fs::write(self.at(path), content).expect("file");
    }

    fn lay_out(&self) {
        let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/hosts/version-skew/tree");
        for file in ["proc/devices", "proc/driver/nvidia/version", "proc/driver/nvidia/params", INFORMATION] {
            self.put(file, &fs::read_to_string(recorded.join(file)).expect(file));
        }
        self.put("proc/sys/kernel/random/boot_id", "first\n");
        self.put(&format!("{LIBRARIES}/libcuda.so.570.1"), "not ELF, which does not matter here");
        self.put("etc/ld.so.cache", "cache");
        self.put("etc/nvidia-container-runtime/config.toml", "# settings");
        self.put("usr/share/nvidia/nvoptix.bin", "data");
        fs::create_dir_all(self.at("dev/dri")).expect("dev");
        self.age();
    }

    /// Waits until nothing was changed just now: what is, is not stored.
    fn age(&self) {
        std::thread::sleep(Duration::from_millis(30));
    }

    fn origin(&self) -> Origin {
        load_with_origin(&self.host, &Options::default()).origin
    }

    /// The inventory wherever it is kept: that depends on who runs the test.
    fn inventory(&self) -> PathBuf {
        let places = ["run/longshore/inventory.json", "run/user/longshore/inventory.json"];
        places.iter().map(|place| self.at(place)).find(|path| path.exists()).expect("an inventory")
    }
}

#[test]
fn an_unchanged_machine_is_not_swept_again() {
    let machine = machine();
    assert_eq!(machine.origin(), Origin::Swept("there is no inventory yet".into()));
    assert_eq!(machine.origin(), Origin::Stored);
    let stored = load(&machine.host, &Options::default()).expect("load");
    let (swept, _) = discover::sweep(&machine.host, &Options::default(), None);
    assert_eq!(stored, swept);
    assert_eq!(swept.gpus.len(), 1);
    assert_eq!(fs::metadata(machine.inventory()).expect("stat").permissions().mode() & 0o777, 0o644);
}

#[test]
fn every_part_of_the_fingerprint_counts() {
    type Change = fn(&Machine);
    let changes: &[(&str, &str, Change)] = &[
        ("boot", "the machine was booted", |m| m.put("proc/sys/kernel/random/boot_id", "second\n")),
        ("module version", "the kernel module changed", |m| {
            let version = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.9  Tue\n";
            m.put("proc/driver/nvidia/version", version);
        }),
        ("module parameter", "the kernel module changed", |m| {
            m.put("proc/driver/nvidia/params", "ModifyDeviceFiles: 0\n")
        }),
        ("majors", "the majors in /proc/devices changed", |m| {
            m.put("proc/devices", "Character devices:\n195 nvidia\n499 nvidia-uvm\n")
        }),
        ("gpu", "the list of GPUs changed", |m| {
            let one = fs::read_to_string(m.at(INFORMATION)).expect("information");
            m.put("proc/driver/nvidia/gpus/0000:02:00.0/information", &one);
        }),
        ("mig", "the MIG layout changed", |m| {
            m.put("proc/driver/nvidia/capabilities/gpu0/mig/gi1/ci0/access", "")
        }),
        ("library directory", "/usr/lib/x86_64-linux-gnu changed", |m| {
            m.put("usr/lib/x86_64-linux-gnu/libnvidia-ml.so.570.1", "")
        }),
        ("new library directory", "/usr/lib64 changed", |m| m.put("usr/lib64/libcuda.so.570.1", "")),
        ("library in place", "/usr/lib/x86_64-linux-gnu/libcuda.so.570.1 changed", |m| {
            overwrite(
                &m.at("usr/lib/x86_64-linux-gnu/libcuda.so.570.1"),
                "not ELF, which does not matter HERE",
            );
        }),
        ("config directory", "/usr/share/glvnd/egl_vendor.d changed", |m| {
            m.put("usr/share/glvnd/egl_vendor.d/10_nvidia.json", "{}")
        }),
        ("data file in place", "/usr/share/nvidia/nvoptix.bin changed", |m| {
            overwrite(&m.at("usr/share/nvidia/nvoptix.bin"), "DATA")
        }),
        ("program", "/usr/bin changed", |m| m.put("usr/bin/nvidia-smi", "")),
        ("socket directory", "/run/nvidia-persistenced changed", |m| m.put("run/nvidia-persistenced/x", "")),
        ("loader cache", "/etc/ld.so.cache changed", |m| m.put("etc/ld.so.cache", "other")),
        ("settings", "/etc/nvidia-container-runtime/config.toml changed", |m| {
            m.put("etc/nvidia-container-runtime/config.toml", "")
        }),
        ("dev", "/dev changed", |m| m.put("dev/new", "")),
        ("dri", "/dev/dri changed", |m| m.put("dev/dri/new", "")),
    ];
    for (name, reason, change) in changes {
        let machine = machine();
        assert!(matches!(machine.origin(), Origin::Swept(_)), "{name}: the first is stored");
        assert_eq!(machine.origin(), Origin::Stored, "{name}: and holds");
        change(&machine);
        machine.age();
        assert_eq!(machine.origin(), Origin::Swept((*reason).into()), "{name}");
        assert_eq!(machine.origin(), Origin::Stored, "{name}: the new one holds");
    }
}

/// Same size, same inode, and the modification time put back: only the change time tells.
fn overwrite(path: &Path, content: &str) {
    let modified = fs::metadata(path).expect("stat").modified().expect("time");
    fs::write(path, content).expect("write");
    fs::File::options().write(true).open(path).expect("open").set_modified(modified).expect("time");
}

#[test]
fn another_file_system_at_the_same_paths_is_another_machine() {
    let first = machine();
    assert!(matches!(first.origin(), Origin::Swept(_)));
    let second = machine();
    assert!(matches!(second.origin(), Origin::Swept(_)));
    let copy = fs::read(first.inventory()).expect("inventory");
    fs::write(second.inventory(), copy).expect("as if /run were shared");
    assert_eq!(second.origin(), Origin::Swept("/ is another file system".into()));
}

#[test]
fn other_places_are_another_question() {
    let machine = machine();
    assert!(matches!(machine.origin(), Origin::Swept(_)));
    let options = Options { dev_root: "/other".into(), ..Options::default() };
    let loaded = load_with_origin(&machine.host, &options);
    assert_eq!(loaded.origin, Origin::Swept("it is about other places".into()));
}

#[test]
fn what_is_not_settled_is_not_stored() {
    type Change = fn(&Machine);
    let changes: &[(&str, Change)] = &[
        ("the UUID of a GPU is not known yet", |m| {
            m.put(INFORMATION, "GPU UUID: GPU-????????-????\nDevice Minor: 0\n")
        }),
        ("a GPU does not tell about itself", |m| {
            m.put("proc/driver/nvidia/gpus/0000:02:00.0/information", "")
        }),
        ("there is no GPU", |m| fs::remove_dir_all(m.at("proc/driver/nvidia/gpus")).expect("remove")),
        ("there is no GPU", |m| fs::remove_dir_all(m.at("proc/driver")).expect("remove")),
    ];
    for (reason, change) in changes {
        let machine = machine();
        change(&machine);
        machine.age();
        assert_eq!(machine.origin(), Origin::NotStored((*reason).into()));
        assert_eq!(machine.origin(), Origin::NotStored((*reason).into()));
    }
    let machine = machine();
    machine.put("etc/ld.so.cache", "changed this moment");
    assert_eq!(machine.origin(), Origin::NotStored("something is just being changed".into()));
    machine.age();
    assert!(matches!(machine.origin(), Origin::Swept(_)));
}

#[test]
fn a_damaged_or_foreign_inventory_is_replaced() {
    let machine = machine();
    assert!(matches!(machine.origin(), Origin::Swept(_)));
    let good = fs::read(machine.inventory()).expect("inventory");
    let half = good.get(..good.len() / 2).expect("half");
    let old =
        String::from_utf8(good.clone()).expect("text").replacen("\"version\":\"2 ", "\"version\":\"0 ", 1);
    for (name, bytes) in [("half", half), ("empty", b""), ("foreign", b"[1]"), ("old", old.as_bytes())] {
        fs::write(machine.inventory(), bytes).expect(name);
        assert!(matches!(machine.origin(), Origin::Swept(_)), "{name}");
        assert_eq!(machine.origin(), Origin::Stored, "{name}");
    }
}

#[test]
fn an_inventory_that_others_could_write_is_not_believed() {
    let machine = machine();
    assert!(matches!(machine.origin(), Origin::Swept(_)));
    let inventory = machine.inventory();
    fs::set_permissions(&inventory, PermissionsExt::from_mode(0o664)).expect("mode");
    let Origin::Swept(reason) = machine.origin() else { panic!("it must not be believed") };
    assert!(reason.contains("can be written by others"), "{reason}");
    assert_eq!(machine.origin(), Origin::Stored, "the new one has a safe mode");

    let moved = inventory.with_file_name("moved.json");
    fs::rename(&inventory, &moved).expect("move");
    symlink(&moved, &inventory).expect("link");
    assert!(matches!(machine.origin(), Origin::Swept(_)), "a link is not followed");
    assert!(!fs::symlink_metadata(&inventory).expect("stat").is_symlink(), "and replaced");
    assert!(moved.exists());

    let directory = inventory.parent().expect("directory");
    fs::set_permissions(directory, PermissionsExt::from_mode(0o777)).expect("mode");
    let Origin::NotStored(reason) = machine.origin() else { panic!("the directory must not be believed") };
    assert!(reason.contains("can be written by others") || reason.contains("user"), "{reason}");
}

#[test]
fn without_a_place_to_keep_it_all_still_works() {
    let machine = machine();
    fs::remove_dir_all(machine.at("run")).expect("remove");
    machine.age();
    let loaded = load_with_origin(&machine.host, &Options::default());
    assert!(matches!(loaded.origin, Origin::NotStored(_)));
    assert_eq!(loaded.driver.gpus.len(), 1);
}

#[test]
fn one_of_many_sweeps_and_all_agree() {
    let machine = machine();
    for round in 0..5 {
        machine.put("etc/ld.so.cache", &format!("{round}"));
        machine.age();
        let origins: Vec<Origin> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| machine.origin())).collect();
            threads.into_iter().map(|thread| thread.join().expect("thread")).collect()
        });
        let swept = origins.iter().filter(|origin| matches!(origin, Origin::Swept(_))).count();
        assert_eq!(swept, 1, "{origins:?}");
        assert!(origins.iter().all(|origin| !matches!(origin, Origin::NotStored(_))), "{origins:?}");
    }
}

#[test]
fn a_stuck_process_does_not_stop_the_others() {
    let machine = machine();
    assert!(matches!(machine.origin(), Origin::Swept(_)));
    let lock = fs::File::open(machine.inventory().with_file_name("inventory.lock")).expect("lock file");
    lock.lock().expect("somebody holds it");
    machine.put("etc/ld.so.cache", "new");
    machine.age();
    let start = SystemTime::now();
    assert_eq!(machine.origin(), Origin::NotStored("another process is busy with it".into()));
    assert!(start.elapsed().expect("time") < Duration::from_secs(10));
}
