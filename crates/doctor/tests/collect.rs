//! Collecting facts from a directory that looks like a machine, with a daemon that answers.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make their own files")]

use doctor::facts::{Connection, FoundBy, Known, Reason};
use doctor::{Facts, Options, collect, diagnose};
use host::{Environment, Host};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

const SECRET: &str = "hunter2";
const INFO: &str = r#"{"ServerVersion": "26.1.5", "OperatingSystem": "Debian", "KernelVersion": "6.1.0", "Name": "hunter2",
    "Runtimes": {"runc": {}}, "DefaultRuntime": "runc", "HttpProxy": "http://u:hunter2@proxy", "SecurityOptions": []}"#;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A machine with one GPU, a driver, and a dockerd whose environment and files hold a secret.
fn machine(root: &Path) {
    for (path, text) in [
        ("etc/os-release", "ID=debian\n"),
        ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"),
        ("etc/group", "docker:x:999:\n"),
        (
            "etc/docker/daemon.json",
            r#"{"registry-mirrors": ["https://u:hunter2@mirror"], "runtimes": {"x": {"path": "/opt/x"}}}"#,
        ),
        (
            "root/.docker/config.json",
            r#"{"auths": {"r": {"auth": "hunter2"}}, "HttpHeaders": {"X": "hunter2"}}"#,
        ),
        ("proc/sys/kernel/osrelease", "6.1.0-1-amd64\n"),
        ("proc/self/status", "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0 \n"),
        (
            "proc/driver/nvidia/version",
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n",
        ),
        ("proc/devices", "Character devices:\n195 nvidia\n507 nvidia-uvm\n\nBlock devices:\n"),
        ("proc/uptime", "1000.00 10.00\n"),
        ("proc/44/stat", "44 (dockerd) S 1 44 44 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 14 0 90000 1 2 3\n"),
        ("proc/44/status", "Uid:\t0\t0\t0\t0\n"),
        ("proc/44/cmdline", "/usr/bin/dockerd\0-H\0fd://\0--log-opt\0token=hunter2\0"),
        ("proc/44/environ", "TOKEN=hunter2\0PATH=/usr/bin:/bin\0"),
        ("proc/44/cgroup", "0::/system.slice/docker.service\n"),
        ("proc/77/stat", "77 (dockerd) S 1 44 44 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 14 0 90000 1 2 3\n"),
        (
            "proc/net/unix",
            "Num RefCount Protocol Flags Type St Inode Path\nx: 2 0 00010000 0001 01 4711 /run/docker.sock\n",
        ),
        ("sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n"),
        ("sys/bus/pci/devices/0000:01:00.0/class", "0x030200\n"),
        ("sys/bus/pci/devices/0000:01:00.0/device", "0x2330\n"),
        ("usr/lib64/libcuda.so.580.95.05", ""),
        ("usr/bin/nvidia-container-runtime-hook", "#!/bin/sh\n"),
    ] {
        write(root, path, text);
    }
    for folder in ["proc/44/fd", "proc/77/fd", "proc/44/ns", "proc/self/ns", "run", "var"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    for (link, text) in [
        ("proc/44/fd/7", "socket:[4711]"),
        ("proc/77/fd/7", "socket:[4712]"),
        ("proc/44/exe", "/usr/bin/dockerd"),
        ("proc/44/root", "/"),
        ("proc/44/ns/mnt", "mnt:[1]"),
        ("proc/self/ns/mnt", "mnt:[1]"),
        ("var/run", "/run"),
        ("sys/bus/pci/devices/0000:01:00.0/driver", "../../../bus/pci/drivers/nvidia"),
    ] {
        symlink(text, root.join(link)).unwrap();
    }
    let hook = root.join("usr/bin/nvidia-container-runtime-hook");
    fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A daemon that gives `answer` to everything but `/version`.
fn serve(root: &Path, answer: &'static [u8]) {
    let listener = UnixListener::bind(root.join("run/docker.sock")).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 512];
            let length = stream.read(&mut request).unwrap_or(0);
            let version = request[..length].starts_with(b"GET /version ");
            let head: &[u8] = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n";
            let body: &[&[u8]] = if version { &[head, b"{}"] } else { &[head, answer] };
            // The other side may have gone already.
            body.iter().for_each(|part| drop(stream.write_all(part)));
        }
    });
}

