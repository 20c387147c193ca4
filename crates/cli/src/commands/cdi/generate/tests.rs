//! Options and what they make of the specification of a recorded machine.

use crate::exit::Exit;
use crate::session::Session;
use cdi::{Format, Spec};
use host::{Environment, Host};
use std::ffi::OsString;

/// The specification that `nvidia-ctk cdi generate OPTIONS` prints on the recorded machine.
fn spec(options: &str, environment: &[(&str, &str)]) -> Spec {
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/hosts/conformance-dgx");
    let environment = Environment::from(environment.iter().copied());
    let mut session = Session::kept(Host::recorded(recorded).unwrap().with_environment(environment));
    let arguments = format!("--quiet cdi generate {options}");
    let arguments: Vec<OsString> = arguments.split_whitespace().map(OsString::from).collect();
    let exit = crate::nvidia_ctk::run(&mut session, &arguments);
    let (out, err) = session.printed();
    assert_eq!((exit, err), (Exit::Well, ""), "{options}");
    let format = if out.starts_with('{') { Format::Json } else { Format::Yaml };
    cdi::parse(out.as_bytes(), format).unwrap()
}

fn names(options: &str) -> String {
    let spec = spec(options, &[]);
    spec.devices.iter().map(|device| device.name.as_str()).collect::<Vec<_>>().join(" ")
}

/// Programs and first arguments of all hooks.
fn hooks(spec: &Spec) -> Vec<String> {
    let devices = spec.devices.iter().flat_map(|device| &device.container_edits.hooks);
    let hooks = spec.container_edits.hooks.iter().chain(devices);
    hooks
        .map(|hook| {
            format!("{} {}", hook.path, hook.args.iter().take(3).cloned().collect::<Vec<_>>().join(" "))
        })
        .collect()
}

