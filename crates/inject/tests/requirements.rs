//! `NVIDIA_REQUIRE_*`: which machines meet which expressions, and what is said of those that do not.

use driver::{Driver, Gpu};
use inject::requirement::{Facts, Requirement, check, check_one, requirements};
use inject::{Ask, select};
use oci::Config;
use settings::Settings;

/// What images of CUDA 12.8 carry, shortened.
const CUDA_12_8: &str = "cuda>=12.8 brand=unknown,driver>=470,driver<471 brand=grid,driver>=470,driver<471 \
    brand=tesla,driver>=535,driver<536 brand=nvidia,driver>=535,driver<536 brand=nvidiartx,driver>=550,driver<551";

fn machine(driver: &str, gpu: &str) -> Driver {
    let gpu = Gpu { name: Some(gpu.to_owned()), node: Some(driver::Node::default()), ..Gpu::default() };
    Driver { version: Some(driver.to_owned()), gpus: vec![gpu], ..Driver::default() }
}

fn judged(expression: &str, driver: &Driver) -> String {
    let targets = select(&Ask::All, driver).expect("targets");
    let requirement = Requirement { source: "NVIDIA_REQUIRE_CUDA".into(), expression: expression.into() };
    check(&[requirement], driver, &targets).map_or_else(|failure| failure.chain(), |()| "met".to_owned())
}

#[test]
fn expressions_on_machines() {
    let unmet = |first: &str| match first.starts_with("cuda>=") {
        true => format!(
            "requirement error: unsatisfied condition: {first}, please update your driver to a newer version, \
             or use an earlier cuda container"
        ),
        false => format!("requirement error: unsatisfied condition: {first}"),
    };
    let invalid = "requirement error: invalid expression".to_owned();
    let met = "met".to_owned();
    let h100 = "NVIDIA H100 80GB HBM3";
    let cases = [
        ("cuda>=12.8", "580.95.05", h100, met.clone()),
        ("cuda>=13.0", "580.95.05", h100, met.clone()),
        ("cuda>=13.1", "580.95.05", h100, unmet("cuda>=13.1")),
        ("cuda>=12.8", "535.104.05", h100, unmet("cuda>=12.8")),
        (CUDA_12_8, "535.104.05", h100, met.clone()),
        (CUDA_12_8, "535.104.05", "Tesla T4", met.clone()),
        (CUDA_12_8, "535.104.05", "NVIDIA GeForce RTX 4090", unmet("cuda>=12.8")),
        (CUDA_12_8, "550.54.15", "NVIDIA RTX A6000", met.clone()),
        (CUDA_12_8, "550.54.15", h100, unmet("cuda>=12.8")),
        (CUDA_12_8, "570.26", "NVIDIA GeForce RTX 4090", met.clone()),
        (CUDA_12_8, "535.104.05", "Graphics Device", met.clone()),
        ("", "535.104.05", h100, met.clone()),
        ("  ", "535.104.05", h100, met.clone()),
        (",", "535.104.05", h100, met.clone()),
        ("  cuda>=99", "535.104.05", h100, unmet("cuda>=99")),
        ("driver>=535,driver<536", "535.104.05", h100, met.clone()),
        ("driver>=535,,driver<536,", "535.104.05", h100, met.clone()),
        ("driver!=535.104.05", "535.104.05", h100, unmet("driver!=535.104.05")),
        ("driver=535.104.5", "535.104.05", h100, met.clone()),
        ("driver>535.54 cuda<1", "535.104.05", h100, met.clone()),
        ("driver<100", "99.9", h100, met.clone()),
        ("cuda<=12.2", "535.104.05", h100, met.clone()),
        ("cuda<12.2", "535.104.05", h100, unmet("cuda<12.2")),
        ("CUDA>=12.2", "535.104.05", h100, met.clone()),
        ("cuda!12.2", "535.104.05", h100, unmet("cuda!12.2")),
        ("arch>=9.0", "535.104.05", h100, met.clone()),
        ("arch>=10", "535.104.05", h100, unmet("arch>=10")),
        ("arch>=10", "535.104.05", "Graphics Device", met.clone()),
        ("brand=Tesla", "535.104.05", "Tesla T4", met.clone()),
        ("brand!=GEFORCE", "535.104.05", "NVIDIA GeForce GTX 1080", unmet("brand!=GEFORCE")),
        ("brand>=tesla", "535.104.05", "Tesla T4", invalid.clone()),
        ("cuda>=12.x", "535.104.05", h100, invalid.clone()),
        ("cuda>=", "535.104.05", h100, invalid.clone()),
        (">=12", "535.104.05", h100, invalid.clone()),
        ("cuda", "535.104.05", h100, invalid.clone()),
        ("cuda==12.2", "535.104.05", h100, invalid.clone()),
        ("jetpack>=5", "535.104.05", h100, invalid.clone()),
        ("cuda>=é", "535.104.05", h100, invalid.clone()),
        ("cuda>=12 jetpack", "535.104.05", h100, met.clone()),
        ("cuda>=99,jetpack", "535.104.05", h100, unmet("cuda>=99,jetpack")),
    ];
    for (expression, version, gpu, expected) in cases {
        assert_eq!(judged(expression, &machine(version, gpu)), expected, "{expression} on {version}, {gpu}");
    }
}

