//! What containers ask for, which GPUs that means, and what is refused.

use driver::{Driver, Mig};
use inject::{Ask, Source, Target, capabilities, request, select};
use oci::Config;
use settings::Settings;

fn conformance() -> Driver {
    serde_json::from_str(include_str!("../../../fixtures/drivers/conformance.json")).expect("a driver")
}

fn devices(ids: &[&str]) -> Ask {
    Ask::Devices(ids.iter().map(|id| (*id).to_owned()).collect())
}

fn config(env: &[&str], more: &str) -> Config {
    let env = serde_json::to_string(env).expect("JSON");
    Config::parse(format!(r#"{{"process":{{"env":{env}}}{more}}}"#).as_bytes()).expect("valid")
}

#[test]
fn environment() {
    let cases: &[(&[&str], Ask)] = &[
        (&[], Ask::Nothing),
        (&["NVIDIA_VISIBLE_DEVICES="], Ask::Nothing),
        (&["NVIDIA_VISIBLE_DEVICES=void"], Ask::Nothing),
        (&["NVIDIA_VISIBLE_DEVICES=0,void"], Ask::Nothing),
        (&["NVIDIA_VISIBLE_DEVICES=none"], Ask::DriverOnly),
        (&["NVIDIA_VISIBLE_DEVICES=all"], Ask::All),
        (&["NVIDIA_VISIBLE_DEVICES=0,none,all"], Ask::DriverOnly),
        (&["NVIDIA_VISIBLE_DEVICES=0,all,none"], Ask::All),
        (&["NVIDIA_VISIBLE_DEVICES= 0 ,,1,0"], devices(&["0", "1"])),
        (&["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_VISIBLE_DEVICES=1"], devices(&["1"])),
        (&["CUDA_VERSION=8.0"], Ask::All),
        (&["CUDA_VERSION=8.0", "NVIDIA_REQUIRE_CUDA="], Ask::All),
        (&["CUDA_VERSION=12.0", "NVIDIA_REQUIRE_CUDA=cuda>=12.0"], Ask::Nothing),
        (&["CUDA_VERSION=8.0", "NVIDIA_VISIBLE_DEVICES=void"], Ask::Nothing),
        (&["no equals sign"], Ask::Nothing),
    ];
    for (env, expected) in cases {
        let found = request(&config(env, ""), &Settings::default(), false);
        assert_eq!(found.ask, *expected, "{env:?}");
    }
}

#[test]
fn swarm_resources_take_the_place_of_the_variable() {
    let settings = Settings { swarm_resource: "DOCKER_RESOURCE_GPU, OTHER".into(), ..Settings::default() };
    let ask = |env: &[&str]| request(&config(env, ""), &settings, false).ask;
    assert_eq!(
        ask(&["NVIDIA_VISIBLE_DEVICES=all", "DOCKER_RESOURCE_GPU=GPU-1,GPU-2", "OTHER=3"]),
        devices(&["GPU-1", "GPU-2", "3"])
    );
    assert_eq!(ask(&["NVIDIA_VISIBLE_DEVICES=all"]), Ask::All);
    assert_eq!(ask(&["NVIDIA_VISIBLE_DEVICES=all", "OTHER="]), Ask::Nothing);
}

#[test]
fn unprivileged_containers_may_be_refused_the_variable() {
    let settings = Settings {
        accept_envvar_when_unprivileged: false,
        accept_volume_mounts: true,
        ..Settings::default()
    };
    let env = &["NVIDIA_VISIBLE_DEVICES=all"];
    let refused = request(&config(env, ""), &settings, false);
    assert_eq!((refused.ask, refused.source), (Ask::Nothing, Source::Nowhere));
    assert!(refused.notes[0].starts_with("Ignoring devices requested by environment"), "{:?}", refused.notes);

    let text =
        r#"{"process":{"env":["NVIDIA_VISIBLE_DEVICES=all"],"capabilities":{"bounding":["CAP_SYS_ADMIN"]}}}"#;
    let privileged = request(&Config::parse(text.as_bytes()).expect("valid"), &settings, false);
    assert!(privileged.privileged && privileged.ask == Ask::All);

    let mounts = r#","mounts":[{"destination":"/var/run/nvidia-container-devices/0","source":"/dev/null"},
        {"destination":"/var/run/nvidia-container-devices/cdi/v.com/gpu/1","source":"/dev/null"},
        {"destination":"/var/run/nvidia-container-devices/cdi/v.com/gpu=2","source":"/dev/null"},
        {"destination":"/var/run/nvidia-container-devices/cdi/bad","source":"/dev/null"},
        {"destination":"/var/run/nvidia-container-devices/imex/7","source":"/dev/null"},
        {"destination":"/var/run/nvidia-container-devices/9","source":"/elsewhere"}]"#;
    let mounted = request(&config(env, mounts), &settings, false);
    assert_eq!(mounted.ask, devices(&["0", "v.com/gpu=1", "v.com/gpu=2"]));
    assert_eq!(mounted.source, Source::VolumeMounts);
    assert_eq!(mounted.notes.len(), 1, "{:?}", mounted.notes);
    assert_eq!(request(&config(env, mounts), &Settings::default(), false).ask, Ask::All, "off by default");
}

#[test]
fn annotations_count_only_where_they_are_wanted() {
    let more = r#","annotations":{"cdi.k8s.io/b":"v.com/gpu=1","cdi.k8s.io/a":"v.com/gpu=0,v.com/gpu=2","other/c":"x"}"#;
    let config = config(&["NVIDIA_VISIBLE_DEVICES=all"], more);
    let with = request(&config, &Settings::default(), true);
    assert_eq!(with.ask, devices(&["v.com/gpu=0", "v.com/gpu=2", "v.com/gpu=1"]));
    assert!(with.ask.is_all_qualified());
    assert_eq!(request(&config, &Settings::default(), false).ask, Ask::All);
}

#[test]
fn other_drivers_and_channels_come_with_gpus_only() {
    let of = |env: &[&str]| request(&config(env, ""), &Settings::default(), false);
    let found = of(&["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_GDS=enabled", "NVIDIA_IMEX_CHANNELS=1, channel2,1"]);
    assert_eq!((found.extras.as_slice(), found.notes.len()), (["gds"].as_slice(), 0), "{:?}", found.notes);
    assert_eq!(found.imex_channels, ["1", "channel2"]);
    let alone = of(&["NVIDIA_GDS=enabled", "NVIDIA_IMEX_CHANNELS=1"]);
    assert!(alone.imex_channels.is_empty() && alone.extras.is_empty());
    assert!(of(&["NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_MOFED=yes"]).extras.is_empty());
    for nothing in ["", "all", "none", "void", "0,void", "0,all"] {
        let channels = format!("NVIDIA_IMEX_CHANNELS={nothing}");
        assert!(of(&["NVIDIA_VISIBLE_DEVICES=0", &channels]).imex_channels.is_empty(), "{nothing}");
    }
}

#[test]
fn channels_by_mounts_win_and_settings_can_refuse_them() {
    let mounts = r#","mounts":[{"destination":"/var/run/nvidia-container-devices/imex/7","source":"/dev/null"},
        {"destination":"/var/run//nvidia-container-devices/./all/","source":"/dev/../dev/null"},
        {"destination":"/var/run/nvidia-container-devices","source":"/dev/null"}]"#;
    let config = config(&["NVIDIA_IMEX_CHANNELS=1"], mounts);
    let open = Settings { accept_volume_mounts: true, ..Settings::default() };
    let found = request(&config, &open, false);
    assert_eq!((found.ask, found.imex_channels), (Ask::All, vec!["7".to_owned()]));
    let mut ignoring = open.clone();
    ignoring.features.ignore_imex_channel_requests = Some(true);
    assert!(request(&config, &ignoring, false).imex_channels.is_empty());
}

