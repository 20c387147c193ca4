//! Every key of `config.toml` has its effect on what the shim or the prestart hook does, or a row in
//! `docs/differences.md` that names it.

use crate::{configuration, prestart, shim};
use oci::Config;
use settings::Settings;
use std::collections::BTreeSet;

const DIFFERENCES: &str = include_str!("../../../docs/differences.md");

/// What a key does.
enum Does {
    /// This differs with and without it.
    Changes(fn(&Settings) -> String),
    /// Nothing, and a row says so.
    Row,
}
use Does::{Changes, Row};

/// A key, a value that is not its default, lines that it needs beside it, and what it does.
struct Case(&'static str, &'static str, &'static str, Does);

const CSV: &str = "nvidia-container-runtime.modes.csv";
const ASKS: &str = r#"{"process":{"env":["NVIDIA_VISIBLE_DEVICES=0","R=1","NVIDIA_REQUIRE_CUDA=cuda>=99",
    "NVIDIA_DRIVER_CAPABILITIES=compute","NVIDIA_IMEX_CHANNELS=0"]},"annotations":{"cdi.k8s.io/a":"v.com/c=0"},
    "mounts":[{"destination":"/var/run/nvidia-container-devices/3","source":"/dev/null"}]}"#;

fn asking() -> Config {
    Config::parse(ASKS.as_bytes()).expect("valid")
}

/// What the shim decides, where it stands in each mode.
fn decided(settings: &Settings) -> String {
    shim::decided(&asking(), settings)
}

/// What the prestart hook sets out to do.
fn hook(settings: &Settings) -> String {
    prestart::set_out(&asking(), settings)
}

fn places(settings: &Settings) -> String {
    format!("{:?}", configuration::places(settings, ""))
}

const CASES: &[Case] = &[
    Case("accept-nvidia-visible-devices-as-volume-mounts", "true", "", Changes(decided)),
    Case("accept-nvidia-visible-devices-envvar-when-unprivileged", "false", "", Changes(decided)),
    Case("disable-require", "true", "", Changes(hook)),
    Case("supported-driver-capabilities", "\"utility\"", "", Changes(hook)),
    Case("swarm-resource", "\"R\"", "", Changes(decided)),
    Case(
        "features.allow-cuda-compat-libs-from-container",
        "true",
        "nvidia-container-runtime.modes.legacy.cuda-compat-mode = \"\"",
        Changes(hook),
    ),
    Case("features.allow-ldconfig-from-container", "true", "", Row),
    Case("features.allow-unknown-oci-spec-fields", "true", "", Row),
    Case(
        "features.disable-cuda-compat-lib-hook",
        "true",
        "nvidia-container-runtime.modes.legacy.cuda-compat-mode = \"hook\"",
        Changes(shim::of_hooks),
    ),
    Case("features.disable-imex-channel-creation", "true", "", Changes(hook)),
    Case("features.ignore-imex-channel-requests", "true", "", Changes(decided)),
    Case("features.no-additional-gids-for-device-nodes", "true", "", Changes(shim::of_hooks)),
    Case("features.original-cdi-modes", "true", "", Changes(shim::of_hooks)),
    Case("features.original-hook-modes", "true", "nvidia-container-runtime.mode = \"cdi\"", Changes(hook)),
    Case("nvidia-container-cli.debug", "\"/hook.log\"", "", Changes(prestart::logged)),
    Case("nvidia-container-cli.environment", "[\"A=1\"]", "", Row),
    Case("nvidia-container-cli.ldcache", "\"/x/ld.so.cache\"", "", Changes(places)),
    Case("nvidia-container-cli.ldconfig", "\"@/x/ldconfig\"", "", Row),
    Case("nvidia-container-cli.load-kmods", "false", "", Changes(hook)),
    Case("nvidia-container-cli.no-cgroups", "true", "", Changes(hook)),
    Case("nvidia-container-cli.no-pivot", "true", "", Row),
    Case("nvidia-container-cli.path", "\"/x\"", "", Row),
    Case("nvidia-container-cli.root", "\"/run/nvidia/driver\"", "", Changes(places)),
    Case("nvidia-container-cli.user", "\"a:b\"", "", Row),
    Case("nvidia-container-runtime.debug", "\"/shim.log\"", "", Changes(shim::logged)),
    Case(
        "nvidia-container-runtime.log-level",
        "\"error\"",
        "nvidia-container-runtime.debug = \"/shim.log\"",
        Changes(shim::logged),
    ),
    Case(
        "nvidia-container-runtime.mode",
        "\"legacy\"",
        "",
        Changes(|settings| format!("{:?}", settings.mode())),
    ),
    Case("nvidia-container-runtime.runtimes", "[\"/bin/crun\"]", "", Changes(shim::chosen)),
    Case("nvidia-container-runtime.modes.cdi.annotation-prefixes", "[]", "", Changes(decided)),
    Case(
        "nvidia-container-runtime.modes.cdi.default-kind",
        "\"v.com/x\"",
        "nvidia-container-runtime.modes.cdi.annotation-prefixes = []",
        Changes(decided),
    ),
    Case("nvidia-container-runtime.modes.cdi.spec-dirs", "[\"/cdi\"]", "", Changes(shim::chosen)),
    Case("nvidia-container-runtime.modes.csv.compat-container-root", "\"/x\"", "", Changes(places)),
    Case("nvidia-container-runtime.modes.csv.mount-spec-path", "\"/x\"", "", Changes(places)),
    Case(
        "nvidia-container-runtime.modes.jit-cdi.nvcdi-disable-hooks",
        "[\"all\"]",
        "",
        Changes(shim::of_hooks),
    ),
    Case(
        "nvidia-container-runtime.modes.jit-cdi.nvcdi-feature-flags",
        "[\"no-additional-gids-for-device-nodes\"]",
        "",
        Changes(shim::of_hooks),
    ),
    Case("nvidia-container-runtime.modes.legacy.cuda-compat-mode", "\"disabled\"", "", Changes(hook)),
    Case("nvidia-container-runtime-hook.path", "\"/bin/crun\"", "", Changes(shim::chosen)),
    Case(
        "nvidia-container-runtime-hook.skip-mode-detection",
        "true",
        "nvidia-container-runtime.mode = \"cdi\"\nfeatures.original-hook-modes = true",
        Changes(hook),
    ),
    Case("nvidia-ctk.path", "\"/x\"", "", Row),
];

fn parse(lines: &str) -> Settings {
    let (settings, findings) = Settings::parse(lines).expect(lines);
    assert!(findings.is_empty(), "{lines}: {findings:?}");
    settings
}

#[test]
fn every_key_has_an_effect_or_a_row_among_the_differences() {
    for Case(key, value, beside, does) in CASES {
        let (without, with) = (parse(beside), parse(&format!("{beside}\n{key} = {value}\n")));
        assert_ne!(without, with, "{key}: {value} is the default");
        match does {
            Changes(look) => assert_ne!(look(&without), look(&with), "{key} changes nothing"),
            Row => assert!(DIFFERENCES.contains(&format!("`{key}`")), "{key} has no row"),
        }
    }
    assert!(places(&parse(&format!("{CSV}.mount-spec-path = \"/lists\""))).contains("/lists"));
}

#[test]
fn every_key_of_the_table_is_here() {
    let here: BTreeSet<&str> = CASES.iter().map(|case| case.0).collect();
    let known: BTreeSet<&str> = settings::table::KEYS.iter().map(|key| key.path).collect();
    assert_eq!(here, known);
}
