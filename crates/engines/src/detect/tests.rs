//! Machines as trees of files, and what is found on them.
#![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]

use super::{InstallationKind, Wish, choose};
use crate::{by_name, codes};
use host::{Environment, Host};
use std::fs;

const UNIT: &str = "/usr/lib/systemd/system/docker.service";
const DEBIAN: &str = "[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\nExecReload=/bin/kill -s HUP $MAINPID\n";
const K3S: &str =
    "[Service]\nExecStart=/usr/local/bin/k3s \\\n    server \\\n\t'--disable' \\\n\t'traefik' \\\n";

/// An engine, the files of a machine, and what comes of it.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// A machine of these files, whose user lives in `/home/u`.
fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match text.strip_prefix("-> ") {
            Some(target) => std::os::unix::fs::symlink(target, path).unwrap(),
            None => fs::write(path, text).unwrap(),
        }
    }
    let host = Host::at(root.path()).with_environment(Environment::from([("HOME", "/home/u")]));
    (root, host)
}

/// Which file is configured, or the message that nothing is.
fn chosen(engine: &str, rootless: bool, files: &[(&str, &str)]) -> String {
    let (_root, host) = machine(files);
    match choose(&host, by_name(engine).unwrap(), Wish { rootless }) {
        Ok(choice) => {
            let notes: String = choice.notes.iter().map(|note| format!("; {note}")).collect();
            choice.installation.config + &notes
        }
        Err(failure) => format!("{}; {}", failure.message(), failure.first_hint().unwrap_or_default()),
    }
}

/// An engine, the files of a machine, and the file that the engine reads there.
const READS: &[Case<'_>] = &[
    ("docker", &[], "/etc/docker/daemon.json"),
    ("docker", &[("/usr/bin/dockerd", "")], "/etc/docker/daemon.json"),
    ("docker", &[(UNIT, DEBIAN)], "/etc/docker/daemon.json"),
    // k3s on an engine that is there already has no containerd of its own.
    (
        "containerd",
        &[
            ("/etc/systemd/system/k3s.service", "[Service]\nExecStart=/usr/local/bin/k3s server --docker\n"),
            ("/usr/bin/containerd", ""),
        ],
        "/etc/containerd/config.toml",
    ),
    (
        "containerd",
        &[
            ("/etc/systemd/system/k3s.service", K3S),
            (
                "/etc/rancher/k3s/config.yaml",
                "container-runtime-endpoint: unix:///run/containerd/containerd.sock\n",
            ),
            ("/usr/bin/containerd", ""),
        ],
        "/etc/containerd/config.toml",
    ),
    (
        "docker",
        &[(UNIT, DEBIAN), ("/etc/default/docker", "# no\nDOCKER_OPTS=\"--config-file /srv/d.json\"\n")],
        "/srv/d.json",
    ),
    (
        "docker",
        &[
            (UNIT, DEBIAN),
            (
                "/etc/systemd/system/docker.service.d/10-o.conf",
                "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd --config-file=/srv/o.json\n",
            ),
        ],
        "/srv/o.json",
    ),
    (
        "docker",
        &[(UNIT, DEBIAN), ("/etc/systemd/system/docker.service", "-> /dev/null")],
        "/etc/docker/daemon.json",
    ),
    (
        "containerd",
        &[(
            "/etc/systemd/system/containerd.service",
            "[Service]\nEnvironment=C=/srv/c.toml\nExecStart=-/usr/bin/containerd -c ${C}\n",
        )],
        "/srv/c.toml",
    ),
    (
        "containerd",
        &[("/etc/systemd/system/k3s.service", K3S)],
        "/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.tmpl",
    ),
    (
        "k3s",
        &[
            ("/etc/systemd/system/k3s.service", K3S),
            ("/etc/rancher/k3s/config.yaml", "data-dir: \"/data/k3s\" # big\n"),
            ("/data/k3s/agent/etc/containerd/config.toml", "version = 2\n"),
        ],
        "/data/k3s/agent/etc/containerd/config.toml.tmpl",
    ),
    (
        "rke2",
        &[("/var/lib/rancher/rke2/agent/etc/containerd/config.toml.tmpl", "x")],
        "/var/lib/rancher/rke2/agent/etc/containerd/config.toml.tmpl",
    ),
    (
        "crio",
        &[(
            "/usr/lib/systemd/system/crio.service",
            "[Service]\nExecStart=/usr/bin/crio --config /srv/crio.conf\n",
        )],
        "/srv/crio.conf",
    ),
    ("podman", &[("/usr/bin/podman", "")], "/etc/containers/containers.conf"),
];

#[test]
fn the_file_that_a_daemon_really_reads_is_found() {
    for (engine, files, expected) in READS {
        assert_eq!(chosen(engine, false, files), *expected, "{engine} {files:?}");
    }
}

