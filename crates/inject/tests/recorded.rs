//! Specifications and container configurations as the original made them on the host that
//! `fixtures/drivers/conformance.json` describes.

use cdi::{ContainerEdits, DeviceNode, Format, Hook};
use driver::Driver;
use inject::{Ask, HookStyle, Naming, Policy, SpecOptions, edits, request, spec};
use oci::Config;
use proptest::prelude::*;
use serde_json::Value;
use settings::Settings;

fn conformance() -> Driver {
    serde_json::from_str(include_str!("../../../fixtures/drivers/conformance.json")).expect("a driver")
}

fn separate(hook: &str) -> Policy {
    Policy { hook_style: HookStyle::Separate, ..Policy::new(hook) }
}

fn below(mut driver: Driver, root: &str) -> Driver {
    let lists = [&mut driver.binaries, &mut driver.firmware, &mut driver.configs, &mut driver.xorg];
    let files =
        lists.into_iter().flatten().chain(driver.libraries.iter_mut().map(|library| &mut library.file));
    files.for_each(|file| file.host_path.insert_str(0, root));
    driver.root = root.into();
    driver.sockets.clear();
    driver
}

#[test]
fn specifications_are_those_of_the_original() {
    let one = Driver { gpus: conformance().gpus[..1].to_vec(), ..conformance() };
    let options = SpecOptions::new(separate("/usr/bin/nvidia-cdi-hook"));
    let mut without_gids = options.clone();
    without_gids.policy.additional_gids = false;
    let cases = [
        ("1gpu", &one, &options, include_str!("../../cdi/tests/fixtures/1gpu.yaml")),
        ("8gpu", &conformance(), &options, include_str!("../../cdi/tests/fixtures/8gpu.yaml")),
        (
            "8gpu-without-gids",
            &conformance(),
            &without_gids,
            include_str!("../../cdi/tests/fixtures/8gpu-without-gids.yaml"),
        ),
        (
            "8gpu-driver-root",
            &below(conformance(), "/run/nvidia/driver"),
            &options,
            include_str!("../../cdi/tests/fixtures/8gpu-driver-root.yaml"),
        ),
    ];
    for (name, driver, options, expected) in cases {
        let spec = spec(driver, options).expect(name);
        spec.validate().expect(name);
        let ours = spec.to_yaml();
        let differing = ours.lines().zip(expected.lines()).find(|(a, b)| a != b);
        assert!(ours == expected, "{name}: first difference {differing:?}");
    }
}

#[test]
fn without_a_gpu_the_specification_is_refused_as_by_the_original() {
    let none = Driver { gpus: Vec::new(), ..conformance() };
    let spec =
        spec(&none, &SpecOptions::new(Policy::new("/usr/bin/nvidia-cdi-hook"))).expect("a specification");
    let failure = spec.validate().expect_err("an empty device");
    assert!(
        failure.line().starts_with("failed add device \"all\": invalid device, empty device edits"),
        "{failure:?}"
    );
}