#[test]
fn qualified_names() {
    assert_eq!(Ask::All.qualified("v.com/gpu"), ["v.com/gpu=all"]);
    assert_eq!(Ask::DriverOnly.qualified("v.com/gpu"), ["v.com/gpu=none"]);
    assert_eq!(devices(&["0", "w.com/x=1"]).qualified("v.com/gpu"), ["v.com/gpu=0", "w.com/x=1"]);
    let jit = |names: &[&str]| Ask::just_in_time(names);
    assert_eq!(
        jit(&["runtime.nvidia.com/gpu=0", "runtime.nvidia.com/gpu=2"]).expect("fine"),
        Some(devices(&["0", "2"]))
    );
    assert_eq!(jit(&["runtime.nvidia.com/gpu=all"]).expect("fine"), Some(Ask::All));
    assert_eq!(jit(&["v.com/gpu=0"]).expect("fine"), None);
    assert!(jit(&["v.com/gpu=0", "runtime.nvidia.com/gpu=0"]).is_err());
}

fn whole(gpu: usize) -> Target {
    Target { gpu, mig: None }
}

#[test]
fn ids_to_gpus() {
    let driver = conformance();
    let cases = [
        ("3", 3),
        ("GPU-f0a10005-aaaa-4bbb-8ccc-000000001005", 5),
        ("gpu-F0A10005-AAAA-4bbb-8ccc-000000001005", 5),
        ("0000:0f:00.0", 1),
        ("00000000:0F:00.0", 1),
    ];
    for (id, gpu) in cases {
        assert_eq!(select(&devices(&[id]), &driver).expect(id), [whole(gpu)], "{id}");
    }
    assert_eq!(select(&devices(&["2", "0", "0000:47:00.0"]), &driver).expect("fine"), [whole(2), whole(0)]);
    assert_eq!(select(&Ask::All, &driver).expect("fine").len(), 8);
}

