//! Where drivers lie: distributions of both architectures, driver roots, links that lead out of them.
#![expect(clippy::disallowed_methods, reason = "the test writes the hosts that it looks at")]

use discover::{Options, sweep};
use driver::Driver;
use host::Host;
use std::fmt::Write;
use std::fs;

/// Lines of a recorded host, with the libraries of a driver in `directory`.
fn driver_in(directory: &str) -> String {
    let mut lines = String::new();
    for (name, soname) in [("libcuda", "libcuda.so.1"), ("libnvidia-ml", "libnvidia-ml.so.1")] {
        let _ = writeln!(lines, "{directory}/{name}.so.580.95.05\telf64\t755\t0:0\t{soname}");
        let _ = writeln!(lines, "{directory}/{soname}\tlink\t777\t0:0\t{name}.so.580.95.05");
    }
    lines
}

fn look(lines: &str, options: &Options) -> Driver {
    let folder = tempfile::tempdir().expect("temporary directory");
    fs::write(folder.path().join("nodes.tsv"), lines).expect("nodes");
    sweep(&Host::recorded(folder.path()).expect("a host"), options, None).0
}

fn below(root: &str) -> Options {
    Options { driver_root: root.into(), ..Options::default() }
}

/// The library directories of a driver, as containers see them and as the host does.
fn places(driver: &Driver) -> Vec<(String, String)> {
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
    let files = driver.libraries.iter().map(|library| &library.file);
    let mut places: Vec<_> =
        files.map(|file| (folder(&file.container_path), folder(&file.host_path))).collect();
    places.dedup();
    places
}

#[test]
fn libraries_are_found_where_systems_put_them() {
    for (system, directory) in [
        ("Debian and Ubuntu, x86-64", "/usr/lib/x86_64-linux-gnu"),
        ("Debian and Ubuntu, arm64", "/usr/lib/aarch64-linux-gnu"),
        ("Debian's own packages, arm64", "/usr/lib/aarch64-linux-gnu/nvidia/current"),
        ("Fedora, RHEL, SUSE", "/usr/lib64"),
        ("Arch, without a loader cache", "/usr/lib"),
        ("Talos", "/usr/local/glibc/usr/lib"),
        ("NixOS", "/run/opengl-driver/lib"),
        ("Google's nodes", "/home/kubernetes/bin/nvidia/lib64"),
        ("Google's nodes, from inside", "/usr/local/nvidia/lib64"),
    ] {
        let driver = look(&driver_in(directory), &Options::default());
        let expected = (directory.to_owned(), directory.to_owned());
        assert_eq!(places(&driver), [expected], "{system}");
        assert_eq!(driver.version.as_deref(), Some("580.95.05"), "{system}");
        assert_eq!(driver.libraries[0].links.len(), 2, "{system}: libcuda.so and its SONAME");
    }
}

#[test]
fn programs_appear_where_containers_look() {
    for (system, on_host, in_container) in [
        ("most", "/usr/bin/nvidia-smi", "/usr/bin/nvidia-smi"),
        ("by hand", "/usr/local/bin/nvidia-smi", "/usr/local/bin/nvidia-smi"),
        ("NixOS", "/run/current-system/sw/bin/nvidia-smi", "/usr/bin/nvidia-smi"),
        ("Debian's packages, not set up", "/usr/lib/nvidia/current/nvidia-smi", "/usr/bin/nvidia-smi"),
    ] {
        let driver = look(&format!("{on_host}\tfile\t755\t0:0\t\n"), &Options::default());
        let found: Vec<_> =
            driver.binaries.iter().map(|file| (&*file.host_path, &*file.container_path)).collect();
        assert_eq!(found, [(on_host, in_container)], "{system}");
    }
}

