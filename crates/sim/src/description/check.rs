//! From a description as written to one that holds: completeness, formats, collisions.

use super::written::{self, ModuleWord, NvmlWord, Written};
use super::{
    Content, Description, Driver, Faults, File, Gpu, Library, Majors, Mig, MigInstance, Node, Nodes, Proc,
    Program, UserSpace,
};
use crate::codes::BAD_DESCRIPTION;
use diag::{Failure, Result};
use sim_facts::{NvmlFault, Readings};
use std::collections::BTreeSet;
use std::fmt::Display;

/// Checks a whole description; `name` is the file that messages name.
pub(super) fn check(name: &str, written: Written) -> Result<Description> {
    description(written).map_err(|failure| {
        Failure::coded(BAD_DESCRIPTION, format!("{name}: {}", failure.chain()))
            .hint("`longshore sim show dgx-h100` shows a description with its keys")
    })
}

fn description(written: Written) -> Result<Description> {
    let module_absent = matches!(written.faults.module, Some(ModuleWord::Absent));
    let driver = driver(written.driver, module_absent)?;
    let fill = Placeholders::of(&driver);
    let gpus = gpus(written.gpus.unwrap_or_default(), &written.gpu_defaults)?;
    Ok(Description {
        summary: needed("summary", written.summary)?,
        majors: majors(written.majors)?,
        nodes: nodes(written.nodes)?,
        proc: proc(written.proc)?,
        user_space: user_space(written.user_space, &fill, &driver)?,
        faults: faults(written.faults, gpus.len())?,
        driver: Driver { banner: fill.fill(&driver.banner), ..driver },
        gpus,
    })
}

fn driver(written: written::Driver, module_absent: bool) -> Result<Driver> {
    let version = version("driver.version", needed("driver.version", written.version)?)?;
    let module = version_or("driver.module_version", written.module_version, &version)?;
    Ok(Driver {
        module_version: (!module_absent).then_some(module),
        version,
        cuda: two_numbers("driver.cuda", &needed("driver.cuda", written.cuda)?)?,
        architecture: needed("driver.architecture", written.architecture)?,
        library_directory: absolute(
            "driver.library_directory",
            needed("driver.library_directory", written.library_directory)?,
        )?,
        platform: written.platform.unwrap_or_default(),
        root: written.root.map_or(Ok(String::new()), |root| absolute("driver.root", root))?,
        banner: needed("driver.banner", written.banner)?,
    })
}

fn majors(written: written::Majors) -> Result<Majors> {
    let majors = Majors {
        nvidia: needed("majors.nvidia", written.nvidia)?,
        nvidia_uvm: needed("majors.nvidia-uvm", written.nvidia_uvm)?,
        nvidia_nvlink: needed("majors.nvidia-nvlink", written.nvidia_nvlink)?,
        nvidia_caps: needed("majors.nvidia-caps", written.nvidia_caps)?,
        nvidia_caps_imex_channels: needed(
            "majors.nvidia-caps-imex-channels",
            written.nvidia_caps_imex_channels,
        )?,
        drm: needed("majors.drm", written.drm)?,
    };
    let named = majors.named();
    for (name, major) in named {
        // Linux keeps 12 bits for the major number of a device.
        if major == 0 || major > 4095 {
            return Err(bad(format!("majors.{name}"), "is not between 1 and 4095"));
        }
    }
    distinct("majors", named.map(|(_, major)| major))?;
    Ok(majors)
}