#[test]
fn every_gpu_of_the_container_counts_and_only_those() {
    let mut mixed = machine("580.95.05", "NVIDIA H100 80GB HBM3");
    mixed.gpus.extend(machine("", "NVIDIA GeForce RTX 4090").gpus);
    let wants_h100 = Requirement { source: "NVIDIA_REQUIRE_ARCH".into(), expression: "arch>=9.0".to_owned() };
    let check = |ask: &[&str]| {
        let targets = select(&Ask::of_list(ask), &mixed).expect("targets");
        check(std::slice::from_ref(&wants_h100), &mixed, &targets)
    };
    assert!(check(&["0"]).is_ok() && check(&["none"]).is_ok());
    let failure = check(&["all"]).expect_err("one is too old");
    assert!(failure.line().contains("NVIDIA GeForce RTX 4090 of compute capability 8.9"), "{failure:?}");
}

#[test]
fn the_hint_says_what_is_needed_given_and_enough() {
    let facts = Facts { cuda: Some((12, 2)), driver: Some("535.104.05".into()), gpus: Vec::new() };
    let requirement = Requirement { source: "NVIDIA_REQUIRE_CUDA".into(), expression: CUDA_12_8.into() };
    let failure = check_one(&requirement, &facts);
    assert!(failure.is_ok(), "no GPU: brands hold");
    let requirement = Requirement { expression: "cuda>=12.8".into(), ..requirement };
    assert_eq!(
        check_one(&requirement, &facts).expect_err("too old").line(),
        "requirement error: unsatisfied condition: cuda>=12.8, please update your driver to a newer version, or use \
         an earlier cuda container [R207]; hint: NVIDIA_REQUIRE_CUDA of the image asks for cuda>=12.8; this machine \
         has driver 535.104.05, which gives CUDA 12.2; driver 570.26 (production branch 570) or newer would do; so \
         would an image for CUDA 12.2 or older, such as nvidia/cuda:12.2.2-base-...; NVIDIA_DISABLE_REQUIRE=true \
         starts the container all the same"
    );
}