#[test]
fn nobody_guesses_between_two() {
    let second = (
        "/etc/systemd/system/docker-gpu.service",
        "[Service]\nExecStart=/usr/sbin/dockerd --config-file /srv/gpu.json\n",
    );
    let k3s = ("/etc/systemd/system/k3s.service", K3S);
    let rootless = ("/home/u/.config/docker/daemon.json", "{}");
    let cases: &[Case<'_>] = &[
        (
            "docker",
            &[(UNIT, DEBIAN), second],
            "there are 2 of docker: docker-gpu.service reads /srv/gpu.json, docker.service reads /etc/docker/daemon.json; say which one: --config=/srv/gpu.json or --config=/etc/docker/daemon.json",
        ),
        (
            "containerd",
            &[("/usr/bin/containerd", ""), k3s],
            "there are 2 of containerd: /usr/bin/containerd reads /etc/containerd/config.toml, k3s.service reads /var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.tmpl; say which one: --config=/etc/containerd/config.toml or --config=/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.tmpl",
        ),
        (
            "docker",
            &[(UNIT, DEBIAN), rootless],
            "/etc/docker/daemon.json; there is a rootless docker too (/home/u/.config/docker/daemon.json): --rootless configures it",
        ),
        (
            "docker",
            &[rootless],
            "the only docker here is a rootless one (/home/u/.config/docker/daemon.json); --rootless configures it; --config=/etc/docker/daemon.json the one of the system",
        ),
    ];
    for (engine, files, expected) in cases {
        assert_eq!(chosen(engine, false, files), *expected, "{engine} {files:?}");
    }
}

#[test]
fn what_cannot_be_configured_from_here_is_refused_with_the_reason() {
    let cases: &[Case<'_>] = &[
        ("docker", &[("/snap/docker/current/bin/dockerd", "")], "docker is a snap"),
        (
            "docker",
            &[("/opt/docker-desktop/bin/com.docker.backend", "")],
            "Docker Desktop (/opt/docker-desktop) runs",
        ),
        ("containerd", &[("/var/snap/microk8s/current/args/containerd-template.toml", "")], "MicroK8s"),
        ("podman", &[("/home/u/.config/containers/podman/machine/qemu/x.json", "")], "podman machine"),
    ];
    for (engine, files, expected) in cases {
        let (_root, host) = machine(files);
        let failure = choose(&host, by_name(engine).unwrap(), Wish::default()).unwrap_err();
        assert_eq!(failure.code(), Some(codes::REFUSED_ENGINE), "{files:?}");
        assert!(
            failure.message().starts_with(expected) && failure.first_hint().is_some(),
            "{}",
            failure.line()
        );
        let beside: Vec<_> =
            [*files, &[("/usr/bin/dockerd", ""), ("/usr/bin/containerd", ""), ("/usr/bin/podman", "")]]
                .concat();
        let said = chosen(engine, false, &beside);
        assert!(said.contains("is left alone: "), "{said}");
    }
}

#[test]
fn the_daemon_of_a_user_is_found_by_its_unit_or_by_where_it_would_be() {
    let unit = (
        "/home/u/.config/systemd/user/docker.service",
        "[Service]\nExecStart=/usr/bin/dockerd-rootless.sh --config-file /home/u/d.json\n",
    );
    assert_eq!(chosen("docker", true, &[unit]), "/home/u/d.json");
    for (engine, expected) in [
        ("docker", "/home/u/.config/docker/daemon.json"),
        ("containerd", "/home/u/.config/containerd/config.toml"),
        ("podman", "/home/u/.config/containers/containers.conf"),
    ] {
        assert_eq!(chosen(engine, true, &[]), expected);
        let (_root, host) = machine(&[]);
        let choice = choose(&host, by_name(engine).unwrap(), Wish { rootless: true }).unwrap();
        assert_eq!(choice.installation.kind, InstallationKind::Rootless);
    }
    assert!(chosen("k3s", true, &[]).starts_with("no rootless k3s"));
}

#[test]
fn running_daemons_count_but_not_those_inside_containers() {
    let run = |id: u32, line: &'static str, mounts: &'static str| {
        let at = |name: &str| format!("/proc/{id}/{name}");
        [(at("cmdline"), line), (at("status"), "Uid:\t0\t0\t0\t0\n"), (at("ns/mnt"), mounts)]
    };
    let own = [("/proc/self/ns/mnt".to_owned(), "-> mnt:[1]")];
    let here = run(7, "dockerd\0--config-file=/srv/here.json\0", "-> mnt:[1]");
    let inside = run(8, "dockerd\0--config-file\0/srv/inside.json\0", "-> mnt:[2]");
    let files: Vec<(String, &str)> = own.into_iter().chain(here).chain(inside).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    assert_eq!(chosen("docker", false, &files), "/srv/here.json");
    let (_root, host) = machine(&files);
    assert_eq!(super::process_of(&host, by_name("docker").unwrap(), "/srv/here.json"), Some(7));
    assert_eq!(super::process_of(&host, by_name("docker").unwrap(), "/srv/inside.json"), None);
}
