//! `config.toml`: the canonical form of a valid file is valid and its own canonical form; setting a
//! value leaves a valid file.
#![no_main]

use settings::Settings;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok((settings, _)) = Settings::parse(text) else { return };
    let canonical = settings::canonical(text).expect("a valid file has a canonical form");
    let (again, _) = Settings::parse(&canonical).expect("a canonical file is valid");
    assert_eq!(again, settings);
    assert_eq!(settings::canonical(&canonical).expect("twice"), canonical);
    if let Ok(changed) = settings::set(text, "nvidia-container-cli.no-cgroups=true", ":") {
        let (changed, _) = Settings::parse(&changed).expect("a changed file is valid");
        assert!(changed.cli.no_cgroups);
    }
});
