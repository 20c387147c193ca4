//! Engines that overlay a folder of drop-in files key by key: one file of our own says everything,
//! and no file of others is touched.

use crate::toml_tree::{Tree, read, text, write};
use crate::{Files, Proposal, ProposedFile, write_step};
use diag::Result;
use host::Host;
use plan::{Applicability, Plan};

/// What the configuration says, file by file in the order of reading, without our own drop-in.
///
/// # Errors
/// A file cannot be read or is not TOML.
pub(crate) fn sources(host: &Host, files: &Files<'_>, suffix: &str) -> Result<Vec<Tree>> {
    if let Some(dumped) = files.dumped {
        return Ok(vec![read("the engine's own answer", dumped)?]);
    }
    let mut sources = Vec::new();
    let folder = files.drop_in.rsplit_once('/').map_or("/", |(folder, _)| folder);
    let entries = host.list_optional(folder)?.unwrap_or_default();
    let names = entries.iter().filter(|entry| entry.name.ends_with(suffix));
    let paths = names.map(|entry| format!("{folder}/{}", entry.name)).filter(|path| path != files.drop_in);
    for path in std::iter::once(files.config.to_owned()).chain(paths) {
        if let Some(bytes) = host.read_optional(&path)? {
            sources.push(read(&path, &bytes)?);
        }
    }
    Ok(sources)
}

/// The proposal of a drop-in that says this.
///
/// # Errors
/// The file that stands there cannot be read.
pub(crate) fn propose(host: &Host, files: &Files<'_>, title: String, wanted: &Tree) -> Result<Proposal> {
    let before = host.read_optional(files.drop_in)?;
    let same = before.as_deref().and_then(|bytes| text(files.drop_in, bytes).ok());
    let same = same.filter(|_| before.as_deref().is_some_and(|bytes| says(files.drop_in, bytes, wanted)));
    let text = same.map_or_else(|| write(wanted), str::to_owned);
    let plan = Plan::new(title, Applicability::Safe);
    let plan = if same.is_some() { plan } else { write_step(plan, files.drop_in, before.clone(), &text) };
    let files = vec![ProposedFile { title: None, path: files.drop_in.to_owned(), text }];
    Ok(Proposal { plan, files, exists: true, notes: Vec::new(), findings: Vec::new() })
}

/// Whether a drop-in already says exactly this; its comments and layout are then left as they are.
pub(crate) fn says(path: &str, bytes: &[u8], wanted: &Tree) -> bool {
    read(path, bytes).is_ok_and(|present| present == *wanted)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests prepare and inspect directories of their own")]

    use crate::{Desired, Engine, Files, codes, crio, podman};
    use host::{Host, HostMut};
    use std::fs;

    /// Configures, configures again, and takes it back; gives the drop-in that was there in between.
    fn round_trip(engine: &Engine, config: Option<&str>, beside: Option<&str>, default: bool) -> String {
        let root = tempfile::tempdir().unwrap();
        let drop_in = engine.default_drop_in.unwrap();
        let folder = drop_in.rsplit_once('/').unwrap().0;
        let other = format!("{folder}/10-other.conf");
        for (path, text) in [(engine.default_config, config), (other.as_str(), beside)] {
            let Some(text) = text else { continue };
            let path = root.path().join(path.trim_start_matches('/'));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let host = HostMut::new(Host::at(root.path()), "/journal");
        let desired = Desired {
            runtime_name: "nvidia".to_owned(),
            runtime_path: engine.default_runtime_path.to_owned(),
            set_as_default: default,
            enable_cdi: false,
        };
        let files = Files { config: engine.default_config, drop_in, dumped: None, release: None };
        let plan = (engine.propose)(&host, &files, &desired).unwrap().plan;
        let id = host.apply(&plan).unwrap().id.unwrap();
        let text = host.read_text(drop_in).unwrap();
        assert!((engine.propose)(&host, &files, &desired).unwrap().plan.is_empty(), "a second run");
        host.undo(&id).unwrap();
        assert!(!host.exists(drop_in));
        assert_eq!(host.read_text_optional(engine.default_config).unwrap().as_deref(), config);
        assert_eq!(host.read_text_optional(&other).unwrap().as_deref(), beside);
        text
    }

    #[test]
    fn crio_gets_the_options_of_the_runtime_used_now() {
        let entry = |options: &str| {
            format!(
                "\n[crio]\n\n  [crio.runtime]\n\n    [crio.runtime.runtimes]\n\n      [crio.runtime.runtimes.nvidia]\n{options}        \
                 runtime_path = \"/usr/bin/nvidia-container-runtime\"\n        runtime_type = \"oci\"\n"
            )
        };
        let runc = "[crio.runtime.runtimes.runc]\nmonitor_path = '/m' # why\n";
        let crun =
            "[crio.runtime]\ndefault_runtime = 'crun'\n[crio.runtime.runtimes.crun]\nmonitor_path = '/n'\n";
        let kata = "[crio.runtime]\ndefault_runtime = 'kata'\n[crio.runtime.runtimes.kata]\nruntime_type = 'vm'\nmonitor_path = '/k'\n";
        let ours = "[crio.runtime]\ndefault_runtime = 'nvidia-cdi'\n[crio.runtime.runtimes.nvidia-cdi]\nmonitor_path = '/x'\n";
        let (m, n) = ("        monitor_path = \"/m\"\n", "        monitor_path = \"/n\"\n");
        let cases = [
            (None, None, ""),
            (Some(""), None, ""),
            (Some(runc), None, m),
            (Some(runc), Some(crun), n),
            (Some(runc), Some(kata), m),
            (Some(runc), Some(ours), m),
            (None, Some(crun), n),
        ];
        for (config, beside, options) in cases {
            assert_eq!(
                round_trip(&crio::ENGINE, config, beside, false),
                entry(options),
                "{config:?} {beside:?}"
            );
        }
        let default = round_trip(&crio::ENGINE, None, None, true);
        assert!(default.contains("  [crio.runtime]\n    default_runtime = \"nvidia\"\n"), "{default}");
    }

    #[test]
    fn podman_gets_one_entry() {
        let expected =
            "\n[engine]\n\n  [engine.runtimes]\n    nvidia = [\"/usr/bin/nvidia-container-runtime\"]\n";
        for config in [None, Some(""), Some("# mine\n[engine]\nruntime = 'crun'\n")] {
            assert_eq!(round_trip(&podman::ENGINE, config, None, false), expected);
        }
        let default = round_trip(&podman::ENGINE, None, None, true);
        assert!(default.contains("[engine]\n  runtime = \"nvidia\"\n"), "{default}");
    }

    #[test]
    fn a_file_of_others_that_is_no_toml_is_named() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("etc/crio");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("crio.conf"), "[crio]\nlog = yes\n").unwrap();
        let drop_in = crio::ENGINE.default_drop_in.unwrap();
        let files = Files { config: crio::ENGINE.default_config, drop_in, dumped: None, release: None };
        let desired = Desired {
            runtime_name: "nvidia".to_owned(),
            runtime_path: "/x".to_owned(),
            set_as_default: false,
            enable_cdi: false,
        };
        let failure = crio::propose(&Host::at(root.path()), &files, &desired).unwrap_err();
        assert_eq!(failure.code(), Some(codes::NOT_TOML));
        assert!(failure.line().starts_with("/etc/crio/crio.conf line 2 column 7: "), "{}", failure.line());
    }
}
