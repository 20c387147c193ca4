//! What NVML and the kernel's files say together. Pure.

use driver::{Driver, Gpu, NvmlGpu, NvmlSnapshot};
use serde::Serialize;

/// The list of GPUs. The version changes when a reader of the JSON would have to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Report {
    version: u32,
    pub(super) driver_version: Option<String>,
    /// Version of the kernel module, which should be the same.
    pub(super) kernel_module_version: Option<String>,
    pub(super) cuda_version: Option<String>,
    pub(super) gpus: Vec<Row>,
    /// What is missing, and why.
    pub(super) notes: Vec<String>,
}

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    /// The number by which users and NVML count: the order of the PCI bus.
    pub(super) index: usize,
    pub(super) name: Option<String>,
    pub(super) memory_mib: Option<u64>,
    pub(super) uuid: Option<String>,
    pub(super) pci: Option<String>,
    /// Minor of the node `/dev/nvidia<minor>`.
    pub(super) minor: u32,
    pub(super) compute_capability: Option<String>,
    /// Whether MIG is on; `None` when only NVML could tell and did not.
    pub(super) mig: Option<bool>,
    pub(super) mig_devices: Vec<MigRow>,
}

/// One MIG device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct MigRow {
    /// As in `--gpus device=0:1`.
    pub(super) index: String,
    pub(super) profile: Option<String>,
    pub(super) memory_mib: Option<u64>,
    pub(super) uuid: Option<String>,
}

/// Puts the report together. NVML, where it answered, decides which GPUs are usable; without it those
/// that have a node here are (a container sees all GPUs of its host in procfs).
pub(super) fn assemble(
    driver: &Driver,
    nvml: Option<&NvmlSnapshot>,
    nodes: &[u32],
    mut notes: Vec<String>,
) -> Report {
    let gpus: Vec<Row> = match nvml {
        Some(snapshot) => snapshot.gpus.iter().enumerate().map(of_nvml).collect(),
        None => of_kernel(driver, nodes, &mut notes),
    };
    notes.extend(others(driver, &gpus, nodes));
    let pair = |(major, minor): (u32, u32)| format!("{major}.{minor}");
    let told = nvml.map(|snapshot| snapshot.driver_version.clone()).filter(|version| !version.is_empty());
    Report {
        version: 1,
        driver_version: told.or_else(|| driver.version.clone()).or_else(|| driver.module_version.clone()),
        kernel_module_version: driver.module_version.clone(),
        cuda_version: nvml.and_then(|snapshot| snapshot.cuda).or(driver.cuda).map(pair),
        gpus,
        notes,
    }
}

fn of_nvml((index, gpu): (usize, &NvmlGpu)) -> Row {
    let mig = gpu.mig.iter().enumerate().map(|(position, mig)| MigRow {
        index: format!("{index}:{position}"),
        profile: Some(mig.profile.clone()),
        memory_mib: Some(mig.memory_mib),
        uuid: Some(mig.uuid.clone()),
    });
    Row {
        index,
        name: Some(gpu.name.clone()),
        memory_mib: Some(gpu.memory_mib),
        uuid: Some(gpu.uuid.clone()),
        pci: Some(gpu.bus_id.clone()),
        minor: gpu.minor,
        compute_capability: gpu.compute_capability.map(|(major, minor)| format!("{major}.{minor}")),
        mig: Some(gpu.mig_enabled),
        mig_devices: mig.collect(),
    }
}

/// GPUs from procfs and sysfs that have a node; then nodes of GPUs of which those say nothing.
fn of_kernel(driver: &Driver, nodes: &[u32], notes: &mut Vec<String>) -> Vec<Row> {
    let here: Vec<&Gpu> = driver.gpus.iter().filter(|gpu| nodes.contains(&gpu.minor)).collect();
    let unknown: Vec<u32> =
        nodes.iter().copied().filter(|minor| !here.iter().any(|gpu| gpu.minor == *minor)).collect();
    for minor in &unknown {
        notes.push(format!("/dev/nvidia{minor} is here, but /proc/driver/nvidia says nothing of its GPU"));
    }
    let known = here.into_iter().map(of_procfs);
    let unknown = unknown.into_iter().map(|minor| Row { minor, ..Row::default() });
    known.chain(unknown).enumerate().map(|(index, row)| Row { index, ..row }).map(number_mig).collect()
}

/// What the kernel knows of and the list has not. In a container it is the rule that most GPUs have no
/// node; a GPU with a node that NVML does not report is lost.
fn others(driver: &Driver, rows: &[Row], nodes: &[u32]) -> Vec<String> {
    let listed = |gpu: &&Gpu| rows.iter().any(|row| row.pci.as_deref() == Some(gpu.bus_id.as_str()));
    let unlisted = driver.gpus.iter().filter(|gpu| !listed(gpu));
    let (lost, elsewhere): (Vec<&Gpu>, Vec<&Gpu>) = unlisted.partition(|gpu| nodes.contains(&gpu.minor));
    let mut notes: Vec<String> = lost
        .iter()
        .map(|gpu| {
            format!("GPU {} has its node /dev/nvidia{}, but NVML does not report it", gpu.bus_id, gpu.minor)
        })
        .collect();
    if !elsewhere.is_empty() {
        let places: Vec<&str> = elsewhere.iter().map(|gpu| gpu.bus_id.as_str()).collect();
        notes.push(format!("GPUs of this machine without a device node here: {}", places.join(", ")));
    }
    notes
}

