//! GPUs by name, and what their architectures need.

use crate::{Capability, Cuda, Row, Source};

/// GPUs of one compute capability.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Their capability.
    pub capability: Capability,
    /// The name of the architecture.
    pub architecture: &'static str,
    /// Names as NVIDIA writes them, without `NVIDIA`.
    pub names: &'static [&'static str],
}

const GPUS: Source = Source::new(
    "NVIDIA, \"CUDA GPU Compute Capability\" and \"Legacy CUDA GPU Compute Capability\"",
    "2026-10-01",
);

/// The groups, newest first.
pub const GROUPS: &[Group] = &[
    Group { capability: Capability::new(12, 1), architecture: "Blackwell", names: &["GB10", "DGX Spark"] },
    Group {
        capability: Capability::new(12, 0),
        architecture: "Blackwell",
        names: &[
            "GeForce RTX 5090",
            "GeForce RTX 5080",
            "GeForce RTX 5070 Ti",
            "GeForce RTX 5070",
            "GeForce RTX 5060 Ti",
            "GeForce RTX 5060",
            "GeForce RTX 5050",
            "RTX PRO 6000 Blackwell",
            "RTX PRO 5000 Blackwell",
            "RTX PRO 4500 Blackwell",
            "RTX PRO 4000 Blackwell",
            "RTX PRO 2000 Blackwell",
        ],
    },
    Group {
        capability: Capability::new(11, 0),
        architecture: "Blackwell",
        names: &["Jetson T5000", "Jetson T4000"],
    },
    Group { capability: Capability::new(10, 3), architecture: "Blackwell", names: &["GB300", "B300"] },
    Group { capability: Capability::new(10, 0), architecture: "Blackwell", names: &["GB200", "B200"] },
    Group { capability: Capability::new(9, 0), architecture: "Hopper", names: &["GH200", "H200", "H100"] },
    Group {
        capability: Capability::new(8, 9),
        architecture: "Ada",
        names: &[
            "L4",
            "L40",
            "L40S",
            "RTX 6000 Ada",
            "RTX 5000 Ada",
            "RTX 4500 Ada",
            "RTX 4000 Ada",
            "RTX 4000 SFF Ada",
            "RTX 2000 Ada",
            "GeForce RTX 4090",
            "GeForce RTX 4080",
            "GeForce RTX 4070 Ti",
            "GeForce RTX 4070",
            "GeForce RTX 4060 Ti",
            "GeForce RTX 4060",
            "GeForce RTX 4050",
        ],
    },
    Group {
        capability: Capability::new(8, 7),
        architecture: "Ampere",
        names: &["Jetson AGX Orin", "Jetson Orin NX", "Jetson Orin Nano"],
    },
    Group {
        capability: Capability::new(8, 6),
        architecture: "Ampere",
        names: &[
            "A40",
            "A10",
            "A16",
            "A2",
            "RTX A6000",
            "RTX A5000",
            "RTX A4000",
            "RTX A3000",
            "RTX A2000",
            "GeForce RTX 3090 Ti",
            "GeForce RTX 3090",
            "GeForce RTX 3080 Ti",
            "GeForce RTX 3080",
            "GeForce RTX 3070 Ti",
            "GeForce RTX 3070",
            "GeForce RTX 3060 Ti",
            "GeForce RTX 3060",
            "GeForce RTX 3050 Ti",
            "GeForce RTX 3050",
        ],
    },
    Group { capability: Capability::new(8, 0), architecture: "Ampere", names: &["A100", "A30"] },
    Group {
        capability: Capability::new(7, 5),
        architecture: "Turing",
        names: &[
            "T4",
            "Quadro RTX 8000",
            "Quadro RTX 6000",
            "Quadro RTX 5000",
            "Quadro RTX 4000",
            "T1000",
            "T600",
            "T400",
            "GeForce GTX 1650 Ti",
            "TITAN RTX",
            "GeForce RTX 2080 Ti",
            "GeForce RTX 2080",
            "GeForce RTX 2070",
            "GeForce RTX 2060",
        ],
    },
    Group {
        capability: Capability::new(7, 2),
        architecture: "Volta",
        names: &["Jetson AGX Xavier", "Jetson Xavier NX"],
    },
    Group {
        capability: Capability::new(7, 0),
        architecture: "Volta",
        names: &["V100", "Quadro GV100", "TITAN V"],
    },
    Group { capability: Capability::new(6, 2), architecture: "Pascal", names: &["Jetson TX2"] },
    Group {
        capability: Capability::new(6, 1),
        architecture: "Pascal",
        names: &[
            "Tesla P40",
            "Tesla P4",
            "Quadro P6000",
            "Quadro P5000",
            "Quadro P4000",
            "Quadro P2200",
            "Quadro P2000",
            "Quadro P1000",
            "Quadro P620",
            "Quadro P600",
            "Quadro P400",
            "TITAN Xp",
            "GeForce GTX 1080 Ti",
            "GeForce GTX 1080",
            "GeForce GTX 1070 Ti",
            "GeForce GTX 1070",
            "GeForce GTX 1060",
            "GeForce GTX 1050",
        ],
    },
    Group {
        capability: Capability::new(6, 0),
        architecture: "Pascal",
        names: &["Tesla P100", "Quadro GP100"],
    },
    Group { capability: Capability::new(5, 3), architecture: "Maxwell", names: &["Jetson Nano"] },
    Group {
        capability: Capability::new(5, 2),
        architecture: "Maxwell",
        names: &[
            "Tesla M60",
            "Tesla M40",
            "Quadro M6000",
            "Quadro M5000",
            "Quadro M4000",
            "Quadro M2000",
            "GeForce GTX TITAN X",
            "GeForce GTX 980 Ti",
            "GeForce GTX 980",
            "GeForce GTX 970",
            "GeForce GTX 960",
            "GeForce GTX 950",
        ],
    },
    Group {
        capability: Capability::new(5, 0),
        architecture: "Maxwell",
        names: &["Quadro K2200", "Quadro K1200", "Quadro K620", "GeForce GTX 750 Ti", "GeForce GTX 750"],
    },
    Group { capability: Capability::new(3, 7), architecture: "Kepler", names: &["Tesla K80"] },
    Group { capability: Capability::new(3, 5), architecture: "Kepler", names: &["Tesla K40", "Tesla K20"] },
];