fn look(root: &Path) -> Facts {
    let environment = Environment::from([("HOME", "/root"), ("PATH", "/bin"), ("API_KEY", SECRET)]);
    let patient = Options {
        deadline: Duration::from_secs(10),
        engine_deadline: Duration::from_secs(10),
        ..Options::default()
    };
    collect(&Host::at(root).with_environment(environment), &patient)
}

#[test]
fn a_machine_is_seen_as_it_is_and_no_secret_is_kept() {
    let root = tempfile::tempdir().unwrap();
    machine(root.path());
    serve(root.path(), INFO.as_bytes());
    let facts = look(root.path());
    let daemon = facts.daemon.known().unwrap();
    assert_eq!(
        (daemon.pid, daemon.found_by),
        (44, FoundBy::Socket),
        "the other dockerd holds another socket"
    );
    assert_eq!(daemon.path, Known::Known(vec!["/usr/bin".to_owned(), "/bin".to_owned()]));
    assert_eq!(daemon.unit.as_deref(), Some("docker.service"));
    assert_eq!(facts.gpus.known().unwrap()[0].bound_to.as_deref(), Some("nvidia"));
    let driver = facts.driver.known().unwrap();
    assert_eq!(driver.module_version.as_deref(), Some("580.95.05"));
    assert_eq!(driver.library_versions(), ["580.95.05"]);
    let text = facts.to_json();
    assert!(!text.contains(SECRET) && !text.contains("TOKEN") && !text.contains("auths"), "{text}");
    // A directory cannot hold device nodes: that is all that is wrong with this machine.
    let codes: Vec<&str> = diagnose(&facts).causes.iter().map(|cause| cause.code.as_str()).collect();
    assert_eq!(codes, ["H303", "H109", "H302", "H304"]);
}

/// What daemons are told besides their runtimes.
const DAEMON_WITH_SECRETS: &str = r#"{"proxies": {"http-proxy": "http://u:hunter2@proxy", "https-proxy": "http://u:hunter2@proxy"},
    "registry-mirrors": ["https://u:hunter2@mirror"], "insecure-registries": ["hunter2"], "hosts": ["tcp://u:hunter2@x"],
    "log-opts": {"splunk-token": "hunter2", "max-file": 3}, "runtimes": {"nvidia": {"path": "/x", "runtimeArgs": "hunter2"}},
    "features": {"cdi": "hunter2"}, "data-root": {"hunter2": 1}}"#;

/// Secrets in every file and variable that is read, and names of people and machines.
#[test]
fn nothing_secret_leaves_the_machine() {
    let root = tempfile::tempdir().unwrap();
    machine(root.path());
    for (path, text) in [
        (
            "etc/nvidia-container-runtime/config.toml",
            "# hunter2\n[nvidia-container-runtime]\ndebug = \"/var/log/hunter2\"\n",
        ),
        (
            "etc/cdi/nvidia.yaml",
            "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices:\n- name: all\n  containerEdits:\n    env: [\"TOKEN=hunter2\"]\n",
        ),
        (
            "etc/containerd/config.toml",
            "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.configs.\"r\".auth]\npassword = \"hunter2\"\n",
        ),
        (
            "usr/share/containers/oci/hooks.d/x.json",
            "{\"hook\": {\"env\": [\"TOKEN=hunter2\"], \"path\": \"nvidia-container-runtime-hook\"}}",
        ),
        (
            "var/lib/dpkg/status",
            "Package: podman\nStatus: install ok installed\nVersion: 5.4.2\nMaintainer: hunter2\n",
        ),
        (
            "root/.docker/contexts/meta/x/meta.json",
            r#"{"Name": "gpu", "Metadata": {"t": "hunter2"}, "Endpoints": {"docker": {"Host": "ssh://ada:hunter2@gpu7.example.org"}}}"#,
        ),
        ("proc/1/comm", "hunter2\n"),
        ("proc/1/environ", "container=hunter2\0TOKEN=hunter2\0"),
        ("proc/cmdline", "BOOT_IMAGE=/vmlinuz quiet token=hunter2\n"),
        ("etc/docker/daemon.json", DAEMON_WITH_SECRETS),
        ("root/.config/docker/daemon.json", DAEMON_WITH_SECRETS),
        (
            "etc/systemd/system/docker.service.d/proxy.conf",
            "[Service]\nEnvironment=HTTPS_PROXY=http://u:hunter2@proxy\nExecStart=/usr/bin/dockerd --host tcp://u:hunter2@x --log-opt token=hunter2\n",
        ),
    ] {
        write(root.path(), path, text);
    }
    serve(root.path(), INFO.as_bytes());
    let facts = look(root.path());
    assert!(
        facts.specifications.known().is_some_and(|seen| seen.files.len() == 1),
        "{:?}",
        facts.specifications
    );
    let diagnosis = diagnose(&facts);
    let bundle = doctor::redacted(&facts);
    for text in [
        facts.to_json(),
        bundle.to_json(),
        doctor::report::json(&diagnosis, Some(&facts)),
        doctor::report::html(&diagnosis),
        doctor::report::text(&diagnosis, doctor::report::Style { verbose: true, colour: false }),
    ] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(!bundle.to_json().contains("gpu7.example.org"));
    let codes: Vec<&str> = diagnosis.causes.iter().map(|cause| cause.code.as_str()).collect();
    assert!(codes.contains(&"H302"), "the daemon's file was not read: {codes:?}");
    assert_eq!(diagnose(&bundle).root().map(|cause| cause.code), diagnosis.root().map(|cause| cause.code));
}

