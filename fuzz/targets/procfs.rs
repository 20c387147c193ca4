//! Tables of `/proc`, and the masked parameters: masking twice changes nothing more.
#![no_main]

use formats::procfs;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = procfs::devices(text).get("nvidia");
    let _ = procfs::gpu_information(text);
    let _ = procfs::driver_version(text);
    let _ = procfs::mig_minors(text).compute_instance(0, 0, 0);
    let _ = procfs::capability_minor(text);
    let _ = formats::mount_csv::parse(text);
    if let Some(masked) = procfs::params_with_modification_disabled(text) {
        assert_eq!(masked.len(), text.len());
        assert!(!masked.lines().any(|line| line == "ModifyDeviceFiles: 1"));
        let _ = procfs::params(&masked).modify_device_files();
        assert_eq!(procfs::params_with_modification_disabled(&masked), None);
    }
});