#[test]
fn mig_devices() {
    let mut driver = conformance();
    driver.gpus[1].mig_enabled = true;
    driver.gpus[1].mig =
        (0..2).map(|index| Mig { index, uuid: Some(format!("MIG-{index}")), ..Mig::default() }).collect();
    let mig = |position| Target { gpu: 1, mig: Some(position) };
    assert_eq!(select(&devices(&["1:1", "mig-0"]), &driver).expect("fine"), [mig(1), mig(0)]);
    let all = select(&Ask::All, &driver).expect("fine");
    assert_eq!(all[..3], [whole(0), mig(0), mig(1)]);
}

#[test]
fn what_is_not_there_is_refused_with_what_is_there() {
    let mut driver = conformance();
    driver.gpus[7].node = None;
    driver.gpus.truncate(8);
    let cases = [
        ("99", "no GPU with index 99: this machine has GPUs 0-7 [R201]"),
        ("0:1", "no MIG device 0:1: GPU 0 has no MIG devices [R201]"),
        (
            "GPU-00000000-0000-0000-0000-000000000000",
            "no GPU with UUID GPU-00000000-0000-0000-0000-000000000000: this machine has GPU-f0a10000-aaaa",
        ),
        ("MIG-1", "no MIG device with UUID MIG-1: this machine has none whose UUID is known"),
        ("0000:01:00.0", "no GPU at PCI address 0000:01:00.0: this machine has 0000:07:00.0"),
        ("gpu-zero", "no GPU with UUID gpu-zero"),
        (
            "first",
            "identifier is not a valid UUID or index: \"first\" [R202]; hint: this machine has GPUs 0-7",
        ),
        ("-1", "identifier is not a valid UUID or index"),
        ("7", "device node /dev/nvidia7 of GPU 7 is missing [R204]"),
    ];
    for (id, reason) in cases {
        let failure = select(&devices(&[id]), &driver).expect_err(id);
        assert!(failure.line().contains(reason), "{id}: {}", failure.line());
    }
    let none = Driver { root: "/".into(), ..Driver::default() };
    let failure = select(&Ask::All, &none).expect_err("no driver");
    assert!(failure.line().contains("no NVIDIA driver was found"), "{failure:?}");
}

#[test]
fn driver_capabilities() {
    use driver::families::Family::{Compute, Display, Graphics, Utility, Video};
    let of = |env: &[&str], supported: &str| {
        let settings = Settings { supported_driver_capabilities: supported.into(), ..Settings::default() };
        capabilities(&config(env, ""), &settings).map(|found| found.families.into_iter().collect::<Vec<_>>())
    };
    let everything = Settings::default().supported_driver_capabilities;
    assert_eq!(of(&[], &everything).expect("fine"), [Utility, Compute]);
    assert_eq!(of(&["NVIDIA_DRIVER_CAPABILITIES="], &everything).expect("fine"), [Utility, Compute]);
    assert_eq!(of(&[], "utility").expect("fine"), [Utility]);
    assert_eq!(of(&["NVIDIA_DRIVER_CAPABILITIES=video"], &everything).expect("fine"), [Compute, Video]);
    assert_eq!(of(&["NVIDIA_DRIVER_CAPABILITIES=display"], "all").expect("fine"), [Graphics, Display]);
    assert_eq!(of(&["NVIDIA_DRIVER_CAPABILITIES=all"], "utility,compute").expect("fine"), [Utility, Compute]);
    assert_eq!(of(&["CUDA_VERSION=8.0"], &everything).expect("fine").len(), 6);
    let failure = of(&["NVIDIA_DRIVER_CAPABILITIES=video,foo"], "utility,video").expect_err("unknown");
    assert!(
        failure.line().starts_with("unsupported capabilities found in 'video,foo' (allowed 'utility,video')"),
        "{failure:?}"
    );
    assert!(of(&[], "utility,foo").is_err());
}