/// All forms in which facts and what is made of them leave the machine.
fn outputs(facts: &Facts) -> Vec<String> {
    let diagnosis = diagnose(facts);
    vec![
        facts.to_json(),
        doctor::redacted(facts).to_json(),
        doctor::report::json(&diagnosis, Some(facts)),
        doctor::report::html(&diagnosis),
        doctor::report::text(&diagnosis, doctor::report::Style { verbose: true, colour: false }),
        doctor::verdict(&diagnosis),
    ]
}

/// What a parser complains about it must not quote.
#[test]
fn broken_files_are_not_quoted() {
    let broken = [
        ("etc/docker/daemon.json", "{\"a\": hunter2}"),
        ("root/.docker/config.json", "{\"auths\": {\"r\": {\"auth\": \"hunter2\"}}, \"x\": hunter2"),
        ("root/.docker/contexts/meta/x/meta.json", "{\"Name\": hunter2"),
        ("etc/nvidia-container-runtime/config.toml", "hunter2 = = 1\n"),
        ("etc/nvidia-container-runtime/config.toml", "[nvidia-container-runtime]\nmode = \"hunter2\"\n"),
        ("etc/containerd/config.toml", "password = hunter2\n"),
        ("etc/crio/crio.conf", "password = hunter2\n"),
        ("etc/cdi/a.yaml", "cdiVersion: 0.5.0\nkind: hunter2\ndevices: {env: hunter2}\n"),
        ("etc/cdi/a.json", "{\"cdiVersion\": \"0.5.0\", \"kind\": \"a/b\", \"env\": hunter2}"),
        ("etc/cdi/b.yaml", "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ncontainerEdits: hunter2\ndevices: []\n"),
        (
            "etc/cdi/c.yaml",
            "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices:\n- name: all\n  containerEdits:\n    env: [hunter2]\n",
        ),
        ("proc/self/status", "hunter2\n"),
        ("proc/44/stat", "44 (dockerd) hunter2\n"),
        ("proc/44/status", "Uid:\thunter2\n"),
        ("proc/uptime", "hunter2\n"),
        ("proc/devices", "hunter2 nvidia\n"),
        ("etc/group", "docker:hunter2:x:hunter2\n"),
        ("etc/ld.so.cache", "hunter2"),
    ];
    for (path, text) in broken {
        let root = tempfile::tempdir().unwrap();
        machine(root.path());
        write(root.path(), path, text);
        serve(root.path(), INFO.as_bytes());
        for out in outputs(&look(root.path())) {
            assert!(!out.contains(SECRET), "{path}: {out}");
        }
    }
}

