//! Every program that a plan may run is listed in the documentation.
#![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]

use super::{Wishes, route};
use crate::survey;
use host::{Environment, Host};
use plan::Step;
use std::collections::BTreeSet;
use std::fs;

const PAGE: &str = include_str!("../../../../docs/setup.md");

const DESKTOP: &str = r#"{"currentContext": "desktop-linux", "credsStore": "desktop"}"#;

/// The programs of all stages on a bare machine of this distribution, with everything asked for.
fn programs(release: &str) -> BTreeSet<String> {
    let root = tempfile::tempdir().unwrap();
    let files = [
        ("etc/os-release", release),
        ("home/u/.docker/config.json", DESKTOP),
        ("opt/docker-desktop/x", ""),
        ("var/lib/dpkg/status", "Package: docker.io\nStatus: install ok installed\n"),
    ];
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let environment = Environment::from([("HOME", "/home/u"), ("USER", "u")]);
    let host = Host::at(root.path()).with_environment(environment);
    let mut found = BTreeSet::new();
    for docker_repository in [false, true] {
        let wishes = Wishes {
            docker_repository,
            remove_desktop: true,
            remove_conflicting: true,
            add_user: true,
            package: String::new(),
        };
        for stage in route(survey(&host).unwrap().0, &wishes).unwrap().stages {
            for step in stage.plan.steps {
                match step {
                    Step::Run { argv, undo } => {
                        found.extend(argv.first().cloned());
                        found.extend(undo.and_then(|undo| undo.first().cloned()));
                    }
                    Step::Settle { argv, undo } => {
                        found.extend([argv, undo].iter().filter_map(|argv| argv.first().cloned()))
                    }
                    Step::Write { .. } | Step::Remove { .. } | Step::Symlink { .. } => {}
                }
            }
        }
    }
    found
}

#[test]
fn every_program_of_a_plan_is_documented() {
    let releases = [
        "ID=ubuntu\nVERSION_CODENAME=noble\n",
        "ID=debian\n",
        "ID=fedora\n",
        "ID=rhel\n",
        "ID=sles\n",
        "ID=arch\n",
    ];
    let found: BTreeSet<String> = releases.into_iter().flat_map(programs).collect();
    assert!(found.len() > 10, "{found:?}");
    for program in found {
        assert!(PAGE.contains(&format!("`{program}`")), "{program} is not listed in docs/setup.md");
    }
}
