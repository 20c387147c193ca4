//! Which versions of the standard the releases of container engines take.
//!
//! Seen in November 2026, by giving files of every version to Docker 20.10, 26.1, 28.5 and 29.7, Podman
//! 4.3, 5.4 and 5.8, and containerd 1.6, 1.7.24 and 2.1.9. The rows between them are lower bounds: a
//! release counts as the next older one that was tried, so nothing is promised that was not seen. CRI-O
//! was not tried at all and counts as the oldest of the others.

use crate::Spec;
use crate::version::position;

/// The version that every engine with CDI takes, and that has all that GPUs usually need.
pub const LOWEST_COMMON: &str = "0.5.0";

/// A container engine.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    /// Its name as users type it: `docker`, `podman`, `containerd`, `cri-o`.
    pub name: &'static str,
    /// Names of its packages in distributions and in its makers' repositories.
    pub packages: &'static [&'static str],
    /// What its releases take, oldest first.
    pub releases: &'static [Release],
}

/// A release of an engine, which stands for all later ones up to the next row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The release, for example `26.1`.
    pub version: &'static str,
    /// What it takes.
    pub taken: Taken,
}

/// What a release of an engine takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It knows nothing of CDI.
    Nothing,
    /// Up to this version of the standard.
    UpTo(&'static str),
    /// Up to this version, once a setting is made.
    With(&'static str, &'static str),
    /// Up to this version, and everything that came with it also in files that declare an older one.
    Undeclared(&'static str),
}

/// The engines, in the order in which they are told of.
#[must_use]
pub fn engines() -> &'static [Engine] {
    ENGINES
}

const DOCKER_SETTING: &str = "`\"features\": {\"cdi\": true}` in daemon.json";
const CONTAINERD_SETTING: &str = "`enable_cdi = true` in config.toml";

const ENGINES: &[Engine] = &[
    Engine {
        name: "docker",
        packages: &["docker-ce", "docker.io", "moby-engine"],
        releases: &[
            release("0", Taken::Nothing),
            release("25.0", Taken::With("0.5.0", DOCKER_SETTING)),
            release("26.1", Taken::With("0.7.0", DOCKER_SETTING)),
            release("28.2", Taken::UpTo("0.7.0")),
            release("28.5", Taken::UpTo("1.0.0")),
            release("29.7", Taken::UpTo("1.1.0")),
        ],
    },
    Engine {
        name: "podman",
        packages: &["podman"],
        releases: &[
            release("0", Taken::Nothing),
            release("4.1", Taken::Undeclared("0.3.0")),
            release("4.3", Taken::Undeclared("0.5.0")),
            release("5.4", Taken::UpTo("0.8.0")),
            release("5.8", Taken::UpTo("1.0.0")),
        ],
    },
    Engine {
        name: "containerd",
        packages: &["containerd.io", "containerd"],
        releases: &[
            release("0", Taken::Nothing),
            release("1.7", Taken::With("0.5.0", CONTAINERD_SETTING)),
            release("1.7.24", Taken::With("0.8.0", CONTAINERD_SETTING)),
            release("2.0", Taken::UpTo("0.8.0")),
            release("2.1.9", Taken::UpTo("1.0.0")),
        ],
    },
    Engine {
        name: "cri-o",
        packages: &["cri-o"],
        releases: &[release("0", Taken::Nothing), release("1.23", Taken::UpTo("0.5.0"))],
    },
];

const fn release(version: &'static str, taken: Taken) -> Release {
    Release { version, taken }
}

impl Engine {
    /// The engine of that name; `crio` and `docker-ce` are understood too.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = if name == "crio" { "cri-o" } else { name };
        ENGINES.iter().find(|engine| engine.name == name || engine.packages.contains(&name))
    }

    /// What the release `version` takes; `None` for a text that is no version.
    #[must_use]
    pub fn takes(&self, version: &str) -> Option<Taken> {
        let wanted = numbers(version)?;
        let not_newer = |release: &&Release| numbers(release.version).is_some_and(|row| row <= wanted);
        self.releases.iter().rev().find(not_newer).map(|release| release.taken)
    }

    /// What the newest known release takes.
    #[must_use]
    pub fn newest(&self) -> Taken {
        self.releases.last().map_or(Taken::Nothing, |release| release.taken)
    }
}

