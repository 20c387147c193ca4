//! `config.toml`: defaults, canonical form, `--set`, what is refused.

use proptest::prelude::*;
use settings::{Mode, Platform, Settings, canonical, default_file, default_file_for, location, set, table};

const DEFAULT: &str = include_str!("fixtures/default.toml");
const MODE_CDI: &str = include_str!("fixtures/mode-cdi.toml");
const ONLY_COMMENTS: &str = include_str!("fixtures/only-comments.toml");

#[test]
fn default_file_is_that_of_the_reference() {
    assert_eq!(default_file(), DEFAULT);
    let ubuntu = default_file_for(Platform { real_ldconfig: true, suse: false });
    assert_eq!(ubuntu, DEFAULT.replace("@/sbin/ldconfig", "@/sbin/ldconfig.real"));
    let suse = default_file_for(Platform { real_ldconfig: false, suse: true });
    assert_eq!(suse, DEFAULT.replace("#user =", "user ="));
}

#[test]
fn default_file_says_the_defaults() {
    assert_eq!(Settings::parse(DEFAULT).expect("valid"), (Settings::default(), Vec::new()));
    assert_eq!(Settings::parse("").expect("valid"), (Settings::default(), Vec::new()));
}

#[test]
fn canonical_form() {
    assert_eq!(canonical(DEFAULT).expect("valid"), DEFAULT);
    assert_eq!(canonical("").expect("valid"), ONLY_COMMENTS);
    let set = "swarm-resource = 'X'\n# a comment\nnvidia-container-cli.no-cgroups = true\n";
    let expected = ONLY_COMMENTS
        .replace("#swarm-resource = \"DOCKER_RESOURCE_GPU\"", "swarm-resource = \"X\"")
        .replace("#no-cgroups = false", "no-cgroups = true");
    assert_eq!(canonical(set).expect("valid"), expected);
    let explicit = "accept-nvidia-visible-devices-as-volume-mounts = false\n[nvidia-container-cli]\nno-cgroups = false\n";
    let expected = ONLY_COMMENTS
        .replace(
            "#accept-nvidia-visible-devices-as-volume-mounts",
            "accept-nvidia-visible-devices-as-volume-mounts",
        )
        .replace("#no-cgroups", "no-cgroups");
    assert_eq!(canonical(explicit).expect("valid"), expected, "also what is the default anyway");
    let example = "[nvidia-container-cli]\nroot = \"/run/nvidia/driver\"\n";
    assert!(
        canonical(example).expect("valid").contains("\nroot = \"/run/nvidia/driver\"\n"),
        "what is set stays set"
    );
}

#[test]
fn setting_keys() {
    let ok =
        |option: &str| set(DEFAULT, option, ":").unwrap_or_else(|failure| panic!("{option}: {failure:?}"));
    assert_eq!(ok("nvidia-container-runtime.mode=cdi"), MODE_CDI);
    assert_eq!(
        ok("nvidia-container-cli.no-cgroups"),
        DEFAULT.replace("#no-cgroups = false", "no-cgroups = true")
    );
    assert!(ok("nvidia-container-runtime.runtimes=crun:runc").contains("runtimes = [\"crun\", \"runc\"]"));
    assert!(ok("nvidia-container-runtime.runtimes=crun,runc").contains("runtimes = [\"crun\", \"runc\"]"));
    assert!(ok("supported-driver-capabilities=compute,video").contains("= \"compute,video\""));
    assert!(ok("nvidia-container-cli.environment=").contains("\nenvironment = []\n"));
    let with_feature = ok("features.ignore-imex-channel-requests");
    assert!(with_feature.contains("\n[features]\nignore-imex-channel-requests = true\n"), "{with_feature}");
    let without = set(&with_feature, "features.ignore-imex-channel-requests=nil", ":").expect("valid");
    assert!(!without.contains("ignore-imex"), "{without}");
    assert_eq!(ok("features.ignore-imex-channel-requests=nil"), DEFAULT, "no table is made for nothing");
}

#[test]
fn bad_options() {
    let cases = [
        ("y=1", "invalid --set option y=1: invalid config option: undefined field: \"y\""),
        ("foo.bar=1", "undefined field: \"foo\""),
        ("nvidia-container-cli.bogus=1", "undefined field: \"bogus\""),
        ("nvidia-container-cli.=1", "undefined field: \"\""),
        ("=1", "undefined field: \"\""),
        ("nvidia-container-runtime.modes.cdi=1", "(struct)"),
        ("nvidia-container-runtime.mode", "expected key=value; got nvidia-container-runtime.mode"),
        ("disable-require=maybe", "strconv.ParseBool: parsing \"maybe\": invalid syntax"),
        ("nvidia-container-cli.no-cgroup=true", "did you mean `nvidia-container-cli.no-cgroups`?"),
        ("nvidia-container-cli.ldconfig=/sbin/ldconfig", "is not host-relative"),
    ];
    for (option, reason) in cases {
        let failure = set(DEFAULT, option, ":").expect_err(option);
        assert!(failure.line().contains(reason), "{option}: {}", failure.line());
    }
}

