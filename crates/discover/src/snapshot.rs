//! What NVML adds to what files tell.

use crate::codes;
use crate::gpus;
use crate::mig;
use crate::survey::Survey;
use diag::{Finding, Severity};
use driver::{Driver, Gpu, Mig, Node, NvmlGpu, NvmlMig, NvmlSnapshot};
use formats::procfs::{self, MigMinors};

/// Adds what NVML knows. GPUs that it does not report cannot be used: they are left out, with a
/// finding.
pub(crate) fn merge(survey: &Survey<'_>, driver: &mut Driver, snapshot: &NvmlSnapshot) -> Vec<Finding> {
    driver.cuda = snapshot.cuda;
    let known = std::mem::take(&mut driver.gpus);
    let unreported = |gpu: &&Gpu| !snapshot.gpus.iter().any(|other| other.bus_id == gpu.bus_id);
    let findings = known.iter().filter(unreported).map(left_out).collect();
    let table = Minors::default();
    for reported in &snapshot.gpus {
        let gpu = known.iter().find(|gpu| gpu.bus_id == reported.bus_id).cloned();
        // In a container there is no procfs of the driver, but NVML works.
        let gpu = gpu.unwrap_or_else(|| gpus::at(survey, &reported.bus_id, reported.minor));
        driver.gpus.push(with(survey, gpu, reported, &table));
    }
    driver.gpus.sort_by_cached_key(|gpu| gpus::pci_order(&gpu.bus_id));
    findings
}

fn left_out(gpu: &Gpu) -> Finding {
    let message = format!("NVML does not report the GPU at `{}`; it is left out", gpu.bus_id);
    Finding::new(codes::GPU_LEFT_OUT, Severity::Warning, message)
        .evidence(format!("the kernel module lists it with minor {}", gpu.minor))
        .help("look for `NVRM` and `Xid` messages in `dmesg`; `nvidia-smi` on the host should list it")
}

fn with(survey: &Survey<'_>, gpu: Gpu, reported: &NvmlGpu, table: &Minors) -> Gpu {
    let instances = reported.mig.iter().zip(0..).map(|(instance, index)| {
        let caps = capabilities(survey, &gpu, instance, table);
        Mig {
            index,
            uuid: Some(instance.uuid.clone()),
            profile: Some(instance.profile.clone()),
            gpu_instance: instance.gpu_instance,
            compute_instance: instance.compute_instance,
            caps,
        }
    });
    Gpu {
        mig: instances.collect(),
        uuid: Some(reported.uuid.clone()),
        name: Some(reported.name.clone()),
        memory_mib: Some(reported.memory_mib),
        compute_capability: reported.compute_capability,
        mig_enabled: reported.mig_enabled,
        coherent: reported.coherent,
        ..gpu
    }
}

/// The capability nodes of an instance: as found beside the instance, else by the driver's table.
fn capabilities(survey: &Survey<'_>, gpu: &Gpu, instance: &NvmlMig, table: &Minors) -> Vec<Node> {
    let same = |mig: &&Mig| {
        mig.gpu_instance == instance.gpu_instance && mig.compute_instance == instance.compute_instance
    };
    if let Some(found) = gpu.mig.iter().find(same).filter(|mig| !mig.caps.is_empty()) {
        return found.caps.clone();
    }
    let minors = table.get(survey);
    let wanted = [
        minors.gpu_instance(gpu.minor, instance.gpu_instance),
        minors.compute_instance(gpu.minor, instance.gpu_instance, instance.compute_instance),
    ];
    wanted.into_iter().flatten().filter_map(|minor| mig::node(survey, minor)).collect()
}

/// The driver's table of capability minors: thousands of lines, read once and only if needed.
#[derive(Default)]
struct Minors(std::cell::OnceCell<MigMinors>);

impl Minors {
    fn get(&self, survey: &Survey<'_>) -> &MigMinors {
        self.0.get_or_init(|| {
            let text =
                survey.machine.read_text_optional("/proc/driver/nvidia-caps/mig-minors").ok().flatten();
            procfs::mig_minors(&text.unwrap_or_default())
        })
    }
}
