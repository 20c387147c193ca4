//! What kind of machine this is.

use crate::options::Mode;
use crate::places;
use crate::survey::{Survey, join};
use crate::wsl;
use driver::{Gpu, NvmlSnapshot, Platform};
use host::Kind;

/// The kind of machine that `options.mode` asks for, or that this one is found to be: WSL where its
/// `libdxcore.so` is; Tegra by the system's marks without NVML, or by a GPU that is a part of the chip.
pub(crate) fn of(survey: &Survey<'_>, gpus: &[Gpu], snapshot: Option<&NvmlSnapshot>) -> Platform {
    match survey.options.mode {
        Mode::Nvml => Platform::Pci,
        Mode::Csv => Platform::Tegra,
        Mode::Wsl => Platform::Wsl,
        Mode::Auto if wsl::is_here(survey) => Platform::Wsl,
        Mode::Auto => {
            let names = gpus.iter().filter_map(|gpu| gpu.name.as_deref());
            let reported = snapshot.iter().flat_map(|snapshot| &snapshot.gpus).map(|gpu| gpu.name.as_str());
            let integrated = names.chain(reported).any(is_integrated_name);
            match integrated || is_tegra(survey) && (has_chip_module(survey) || !has_nvml(survey)) {
                true => Platform::Tegra,
                false => Platform::Pci,
            }
        }
    }
}

/// Whether a model is a part of a chip: `Orin (nvgpu)`, `NVIDIA Thor`.
pub(crate) fn is_integrated_name(name: &str) -> bool {
    name.contains("(nvgpu)") || name.contains("NVIDIA Thor")
}

/// The marks of a Tegra system.
fn is_tegra(survey: &Survey<'_>) -> bool {
    let is_file =
        |path: &str| survey.machine.stat(path).ok().flatten().is_some_and(|stat| stat.kind == Kind::File);
    let family = || survey.machine.read_text_optional("/sys/devices/soc0/family").ok().flatten();
    is_file(places::TEGRA_RELEASE)
        || family().is_some_and(|text| text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("tegra")))
}

/// The kernel module of GPUs in Tegra chips. A Tegra board with a GPU in a slot does not load it.
fn has_chip_module(survey: &Survey<'_>) -> bool {
    survey.machine.exists("/sys/module/nvgpu")
}

fn has_nvml(survey: &Survey<'_>) -> bool {
    let directories = places::LIBRARIES.iter().chain(places::TEGRA_LIBRARIES);
    directories.into_iter().any(|directory| survey.root.exists(&join(directory, "libnvidia-ml.so.1")))
}

/// Whether the chip is an Orin, whose images keep compatibility libraries apart.
pub(crate) fn is_orin(survey: &Survey<'_>, names: &[&str]) -> bool {
    names.iter().any(|name| name.contains("Orin (nvgpu)")) || compatible_with(survey, "nvidia,tegra234")
}

/// Whether the device tree names that chip.
fn compatible_with(survey: &Survey<'_>, chip: &str) -> bool {
    let text = survey.machine.read_optional("/sys/firmware/devicetree/base/compatible").ok().flatten();
    text.unwrap_or_default().split(|byte| *byte == 0).any(|name| name == chip.as_bytes())
}
