//! From a recorded machine to what the original made of it: sweep, specification, container.

use driver::Driver;
use host::Host;
use inject::{HookStyle, Policy, SpecOptions};

const HOST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/hosts/conformance-dgx");

fn swept() -> Driver {
    let host = Host::recorded(HOST).expect("a recorded host");
    discover::sweep(&host, &discover::Options::default(), None).0
}

fn first_difference<'a>(a: &'a str, b: &'a str) -> Option<(usize, (&'a str, &'a str))> {
    a.lines().zip(b.lines()).enumerate().find(|(_, (a, b))| a != b)
}

#[test]
fn the_specification_of_the_recorded_machine_is_that_of_the_original() {
    let policy = Policy { hook_style: HookStyle::Separate, ..Policy::new("/usr/bin/nvidia-cdi-hook") };
    let ours = inject::spec(&swept(), &SpecOptions::new(policy)).expect("a specification").to_yaml();
    let original = include_str!("../../cdi/tests/fixtures/8gpu.yaml");
    assert!(ours == original, "first difference: {:?}", first_difference(&ours, original));
}

#[test]
fn the_written_down_driver_gives_the_same_edits() {
    let written: Driver =
        serde_json::from_str(include_str!("../../../fixtures/drivers/conformance.json")).expect("a driver");
    for style in [HookStyle::Fused, HookStyle::Separate] {
        let policy = Policy { hook_style: style, ..Policy::new("/usr/bin/nvidia-cdi-hook") };
        // Links come in the order in which a driver has its libraries, which is not what is compared.
        let spec = |driver: &Driver| {
            let mut driver = driver.clone();
            driver.libraries.sort_by(|a, b| a.file.container_path.cmp(&b.file.container_path));
            inject::spec(&driver, &SpecOptions::new(policy.clone())).expect("a specification").to_yaml()
        };
        let (swept, written) = (spec(&swept()), spec(&written));
        assert!(swept == written, "{style:?}: first difference {:?}", first_difference(&swept, &written));
    }
}
