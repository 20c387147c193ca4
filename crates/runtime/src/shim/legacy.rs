//! Legacy mode: the prestart hook does the work.

use super::executables;
use diag::Result;
use host::Host;
use oci::{Config, Hook, Stage};
use settings::Settings;

const NAME: &str = "nvidia-container-runtime-hook";
/// The name of the same program in old packages.
const OLD_NAME: &str = "nvidia-container-toolkit";

/// Whether a hook's path is the prestart hook, ours or the original's.
pub(super) fn is_our_hook(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name == NAME || name == OLD_NAME
}

/// Adds the prestart hook unless it is there.
///
/// # Errors
/// `hooks` of the configuration has an unexpected form.
pub(super) fn insert_hook(host: &Host, settings: &Settings, config: &mut Config) -> Result<()> {
    if config.hooks(Stage::Prestart).iter().any(|hook| is_our_hook(&hook.path)) {
        return Ok(());
    }
    let named = Some(settings.hook.path.as_str()).filter(|path| !path.is_empty()).unwrap_or(NAME);
    let path = executables::program(host, named, &format!("/usr/bin/{NAME}"));
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    config.push_hook(Stage::Prestart, &Hook { path, args: vec![name, "prestart".into()], ..Hook::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hook_is_inserted_once() {
        let host = Host::at("/nonexistent");
        let mut config = Config::parse(b"{}").expect("valid");
        for _ in 0..2 {
            insert_hook(&host, &Settings::default(), &mut config).expect("inserted");
        }
        let expected = r#"{"hooks":{"prestart":[{"path":"/usr/bin/nvidia-container-runtime-hook","args":["nvidia-container-runtime-hook","prestart"]}]}}"#;
        assert_eq!(String::from_utf8(config.to_bytes()).expect("UTF-8").trim_end(), expected);
    }

    #[test]
    fn only_an_absolute_path_stands_for_itself() {
        let host = Host::at("/nonexistent");
        for (written, expected) in [
            ("/x/hook", "/x/hook"),
            ("x/hook", "/usr/bin/nvidia-container-runtime-hook"),
            ("no-such-hook", "/usr/bin/nvidia-container-runtime-hook"),
        ] {
            let mut settings = Settings::default();
            written.clone_into(&mut settings.hook.path);
            let mut config = Config::parse(b"{}").expect("valid");
            insert_hook(&host, &settings, &mut config).expect("inserted");
            assert_eq!(config.hooks(Stage::Prestart)[0].path, expected, "{written}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test writes the host that it looks at")]
    fn no_path_is_the_usual_name() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a directory");
        let program = folder.path().join("opt").join(NAME);
        std::fs::create_dir(folder.path().join("opt")).expect("made");
        std::fs::write(&program, "").expect("written");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("set");
        let host = Host::at(folder.path()).with_environment(host::Environment::from([("PATH", "/opt")]));
        let mut settings = Settings::default();
        settings.hook.path.clear();
        let mut config = Config::parse(b"{}").expect("valid");
        insert_hook(&host, &settings, &mut config).expect("inserted");
        assert_eq!(config.hooks(Stage::Prestart)[0].path, format!("/opt/{NAME}"));
    }

    #[test]
    fn hooks_are_known_by_their_names() {
        for path in ["/usr/bin/nvidia-container-runtime-hook", "/x/nvidia-container-toolkit"] {
            assert!(is_our_hook(path), "{path}");
        }
        for path in ["/usr/bin/nvidia-container-runtime", "/nvidia-container-toolkit/other", ""] {
            assert!(!is_our_hook(path), "{path}");
        }
    }
}
