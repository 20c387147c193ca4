//! `config.json`: unedited it is given back byte for byte; edited it is still one that is accepted,
//! with the edits in it.
#![no_main]

use oci::{Config, Device, DeviceRule, Hook, Mount, Stage};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(mut config) = Config::parse(bytes) else { return };
    assert_eq!(config.to_bytes(), bytes);
    if edit(&mut config).is_err() {
        return;
    }
    let again = Config::parse(&config.to_bytes()).expect("an edited configuration is one");
    assert!(again.env().contains(&"NVIDIA_VISIBLE_DEVICES=void".to_owned()));
    assert!(again.devices().iter().any(|device| device.path == "/dev/nvidia0"));
    assert!(again.mounts().iter().any(|mount| mount.destination == "/usr/bin/nvidia-smi"));
    assert_eq!(
        again.hooks(Stage::CreateContainer).last().map(|hook| hook.path.as_str()),
        Some("/usr/bin/hook")
    );
    assert!(!again.hooks(Stage::Prestart).iter().any(|hook| hook.path == "/usr/bin/old"));
    assert_eq!(again.annotations(), config.annotations());
    assert_eq!(again.root_path(), config.root_path());
});

fn edit(config: &mut Config) -> diag::Result<()> {
    config.push_env("NVIDIA_VISIBLE_DEVICES=void")?;
    let device =
        Device { path: "/dev/nvidia0".to_owned(), kind: "c".to_owned(), major: 195, ..Device::default() };
    config.set_device(&device)?;
    config.allow_device(&DeviceRule { allow: true, ..DeviceRule::default() })?;
    let mount = Mount { destination: "/usr/bin/nvidia-smi".to_owned(), ..Mount::default() };
    config.add_mount(&mount)?;
    config.sort_mounts()?;
    config
        .push_hook(Stage::CreateContainer, &Hook { path: "/usr/bin/hook".to_owned(), ..Hook::default() })?;
    config.remove_hooks(Stage::Prestart, |path| path == "/usr/bin/old")?;
    config.add_gid(44)
}