impl Row for Group {
    fn subject(&self) -> String {
        format!("GPUs of capability {}", self.capability)
    }

    fn source(&self) -> Source {
        GPUS
    }
}

/// What an architecture asks of CUDA and of the driver.
#[derive(Clone, Copy, Debug)]
pub struct Support {
    /// The capability.
    pub capability: Capability,
    /// The first CUDA release with code for it.
    pub first: Cuda,
    /// The last CUDA family with code for it, when it is no longer supported.
    pub last_family: Option<u16>,
    /// The last driver branch that drives it, when it is no longer supported.
    pub last_driver: Option<u32>,
}

const MATRIX: Source = Source::new(
    "NVIDIA, data center driver documentation, \"CUDA Toolkit, Driver, and Architecture Matrix\"; \
     CUDA 12.9 and 13.0 release notes",
    "2026-10-01",
);

const fn ongoing(major: u8, minor: u8, first: Cuda) -> Support {
    Support { capability: Capability::new(major, minor), first, last_family: None, last_driver: None }
}

const fn ended(major: u8, minor: u8, first: Cuda, family: u16, driver: u32) -> Support {
    let capability = Capability::new(major, minor);
    Support { capability, first, last_family: Some(family), last_driver: Some(driver) }
}

/// Support by capability, newest first.
pub const SUPPORT: &[Support] = &[
    ongoing(12, 1, Cuda::new(12, 9)),
    ongoing(12, 0, Cuda::new(12, 8)),
    ongoing(11, 0, Cuda::new(13, 0)),
    ongoing(10, 3, Cuda::new(12, 9)),
    ongoing(10, 0, Cuda::new(12, 8)),
    ongoing(9, 0, Cuda::new(11, 8)),
    ongoing(8, 9, Cuda::new(11, 8)),
    ongoing(8, 7, Cuda::new(11, 5)),
    ongoing(8, 6, Cuda::new(11, 1)),
    ongoing(8, 0, Cuda::new(11, 0)),
    ongoing(7, 5, Cuda::new(10, 0)),
    ended(7, 0, Cuda::new(9, 0), 12, 580),
    ended(6, 1, Cuda::new(8, 0), 12, 580),
    ended(6, 0, Cuda::new(8, 0), 12, 580),
    ended(5, 3, Cuda::new(6, 5), 12, 580),
    ended(5, 2, Cuda::new(6, 5), 12, 580),
    ended(5, 0, Cuda::new(6, 5), 12, 580),
    ended(3, 7, Cuda::new(6, 0), 11, 470),
    ended(3, 5, Cuda::new(6, 0), 11, 470),
];

impl Row for Support {
    fn subject(&self) -> String {
        format!("support of capability {}", self.capability)
    }

    fn source(&self) -> Source {
        MATRIX
    }
}