#[test]
fn devices_are_chosen_and_named() {
    let three = "GPU-f0a10003-aaaa-4bbb-8ccc-000000001003";
    for (options, expected) in [
        ("--device-id=3", format!("3 {three} all")),
        ("--device-id=3,1 --device-name-strategy=index", "1 3 all".to_owned()),
        ("--devices=3 --device 3 --device-name-strategy=type-index", "all gpu3".to_owned()),
        ("--device-ids=3,none --device-name-strategy=uuid", "none".to_owned()),
        ("--device-id=all,none --device-name-strategy=index", "0 1 2 3 4 5 6 7".to_owned()),
        ("--device-id=3,3 --device-name-strategy=index", "3 all".to_owned()),
        ("--device-id=0000:4E:00.0 --device-name-strategy=index", "3 all".to_owned()),
        ("--device-id=00000000:4e:00.0 --device-name-strategy=index", "3 all".to_owned()),
        ("--no-all-device --device-name-strategy=index", "0 1 2 3 4 5 6 7".to_owned()),
        (
            "--device-id=gpu-F0A10003-AAAA-4bbb-8ccc-000000001003 --device-name-strategy=index",
            "3 all".to_owned(),
        ),
    ] {
        assert_eq!(names(options), expected, "{options}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test writes the host that it looks at")]
fn the_engines_on_the_machine_decide() {
    let recorded =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/hosts/conformance-dgx");
    let nodes = std::fs::read_to_string(recorded.join("nodes.tsv")).unwrap();
    for (name, program, version, note) in [
        ("nvidia-ctk", "", "0.7.0", ""),
        (
            "longshore",
            "",
            "0.5.0",
            "without the additional groups 44, 106, so that every engine with CDI takes it",
        ),
        ("nvidia-ctk", "/usr/bin/podman", "0.5.0", "so that podman takes it; --for decides"),
        ("longshore", "/usr/bin/dockerd", "0.5.0", "so that docker takes it; --for decides"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(recorded.join("tree"), folder.path().join("tree")).unwrap();
        let engine =
            if program.is_empty() { String::new() } else { format!("{program}\tfile\t755\t0:0\t\n") };
        std::fs::write(folder.path().join("nodes.tsv"), format!("{nodes}{engine}")).unwrap();
        let mut session = Session::kept(Host::recorded(folder.path()).unwrap());
        let arguments = ["cdi", "generate"].map(OsString::from);
        let exit = match name {
            "longshore" => crate::commands::run(&mut session, &arguments),
            _ => crate::nvidia_ctk::run(&mut session, &arguments),
        };
        let (out, err) = session.printed();
        assert_eq!(exit, Exit::Well, "{name} {program}: {err}");
        assert!(out.contains(&format!("cdiVersion: {version}\n")), "{name} {program}: {out:.200}");
        assert!(err.contains(note) && err.lines().count() == 1, "{name} {program}: {err}");
        assert_eq!(out.contains("additionalGids"), version == "0.7.0", "{name} {program}");
    }
}

#[test]
fn kind_and_version_follow_the_options() {
    for (options, kind, version) in [
        ("", "nvidia.com/gpu", "0.7.0"),
        ("--cdi-vendor=acme.com --cdi-class=card --for=all", "acme.com/card", "0.5.0"),
        ("--feature-flag=no-additional-gids-for-device-nodes --for=docker", "nvidia.com/gpu", "0.5.0"),
        ("--for=docker --format=json", "nvidia.com/gpu", "0.7.0"),
        ("--for=podman", "nvidia.com/gpu", "0.7.0"),
        ("--for=podman@5.4.2,docker@26.1", "nvidia.com/gpu", "0.7.0"),
        ("--for=podman@4.3,docker", "nvidia.com/gpu", "0.5.0"),
        ("--for=all", "nvidia.com/gpu", "0.5.0"),
        ("--cdi-class=gpu.x --for=docker", "nvidia.com/gpu.x", "0.7.0"),
    ] {
        let spec = spec(options, &[]);
        assert_eq!((spec.kind.as_str(), spec.cdi_version.as_str()), (kind, version), "{options}");
    }
}

#[test]
fn the_environment_gives_options_too() {
    let variables =
        [("NVIDIA_CTK_CDI_GENERATE_DEVICE_IDS", "2,5"), ("NVIDIA_CTK_CDI_GENERATE_NO_ALL_DEVICE", "true")];
    assert_eq!(spec("--device-name-strategy=index", &variables).devices.len(), 2);
    let variables = [("NVIDIA_CTK_CDI_HOOK_PATH", "/opt/hook")];
    assert!(hooks(&spec("", &variables))[0].starts_with("/opt/hook hook prepare-container"));
}

#[test]
fn hooks_are_one_or_many() {
    let fused = hooks(&spec("", &[]));
    assert_eq!(fused.len(), 1);
    assert!(fused[0].starts_with("/usr/bin/nvidia-cdi-hook nvidia-cdi-hook prepare-container"), "{fused:?}");
    let path = "--hook-style=separate --device-id=0 --device-name-strategy=index --no-all-device --nvidia-cdi-hook-path=/x/nvidia-ctk";
    let separate = hooks(&spec(path, &[]));
    assert!(
        separate.len() > 5 && separate.iter().all(|hook| hook.starts_with("/x/nvidia-ctk nvidia-ctk hook")),
        "{separate:?}"
    );
    let few = hooks(&spec(&format!("{path} --disable-hook=all --enable-hook=update-ldcache"), &[]));
    assert_eq!(few.len(), 1, "{few:?}");
    for style in ["fused", "separate", "separate --live"] {
        let one = "--device-id=0 --device-name-strategy=index --no-all-device --nvidia-cdi-hook-path=/x/nvidia-cdi-hook";
        let opened =
            hooks(&spec(&format!("{one} --hook-style={style} --disable-hook=all --enable-hook=chmod"), &[]));
        assert_eq!(opened.last().unwrap(), "/x/nvidia-cdi-hook nvidia-cdi-hook chmod --mode", "{style}");
        assert_eq!(opened.len(), if style.ends_with("live") { 2 } else { 1 }, "{opened:?}");
    }
    let every = spec("--disable-hook=all --enable-hook=chmod --device-name-strategy=index", &[]);
    let merged =
        every.devices.iter().find(|device| device.name == "all").map(|all| all.container_edits.hooks.len());
    assert_eq!(merged, Some(1));
    let elsewhere = hooks(&spec("--nvidia-cdi-hook-path=no-such-hook", &[]));
    assert!(elsewhere[0].starts_with("/usr/bin/nvidia-cdi-hook "), "{elsewhere:?}");
}

#[test]
fn empty_values_of_lists_name_nothing() {
    let empty = "--disable-hook= --enable-hook= --feature-flag= --for= --library-search-path= --mode=NVML";
    assert_eq!(spec(empty, &[]), spec("", &[]));
    assert_eq!(hooks(&spec("--disable-hook=all,", &[])).len(), 0);
}

#[test]
fn sockets_can_be_left_out() {
    let sockets = |options| {
        let spec = spec(options, &[]);
        spec.container_edits.mounts.iter().filter(|mount| mount.host_path.ends_with("/socket")).count()
    };
    assert!(sockets("") > 0);
    assert_eq!(sockets("--feature-flags=disable-ipc-discoverer"), 0);
}

#[test]
fn management_gets_every_node_and_no_graphics() {
    let spec = spec("--mode=management --cdi-vendor=management.nvidia.com --nvidia-cdi-hook-path=/h", &[]);
    let [all] = spec.devices.as_slice() else { panic!("{:?}", spec.devices) };
    assert_eq!((spec.kind.as_str(), all.name.as_str()), ("management.nvidia.com/gpu", "all"));
    let nodes = &all.container_edits.device_nodes;
    let has = |path: &str| nodes.iter().any(|node| node.path == path);
    assert!(has("/dev/nvidia7") && has("/dev/nvidiactl") && has("/dev/nvidia-caps/nvidia-cap1"));
    assert!(!has("/dev/dri/card0"));
    let mounted = |part: &str| spec.container_edits.mounts.iter().any(|mount| mount.host_path.contains(part));
    assert!(mounted("libcuda.so.") && mounted("nvidia-smi"));
    assert!(!mounted("libnvidia-egl-") && !mounted("nvidia-xconfig") && !mounted(".json"));
    assert!(spec.container_edits.device_nodes.is_empty());
    let arguments = spec.container_edits.hooks.iter().flat_map(|hook| &hook.args);
    assert!(arguments.into_iter().all(|argument| !argument.starts_with("--disable-device-node")));
}

#[test]
fn a_live_specification_holds_nodes_and_one_hook() {
    let spec = spec("--live --device-id=0,1 --driver-root=/ --disable-hook=chmod", &[]);
    let edits = &spec.container_edits;
    assert!(edits.mounts.is_empty() && !edits.env.is_empty());
    assert_eq!(
        hooks(&spec),
        ["/usr/bin/nvidia-cdi-hook nvidia-cdi-hook provide-driver --disable-hook=chmod"]
    );
    let nodes = spec.devices.iter().flat_map(|device| &device.container_edits.device_nodes);
    let nodes: Vec<_> = nodes.chain(&edits.device_nodes).collect();
    assert!(nodes.iter().any(|node| node.path == "/dev/nvidia0"));
    assert!(nodes.iter().all(|node| (node.major, node.minor) == (0, 0)));
    assert_eq!(spec.cdi_version, "0.7.0");
}