fn of_procfs(gpu: &Gpu) -> Row {
    let mig = gpu.mig.iter().map(|mig| MigRow {
        index: mig.index.to_string(),
        profile: mig.profile.clone(),
        memory_mib: None,
        uuid: mig.uuid.clone(),
    });
    Row {
        index: 0,
        name: gpu.name.clone(),
        memory_mib: gpu.memory_mib,
        uuid: gpu.uuid.clone(),
        pci: Some(gpu.bus_id.clone()),
        minor: gpu.minor,
        compute_capability: gpu.compute_capability.map(|(major, minor)| format!("{major}.{minor}")),
        mig: gpu.mig_enabled.then_some(true),
        mig_devices: mig.collect(),
    }
}

fn number_mig(mut row: Row) -> Row {
    for mig in &mut row.mig_devices {
        mig.index = format!("{}:{}", row.index, mig.index);
    }
    row
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use driver::NvmlMig;

    fn gpu(minor: u32) -> Gpu {
        Gpu {
            uuid: Some(format!("GPU-{minor}")),
            name: Some("NVIDIA H100 80GB HBM3".to_owned()),
            bus_id: format!("0000:0{minor}:00.0"),
            minor,
            ..Gpu::default()
        }
    }

    fn snapshot() -> NvmlSnapshot {
        let mig = NvmlMig {
            uuid: "MIG-1".into(),
            profile: "1g.10gb".into(),
            memory_mib: 9728,
            ..NvmlMig::default()
        };
        let gpu = |minor: u32, mig: Vec<NvmlMig>| NvmlGpu {
            name: "NVIDIA H100 80GB HBM3".into(),
            uuid: format!("GPU-{minor}"),
            bus_id: format!("0000:0{minor}:00.0"),
            minor,
            memory_mib: 81_559,
            compute_capability: Some((9, 0)),
            mig_enabled: !mig.is_empty(),
            coherent: None,
            mig,
        };
        NvmlSnapshot {
            driver_version: "580.95.05".into(),
            cuda: Some((13, 0)),
            gpus: vec![gpu(1, Vec::new()), gpu(3, vec![mig])],
        }
    }

    /// Two GPUs as NVML tells them, the second cut up.
    pub(in super::super) fn example() -> Report {
        let driver = Driver { module_version: Some("580.95.05".into()), ..Driver::default() };
        assemble(&driver, Some(&snapshot()), &[1, 3], Vec::new())
    }

    #[test]
    fn nvml_decides_which_gpus_are_usable() {
        let driver = Driver { gpus: [0, 1, 2, 3, 4].map(gpu).to_vec(), ..Driver::default() };
        let report = assemble(&driver, Some(&snapshot()), &[0, 1, 3], Vec::new());
        assert_eq!(
            report.notes,
            [
                "GPU 0000:00:00.0 has its node /dev/nvidia0, but NVML does not report it",
                "GPUs of this machine without a device node here: 0000:02:00.0, 0000:04:00.0",
            ]
        );
        let rows: Vec<(usize, u32)> = report.gpus.iter().map(|row| (row.index, row.minor)).collect();
        assert_eq!(rows, [(0, 1), (1, 3)]);
        assert_eq!(report.gpus[1].mig_devices[0].index, "1:0");
        assert_eq!(
            (report.driver_version.as_deref(), report.cuda_version.as_deref()),
            (Some("580.95.05"), Some("13.0"))
        );
    }

    #[test]
    fn without_nvml_a_gpu_needs_its_node() {
        let driver = Driver { version: Some("580".into()), gpus: vec![gpu(0), gpu(1)], ..Driver::default() };
        let report = assemble(&driver, None, &[1, 5], Vec::new());
        let rows: Vec<(usize, u32, Option<&str>)> =
            report.gpus.iter().map(|row| (row.index, row.minor, row.uuid.as_deref())).collect();
        assert_eq!(rows, [(0, 1, Some("GPU-1")), (1, 5, None)]);
        assert_eq!(
            report.notes,
            [
                "/dev/nvidia5 is here, but /proc/driver/nvidia says nothing of its GPU",
                "GPUs of this machine without a device node here: 0000:00:00.0",
            ]
        );
        assert_eq!(report.gpus[0].mig, None);
    }

    #[test]
    fn nothing_gives_no_gpu() {
        assert_eq!(assemble(&Driver::default(), None, &[], Vec::new()).gpus, []);
        let none = NvmlSnapshot::default();
        assert_eq!(
            assemble(&Driver { gpus: vec![gpu(0)], ..Driver::default() }, Some(&none), &[0], Vec::new()).gpus,
            []
        );
    }

    #[test]
    fn the_json_has_a_version_and_null_for_what_is_not_known() {
        let driver = Driver { gpus: vec![gpu(0)], ..Driver::default() };
        let json = serde_json::to_value(assemble(&driver, None, &[0], Vec::new())).unwrap();
        let expected = serde_json::json!({
            "version": 1, "driver_version": null, "kernel_module_version": null, "cuda_version": null, "notes": [],
            "gpus": [{
                "index": 0, "name": "NVIDIA H100 80GB HBM3", "memory_mib": null, "uuid": "GPU-0",
                "pci": "0000:00:00.0", "minor": 0, "compute_capability": null, "mig": null, "mig_devices": [],
            }],
        });
        assert_eq!(json, expected);
    }
}
