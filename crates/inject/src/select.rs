//! Device ids to GPUs and MIG devices of the machine.

use crate::{Ask, codes};
use diag::{Failure, Result};
use driver::{Driver, Gpu, Platform};

/// A GPU or a MIG device, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// Position in [`Driver::gpus`], which is the GPU's index.
    pub gpu: usize,
    /// Position in [`Gpu::mig`]; `None` is the whole GPU.
    pub mig: Option<usize>,
}

impl Ask {
    /// The ids of single devices; none where all or none are asked for.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        match self {
            Self::Devices(ids) => ids,
            Self::Nothing | Self::DriverOnly | Self::All => &[],
        }
    }
}

/// The GPUs and MIG devices that are asked for, each once, in the order of the request. `all` is every
/// MIG device of a GPU with MIG and every GPU without.
///
/// # Errors
/// An id that is not understood or not on this machine; no driver.
pub fn select(ask: &Ask, driver: &Driver) -> Result<Vec<Target>> {
    if *ask != Ask::Nothing && driver.version.is_none() && driver.gpus.is_empty() {
        return Err(Failure::coded(
            codes::NO_DRIVER,
            "GPUs are asked for, but no NVIDIA driver was found on this machine",
        )
        .hint(format!(
            "driver files were looked for below {}; `longshore doctor` says what is missing",
            driver.root
        )));
    }
    match ask {
        Ask::Nothing | Ask::DriverOnly => Ok(Vec::new()),
        Ask::All if !driver.gpus.is_empty() && !driver.gpus.iter().any(Gpu::has_node) => Err(Failure::coded(
            codes::NODE_MISSING,
            format!(
                "no GPU of this machine has a device node below {}/dev",
                driver.dev_root.trim_end_matches('/')
            ),
        )
        .hint("`nvidia-modprobe -c 0` or `nvidia-smi`, run as root, makes the nodes")),
        Ask::All => Ok(all(driver)),
        Ask::Devices(ids) => {
            let mut targets = Vec::with_capacity(ids.len());
            for id in ids {
                let target = find(id, driver)?;
                if !targets.contains(&target) {
                    targets.push(target);
                }
            }
            Ok(targets)
        }
    }
}

fn all(driver: &Driver) -> Vec<Target> {
    let of_gpu = |(position, gpu): (usize, &Gpu)| -> Vec<Target> {
        match (gpu.mig_enabled, gpu.has_node()) {
            (_, false) => Vec::new(),
            (false, true) => vec![Target { gpu: position, mig: None }],
            (true, true) => (0..gpu.mig.len()).map(|mig| Target { gpu: position, mig: Some(mig) }).collect(),
        }
    };
    driver.gpus.iter().enumerate().flat_map(of_gpu).collect()
}

fn find(id: &str, driver: &Driver) -> Result<Target> {
    let target = locate(id, driver)?;
    match driver.gpus.get(target.gpu).filter(|gpu| !gpu.has_node()) {
        Some(gpu) => Err(Failure::coded(
            codes::NODE_MISSING,
            format!("device node /dev/nvidia{} of GPU {} is missing", gpu.minor, target.gpu),
        )
        .hint("`nvidia-modprobe -c 0` or `nvidia-smi`, run as root, makes the nodes")),
        None => Ok(target),
    }
}

fn locate(id: &str, driver: &Driver) -> Result<Target> {
    if driver.platform == Platform::Wsl && !driver.gpus.is_empty() && is_gpu_id(id) {
        // One node is the way to all GPUs.
        return Ok(Target { gpu: 0, mig: None });
    }
    if let Some(index) = number(id) {
        return by_index(index, driver);
    }
    if let Some((gpu, mig)) = id.split_once(':')
        && let (Some(gpu), Some(mig)) = (number(gpu), number(mig))
    {
        return by_mig_index(gpu, mig, driver);
    }
    let upper = id.get(..4).map(str::to_ascii_uppercase);
    match upper.as_deref() {
        Some("MIG-") if id.contains('/') => by_instances(id, driver),
        Some("GPU-" | "MIG-") => by_uuid(id, driver),
        _ if is_pci_address(id) => by_bus_id(id, driver),
        _ => Err(Failure::coded(
            codes::INVALID_DEVICE_ID,
            format!("identifier is not a valid UUID or index: {id:?}"),
        )
        .hint(format!("{}; `all` and `none` are understood too", indices(driver)))),
    }
}

/// Digits and nothing else: `+1` is no index.
fn number(text: &str) -> Option<usize> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn by_index(index: usize, driver: &Driver) -> Result<Target> {
    if index < driver.gpus.len() {
        return Ok(Target { gpu: index, mig: None });
    }
    Err(missing(format!("no GPU with index {index}: {}", indices(driver))))
}