impl Majors {
    /// Names in `/proc/devices` and numbers.
    pub(crate) fn named(&self) -> [(&'static str, u32); 6] {
        [
            ("nvidia", self.nvidia),
            ("drm", self.drm),
            ("nvidia-uvm", self.nvidia_uvm),
            ("nvidia-nvlink", self.nvidia_nvlink),
            ("nvidia-caps", self.nvidia_caps),
            ("nvidia-caps-imex-channels", self.nvidia_caps_imex_channels),
        ]
    }
}

fn nodes(written: written::Nodes) -> Result<Nodes> {
    Ok(Nodes {
        mode: needed("nodes.mode", written.mode)?,
        video_gid: needed("nodes.video_gid", written.video_gid)?,
        render_gid: needed("nodes.render_gid", written.render_gid)?,
        drm: written.drm.unwrap_or(true),
        capabilities: written.capabilities.unwrap_or(true),
        additional: written.additional.unwrap_or_default().into_iter().map(node).collect::<Result<_>>()?,
    })
}

fn node(written: written::Node) -> Result<Node> {
    let key = format!("nodes.additional: {}", written.path);
    // Linux keeps 12 bits for the major number of a device and 20 for the minor one.
    if written.major == 0 || written.major > 4095 || written.minor > 0xf_ffff {
        return Err(bad(key, "has numbers that no device can have"));
    }
    let path = absolute("nodes.additional", written.path)?;
    if !path.starts_with("/dev/") {
        return Err(bad(key, "is not below /dev"));
    }
    let (mode, gid) = (written.mode.unwrap_or(0o666), written.gid.unwrap_or(0));
    Ok(Node { path, driver: written.driver, major: written.major, minor: written.minor, mode, gid })
}

fn proc(written: written::Proc) -> Result<Proc> {
    Ok(Proc {
        irq: written.irq.unwrap_or(0),
        capabilities: written.capabilities.unwrap_or(true),
        registry: written.registry.unwrap_or(true),
        params: needed("proc.params", written.params)?,
        devices: written.devices,
    })
}

fn user_space(written: written::UserSpace, fill: &Placeholders, driver: &Driver) -> Result<UserSpace> {
    let mut libraries = written.libraries.unwrap_or_default();
    libraries.extend(written.additional_libraries.unwrap_or_default());
    let programs = written.programs.unwrap_or_default();
    let mut files = written.files.unwrap_or_default();
    files.extend(written.additional_files.unwrap_or_default());
    let sockets = written.sockets.unwrap_or_default();
    let links = written.links.unwrap_or_default();
    let user_space = UserSpace {
        libraries: libraries
            .into_iter()
            .map(|written| library(written, fill, driver))
            .collect::<Result<_>>()?,
        programs: programs.into_iter().map(|written| program(written, fill)).collect::<Result<_>>()?,
        files: files.into_iter().map(|written| file(written, fill)).collect::<Result<_>>()?,
        sockets: sockets
            .into_iter()
            .map(|path| absolute("user_space.sockets", fill.fill(&path)))
            .collect::<Result<_>>()?,
        links: links.iter().map(|text| link(&fill.fill(text))).collect::<Result<_>>()?,
    };
    let paths = user_space.libraries.iter().map(|library| &library.path);
    let paths = paths.chain(user_space.programs.iter().map(|program| &program.path));
    distinct("user_space", paths.chain(user_space.files.iter().map(|file| &file.path)))?;
    Ok(user_space)
}

/// `PATH -> TEXT`.
fn link(text: &str) -> Result<(String, String)> {
    let (path, target) = text
        .split_once(" -> ")
        .ok_or_else(|| bad("user_space.links", &format!("is not `PATH -> TEXT`: {text:?}")))?;
    Ok((absolute("user_space.links", path.to_owned())?, target.to_owned()))
}

fn library(written: written::Library, fill: &Placeholders, driver: &Driver) -> Result<Library> {
    let key = format!("user_space.libraries: {}", written.name);
    let directory =
        written.directory.map_or_else(|| driver.library_directory.clone(), |path| fill.fill(&path));
    let bits = written.bits.unwrap_or(64);
    if !matches!(bits, 32 | 64) {
        return Err(bad(format!("{key}: bits"), "is neither 32 nor 64"));
    }
    let name = fill.fill(&written.name);
    let links = written.links.iter().map(|link| {
        let link = fill.fill(link);
        let (path, text) = link.split_once(" -> ").unwrap_or((&link, file_name(&name)));
        Ok((absolute(&key, format!("{directory}/{path}"))?, text.to_owned()))
    });
    Ok(Library {
        path: absolute(&key, format!("{directory}/{name}"))?,
        links: links.collect::<Result<_>>()?,
        soname: written.soname.map(|soname| fill.fill(&soname)),
        nvml: written.nvml,
        bits,
    })
}

fn program(written: written::Program, fill: &Placeholders) -> Result<Program> {
    let path = absolute("user_space.programs", fill.fill(&written.path))?;
    Ok(Program { path, size: written.size.unwrap_or(0), smi: written.smi })
}

fn file(written: written::File, fill: &Placeholders) -> Result<File> {
    let path = absolute("user_space.files", fill.fill(&written.path))?;
    let content = match (written.text, written.size) {
        (Some(text), None) => Content::Text(fill.fill(&text)),
        (None, Some(size)) => Content::Hole(size),
        _ => return Err(bad(format!("user_space.files: {path}"), "needs either text or size")),
    };
    Ok(File { path, content, mode: written.mode.unwrap_or(0o644) })
}

fn gpus(written: Vec<written::Gpu>, defaults: &written::Gpu) -> Result<Vec<Gpu>> {
    let mut written: Vec<written::Gpu> = written.into_iter().map(|gpu| gpu.or(defaults.clone())).collect();
    written.sort_by(|one, other| one.pci.cmp(&other.pci));
    let gpus: Vec<Gpu> =
        written.into_iter().zip(0..).map(|(gpu, index)| self::gpu(index, gpu)).collect::<Result<_>>()?;
    distinct("gpus: uuid", gpus.iter().map(|gpu| &gpu.uuid))?;
    distinct("gpus: pci", gpus.iter().map(|gpu| &gpu.pci))?;
    distinct("gpus: minor", gpus.iter().map(|gpu| gpu.minor))?;
    distinct("gpus: card", gpus.iter().map(|gpu| gpu.card))?;
    distinct("gpus: render", gpus.iter().map(|gpu| gpu.render))?;
    Ok(gpus)
}

fn gpu(index: u32, written: written::Gpu) -> Result<Gpu> {
    let key = |name: &str| format!("gpus[{index}].{name}");
    let minor = written.minor.unwrap_or(index);
    // 254 is nvidia-modeset, 255 nvidiactl; capability numbers are given to the first 32 GPUs.
    if minor > 31 {
        return Err(bad(key("minor"), "is above 31"));
    }
    let compute_capability = needed(key("compute_capability"), written.compute_capability)?;
    Ok(Gpu {
        name: needed(key("name"), written.name)?,
        uuid: uuid(key("uuid"), needed(key("uuid"), written.uuid)?)?,
        pci: pci_address(key("pci"), needed(key("pci"), written.pci)?)?,
        minor,
        serial: written.serial,
        memory_mib: needed(key("memory_mib"), written.memory_mib)?,
        memory_used_mib: written.memory_used_mib.unwrap_or(0),
        compute_capability: two_numbers(key("compute_capability"), &compute_capability)?,
        brand: written.brand.unwrap_or(0),
        architecture: needed(key("architecture"), written.architecture)?,
        pci_id: needed(key("pci_id"), written.pci_id)?,
        subsystem_id: written.subsystem_id.unwrap_or(0),
        pci_class: written.pci_class.unwrap_or(0x03_0200),
        vbios: written.vbios.unwrap_or_else(|| "00.00.00.00.00".into()),
        dma_bits: written.dma_bits.unwrap_or(47),
        numa_node: written.numa_node,
        card: written.card.unwrap_or(index),
        render: written.render.unwrap_or(128 + index),
        readings: readings(written.readings),
        mig: mig(index, minor, written.max_mig_devices, written.mig)?,
        coherent: written.coherent.unwrap_or(false),
    })
}

fn readings(written: written::Readings) -> Readings {
    Readings {
        temperature_c: written.temperature_c.unwrap_or(30),
        power_mw: written.power_mw.unwrap_or(20_000),
        power_limit_mw: written.power_limit_mw.unwrap_or(300_000),
        performance_state: written.performance_state.unwrap_or(8),
        fan_percent: written.fan_percent,
        gpu_utilization: written.gpu_utilization.unwrap_or(0),
        memory_utilization: written.memory_utilization.unwrap_or(0),
        persistence_mode: written.persistence_mode.unwrap_or(false),
        ecc: written.ecc,
    }
}

fn mig(index: u32, minor: u32, max_devices: Option<u32>, written: written::Mig) -> Result<Option<Mig>> {
    let Some(max_devices) = max_devices else { return Ok(None) };
    let key = |name: &str| format!("gpus[{index}].mig.{name}");
    let devices = mig_devices(&key, &written)?;
    let ids: Vec<String> = devices
        .iter()
        .map(|device| format!("{}/{}", device.gpu_instance, device.compute_instance.unwrap_or(0)))
        .collect();
    distinct(key("devices"), &ids)?;
    let out_of_range = |device: &written::MigDevice| {
        device.gpu_instance > 14 || device.compute_instance.is_some_and(|id| id > 7)
    };
    if devices.iter().any(out_of_range) || u32::try_from(ids.len()).is_ok_and(|count| count > max_devices) {
        let why =
            format!("holds an id above 14 (7 for a compute instance) or more than {max_devices} devices");
        return Err(bad(key("devices"), &why));
    }
    let mut instances = Vec::new();
    for (position, device) in devices.into_iter().enumerate() {
        let pattern = needed(key("uuid"), written.uuid.as_ref())?;
        instances.push(MigInstance {
            uuid: pattern
                .replace("{gpu}", &format!("{minor:x}"))
                .replace("{instance}", &format!("{position:x}")),
            profile: device.profile,
            gpu_instance: device.gpu_instance,
            compute_instance: device.compute_instance.unwrap_or(0),
            memory_mib: device.memory_mib,
            multiprocessors: device.multiprocessors.unwrap_or(0),
        });
    }
    Ok(Some(Mig { enabled: written.enabled.unwrap_or(false), max_devices, instances }))
}

/// The MIG devices: those listed one by one, or the same in each of `gpu_instances`.
fn mig_devices(key: &dyn Fn(&str) -> String, written: &written::Mig) -> Result<Vec<written::MigDevice>> {
    if let Some(devices) = &written.devices {
        return Ok(devices.clone());
    }
    let alike = |gpu_instance: &u32| {
        Ok(written::MigDevice {
            profile: needed(key("profile"), written.profile.clone())?,
            gpu_instance: *gpu_instance,
            compute_instance: None,
            memory_mib: needed(key("memory_mib"), written.memory_mib)?,
            multiprocessors: written.multiprocessors,
        })
    };
    written.gpu_instances.iter().flatten().map(alike).collect()
}

fn faults(written: written::Faults, gpus: usize) -> Result<Faults> {
    let word = written.nvml.unwrap_or(NvmlWord::Present);
    let nvml = match (word, written.nvml_error) {
        (NvmlWord::Present | NvmlWord::Absent, None) => NvmlFault::None,
        (NvmlWord::Present, Some(code)) => NvmlFault::Error(code),
        (NvmlWord::Hang, None) => NvmlFault::Hang,
        (NvmlWord::Crash, None) => NvmlFault::Crash,
        (_, Some(_)) => return Err(bad("faults.nvml_error", "cannot go with another fault of nvml")),
    };
    let lost = written.nvml_lost.unwrap_or_default();
    if let Some(index) = lost.iter().find(|index| usize::try_from(**index).is_ok_and(|index| index >= gpus)) {
        return Err(bad("faults.nvml_lost", &format!("names GPU {index} of {gpus}")));
    }
    let missing = written.missing_nodes.unwrap_or_default();
    Ok(Faults {
        nvml_absent: matches!(word, NvmlWord::Absent),
        nvml,
        nvml_latency_ms: written.nvml_latency_ms.unwrap_or(0),
        nvml_lost: lost,
        missing_nodes: missing
            .into_iter()
            .map(|path| absolute("faults.missing_nodes", path))
            .collect::<Result<_>>()?,
    })
}

/// `{version}`, `{module_version}`, `{libdir}`.
struct Placeholders {
    version: String,
    module_version: String,
    library_directory: String,
}

impl Placeholders {
    fn of(driver: &Driver) -> Self {
        Self {
            version: driver.version.clone(),
            module_version: driver.module_version.clone().unwrap_or_default(),
            library_directory: driver.library_directory.clone(),
        }
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{version}", &self.version)
            .replace("{module_version}", &self.module_version)
            .replace("{libdir}", &self.library_directory)
    }
}

fn needed<T>(key: impl Display, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Failure::new(format!("{key} is missing")))
}