/// Support of a capability.
#[must_use]
pub fn support(capability: Capability) -> Option<&'static Support> {
    SUPPORT.iter().find(|row| row.capability == capability)
}

/// A GPU found by name.
#[derive(Clone, Copy, Debug)]
pub struct Gpu {
    /// Its name as in the table.
    pub name: &'static str,
    /// The group it is of.
    pub group: &'static Group,
}

/// The GPU that a name means: `RTX 5090`, `NVIDIA GeForce RTX 4090 Laptop GPU`, `h100`,
/// `NVIDIA A100-SXM4-80GB`. `None`: not in the table, or not one GPU.
#[must_use]
pub fn by_name(text: &str) -> Option<Gpu> {
    let wanted = words(text);
    let all = GROUPS.iter().flat_map(|group| group.names.iter().map(move |name| Gpu { name, group }));
    let mut found = all.filter(|gpu| words(gpu.name) == wanted);
    found.next()
}

/// Names of the table that share all their words with `text`, for "did you mean".
#[must_use]
pub fn similar(text: &str) -> Vec<&'static str> {
    let wanted = words(text);
    let near = |name: &&'static str| {
        let own = words(name);
        !wanted.is_empty()
            && (wanted.iter().all(|word| own.contains(word)) || own.iter().all(|word| wanted.contains(word)))
    };
    GROUPS.iter().flat_map(|group| group.names.iter().copied()).filter(near).collect()
}

/// The words of a name that tell GPUs apart: brands, form factors and memory sizes left out, in
/// lower case.
fn words(name: &str) -> Vec<String> {
    const OTHER: &[&str] = &[
        "nvidia",
        "geforce",
        "tesla",
        "gpu",
        "laptop",
        "generation",
        "edition",
        "pcie",
        "sxm",
        "sxm2",
        "sxm3",
        "sxm4",
        "sxm5",
        "nvl",
        "hbm3",
        "hbm2e",
        "hbm3e",
        "server",
        "workstation",
        "quadro",
        "d",
    ];
    let lower = name.to_ascii_lowercase();
    let split = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut out: Vec<String> = Vec::new();
    for word in split {
        let memory =
            word.strip_suffix("gb").is_some_and(|size| size.bytes().all(|byte| byte.is_ascii_digit()));
        if OTHER.contains(&word) || (memory && !out.is_empty()) {
            continue;
        }
        out.extend(parts(word));
    }
    out
}

/// `rtx5090` and `4090ti` are written without blanks too.
fn parts(word: &str) -> Vec<String> {
    for prefix in ["rtx", "gtx"] {
        if let Some(rest) = word.strip_prefix(prefix)
            && rest.starts_with(|c: char| c.is_ascii_digit())
        {
            let mut out = vec![prefix.to_owned()];
            out.extend(parts(rest));
            return out;
        }
    }
    match word.strip_suffix("ti") {
        Some(number) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            vec![number.to_owned(), "ti".to_owned()]
        }
        _ => vec![word.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_spelling() {
        let cases = [
            ("RTX 5090", Some("12.0")),
            ("rtx5090", Some("12.0")),
            ("NVIDIA GeForce RTX 4090 Laptop GPU", Some("8.9")),
            ("RTX 4070Ti", Some("8.9")),
            ("NVIDIA A100-SXM4-80GB", Some("8.0")),
            ("h100", Some("9.0")),
            ("NVIDIA H200 NVL", Some("9.0")),
            ("Tesla T4", Some("7.5")),
            ("T4", Some("7.5")),
            ("GTX 1080 Ti", Some("6.1")),
            ("NVIDIA RTX 6000 Ada Generation", Some("8.9")),
            ("RTX PRO 6000 Blackwell Workstation Edition", Some("12.0")),
            ("NVIDIA GB10", Some("12.1")),
            ("Radeon 7900", None),
            ("RTX", None),
            ("", None),
        ];
        for (name, expected) in cases {
            let found = by_name(name).map(|gpu| gpu.group.capability.to_string());
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn no_two_gpus_share_their_words() {
        let mut seen: Vec<(Vec<String>, &str)> = Vec::new();
        for name in GROUPS.iter().flat_map(|group| group.names) {
            let own = words(name);
            // The Turing `Quadro RTX 4000` is never written without its brand.
            if !name.starts_with("Quadro RTX") {
                assert!(seen.iter().all(|(words, _)| *words != own), "{name} reads as {own:?} too: {seen:?}");
                seen.push((own, name));
            }
        }
    }

    #[test]
    fn a_wrong_name_gets_suggestions() {
        assert!(similar("RTX 5070").contains(&"GeForce RTX 5070 Ti"));
        assert!(similar("banana").is_empty());
    }
}