/// The daemon's answer about an image and a container.
const INSPECT: &str = r#"{"ServerVersion": "26.1.5", "Runtimes": {"runc": {}}, "Id": "sha256:0", "Author": "hunter2",
    "Comment": "hunter2", "Path": "hunter2", "Args": ["--token", "hunter2"], "Name": "/hunter2",
    "Config": {"Env": ["TOKEN=hunter2", "CUDA_VERSION=12.8.1", "NVIDIA_REQUIRE_CUDA=cuda>=12.8", "DATABASE_URL=postgres://u:hunter2@db"],
        "Cmd": ["run", "--password=hunter2"], "Labels": {"key": "hunter2"}, "Hostname": "hunter2"},
    "HostConfig": {"Binds": ["/hunter2:/x"], "Devices": [], "LogConfig": {"Config": {"token": "hunter2"}}},
    "Mounts": [{"Source": "/hunter2"}], "State": {"Pid": 44, "Error": "hunter2"},
    "GraphDriver": {"Data": {"LowerDir": "/layers/1", "UpperDir": "/layers/2"}, "Name": "overlay2"}}"#;

#[test]
fn what_an_image_and_a_container_hold_stays_there() {
    let root = tempfile::tempdir().unwrap();
    machine(root.path());
    for (path, text) in [
        (
            "proc/44/mountinfo",
            "1 2 0:1 /hunter2 /hunter2 rw - ext4 /dev/sda rw\n2 2 0:1 /usr/lib64/libcuda.so.580.95.05 /usr/lib64/libcuda.so.580.95.05 rw - ext4 x rw\n",
        ),
        ("layers/1/usr/lib64/libcuda.so.535.54.03", "hunter2"),
        ("dev/kmsg", "3,1,1,-;NVRM: Xid (PCI:0000:01:00): 31, pid=7, name=hunter2, Ch 0\n6,1,1,-;hunter2\n"),
        (
            "usr/lib/systemd/system/docker.service",
            "[Service]\nEnvironment=TOKEN=hunter2\nExecStart=/usr/bin/dockerd -H fd:// --log-opt token=hunter2\n",
        ),
        (
            "etc/systemd/system/docker.service.d/proxy.conf",
            "[Service]\nEnvironment=HTTPS_PROXY=http://u:hunter2@proxy\n",
        ),
        ("etc/os-release", "ID=debian\nBUILD_ID=hunter2\n"),
        ("etc/passwd", "root:x:0:0:hunter2:/root:/bin/sh\nhunter2:x:1000:1000::/home/hunter2:/bin/sh\n"),
    ] {
        write(root.path(), path, text);
    }
    serve(root.path(), INSPECT.as_bytes());
    for (image, container) in [(Some("app:1"), None), (None, Some("app"))] {
        let environment = Environment::from([
            ("HOME", "/root"),
            ("PATH", "/bin"),
            ("API_KEY", SECRET),
            ("DOCKER_AUTH_CONFIG", "{\"auths\": {\"r\": {\"auth\": \"hunter2\"}}}"),
            ("HTTPS_PROXY", "http://u:hunter2@proxy"),
        ]);
        let options = Options {
            image: image.map(str::to_owned),
            container: container.map(str::to_owned),
            deadline: Duration::from_secs(10),
            engine_deadline: Duration::from_secs(10),
            ..Options::default()
        };
        let facts = collect(&Host::at(root.path()).with_environment(environment), &options);
        assert!(
            facts.subject.as_ref().is_some_and(|subject| subject.known().is_some()),
            "{:?}",
            facts.subject
        );
        assert!(facts.kernel_log.known().is_some_and(|log| log.xids.len() == 1));
        for out in outputs(&facts) {
            assert!(!out.contains(SECRET), "{out}");
        }
    }
}

#[test]
fn strange_answers_are_reasons_and_not_defaults() {
    for answer in [&b"{"[..], b"[]", b"\xff\xff", b"{\"ServerVersion\": \"\"}", b""] {
        let root = tempfile::tempdir().unwrap();
        machine(root.path());
        serve(root.path(), answer);
        let facts = look(root.path());
        let engine = facts.engine.known().unwrap();
        assert_eq!(engine.connection, Connection::Accepted);
        assert!(matches!(engine.answer, Known::Unknown(Reason::Malformed { .. })), "{:?}", engine.answer);
    }
}

#[test]
fn an_empty_directory_is_a_machine_about_which_little_is_known() {
    let root = tempfile::tempdir().unwrap();
    let facts = look(root.path());
    assert!(matches!(facts.caller, Known::Unknown(Reason::Failed { .. })));
    assert_eq!(facts.gpus, Known::Known(Vec::new()));
    assert_eq!(facts.engine.known().unwrap().connection, Connection::Absent);
}