fn by_mig_index(gpu: usize, mig: usize, driver: &Driver) -> Result<Target> {
    let whole = by_index(gpu, driver)?;
    let known = &driver.gpus[whole.gpu].mig;
    if let Some(position) = known.iter().position(|device| usize::try_from(device.index) == Ok(mig)) {
        return Ok(Target { mig: Some(position), ..whole });
    }
    let reason = match known.len() {
        0 => format!("GPU {gpu} has no MIG devices"),
        _ => format!(
            "GPU {gpu} has MIG devices {}",
            listed(known.iter().map(|device| format!("{gpu}:{}", device.index)))
        ),
    };
    Err(missing(format!("no MIG device {gpu}:{mig}: {reason}")))
}

fn is_gpu_id(id: &str) -> bool {
    let is_uuid = id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("GPU-"));
    is_uuid || !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// `MIG-GPU-<uuid>/<GPU instance>/<compute instance>`: the names of MIG devices before driver 470.
fn by_instances(id: &str, driver: &Driver) -> Result<Target> {
    let mut parts = id.get(4..).unwrap_or_default().split('/');
    let number = |parts: &mut std::str::Split<'_, char>| parts.next()?.parse::<u32>().ok();
    let (uuid, gpu_instance, compute_instance) =
        (parts.next().unwrap_or_default(), number(&mut parts), number(&mut parts));
    let (Some(gpu_instance), Some(compute_instance), None) = (gpu_instance, compute_instance, parts.next())
    else {
        return Err(Failure::coded(
            codes::INVALID_DEVICE_ID,
            format!("identifier is not a valid UUID or index: {id:?}"),
        )
        .hint(
            "a MIG device is named `MIG-<uuid>`, `<gpu>:<device>` or `MIG-GPU-<uuid>/<instance>/<instance>`",
        ));
    };
    let whole = by_uuid(uuid, driver)?;
    let known = driver.gpus.get(whole.gpu).map(|gpu| gpu.mig.as_slice()).unwrap_or_default();
    let same = |device: &driver::Mig| {
        device.gpu_instance == gpu_instance && device.compute_instance == compute_instance
    };
    match known.iter().position(same) {
        Some(mig) => Ok(Target { mig: Some(mig), ..whole }),
        None => Err(missing(format!(
            "no MIG device {gpu_instance}/{compute_instance} on GPU {}: it has {}",
            whole.gpu,
            match known.len() {
                0 => "none".to_owned(),
                _ => listed(known.iter().map(|mig| format!("{}/{}", mig.gpu_instance, mig.compute_instance))),
            }
        ))),
    }
}

fn by_uuid(id: &str, driver: &Driver) -> Result<Target> {
    let same = |uuid: &Option<String>| uuid.as_deref().is_some_and(|uuid| uuid.eq_ignore_ascii_case(id));
    for (position, gpu) in driver.gpus.iter().enumerate() {
        if same(&gpu.uuid) {
            return Ok(Target { gpu: position, mig: None });
        }
        if let Some(mig) = gpu.mig.iter().position(|device| same(&device.uuid)) {
            return Ok(Target { gpu: position, mig: Some(mig) });
        }
    }
    let of_mig = id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("MIG-"));
    let uuids: Vec<String> = match of_mig {
        true => {
            driver.gpus.iter().flat_map(|gpu| &gpu.mig).filter_map(|device| device.uuid.clone()).collect()
        }
        false => driver.gpus.iter().filter_map(|gpu| gpu.uuid.clone()).collect(),
    };
    let failure = missing(format!(
        "no {} with UUID {id}: this machine has {}",
        if of_mig { "MIG device" } else { "GPU" },
        if uuids.is_empty() { "none whose UUID is known".to_owned() } else { listed(uuids.into_iter()) }
    ));
    match driver.gpus.iter().any(|gpu| gpu.uuid.is_none()) {
        true => Err(failure.hint(
            "the driver does not know the UUID of every GPU before its first use: run `nvidia-smi -L` once",
        )),
        false => Err(failure),
    }
}

/// `0000:07:00.0`, with a domain of 4 or 8 digits, as sysfs, `lspci` and NVML write it.
fn is_pci_address(id: &str) -> bool {
    let parts: Vec<&str> = id.split([':', '.']).collect();
    parts.len() == 4
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn by_bus_id(id: &str, driver: &Driver) -> Result<Target> {
    let plain = |id: &str| id.trim_start_matches('0').to_ascii_lowercase();
    match driver.gpus.iter().position(|gpu| plain(&gpu.bus_id) == plain(id)) {
        Some(gpu) => Ok(Target { gpu, mig: None }),
        None => Err(missing(format!(
            "no GPU at PCI address {id}: this machine has {}",
            listed(driver.gpus.iter().map(|gpu| gpu.bus_id.clone()))
        ))),
    }
}

fn indices(driver: &Driver) -> String {
    match driver.gpus.len() {
        0 => "this machine has no GPU".to_owned(),
        1 => "this machine has GPU 0".to_owned(),
        count => format!("this machine has GPUs 0-{}", count - 1),
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn missing(message: String) -> Failure {
    Failure::coded(codes::NO_SUCH_DEVICE, message)
}