#[test]
fn several_directories_are_one_driver() {
    let lines = driver_in("/usr/lib64")
        + "/usr/lib/x86_64-linux-gnu/libnvidia-opencl.so.580.95.05\telf64\t755\t0:0\tlibnvidia-opencl.so.1\n";
    let driver = look(&lines, &Options::default());
    let folders: Vec<String> = places(&driver).into_iter().map(|(folder, _)| folder).collect();
    assert_eq!(folders, ["/usr/lib64", "/usr/lib/x86_64-linux-gnu"]);
    let given =
        Options { library_search_paths: vec!["/opt/a".into(), "/opt/b".into()], ..Options::default() };
    let lines = driver_in("/opt/b") + &driver_in("/usr/lib64");
    assert_eq!(places(&look(&lines, &given)), [("/opt/b".to_owned(), "/opt/b".to_owned())]);
}

#[test]
fn driver_roots_are_taken_off_the_paths() {
    for (root, directory) in [
        ("/run/nvidia/driver", "/usr/lib/x86_64-linux-gnu"),
        ("/run/nvidia/driver", "/usr/lib/aarch64-linux-gnu"),
        ("/home/kubernetes/bin/nvidia", "/lib64"),
        ("/opt/nvidia", ""),
    ] {
        let driver = look(&driver_in(&format!("{root}{directory}")), &below(root));
        assert_eq!(places(&driver), [(directory.to_owned(), format!("{root}{directory}"))], "{root}");
    }
}

#[test]
fn links_of_a_driver_root_stay_inside_it() {
    let root = "/run/nvidia/driver";
    let libraries = driver_in(&format!("{root}/usr/lib64"));
    // Absolute links mean the root's own directories, whatever the host has there.
    let lines = format!(
        "{libraries}{root}/usr/lib/x86_64-linux-gnu\tlink\t777\t0:0\t/usr/lib64\n\
         {root}/var/run\tlink\t777\t0:0\t/run\n\
         {root}/usr/bin/nvidia-smi\tlink\t777\t0:0\t/opt/bin/nvidia-smi\n\
         {root}/opt/bin/nvidia-smi\tfile\t755\t0:0\tthe root's\n\
         /opt/bin/nvidia-smi\tfile\t755\t0:0\tthe host's\n\
         /run/nvidia-persistenced/socket\tsocket\t777\t0:0\t\n\
         /usr/lib64/libcuda.so.1\tfile\t644\t0:0\tthe host's\n\
         {root}/etc/vulkan/icd.d/nvidia_icd.json\tlink\t777\t0:0\t../../../../../../../etc/shadow\n\
         /etc/shadow\tfile\t600\t0:0\tsecret\n"
    );
    let driver = look(&lines, &below(root));
    assert_eq!(places(&driver), [("/usr/lib64".to_owned(), format!("{root}/usr/lib64"))]);
    let smi = driver.binaries.first().expect("nvidia-smi");
    assert_eq!(
        (smi.host_path.as_str(), smi.container_path.as_str()),
        ("/run/nvidia/driver/opt/bin/nvidia-smi", "/usr/bin/nvidia-smi")
    );
    assert!(driver.sockets.is_empty(), "that socket is the host's: {:?}", driver.sockets);
    assert!(driver.configs.is_empty(), "there is no such file inside: {:?}", driver.configs);
}

#[test]
fn libraries_beside_the_driver_come_when_asked_for() {
    let here = "/usr/lib/x86_64-linux-gnu";
    let lines = driver_in(here)
        + &format!("{here}/libEGL.so.1.1.0\telf64\t755\t0:0\tlibEGL.so.1\n")
        + &format!("{here}/libEGL.so.1\tlink\t777\t0:0\tlibEGL.so.1.1.0\n")
        + &format!("{here}/libEGL.so\tlink\t777\t0:0\tlibEGL.so.1\n");
    assert_eq!(look(&lines, &Options::default()).libraries.len(), 2);
    let driver = look(&lines, &Options { explicit_libraries: true, ..Options::default() });
    let egl = driver.libraries.last().expect("a library");
    let links: Vec<_> = egl.links.iter().map(|link| format!("{}::{}", link.target, link.path)).collect();
    assert_eq!(egl.file.container_path, format!("{here}/libEGL.so.1.1.0"));
    assert_eq!(
        links,
        [format!("libEGL.so.1.1.0::{here}/libEGL.so.1"), format!("libEGL.so.1::{here}/libEGL.so")]
    );
}
