//! Releases of engines, runtimes and toolkits from which an image or a container can reach the host.

use crate::{Numbers, Row, Source};

/// What has an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// runc.
    Runc,
    /// crun.
    Crun,
    /// containerd.
    Containerd,
    /// Docker Engine.
    Docker,
    /// Podman.
    Podman,
    /// NVIDIA Container Toolkit.
    Toolkit,
}

impl Program {
    /// The name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Runc => "runc",
            Self::Crun => "crun",
            Self::Containerd => "containerd",
            Self::Docker => "Docker Engine",
            Self::Podman => "Podman",
            Self::Toolkit => "NVIDIA Container Toolkit",
        }
    }
}

/// One escape.
#[derive(Clone, Copy, Debug)]
pub struct Escape {
    /// What has it.
    pub program: Program,
    /// Numbers of the advisory.
    pub cve: &'static str,
    /// What goes wrong, as a fragment.
    pub what: &'static str,
    /// Whether an image that is merely started is enough, and it is known how.
    pub by_image: bool,
    /// The first release that has it.
    pub since: &'static str,
    /// The first releases without it, one for each branch that got one, the oldest first.
    pub fixed: &'static [&'static str],
    /// Where it was read.
    pub source: Source,
}

const fn row(
    program: Program,
    cve: &'static str,
    what: &'static str,
    since: &'static str,
    fixed: &'static [&'static str],
    document: &'static str,
) -> Escape {
    Escape { program, cve, what, by_image: false, since, fixed, source: Source::new(document, "2026-11-21") }
}

impl Escape {
    /// It is of those for which an image that is started is enough.
    const fn by_image(mut self) -> Self {
        self.by_image = true;
        self
    }
}

/// All of them, by program and year.
pub const ESCAPES: &[Escape] = &[
    row(
        Program::Runc,
        "CVE-2024-21626",
        "a working directory of the image leads to the host's files by a descriptor left open",
        "1.0.0",
        &["1.1.12"],
        "GHSA-xr7r-f8xq-vfvv",
    )
    .by_image(),
    row(
        Program::Runc,
        "CVE-2025-31133",
        "masked paths are bound from the container's /dev/null, which may be a link",
        "1.0.0",
        &["1.2.8", "1.3.3"],
        "GHSA-9493-h29p-rfm2",
    ),
    row(
        Program::Runc,
        "CVE-2025-52565",
        "/dev/console is bound by way of a link, before paths are masked",
        "1.0.0",
        &["1.2.8", "1.3.3"],
        "GHSA-qw9x-cqr3-wc7r",
    ),
    row(
        Program::Runc,
        "CVE-2025-52881",
        "writes below /proc are led to other files by racing mounts",
        "1.0.0",
        &["1.2.8", "1.3.3"],
        "GHSA-cgrx-mc8f-2prm",
    ),
    row(
        Program::Crun,
        "CVE-2025-24965",
        "with the krun handler an image can write a file of the host",
        "1.5",
        &["1.20"],
        "GHSA-f2cc-pvv3-7f94",
    ),
    row(
        Program::Containerd,
        "CVE-2020-15257",
        "containers in the host's network reach the shim's interface",
        "1.0.0",
        &["1.3.9", "1.4.3"],
        "GHSA-36xw-fx78-c5r4",
    ),
    row(
        Program::Containerd,
        "CVE-2022-23648",
        "an image's volumes can show any file of the host to a pod",
        "1.0.0",
        &["1.4.13", "1.5.10", "1.6.1"],
        "GHSA-crp2-qrr5-8pq7",
    ),
    row(
        Program::Docker,
        "CVE-2019-14271",
        "`docker cp` loads a library of the container as root",
        "19.03.0",
        &["19.03.1"],
        "moby/moby#39612",
    ),
    row(
        Program::Docker,
        "CVE-2024-23651, CVE-2024-23652, CVE-2024-23653",
        "a Dockerfile that is built can reach the host's files and rights",
        "18.09.0",
        &["24.0.9", "25.0.2"],
        "moby/buildkit GHSA-m3r6-h7wv-7xxv, GHSA-4v98-7qmw-rqr8, GHSA-wr6v-9f75-vh2g",
    ),
    row(
        Program::Podman,
        "CVE-2024-1753",
        "a Containerfile that is built can mount the host's root",
        "1.0.0",
        &["4.9.4", "5.0.1"],
        "GHSA-874v-pj72-92f3",
    ),
    row(
        Program::Podman,
        "CVE-2024-11218",
        "a Containerfile that is built with `--jobs=2` can reach the host's files",
        "1.0.0",
        &["5.3.2"],
        "GHSA-5vpc-35f4-r8w6",
    ),
    row(
        Program::Podman,
        "CVE-2025-9566",
        "`podman kube play` overwrites a file of the host that a volume links to",
        "4.0.0",
        &["5.6.1"],
        "GHSA-wp3j-xq48-xpjw",
    ),
    row(
        Program::Toolkit,
        "CVE-2024-0132, CVE-2024-0133",
        "a crafted image can reach the host's files",
        "1.0.0",
        &["1.16.2"],
        "NVIDIA security bulletin 5582, September 2024",
    )
    .by_image(),
    row(
        Program::Toolkit,
        "CVE-2024-0134",
        "a crafted image makes files on the host by way of links",
        "1.0.0",
        &["1.17.0"],
        "NVIDIA security bulletin 5585, November 2024",
    ),
    row(
        Program::Toolkit,
        "CVE-2024-0135, CVE-2024-0136, CVE-2024-0137",
        "a crafted image changes a program of the host, or reaches its devices and network",
        "1.0.0",
        &["1.17.3"],
        "NVIDIA security bulletin 5599, January 2025",
    ),
    row(
        Program::Toolkit,
        "CVE-2025-23359",
        "the repair of CVE-2024-0132 can be got round",
        "1.0.0",
        &["1.17.4"],
        "NVIDIA security bulletin 5616, February 2025",
    )
    .by_image(),
    row(
        Program::Toolkit,
        "CVE-2025-23266, CVE-2025-23267",
        "a hook takes LD_PRELOAD from the image and runs its code as root",
        "1.0.0",
        &["1.17.8"],
        "NVIDIA security bulletin 5659, July 2025",
    )
    .by_image(),
    row(
        Program::Toolkit,
        "CVE-2026-24260",
        "a path of the image is checked and then used, and may change in between",
        "1.0.0",
        &["1.19.1"],
        "NVIDIA security bulletin 5850, July 2026",
    ),
];