impl Taken {
    /// The newest version of the standard that is taken.
    #[must_use]
    pub fn highest(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::UpTo(version) | Self::With(version, _) | Self::Undeclared(version) => Some(version),
        }
    }

    /// Why a specification, valid but for the version that it declares, is not taken, as a fragment
    /// about the engine; `None` when it is.
    #[must_use]
    pub fn refusal(self, spec: &Spec) -> Option<String> {
        let Some(highest) = self.highest() else { return Some("knows nothing of CDI".to_owned()) };
        let used = spec.beyond(highest);
        let declared = spec.beyond(&spec.cdi_version);
        if position(&spec.cdi_version) <= position(highest) {
            let forgives = matches!(self, Self::Undeclared(_)) && used.is_empty();
            return (!declared.is_empty() && !forgives).then(|| {
                format!("refuses {} in a file that says {}", declared.join(", "), spec.cdi_version)
            });
        }
        let why = if used.is_empty() {
            format!("nothing in the file needs more than {}", spec.minimum_version())
        } else {
            format!("the file uses {}", used.join(", "))
        };
        Some(format!("takes CDI {highest} at most, and the file says {}; {why}", spec.cdi_version))
    }
}

/// The leading numbers of a version: `5:28.5.2-1~debian` gives 28, 5, 2.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let bare = version.split_once(':').map_or(version, |(_, rest)| rest);
    let bare = bare.strip_prefix('v').unwrap_or(bare);
    let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
    let parts: Option<Vec<u64>> =
        bare.get(..end)?.trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect();
    parts.map(|mut parts| {
        while parts.len() > 1 && parts.last() == Some(&0) {
            parts.pop();
        }
        parts
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_counts_as_the_row_below_it() {
        for (engine, version, expected) in [
            ("docker", "20.10.24+dfsg1-1", None),
            ("docker", "26.1.5+dfsg1-9", Some("0.7.0")),
            ("docker", "5:28.5.2-1~debian.12~bookworm", Some("1.0.0")),
            ("docker", "27.0.0", Some("0.7.0")),
            ("docker", "30.0", Some("1.1.0")),
            ("podman", "4.3.1", Some("0.5.0")),
            ("podman", "4.9.4", Some("0.5.0")),
            ("podman", "5.4.2", Some("0.8.0")),
            ("containerd", "1.6.20~ds1-1", None),
            ("containerd", "v1.7.24", Some("0.8.0")),
            ("containerd", "2.0.0", Some("0.8.0")),
            ("crio", "1.30", Some("0.5.0")),
        ] {
            let taken = Engine::named(engine).unwrap().takes(version).unwrap();
            assert_eq!(taken.highest(), expected, "{engine} {version}");
        }
        assert_eq!(Engine::named("docker").unwrap().takes("unknown"), None);
        assert!(Engine::named("runc").is_none());
    }

    #[test]
    fn refusals_say_what_is_too_new() {
        let mut spec = Spec { cdi_version: "0.7.0".into(), kind: "a.b/c".into(), ..Spec::default() };
        spec.container_edits.additional_gids.push(44);
        assert_eq!(
            Taken::UpTo("0.5.0").refusal(&spec).unwrap(),
            "takes CDI 0.5.0 at most, and the file says 0.7.0; the file uses `additionalGids`"
        );
        assert_eq!(Taken::With("0.7.0", "x").refusal(&spec), None);
        spec.container_edits.additional_gids.clear();
        assert!(Taken::UpTo("0.5.0").refusal(&spec).unwrap().ends_with("needs more than 0.3.0"));
        spec.cdi_version = "0.4.0".into();
        spec.devices.push(crate::Device { name: "0".into(), ..crate::Device::default() });
        assert_eq!(Taken::Undeclared("0.5.0").refusal(&spec), None);
        assert_eq!(
            Taken::UpTo("0.5.0").refusal(&spec).unwrap(),
            "refuses a device name that starts with a digit in a file that says 0.4.0"
        );
        assert_eq!(Taken::Nothing.refusal(&spec).unwrap(), "knows nothing of CDI");
    }

    #[test]
    fn every_row_names_versions_that_exist() {
        for engine in engines() {
            for pair in engine.releases.windows(2) {
                assert!(numbers(pair[0].version) < numbers(pair[1].version), "{}", engine.name);
            }
            for release in engine.releases {
                assert!(release.taken.highest().is_none_or(|version| position(version).is_some()));
            }
        }
        assert!(position(LOWEST_COMMON).is_some());
    }
}