#[test]
fn values_of_the_wrong_type_name_key_and_line() {
    let cases = [
        (
            "disable-require = \"yes\"",
            "config.toml line 1: disable-require is \"yes\", expected true or false",
        ),
        (
            "\n[nvidia-container-runtime]\nruntimes = \"runc\"",
            "line 3: nvidia-container-runtime.runtimes is \"runc\", expected a list",
        ),
        ("[nvidia-container-runtime]\nruntimes = [1]", "line 2: nvidia-container-runtime.runtimes"),
        ("[nvidia-container-runtime]\nmode = 1", "nvidia-container-runtime.mode is 1, expected a string"),
        ("a = ", "config.toml is not valid TOML: line 1"),
        ("[nvidia-container-cli]\nldconfig = \"/sbin/ldconfig\"", "is not host-relative"),
    ];
    for (text, reason) in cases {
        let failure = Settings::parse(text).map(|_| ()).expect_err(text);
        assert!(failure.line().contains(reason), "{text}: {}", failure.line());
    }
    let allowed =
        "[nvidia-container-cli]\nldconfig = \"/x\"\n[features]\nallow-ldconfig-from-container = true";
    assert!(Settings::parse(allowed).is_ok());
}

#[test]
fn unknown_keys_are_findings_with_the_nearest_name() {
    let cases = [
        ("[nvidia-container-cli]\nno_cgroups = true", "did you mean `nvidia-container-cli.no-cgroups`?"),
        ("no-cgroups = true", "did you mean `nvidia-container-cli.no-cgroups`?"),
        (
            "[nvidia-container-runtime]\nmodes.cdi.spec-dir = []",
            "did you mean `nvidia-container-runtime.modes.cdi.spec-dirs`?",
        ),
    ];
    for (text, help) in cases {
        let (_, findings) = Settings::parse(text).expect(text);
        assert_eq!(findings.len(), 1, "{text}");
        assert_eq!(findings[0].help, [help], "{text}");
    }
    let (_, findings) = Settings::parse("[something.else]\nentirely = 1").expect("valid");
    assert!(findings[0].message.contains("`something`") && findings[0].help.is_empty(), "{findings:?}");
}

#[test]
fn modes() {
    let mode = |name: &str| {
        Settings::parse(&format!("nvidia-container-runtime.mode = \"{name}\"")).expect("valid").0.mode()
    };
    assert_eq!(mode("auto").expect("known"), Mode::Auto);
    assert_eq!(mode("jit-cdi").expect("known"), Mode::JitCdi);
    assert!(mode("jit").expect_err("unknown").line().starts_with("invalid mode \"jit\""));
}

#[test]
fn places_of_the_file() {
    let with = |pairs: &[(&str, &str)]| {
        location(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    };
    assert_eq!(with(&[]), "/etc/nvidia-container-runtime/config.toml");
    assert_eq!(with(&[("XDG_CONFIG_HOME", "/x/")]), "/x/nvidia-container-runtime/config.toml");
    assert_eq!(with(&[("XDG_CONFIG_HOME", "/x"), ("NVIDIA_CTK_CONFIG_FILE_PATH", "/f")]), "/f");
    assert_eq!(with(&[("XDG_CONFIG_HOME", ""), ("NVIDIA_CTK_CONFIG_FILE_PATH", "")]), settings::DEFAULT_PATH);
}

proptest! {
    #[test]
    fn canonical_form_means_the_same_and_is_stable(picks in prop::collection::vec((0..table::KEYS.len(), "[ -~é\n]{0,8}", any::<bool>()), 0..8)) {
        let mut text = canonical("").unwrap();
        for (at, word, flag) in picks {
            let key = table::KEYS[at].path;
            let option = match table::KEYS[at].slot {
                table::Slot::Bool(_) | table::Slot::Feature(_) => format!("{key}={flag}"),
                _ if key.ends_with("ldconfig") => format!("{key}=@{word}"),
                _ => format!("{key}={word}"),
            };
            text = set(&text, &option, ":").unwrap();
        }
        let settings = Settings::parse(&text).unwrap().0;
        let again = canonical(&text).unwrap();
        prop_assert_eq!(&again, &text);
        prop_assert_eq!(Settings::parse(&again).unwrap().0, settings);
    }

    #[test]
    fn no_text_panics(text in "[ -~\n]{0,120}") {
        let _ = Settings::parse(&text);
        let _ = canonical(&text);
    }
}
