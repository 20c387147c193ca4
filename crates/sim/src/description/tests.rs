//! Presets, inheritance, and the messages about bad descriptions.

use super::*;
use crate::presets::HOSTS;

#[test]
fn every_preset_is_a_good_description() {
    for preset in HOSTS {
        let description = Description::preset(preset.name).unwrap();
        assert!(!description.gpus.is_empty(), "{}", preset.name);
        let has_nvml = description.user_space.libraries.iter().any(|library| library.nvml);
        assert_eq!(has_nvml, preset.name != "no-driver", "{}", preset.name);
    }
}

#[test]
fn a_file_states_only_what_differs() {
    let text = "inherits = \"dgx-h100\"\n[faults]\nnvml_lost = [7]\n[gpu_defaults]\nmemory_mib = 5\n";
    let description = Description::parse("mine.toml", text).unwrap();
    let preset = Description::preset("dgx-h100").unwrap();
    assert_eq!(description.faults.nvml_lost, [7]);
    assert_eq!(description.gpus.len(), 8);
    assert_eq!(description.gpus[0].memory_mib, 5);
    assert_eq!(description.gpus[0].uuid, preset.gpus[0].uuid);
    assert_eq!(description.user_space, preset.user_space);
}

#[test]
fn gpus_stand_in_bus_order_whatever_their_minors() {
    let text = "inherits = \"workstation\"\n\
                [[gpus]]\nuuid = \"GPU-00000000-0000-4000-8000-000000000001\"\npci = \"0000:41:00.0\"\nminor = 0\n\
                [[gpus]]\nuuid = \"GPU-00000000-0000-4000-8000-000000000002\"\npci = \"0000:01:00.0\"\nminor = 1\n";
    let description = Description::parse("mine.toml", text).unwrap();
    let minors: Vec<u32> = description.gpus.iter().map(|gpu| gpu.minor).collect();
    assert_eq!(minors, [1, 0]);
}

#[test]
fn bad_descriptions_say_where_and_what() {
    let gpu = "inherits = \"workstation\"\n[[gpus]]\nuuid = \"GPU-00000000-0000-4000-8000-000000000001\"\npci = \"0000:01:00.0\"\n";
    let cases: [(String, &str); 16] = [
        ("inherits = \"r580\"\ncolour = 1\n".into(), "mine.toml:2: unknown field `colour`"),
        ("inherits = \"r580\"\n[driver]\nversion = 5\n".into(), "mine.toml:3: invalid type: integer"),
        ("[driver\n".into(), "mine.toml:1:"),
        ("inherits = \"dgx\"\n".into(), "no simulated host is called dgx"),
        ("summary = \"empty\"\n".into(), "driver.version is missing"),
        ("inherits = \"r580\"\n[driver]\nversion = \"new\"\n".into(), "driver.version is no version"),
        ("inherits = \"r580\"\n[majors]\nnvidia-caps = 195\n".into(), "majors has 195 twice"),
        ("inherits = \"r580\"\n[majors]\nnvidia-caps = 5000\n".into(), "majors.nvidia-caps is not between"),
        (format!("{gpu}{}", &gpu["inherits = \"workstation\"\n".len()..]), "twice"),
        (gpu.replace("GPU-", "CARD-"), "gpus[0].uuid is not of the form"),
        (gpu.replace("0000:01", "1"), "gpus[0].pci is not of the form"),
        (format!("{gpu}minor = 32\n"), "gpus[0].minor is above 31"),
        (format!("{gpu}[faults]\nnvml_lost = [1]\n"), "faults.nvml_lost names GPU 1 of 1"),
        (format!("{gpu}[faults]\nnvml = \"hang\"\nnvml_error = 1\n"), "faults.nvml_error cannot go with"),
        (format!("{gpu}[user_space]\nsockets = [\"/run/../x\"]\n"), "not a plain absolute path"),
        (format!("{gpu}[[user_space.files]]\npath = \"/etc/x\"\n"), "needs either text or size"),
    ];
    for (text, expected) in cases {
        let failure = Description::parse("mine.toml", &text).unwrap_err();
        assert!(failure.chain().contains(expected), "{text}\n{}", failure.chain());
    }
}
