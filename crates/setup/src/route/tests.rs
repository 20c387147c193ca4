//! Every program that a plan may run is in the table of those allowed.
#![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]

use super::{Kind, Wishes, route};
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

/// A machine with these files, and what is planned for it when Docker's own repository is wanted: the kinds of
/// steps for the repository, and what the stage says.
fn docker_s(files: &[(&str, &str)]) -> Result<(Vec<&'static str>, String), String> {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let wishes = Wishes { docker_repository: true, ..Wishes::default() };
    let route =
        route(survey(&Host::at(root.path())).unwrap().0, &wishes).map_err(|failure| failure.chain())?;
    let stage = route.stages.iter().find(|stage| stage.kind == Kind::DockerRepository);
    let kind = |step: &Step| match step {
        Step::Write { .. } => "write",
        Step::Remove { .. } => "remove",
        Step::Run { argv, .. } if argv.first().is_some_and(|program| program.ends_with("curl")) => "fetch",
        _ => "run",
    };
    let steps = stage.map(|stage| stage.plan.steps.iter().map(kind).filter(|kind| *kind != "run").collect());
    Ok((steps.unwrap_or_default(), stage.map(|stage| stage.effect.clone()).unwrap_or_default()))
}

#[test]
fn a_list_of_docker_s_that_is_there_is_used_or_set_aside() {
    let debian = ("etc/os-release", "ID=debian\nVERSION_CODENAME=trixie\n");
    let list = |component: &str| {
        format!(
            "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.gpg] https://download.docker.com/linux/debian trixie {component}\r\n"
        )
    };
    let path = "etc/apt/sources.list.d/docker.list";
    let steps = |files: &[(&str, &str)]| docker_s(files).unwrap().0;
    assert_eq!(steps(&[debian]), ["fetch", "write"]);
    assert_eq!(steps(&[debian, (path, &list("stable"))]), [""; 0]);
    let (aside, effect) = docker_s(&[debian, (path, &list("test"))]).unwrap();
    assert_eq!(aside, ["fetch", "remove", "write"]);
    assert!(effect.contains("docker.list named the same repository"), "{effect}");
    // A key that is there is not fetched over, and so not removed on the way back.
    assert_eq!(steps(&[debian, ("etc/apt/keyrings/docker.asc", "x")]), ["write"]);
    let fedora = ("etc/os-release", "ID=fedora\nVERSION_ID=43\n");
    let own = "[docker-ce-stable]\nbaseurl=https://download.docker.com/linux/fedora/$releasever/$basearch/stable\nenabled=1\n";
    assert_eq!(steps(&[fedora]), ["write"]);
    assert_eq!(steps(&[fedora, ("etc/yum.repos.d/docker-ce.repo", own)]), [""; 0]);
}

#[test]
fn systems_for_which_docker_has_no_repository_are_told_so() {
    let says = |release: &str| docker_s(&[("etc/os-release", release)]).unwrap_err();
    assert!(says("ID=kali\nID_LIKE=debian\nPRETTY_NAME=Kali\n").contains("which release of Debian"));
    assert!(
        says("ID=amzn\nID_LIKE=fedora\nPRETTY_NAME=\"Amazon Linux\"\n").contains("no repository for Amazon")
    );
    assert!(
        says("ID=opensuse-microos\nID_LIKE=suse\nPRETTY_NAME=MicroOS\n")
            .contains("MicroOS takes no packages")
    );
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
