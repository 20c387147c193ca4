//! Which way each daemon is reached, and what its answers mean.
#![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]

use super::*;
use serde_json::json;
use std::fs;

fn desired(set_as_default: bool, enable_cdi: bool) -> Desired {
    Desired { runtime_name: "nvidia".into(), runtime_path: "/x".into(), set_as_default, enable_cdi }
}

fn installation(service: Option<Service>) -> Installation {
    Installation {
        kind: InstallationKind::System,
        config: "/etc/docker/daemon.json".into(),
        drop_in: None,
        program: None,
        service,
        socket: None,
        seen: String::new(),
    }
}

#[test]
fn a_daemon_is_reached_in_the_gentlest_way_that_is_enough() {
    let root = tempfile::tempdir().unwrap();
    let process = root.path().join("proc/812");
    fs::create_dir_all(&process).unwrap();
    fs::write(process.join("cmdline"), "/usr/bin/dockerd\0--debug\0").unwrap();
    fs::write(process.join("status"), "Uid:\t0\t0\t0\t0\n").unwrap();
    let (idle, busy) = (Host::at("/nonexistent"), Host::at(root.path()));
    let docker = &crate::docker::ENGINE;
    let service = |user| Some(Service { unit: "docker.service".into(), user, reloads: true });
    let said = |host: &Host, engine: &Engine, service, need, command| match way(
        host,
        engine,
        &installation(service),
        need,
        command,
    ) {
        Way::Nothing(why) => format!("nothing: {why}"),
        Way::Run { argv, undo } => format!("{} / {}", argv.join(" "), undo.join(" ")),
        Way::ByHand(what) => format!("by hand: {what}"),
    };
    let cases = [
        (
            said(&idle, &crate::podman::ENGINE, None, Need::Nothing, None),
            "nothing: podman has no daemon: the next container uses it",
        ),
        (
            said(&idle, docker, None, Need::Restart, Some("sv restart d")),
            "/bin/sh -c sv restart d / /bin/sh -c sv restart d",
        ),
        (
            said(&idle, docker, None, Need::Reload, None),
            "nothing: dockerd does not run here; it reads its files when it starts",
        ),
        (said(&busy, docker, None, Need::Reload, None), "/bin/kill -HUP 812 / /bin/kill -HUP 812"),
        (
            said(&busy, docker, None, Need::Restart, None),
            "by hand: restart dockerd (process 812), which no systemd looks after; --restart-command=CMD does it from here",
        ),
        (said(&busy, docker, service(false), Need::Restart, None), "by hand: sudo systemctl restart docker"),
        (said(&busy, docker, service(true), Need::Restart, None), "by hand: systemctl --user restart docker"),
    ];
    for (said, expected) in cases {
        assert_eq!(said, expected);
    }
}

#[test]
fn the_answers_of_daemons_are_understood() {
    let info = |default: &str, cdi| api::Info {
        version: String::new(),
        runtimes: ["nvidia".to_owned()].into(),
        default_runtime: default.to_owned(),
        cdi,
        live_restore: false,
    };
    assert_eq!(of_docker(&info("runc", false), &desired(false, false)), Shown::Yes);
    assert_eq!(of_docker(&info("nvidia", true), &desired(true, true)), Shown::Yes);
    for (state, wanted) in [
        (api::Info::default(), desired(false, false)),
        (info("runc", true), desired(true, false)),
        (info("nvidia", false), desired(false, true)),
    ] {
        assert!(matches!(of_docker(&state, &wanted), Shown::No(_)), "{state:?}");
    }
    let config = json!({"containerd": {"defaultRuntimeName": "runc", "runtimes": {"nvidia": {}}}});
    assert_eq!(of_containerd(&config, &desired(false, false)), Shown::Yes);
    assert_eq!(
        of_containerd(&config, &desired(true, false)),
        Shown::No("containerd's default runtime is runc".into())
    );
    assert!(matches!(of_containerd(&json!(null), &desired(false, false)), Shown::No(_)));
}

#[test]
fn containers_that_end_with_the_restart_are_named() {
    let running = |names: &[&str], shims: &[u32]| Running {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        shims: shims.iter().copied().collect(),
        untold: false,
    };
    assert_eq!(running(&["a"], &[1]).lost(&running(&["a", "b"], &[1, 2])), Vec::<String>::new());
    assert_eq!(running(&["a", "b"], &[1]).lost(&running(&["b"], &[])), ["a", "shim 1"]);
    let host = Host::at("/nonexistent");
    assert!(running(&[], &[7]).may_be_restarted(&host, &installation(None)).is_ok());
    let failure = running(&["a"], &[]).may_be_restarted(&host, &installation(None)).unwrap_err();
    assert_eq!(failure.code(), Some(codes::WOULD_STOP_CONTAINERS));
    let untold = Running { untold: true, ..running(&[], &[7]) };
    let failure = untold.may_be_restarted(&host, &installation(None)).unwrap_err();
    assert_eq!(failure.code(), Some(codes::WOULD_STOP_CONTAINERS));
}

#[test]
fn taking_back_is_as_gentle_as_the_way_there_where_a_restart_would_hurt() {
    let argv = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let [show, reset, restart] =
        ["show", "reset-failed", "restart"].map(|verb| argv(&format!("ctl {verb} d")));
    let restart = start_anew(&show, &reset, &restart);
    let script = "[ \"$('ctl' 'show' 'd')\" = ActiveState=inactive ] && exit 0; \
                  'ctl' 'reset-failed' 'd'; exec 'ctl' 'restart' 'd'";
    assert_eq!(restart, ["/bin/sh", "-c", script]);
    for (words, gentle) in [
        ("/usr/bin/systemctl reload d", true),
        ("/bin/kill -HUP 7", true),
        ("/bin/sh -c kill -s HUP 7", true),
        ("/usr/bin/systemctl restart d", false),
    ] {
        let way = Way::Run { argv: argv(words), undo: restart.clone() };
        let Way::Run { undo, .. } = way.gentle_back() else { unreachable!("it stays a way") };
        assert_eq!(undo == argv(words), gentle, "{words}");
        assert_eq!(is_gentle(&undo), gentle, "{words}");
    }
}

#[test]
fn the_engine_of_a_change_is_known_by_its_files() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/containerd")).unwrap();
    fs::write(root.path().join("etc/containerd/config.toml"), "").unwrap();
    let host = Host::at(root.path());
    let plan = |path: &str| {
        let step = Step::Write { path: path.into(), before: None, after: Vec::new(), mode: 0o644 };
        Plan::new("x", plan::Applicability::Safe).step(step)
    };
    let name = |path| engine_of(&host, &plan(path)).map(|(engine, _)| engine.name);
    assert_eq!(name("/etc/containerd/conf.d/99-nvidia.toml"), Some("containerd"));
    assert_eq!(name("/etc/elsewhere"), None);
}