impl Row for Escape {
    fn subject(&self) -> String {
        format!("{}: {}", self.program.name(), self.cve)
    }

    fn source(&self) -> Source {
        self.source
    }
}

impl Escape {
    /// Whether a release has it: one of a branch with a repair is held against that repair, any other
    /// against the newest one. `None`: the number cannot be read.
    #[must_use]
    pub fn is_in(&self, version: &str) -> Option<bool> {
        let own = Numbers::parse(version)?;
        if own < Numbers::parse(self.since)? {
            return Some(false);
        }
        let branch = |text: &str| text.split('.').take(2).collect::<Vec<_>>().join(".");
        let of_branch = self.fixed.iter().find(|fixed| branch(fixed) == branch(version));
        let fixed = of_branch.or(self.fixed.last())?;
        Some(own < Numbers::parse(fixed)?)
    }

    /// The release to go to: the repair of its own branch, or the newest one.
    #[must_use]
    pub fn way_out(&self, version: &str) -> &'static str {
        let branch = |text: &str| text.split('.').take(2).collect::<Vec<_>>().join(".");
        let of_branch = self.fixed.iter().find(|fixed| branch(fixed) == branch(version));
        of_branch.or(self.fixed.last()).copied().unwrap_or_default()
    }
}

/// The escapes that a release has; empty when its number cannot be read.
pub fn escapes(program: Program, version: &str) -> Vec<&'static Escape> {
    let of = ESCAPES.iter().filter(|escape| escape.program == program);
    of.filter(|escape| escape.is_in(version) == Some(true)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_held_against_its_own_repair() {
        for (program, version, wanted) in [
            (Program::Runc, "1.1.11", 4),
            (Program::Runc, "1.1.12", 3),
            (Program::Runc, "1.2.7", 3),
            (Program::Runc, "1.2.8", 0),
            (Program::Runc, "1.3.2", 3),
            (Program::Runc, "1.4.0", 0),
            (Program::Docker, "24.0.8", 1),
            (Program::Docker, "24.0.9", 0),
            (Program::Docker, "23.0.15", 1),
            (Program::Docker, "28.5.2", 0),
            (Program::Podman, "4.9.4", 2),
            (Program::Podman, "5.6.1", 0),
            (Program::Containerd, "1.5.10", 0),
            (Program::Containerd, "1.7.0", 0),
            (Program::Toolkit, "1.16.1", 6),
            (Program::Toolkit, "1.17.8", 1),
            (Program::Toolkit, "1.19.1", 0),
            (Program::Toolkit, "unknown", 0),
        ] {
            assert_eq!(escapes(program, version).len(), wanted, "{program:?} {version}");
        }
    }

    #[test]
    fn repairs_are_in_order() {
        for escape in ESCAPES {
            let numbers: Vec<Numbers> =
                escape.fixed.iter().map(|text| Numbers::parse(text).unwrap()).collect();
            assert!(
                numbers.windows(2).all(|pair| pair[0] < pair[1]) && !numbers.is_empty(),
                "{}",
                escape.cve
            );
        }
    }
}
