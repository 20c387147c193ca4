//! The runtime shim as engines call it, with a low-level runtime that only notes its arguments.
#![expect(
    clippy::disallowed_methods,
    reason = "tests make bundles in a directory of their own and run the program"
)]
#![expect(clippy::expect_used, reason = "a test stops where its preparation fails")]

use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SPEC: &str = include_str!("../../../crates/cdi/tests/fixtures/8gpu.yaml");
const BEFORE: &str = include_str!("../../../crates/cdi/tests/fixtures/runtime-0-cdi8.before.json");
const AFTER: &str = include_str!("../../../crates/cdi/tests/fixtures/runtime-0-cdi8.after.json");
const NO_GPU: &str = r#"{ "process": {"env": ["A=1"]},  "unknown": 1.10 }"#;

/// A directory with the shim under its names, a bundle, settings and a low-level runtime.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new(mode: &str) -> Self {
        let place = Self { dir: tempfile::tempdir().expect("a directory") };
        for name in [
            "nvidia-container-runtime",
            "nvidia-container-runtime.cdi",
            "nvidia-container-runtime.legacy",
            "nvidia-cdi-hook",
        ] {
            symlink(env!("CARGO_BIN_EXE_longshore-runtime"), place.path(name)).expect("a link");
        }
        let noted = place.path("noted");
        let script = format!("#!/bin/sh\necho \"$0 $*\" > {}\n", noted.display());
        place.write("low-level", &script);
        fs::set_permissions(place.path("low-level"), fs::Permissions::from_mode(0o755)).expect("a mode");
        let settings = format!(
            "[nvidia-container-runtime]\nmode = \"{mode}\"\nruntimes = [\"{}\"]\n[nvidia-container-runtime.modes.cdi]\nspec-dirs = [\"{}\"]\n",
            place.path("low-level").display(),
            place.path("cdi").display()
        );
        place.write("config.toml", &settings);
        place.write("cdi/nvidia.yaml", SPEC);
        place.write("bundle/config.json", BEFORE);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8(fs::read(self.path(name)).expect("a file")).expect("UTF-8")
    }

    fn call(&self, name: &str, args: &[&str]) -> Output {
        let mut command = Command::new(self.path(name));
        command.args(args).current_dir(self.path("bundle")).env_clear().env("PATH", "/usr/bin:/bin");
        command.env("NVIDIA_CTK_CONFIG_FILE_PATH", self.path("config.toml"));
        command.output().expect("the program starts")
    }

    fn create(&self) -> Output {
        let log = self.path("log.json").display().to_string();
        self.call("nvidia-container-runtime", &["--log", &log, "--log-format", "json", "create", "c1"])
    }

    fn noted(&self) -> Option<String> {
        fs::read_to_string(self.path("noted")).ok()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What the low-level runtime got; the recording has other zero values left out.
fn check_gpu_0(place: &Place, before: &Path) {
    let ours: Value = serde_json::from_str(&place.read("bundle/config.json")).expect("JSON");
    let mut theirs: Value = serde_json::from_str(AFTER).expect("JSON");
    theirs["process"]["terminal"] = false.into();
    assert_eq!(ours, theirs, "{before:?}");
}

/// The nodes of the recording are no nodes of this machine: their type must be in the specification.
fn with_types(spec: &str) -> String {
    let mut out = String::new();
    for line in spec.lines() {
        out.push_str(line);
        out.push('\n');
        if let Some((indent, _)) = line.split_once("- path: /dev/") {
            out.push_str(&format!("{indent}  type: c\n"));
        }
    }
    out
}

#[test]
fn a_container_without_gpus_is_left_alone() {
    for mode in ["auto", "cdi", "jit-cdi", "legacy", "csv"] {
        let place = Place::new(mode);
        place.write("bundle/config.json", NO_GPU);
        let output = place.create();
        assert!(output.status.success(), "{mode}: {}", stderr(&output));
        assert_eq!(place.read("bundle/config.json"), NO_GPU, "{mode}");
        let noted = place.noted().expect("the low-level runtime was called");
        assert!(noted.trim_end().ends_with("--log-format json create c1"), "{noted}");
        assert!(!place.path("log.json").exists(), "{mode}: nothing to say");
    }
}

#[test]
fn other_commands_do_not_look_at_the_bundle() {
    let place = Place::new("cdi");
    place.write("bundle/config.json", "broken");
    for args in [
        &["start", "create"][..],
        &["--root", "create", "state", "c"],
        &["features"],
        &["kill", "c", "9"],
        &[],
    ] {
        let output = place.call("nvidia-container-runtime", args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        assert!(place.noted().expect("called").trim_end().ends_with(&args.join(" ")), "{args:?}");
    }
    assert_eq!(place.read("bundle/config.json"), "broken");
}

#[test]
fn a_container_gets_its_gpu_from_a_specification() {
    for (name, mode) in [("nvidia-container-runtime", "cdi"), ("nvidia-container-runtime.cdi", "legacy")] {
        let place = Place::new(mode);
        place.write("cdi/nvidia.yaml", with_types(SPEC));
        fs::set_permissions(place.path("bundle/config.json"), fs::Permissions::from_mode(0o640))
            .expect("a mode");
        let output =
            place.call(name, &["create", "--bundle", place.path("bundle").to_str().expect("UTF-8"), "c1"]);
        assert!(output.status.success(), "{}", stderr(&output));
        check_gpu_0(&place, &place.path("bundle"));
        let mode = fs::metadata(place.path("bundle/config.json")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "the mode is kept");
        assert_eq!(
            fs::read_dir(place.path("bundle")).expect("a directory").count(),
            1,
            "nothing is left behind"
        );
    }
}

#[test]
fn run_and_restore_make_containers_too() {
    for command in ["run", "restore"] {
        let place = Place::new("cdi");
        place.write("cdi/nvidia.yaml", with_types(SPEC));
        assert!(place.call("nvidia-container-runtime", &[command, "-b", ".", "c1"]).status.success());
        check_gpu_0(&place, Path::new(command));
    }
}

#[test]
fn our_prestart_hook_goes_and_foreign_ones_stay() {
    let place = Place::new("cdi");
    place.write("cdi/nvidia.yaml", with_types(SPEC));
    let hooks = r#""hooks":{"prestart":[{"path":"/usr/bin/nvidia-container-runtime-hook"},{"path":"/usr/bin/other"}]},"hostname""#;
    place.write("bundle/config.json", BEFORE.replacen("\"hostname\"", hooks, 1));
    assert!(place.create().status.success());
    let after: Value = serde_json::from_str(&place.read("bundle/config.json")).expect("JSON");
    assert_eq!(after["hooks"]["prestart"], serde_json::json!([{"path": "/usr/bin/other"}]));
}

#[test]
fn legacy_mode_inserts_the_prestart_hook() {
    let place = Place::new("auto");
    let output = place.call("nvidia-container-runtime.legacy", &["create", "c1"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let after: Value = serde_json::from_str(&place.read("bundle/config.json")).expect("JSON");
    assert_eq!(
        after["hooks"]["prestart"][0]["args"],
        serde_json::json!(["nvidia-container-runtime-hook", "prestart"])
    );
}

#[test]
fn what_fails_leaves_the_bundle_and_says_why() {
    let unknown = BEFORE.replacen("NVIDIA_VISIBLE_DEVICES=0", "NVIDIA_VISIBLE_DEVICES=99", 1);
    let cases: &[(&str, &[u8], &str)] = &[
        ("cdi", b"", "error loading OCI specification"),
        ("cdi", &BEFORE.as_bytes()[..700], "is not valid JSON"),
        ("auto", b"{\"process\":{\"env\":[1]}}", "process.env has an unexpected form"),
        ("cdi", b"\xff\xfe", "is not UTF-8"),
        (
            "cdi",
            unknown.as_bytes(),
            "could not apply required modification to OCI specification: error modifying OCI spec: failed to inject CDI devices: unresolvable CDI devices nvidia.com/gpu=99 [C104]",
        ),
        ("cdi", BEFORE.as_bytes(), "failed to stat CDI host device"),
        ("csv", BEFORE.as_bytes(), "mode \\\"csv\\\" takes them from the mount lists"),
        ("sideways", BEFORE.as_bytes(), "invalid mode \\\"sideways\\\""),
    ];
    for (mode, config, reason) in cases {
        let place = Place::new(mode);
        place.write("bundle/config.json", config);
        // Nodes that no machine has, so that the test says the same on one with GPUs.
        place.write("cdi/nvidia.yaml", SPEC.replace("path: /dev/", "path: /dev/absent-"));
        let output = place.create();
        assert_eq!(output.status.code(), Some(1), "{mode} {reason}");
        assert!(stderr(&output).contains(reason), "{mode}: {}", stderr(&output));
        assert_eq!(fs::read(place.path("bundle/config.json")).expect("a file"), *config, "{mode} {reason}");
        assert!(place.noted().is_none(), "{mode} {reason}: the low-level runtime was called");
        let logged: Value = serde_json::from_str(&place.read("log.json")).expect("one line of JSON");
        assert_eq!(logged["level"], "error", "{reason}");
    }
}

#[test]
fn the_low_level_runtime_is_never_ourselves() {
    let place = Place::new("cdi");
    place.write(
        "config.toml",
        format!(
            "[nvidia-container-runtime]\nruntimes = [\"{0}\", \"{0}.cdi\"]\n",
            place.path("nvidia-container-runtime").display()
        ),
    );
    let output = place.call("nvidia-container-runtime", &["state", "c"]);
    assert_eq!(output.status.code(), Some(1));
    let expected = "failed to create NVIDIA Container Runtime: error constructing low-level runtime: error locating runtime: no runtime binary found from candidate list: [";
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}

#[test]
fn version_is_ours_and_then_that_of_the_low_level_runtime() {
    let place = Place::new("cdi");
    let output = place.call("nvidia-container-runtime", &["--version"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "NVIDIA Container Runtime version 1.20.0");
    assert!(lines[1].starts_with("commit: "), "{text}");
    assert_eq!(lines[2..4], ["spec: 1.3.0", ""]);
    assert!(place.noted().expect("called").trim_end().ends_with("--version"));
}

#[test]
fn the_debug_file_tells_what_was_done() {
    let place = Place::new("cdi");
    place.write("cdi/nvidia.yaml", with_types(SPEC));
    let debug = place.path("deep/down/debug.log");
    let settings =
        place.read("config.toml").replacen("mode =", &format!("debug = \"{}\"\nmode =", debug.display()), 1);
    place.write("config.toml", settings);
    assert!(place.create().status.success());
    assert!(
        place
            .read("deep/down/debug.log")
            .contains("\"msg\":\"giving the container its GPUs: CDI devices nvidia.com/gpu=0\"")
    );
}

#[test]
fn an_unknown_name_says_which_names_there_are() {
    let output = Command::new(env!("CARGO_BIN_EXE_longshore-runtime")).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nvidia-container-runtime-hook"));
}