#[test]
fn container_configurations_are_those_of_the_original() {
    macro_rules! recorded {
        ($name:literal) => {
            (
                $name,
                include_str!(concat!("fixtures/runtime-", $name, ".before.json")),
                include_str!(concat!("fixtures/runtime-", $name, ".after.json")),
            )
        };
    }
    for (name, before, after) in
        [recorded!("0-jit-8gpu"), recorded!("all-jit-8gpu"), recorded!("all-auto-8gpu")]
    {
        let mut config = Config::parse(before.as_bytes()).expect(name);
        let request = request(&config, &Settings::default(), false);
        let edits = edits(&request, &conformance(), &separate("/usr/bin/nvidia-ctk")).expect(name);
        cdi::apply(&edits, &mut config).expect(name);
        let ours: Value = serde_json::from_slice(&config.to_bytes()).expect(name);
        let mut theirs: Value = serde_json::from_str(after).expect(name);
        theirs["process"]["terminal"] = false.into();
        for (key, value) in theirs.as_object().expect("an object") {
            assert_eq!(&ours[key], value, "{name}: {key}");
        }
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn the_fused_hook_has_its_arguments_in_order() {
    let options = SpecOptions::new(Policy::new("/usr/bin/nvidia-cdi-hook"));
    let spec = spec(&conformance(), &options).expect("a specification");
    assert!(spec.devices.iter().all(|device| device.container_edits.hooks.is_empty()));
    let [hook] = spec.container_edits.hooks.as_slice() else {
        panic!("one hook, not {:?}", spec.container_edits.hooks)
    };
    assert_eq!(hook.args[..2], ["nvidia-cdi-hook", "prepare-container"]);
    assert_eq!(hook.env, ["NVIDIA_CTK_DEBUG=false"]);
    let mut flags: Vec<&str> = hook.args[2..]
        .iter()
        .filter(|arg| arg.starts_with("--"))
        .map(|arg| arg.split('=').next().unwrap_or(arg))
        .collect();
    let count = |name: &str| flags.iter().filter(|flag| **flag == name).count();
    assert_eq!((count("--device-link"), count("--folder"), count("--library")), (16, 2, 37));
    flags.dedup();
    let order = [
        "--link",
        "--device-link",
        "--folder",
        "--library",
        "--host-driver-version",
        "--disable-device-node-modification",
        "--update-application-profile",
    ];
    assert_eq!(flags, order);
    let link = "libnvidia-egl-gbm.so.1.1.2::/usr/lib/x86_64-linux-gnu/libnvidia-egl-gbm.so.1";
    assert!(
        hook.args.iter().any(|arg| arg == link),
        "links that the loader cache rebuild of the original makes"
    );
}

#[test]
fn hooks_can_be_disabled() {
    let args = |disabled: &[&str], enabled: &[&str], style| {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let policy = Policy {
            disabled_hooks: list(disabled),
            enabled_hooks: list(enabled),
            hook_style: style,
            ..Policy::new("/h")
        };
        let edits = spec(&conformance(), &SpecOptions::new(policy)).expect("a specification").container_edits;
        edits.hooks.into_iter().flat_map(|hook| hook.args).collect::<Vec<_>>()
    };
    assert!(args(&["all"], &[], HookStyle::Fused).is_empty());
    assert!(args(&["all"], &[], HookStyle::Separate).is_empty());
    assert_eq!(
        args(&["all"], &["enable-cuda-compat"], HookStyle::Separate),
        ["h", "enable-cuda-compat", "--host-driver-version=580.95.05"]
    );
    assert_eq!(
        args(&["all"], &["update-application-profile"], HookStyle::Fused),
        ["h", "prepare-container", "--update-application-profile"]
    );
    assert!(!args(&["update-ldcache"], &[], HookStyle::Fused).contains(&"--folder".to_owned()));
}

#[test]
fn compatibility_libraries_stay_away_from_cards_that_refuse_them() {
    let mut driver = conformance();
    driver.gpus[1].name = Some("NVIDIA GeForce RTX 4090".into());
    driver.gpus[2].name = Some("NVIDIA TITAN V".into());
    let offers = |ids: &[&str]| {
        let request = inject::Request { ask: Ask::of_list(ids), ..inject::Request::default() };
        let edits = edits(&request, &driver, &Policy::new("/h")).expect("edits");
        edits.hooks.iter().flat_map(|hook| &hook.args).any(|arg| arg.starts_with("--host-driver-version"))
    };
    assert!(offers(&["0"]) && offers(&["none"]));
    assert!(!offers(&["1"]) && !offers(&["2"]) && !offers(&["0", "1"]) && !offers(&["all"]));
}

/// What a container has in the end; the order of nodes and hooks differs between the two ways.
fn effect(config: &Config) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut devices = config.devices();
    devices.sort_by(|a, b| a.path.cmp(&b.path));
    let mut gids = config.user().additional_gids;
    gids.sort_unstable();
    (config.env(), devices, config.mounts(), config.hooks(oci::Stage::CreateContainer), gids)
}

fn applied(edits: &ContainerEdits) -> Config {
    let mut config =
        Config::parse(br#"{"process":{"user":{"uid":0},"env":["A=1"]},"mounts":[]}"#).expect("valid");
    cdi::apply(edits, &mut config).expect("applicable");
    config
}

fn with_hooks_sorted(mut edits: ContainerEdits) -> ContainerEdits {
    edits.hooks.sort_by(|a: &Hook, b: &Hook| a.args.cmp(&b.args));
    edits
}

fn requests() -> impl Strategy<Value = Vec<String>> {
    let id = (0_usize..8, any::<bool>()).prop_map(|(index, by_uuid)| {
        if by_uuid { conformance().gpus[index].uuid.clone().expect("a UUID") } else { index.to_string() }
    });
    prop_oneof![Just(vec!["all".to_owned()]), prop::collection::vec(id, 1..6)]
}

proptest! {
    // Each case writes and reads a whole specification.
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// A container gets the same whether its edits are made just in time or come through a
    /// specification that was written, read and resolved.
    #[test]
    fn both_ways_give_the_same_container(ids in requests(), fused in any::<bool>(), gids in any::<bool>()) {
        let driver = conformance();
        let style = if fused { HookStyle::Fused } else { HookStyle::Separate };
        let policy = Policy { hook_style: style, additional_gids: gids, ..Policy::new("/usr/bin/nvidia-cdi-hook") };
        let ask = Ask::of_list(&ids);
        let direct = edits(&inject::Request { ask: ask.clone(), ..inject::Request::default() }, &driver, &policy).unwrap();

        let text = spec(&driver, &SpecOptions::new(policy)).unwrap().to_yaml();
        let file = cdi::SourceFile { directory: 0, path: "/etc/cdi/nvidia.yaml".into(), bytes: text.into() };
        let mut names = ask.qualified("nvidia.com/gpu");
        // The registry takes names as they are; the same GPU by index and by UUID stays twice in the list.
        names.dedup();
        let resolved = cdi::Registry::new(vec![file]).resolve(&names).unwrap();
        let hooks = |edits: ContainerEdits| {
            let mut edits = with_hooks_sorted(edits);
            edits.hooks.dedup();
            edits
        };
        prop_assert_eq!(effect(&applied(&hooks(direct))), effect(&applied(&hooks(resolved))));
    }
}

#[test]
fn one_gpu_fewer_in_the_request_is_one_node_fewer() {
    let nodes = |ids: &[&str]| -> Vec<DeviceNode> {
        let request = inject::Request { ask: Ask::of_list(ids), ..inject::Request::default() };
        edits(&request, &conformance(), &Policy::new("/h")).expect("edits").device_nodes
    };
    let gpus = |nodes: &[DeviceNode]| -> Vec<String> {
        nodes
            .iter()
            .map(|node| node.path.clone())
            .filter(|path| path.starts_with("/dev/nvidia") && path.ends_with(char::is_numeric))
            .collect()
    };
    assert_eq!(gpus(&nodes(&["3"])), ["/dev/nvidia3"]);
    assert_eq!(gpus(&nodes(&["3", "0", "3"])), ["/dev/nvidia3", "/dev/nvidia0"]);
    assert_eq!(gpus(&nodes(&["none"])), Vec::<String>::new());
    assert_eq!(gpus(&nodes(&["all"])).len(), 8);
    assert!(nodes(&["void"]).is_empty());
}

#[test]
fn names_follow_the_strategies() {
    let mut options = SpecOptions::new(Policy::new("/h"));
    options.naming = vec![Naming::TypeIndex];
    options.devices = Ask::of_list(["0", "5"]);
    options.all_device = false;
    let spec = spec(&conformance(), &options).expect("a specification");
    let names: Vec<_> = spec.devices.iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["gpu0", "gpu5"]);
    assert_eq!(cdi::parse(spec.to_yaml().as_bytes(), Format::Yaml).expect("valid"), spec);
}
