//! Dependency edges that must not exist, over the closure of each package.

use house::packages::Graph;

/// `(package, what it must not reach)`; see `ARCHITECTURE.md` for the reasons.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("diag", &["host", "rootfs", "nvml", "rustix", "libc"]),
    ("plan", &["host", "rootfs", "nvml", "rustix", "libc"]),
    ("formats", &["host", "rootfs", "nvml", "rustix", "libc"]),
    ("oci", &["host", "rootfs", "nvml", "driver", "settings", "inject", "rustix"]),
    ("cdi", &["host", "rootfs", "nvml", "driver", "settings", "inject", "rustix"]),
    ("driver", &["host", "rootfs", "nvml", "rustix"]),
    ("lint", &["host", "rootfs", "discover", "nvml", "engines", "doctor", "cli", "rustix", "libc"]),
    ("knowledge", &["diag", "host", "rootfs", "nvml", "rustix", "libc"]),
    ("settings", &["host", "rootfs", "nvml", "rustix"]),
    ("inject", &["host", "rootfs", "nvml", "discover", "rustix"]),
    ("discover", &["nvml", "rootfs", "inject", "libloading"]),
    ("hooks", &["host", "driver", "nvml", "cli", "engines", "inject", "discover"]),
    ("runtime", &["nvml", "doctor", "engines", "cli", "sim", "libloading", "clap"]),
    ("engines", &["rootfs", "nvml", "hooks", "runtime", "cli"]),
    ("doctor", &["rootfs", "hooks", "runtime", "cli", "sim", "libloading"]),
    ("sim", &["host", "rootfs", "discover", "inject", "cli", "runtime"]),
    (
        "longshore-runtime",
        &["nvml", "doctor", "engines", "cli", "sim", "clap", "libloading", "tracing", "jsonc-parser"],
    ),
];

/// Floors of the house: a package may depend only on packages of its own floor or below.
const FLOORS: &[(usize, &[&str])] = &[
    (0, &["diag", "plan", "formats", "oci", "cdi", "driver", "knowledge"]),
    (1, &["host", "rootfs", "nvml"]),
    (2, &["settings", "discover", "inject"]),
    (3, &["lint", "engines", "setup", "hooks", "runtime", "doctor", "sim", "cli"]),
];

#[test]
fn forbidden_packages_are_out_of_reach() {
    let graph = Graph::load();
    let broken: Vec<String> = FORBIDDEN
        .iter()
        .flat_map(|(package, forbidden)| {
            assert!(graph.members().contains(*package), "`{package}` is not a package of the workspace");
            let closure = graph.closure(package);
            forbidden
                .iter()
                .filter(move |name| closure.contains(**name))
                .map(move |name| format!("{package} reaches {name}"))
        })
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn no_package_reaches_a_higher_floor() {
    let graph = Graph::load();
    let floor = |name: &str| FLOORS.iter().find(|(_, names)| names.contains(&name)).map(|(floor, _)| *floor);
    let mut broken = Vec::new();
    for (own, packages) in FLOORS {
        for package in *packages {
            for reached in graph.closure(package) {
                if floor(&reached).is_some_and(|other| other > *own) {
                    broken.push(format!("{package} (floor {own}) reaches {reached}"));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
