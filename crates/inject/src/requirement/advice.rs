//! What to do about a requirement that is not met.

use super::expression::{Bound, Factor};
use super::{Facts, GpuFacts, Requirement};
use knowledge::{Cuda, cuda, driver};
use std::fmt::Write;

/// What the image needs, what the machine gives, which driver or image would do.
pub(super) fn of(requirement: &Requirement, first: &str, facts: &Facts, gpu: Option<&GpuFacts>) -> String {
    let factors: Vec<Factor> = first.split(',').filter_map(Factor::parse).collect();
    let mut text = format!("{} of the image asks for {first}; ", requirement.source);
    text.push_str(&given(facts, gpu.filter(|_| factors.iter().any(Factor::is_about_gpu))));
    let cuda = factors.iter().find_map(Factor::cuda);
    let driver = factors.iter().find_map(Factor::driver).map(|bound| (bound, bound.value.to_owned()));
    let enough = driver.or_else(|| Some((cuda?, driver_for(cuda?)?)));
    if let Some((bound, driver)) = enough {
        let which = match (bound.exact, bound.beyond && bound.value == driver) {
            (true, _) => "would do",
            (false, true) => "would not, one that is newer would",
            (false, false) => "or newer would do",
        };
        let _ = write!(text, "; driver {driver} {which}");
    }
    if let Some(own) = facts.cuda.filter(|_| cuda.is_some()) {
        let _ = write!(text, "; so would an image for CUDA {}{}", dotted(own), tag(own));
    }
    text.push_str("; NVIDIA_DISABLE_REQUIRE=true starts the container all the same");
    text
}

fn given(facts: &Facts, gpu: Option<&GpuFacts>) -> String {
    let mut text = "this machine has ".to_owned();
    match (&facts.driver, facts.cuda) {
        (Some(driver), Some(cuda)) => {
            let _ = write!(text, "driver {driver}, which gives CUDA {}", dotted(cuda));
        }
        (Some(driver), None) => text.push_str(&format!("driver {driver}")),
        (None, Some(cuda)) => text.push_str(&format!("CUDA {}", dotted(cuda))),
        (None, None) => text.push_str("a driver of unknown version"),
    }
    if let Some(gpu) = gpu {
        let _ = write!(text, ", and an {}", if gpu.name.is_empty() { "unnamed GPU" } else { &gpu.name });
        if let Some(arch) = gpu.arch {
            let _ = write!(text, " of compute capability {}", dotted(arch));
        }
    }
    text
}

/// The driver with which a CUDA release came, and its branch: `570.26 (production branch 570)`. A driver
/// gives two numbers only: whoever wants `13.0.1` of it, or more than `13.0`, wants the next release.
fn driver_for(wanted: Bound<'_>) -> Option<String> {
    let named = two_parts(wanted.value)?;
    let has_third = wanted.value.split('.').skip(2).any(|part| part.bytes().any(|digit| digit != b'0'));
    let release = match wanted.beyond || has_third {
        true => cuda::releases().iter().map(|row| row.version).find(|version| *version > named)?,
        false => named,
    };
    let own = cuda::own_driver(release)?;
    let number = own.split('.').next()?.parse().ok()?;
    Some(match driver::branch_of(number) {
        Some(branch) => format!("{own} ({} {number})", branch.kind.words()),
        None => format!("{own} (branch {number})"),
    })
}

/// `12`, `12.8` and `12.8.1`.
fn two_parts(text: &str) -> Option<Cuda> {
    let mut parts = text.split('.');
    let major = parts.next()?.parse().ok()?;
    Some(Cuda::new(major, parts.next().map_or(Some(0), |part| part.parse().ok())?))
}

/// The newest image of that CUDA.
fn tag(cuda: (u32, u32)) -> String {
    let newest = two_parts(&dotted(cuda))
        .and_then(|wanted| cuda::RELEASES.iter().rfind(|row| row.version == wanted && row.update < 10));
    newest
        .map(|row| format!(" or older, such as nvidia/cuda:{}.{}-base-...", row.version, row.update))
        .unwrap_or_else(|| " or older".to_owned())
}

fn dotted((major, minor): (u32, u32)) -> String {
    format!("{major}.{minor}")
}
