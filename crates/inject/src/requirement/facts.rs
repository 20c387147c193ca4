//! What requirements are held against: CUDA and driver versions, architecture and brand of GPUs.

use crate::Target;
use driver::{Driver, Gpu};
use knowledge::Numbers;

/// What is known of a machine; `None` is not known, and every condition on it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The CUDA version that the driver gives.
    pub cuda: Option<(u32, u32)>,
    /// The driver's version: `535.104.05`.
    pub driver: Option<String>,
    /// The GPUs that the container gets.
    pub gpus: Vec<GpuFacts>,
}

/// What is known of a GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuFacts {
    /// Its name, for messages.
    pub name: String,
    /// Compute capability.
    pub arch: Option<(u32, u32)>,
    /// The words that may stand for its brand, in lower case: newer drivers call by a name of its own
    /// what libnvidia-container calls `Unknown`. None: not known.
    pub brands: Vec<&'static str>,
}

impl Facts {
    /// What is known of a machine and of these of its GPUs.
    #[must_use]
    pub fn of(driver: &Driver, targets: &[Target]) -> Self {
        let mut positions: Vec<usize> = targets.iter().map(|target| target.gpu).collect();
        positions.sort_unstable();
        positions.dedup();
        let mut gpus: Vec<GpuFacts> = Vec::new();
        for gpu in positions.into_iter().filter_map(|position| driver.gpus.get(position)) {
            let facts = GpuFacts::of(gpu);
            if !gpus.contains(&facts) {
                gpus.push(facts);
            }
        }
        let version = driver.module_version.clone().or_else(|| driver.version.clone());
        Self { cuda: driver.cuda.or_else(|| cuda_of(version.as_deref()?)), driver: version, gpus }
    }
}

impl GpuFacts {
    fn of(gpu: &Gpu) -> Self {
        let name = gpu.name.clone().unwrap_or_default();
        let by_name = || {
            let known = knowledge::gpu::by_name(&name)?.group.capability;
            Some((known.major.into(), known.minor.into()))
        };
        Self { arch: gpu.compute_capability.or_else(by_name), brands: brands(&name), name }
    }
}

/// The CUDA version of a driver, by its branch: each release of CUDA came with a branch of its own.
/// `None`: older than the tables.
fn cuda_of(driver: &str) -> Option<(u32, u32)> {
    let branch = Numbers::parse(driver)?.first();
    // The only branch whose CUDA was never released as a toolkit.
    if (565..570).contains(&branch) {
        return Some((12, 7));
    }
    let (full, _) = knowledge::driver::reach(branch)?;
    Some((full.major.into(), full.minor.into()))
}

/// By the model's name, as NVML says the brand.
fn brands(name: &str) -> Vec<&'static str> {
    const BY_NAME: &[(&str, &[&str])] = &[
        ("GeForce RTX", &["geforce", "geforcertx"]),
        ("GeForce", &["geforce"]),
        ("Quadro RTX", &["quadrortx", "quadro", "unknown"]),
        ("Quadro", &["quadro"]),
        ("TITAN RTX", &["titanrtx", "titan"]),
        ("TITAN", &["titan"]),
        ("Tesla", &["tesla", "nvidia", "unknown"]),
        ("GRID", &["grid"]),
        ("NVS", &["nvs"]),
        ("NVIDIA RTX", &["nvidiartx", "unknown"]),
        ("RTX PRO", &["nvidiartx", "unknown"]),
        ("NVIDIA ", &["nvidia", "unknown"]),
    ];
    let found = BY_NAME.iter().find(|(part, _)| name.contains(part));
    found.map(|(_, brands)| brands.to_vec()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_give_their_cuda() {
        let cases = [
            ("418.40.04", Some((10, 1))),
            ("470.256.02", Some((11, 4))),
            ("535.104.05", Some((12, 2))),
            ("565.57.01", Some((12, 7))),
            ("570.124.06", Some((12, 8))),
            ("580.95.05", Some((13, 0))),
            ("999.88.77", Some((13, 3))),
            ("340.1", None),
            ("x", None),
        ];
        for (version, expected) in cases {
            assert_eq!(cuda_of(version), expected, "{version}");
        }
    }

    #[test]
    fn names_give_brands() {
        for (name, first) in [
            ("NVIDIA GeForce RTX 4090", Some("geforce")),
            ("NVIDIA H100 80GB HBM3", Some("nvidia")),
            ("Tesla T4", Some("tesla")),
            ("NVIDIA RTX A6000", Some("nvidiartx")),
            ("NVIDIA TITAN V", Some("titan")),
            ("Quadro RTX 6000", Some("quadrortx")),
            ("Graphics Device", None),
        ] {
            assert_eq!(brands(name).first().copied(), first, "{name}");
        }
    }
}