#[test]
fn the_driver_that_is_named_would_do() {
    let facts = Facts { cuda: Some((13, 0)), driver: Some("580.95.05".into()), gpus: Vec::new() };
    for (expression, expected) in [
        ("cuda>=13.1", "; driver 590.44.01 (branch 590) or newer would do"),
        ("cuda>=13.0.1", "; driver 590.44.01 (branch 590) or newer would do"),
        ("cuda>13.0", "; driver 590.44.01 (branch 590) or newer would do"),
        ("cuda=12.8", "; driver 570.26 (production branch 570) would do"),
        ("driver>=590", "; driver 590 or newer would do"),
        ("driver=535.1", "; driver 535.1 would do"),
        ("driver>580.95.05", "; driver 580.95.05 would not, one that is newer would"),
        ("cuda>=99", "which gives CUDA 13.0; so would an image"),
        ("cuda<13", "which gives CUDA 13.0; NVIDIA_DISABLE_REQUIRE"),
    ] {
        let requirement = Requirement { source: "A".into(), expression: expression.into() };
        let line = check_one(&requirement, &facts).expect_err(expression).line();
        assert!(line.contains(expected), "{expression}: {line}");
    }
}

#[test]
fn requirements_of_a_container() {
    let of = |env: &[&str], settings: &Settings, implied: bool| -> Vec<String> {
        let env = serde_json::to_string(env).expect("JSON");
        let config = Config::parse(format!(r#"{{"process":{{"env":{env}}}}}"#).as_bytes()).expect("valid");
        let found = requirements(&config, settings, implied);
        found.map_or_else(
            |failure| vec![failure.chain()],
            |found| found.into_iter().map(|one| format!("{} {}", one.source, one.expression)).collect(),
        )
    };
    let plain = Settings::default();
    let disabled = Settings { disable_require: true, ..Settings::default() };
    let cases: [(&[&str], &Settings, bool, &[&str]); 13] = [
        (&["NVIDIA_REQUIRE_CUDA=cuda>=12"], &plain, false, &["NVIDIA_REQUIRE_CUDA cuda>=12"]),
        (
            &["NVIDIA_REQUIRE_Z=arch>=8", "NVIDIA_REQUIRE_A=driver>=1"],
            &plain,
            false,
            &["NVIDIA_REQUIRE_A driver>=1", "NVIDIA_REQUIRE_Z arch>=8"],
        ),
        (&["NVIDIA_REQUIRE_A=x", "NVIDIA_REQUIRE_A=y"], &plain, false, &["NVIDIA_REQUIRE_A y"]),
        (&["NVIDIA_REQUIRE_JETPACK=csv-mounts=all", "NVIDIA_REQUIRE_JETPACK_HOST=x"], &plain, true, &[]),
        (&["NVIDIA_REQUIRE_CUDA=cuda>=12"], &disabled, true, &[]),
        (&["NVIDIA_REQUIRE_CUDA=cuda>=12", "NVIDIA_DISABLE_REQUIRE=true"], &plain, true, &[]),
        (&["NVIDIA_REQUIRE_CUDA=cuda>=12", "NVIDIA_DISABLE_REQUIRE=1"], &plain, true, &[]),
        (
            &["NVIDIA_REQUIRE_CUDA=cuda>=12", "NVIDIA_DISABLE_REQUIRE=yes"],
            &plain,
            true,
            &["NVIDIA_REQUIRE_CUDA cuda>=12"],
        ),
        (&["CUDA_VERSION=8.0.61"], &plain, true, &["CUDA_VERSION cuda>=8.0"]),
        (&["CUDA_VERSION=9"], &plain, true, &["CUDA_VERSION cuda>=9.0"]),
        (&["CUDA_VERSION=8.0.61"], &plain, false, &[]),
        (
            &["CUDA_VERSION=12.8.0", "NVIDIA_REQUIRE_CUDA=cuda>=12.8"],
            &plain,
            true,
            &["NVIDIA_REQUIRE_CUDA cuda>=12.8"],
        ),
        (&["CUDA_VERSION=new"], &plain, true, &["requirement error: CUDA_VERSION \"new\" is not a version"]),
    ];
    for (env, settings, implied, expected) in cases {
        assert_eq!(of(env, settings, implied), expected, "{env:?}");
    }
}
