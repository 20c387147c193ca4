//! Every program that a plan may run is in the table of those allowed.
#![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]

use super::{Wishes, route};
use crate::survey;
use host::{Environment, Host};
use plan::Step;
use std::collections::BTreeSet;
use std::fs;

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
    for (docker_repository, rootless) in [(false, false), (true, false), (false, true)] {
        let wishes = Wishes {
            docker_repository,
            remove_desktop: true,
            remove_conflicting: true,
            add_user: true,
            rootless,
            repository: "file:/srv".to_owned(),
            ..Wishes::default()
        };
        // Docker has no repository for some, and Arch no package for Docker without root.
        let Ok(route) = route(survey(&host).unwrap().0, &wishes) else { continue };
        for stage in route.stages {
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
fn red_hat_s_systems_get_docker_from_its_own_repository() {
    let titles = |release: &str| -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc")).unwrap();
        fs::write(root.path().join("etc/os-release"), release).unwrap();
        let survey = survey(&Host::at(root.path())).unwrap().0;
        let stages = route(survey, &Wishes::default()).unwrap().stages;
        stages.into_iter().map(|stage| stage.plan.title).collect()
    };
    let own = "add Docker's repository".to_owned();
    assert!(titles("ID=rocky\nID_LIKE=\"rhel fedora\"\n").contains(&own));
    assert!(!titles("ID=fedora\n").contains(&own));
}

#[test]
fn a_plan_runs_only_programs_of_the_table() {
    let releases = [
        "ID=ubuntu\nVERSION_CODENAME=noble\n",
        "ID=debian\n",
        "ID=fedora\n",
        "ID=rhel\n",
        "ID=sles\n",
        "ID=arch\n",
    ];
    let mut found: BTreeSet<String> = releases.into_iter().flat_map(programs).collect();
    found.extend(crate::carry::programs_of_its_own().into_iter().map(str::to_owned));
    assert!(found.len() > 10, "{found:?}");
    for program in &found {
        assert!(crate::allowed::is_allowed(program), "{program} is not in the table");
    }
    for (program, _) in crate::PROGRAMS {
        let elsewhere =
            ["/usr/bin/snap", "/usr/bin/ubuntu-drivers", "/usr/bin/modprobe", "/usr/bin/longshore"];
        assert!(
            found.contains(*program) || elsewhere.contains(program),
            "{program} is in the table for nothing"
        );
    }
}