fn bad(key: impl Display, why: &str) -> Failure {
    Failure::new(format!("{key} {why}"))
}

fn version(key: &str, text: String) -> Result<String> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.contains('.') && text.split('.').all(digits) {
        return Ok(text);
    }
    Err(bad(key, &format!("is no version such as 580.95.05: {text:?}")))
}

fn version_or(key: &str, text: Option<String>, default: &str) -> Result<String> {
    text.map_or_else(|| Ok(default.to_owned()), |text| version(key, text))
}

fn two_numbers(key: impl Display, text: &str) -> Result<(u32, u32)> {
    let parts = text.split_once('.').and_then(|(one, two)| Some((one.parse().ok()?, two.parse().ok()?)));
    parts.ok_or_else(|| bad(key, &format!("is not of the form \"9.0\": {text:?}")))
}

fn absolute(key: &str, path: String) -> Result<String> {
    let plain = |part: &str| !matches!(part, "" | "." | "..");
    match path.strip_prefix('/') {
        Some(rest) if rest.split('/').all(plain) => Ok(path),
        _ => Err(bad(key, &format!("is not a plain absolute path: {path:?}"))),
    }
}

fn uuid(key: String, text: String) -> Result<String> {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (prefix, rest) = text.split_once('-').unwrap_or_default();
    if prefix == "GPU" && lengths == [3, 8, 4, 4, 4, 12] && rest.split('-').all(hex) {
        return Ok(text);
    }
    Err(bad(key, &format!("is not of the form GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx: {text:?}")))
}

fn pci_address(key: String, text: String) -> Result<String> {
    let shape = text.len() == 12
        && text.bytes().enumerate().all(|(position, byte)| match position {
            4 | 7 => byte == b':',
            10 => byte == b'.',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        });
    if shape {
        Ok(text)
    } else {
        Err(bad(key, &format!("is not of the form 0000:07:00.0, in lower case: {text:?}")))
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn distinct<T: Ord + Display>(key: impl Display, values: impl IntoIterator<Item = T>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for value in values {
        if seen.contains(&value) {
            return Err(bad(key, &format!("has {value} twice")));
        }
        seen.insert(value);
    }
    Ok(())
}
