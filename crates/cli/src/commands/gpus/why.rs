//! `longshore gpus --why NAME`: one file's fate. Where it is or was looked for, which driver
//! capability brings it, and what becomes of it in a container.

use super::tree::{base_name, capability, folders, stem};
use diag::{Failure, Finding, Result};
use driver::families::{Family, LIBRARIES};
use driver::{Driver, File, Library, Node};
use host::Host;

/// The answer, in lines.
///
/// # Errors
/// Nothing is known under that name.
pub(super) fn explain(host: &Host, driver: &Driver, findings: &[Finding], name: &str) -> Result<String> {
    let wanted = base_name(name);
    let mut lines: Vec<String> = Vec::new();
    for library in driver.libraries.iter().filter(|library| is_called(library, wanted)) {
        lines.extend(of_library(library));
    }
    for (kind, files) in kinds(driver) {
        for file in files
            .iter()
            .filter(|file| base_name(&file.host_path).starts_with(wanted) || file.host_path == name)
        {
            lines.extend(of_file(kind, file));
        }
    }
    for node in nodes(driver).filter(|node| node.path == name || base_name(&node.path) == wanted) {
        lines.push(format!(
            "{} is a device node {}:{}, mode {:o}, group {}",
            node.path, node.major, node.minor, node.mode, node.gid
        ));
    }
    if lines.is_empty() {
        lines.extend(of_absent(host, driver, wanted));
    }
    let related = findings.iter().filter(|finding| finding.message.contains(wanted));
    lines.extend(related.map(|finding| format!("{} [{}]", finding.message, finding.code)));
    if lines.is_empty() {
        return Err(Failure::new(format!("nothing is known of {name}"))
            .hint("a name as `libnvidia-encode`, `nvidia-smi` or `/dev/nvidia-uvm`; --tree shows all that was found"));
    }
    Ok(lines.join("\n") + "\n")
}

fn is_called(library: &Library, wanted: &str) -> bool {
    let path = &library.file.container_path;
    stem(path) == wanted
        || base_name(path) == wanted
        || library.soname.as_deref() == Some(wanted)
        || library.links.iter().any(|link| base_name(&link.path) == wanted)
}

fn of_library(library: &Library) -> Vec<String> {
    let File { host_path, container_path } = &library.file;
    let mut lines = vec![format!("{host_path} is on this machine ({}-bit)", library.bits)];
    lines.push(format!("  SONAME {}", library.soname.as_deref().unwrap_or("none")));
    lines.push(format!("  driver capability: {}", capability(library.family)));
    if library.bits == 64 {
        lines.push(format!("  CDI specifications: in every container, at {container_path}"));
    } else {
        lines.push("  CDI specifications: never, as a 32-bit library".to_owned());
    }
    lines.push(match (library.family, library.bits) {
        (Family::Always, _) => "  docker --gpus and --runtime=nvidia: always".to_owned(),
        (Family::Other, _) => "  docker --gpus: never, no driver capability brings it".to_owned(),
        (family, 64) => asked_for(&capability(family)),
        (family, _) => asked_for(&format!("{},compat32", capability(family))),
    });
    let links: Vec<&str> = library.links.iter().map(|link| link.path.as_str()).collect();
    if !links.is_empty() {
        lines.push(format!("  links made in the container: {}", links.join(", ")));
    }
    lines
}

fn asked_for(capabilities: &str) -> String {
    format!("  docker --gpus and --runtime=nvidia: with NVIDIA_DRIVER_CAPABILITIES={capabilities} or all")
}

fn kinds(driver: &Driver) -> [(&'static str, &Vec<File>); 6] {
    [
        ("a program", &driver.binaries),
        ("firmware", &driver.firmware),
        ("a socket of a daemon", &driver.sockets),
        ("configuration", &driver.configs),
        ("an X.org module", &driver.xorg),
        ("a file", &driver.others),
    ]
}

fn of_file(kind: &str, file: &File) -> Vec<String> {
    let family = driver::families::of_binary(base_name(&file.host_path));
    let with = if kind == "a program" && family != Family::Other {
        vec![asked_for(&capability(family))]
    } else {
        Vec::new()
    };
    let mut lines = vec![
        format!("{} is {kind} on this machine", file.host_path),
        format!("  CDI specifications: in every container, at {}", file.container_path),
    ];
    lines.extend(with);
    lines
}

fn nodes(driver: &Driver) -> impl Iterator<Item = &Node> {
    let of_gpus = driver.gpus.iter().flat_map(|gpu| {
        gpu.node.iter().chain(&gpu.drm).chain(&gpu.companions).chain(gpu.mig.iter().flat_map(|mig| &mig.caps))
    });
    driver.control_nodes.iter().chain(of_gpus)
}

/// Not found: whether drivers have such a library, and whether files of that name lie where it would.
fn of_absent(host: &Host, driver: &Driver, wanted: &str) -> Vec<String> {
    let known = LIBRARIES.iter().find(|(_, stems)| stems.contains(&stem(wanted)));
    let mut lines = Vec::new();
    let places = folders(driver);
    let strays = places.iter().flat_map(|folder| {
        let entries = host.list_optional(folder).ok().flatten().unwrap_or_default();
        let alike = |name: &str| stem(name) == stem(wanted) && name.contains(".so");
        entries
            .into_iter()
            .map(|entry| entry.name)
            .filter(move |name| alike(name))
            .map(move |name| format!("{folder}/{name}"))
    });
    let strays: Vec<String> = strays.collect();
    let version = driver.version.as_deref().unwrap_or("an unknown version");
    for path in &strays {
        lines.push(format!("{path} is left out: it is no library of driver {version}"));
    }
    if let Some((family, _)) = known {
        lines.push(format!("{} is a library of NVIDIA drivers ({})", stem(wanted), capability(*family)));
        if strays.is_empty() {
            let places =
                if places.is_empty() { "the usual directories".to_owned() } else { places.join(", ") };
            lines
                .push(format!("  not on this machine: looked for {}.so.{version} in {places}", stem(wanted)));
            lines.push(
                "  the package of the driver that has it is not installed, or this driver has none"
                    .to_owned(),
            );
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_followed_into_the_container() {
        let path = "/usr/lib/libnvidia-encode.so.580.95.05";
        let library = Library {
            file: File { host_path: path.into(), container_path: path.into() },
            soname: Some("libnvidia-encode.so.1".into()),
            family: Family::Video,
            bits: 64,
            ..Library::default()
        };
        let smi =
            File { host_path: "/usr/bin/nvidia-smi".into(), container_path: "/usr/bin/nvidia-smi".into() };
        let node = Node { path: "/dev/nvidia-uvm".into(), major: 507, mode: 0o666, ..Node::default() };
        let driver = Driver {
            version: Some("580.95.05".into()),
            libraries: vec![library],
            binaries: vec![smi],
            control_nodes: vec![node],
            ..Driver::default()
        };
        let host = Host::at("/nonexistent");
        let why = |name| explain(&host, &driver, &[], name).unwrap();
        for name in ["libnvidia-encode", "libnvidia-encode.so.1", path] {
            assert!(why(name).contains("NVIDIA_DRIVER_CAPABILITIES=video or all"), "{name}: {}", why(name));
        }
        assert!(why("nvidia-smi").contains("is a program on this machine"));
        assert!(why("/dev/nvidia-uvm").contains("507:0, mode 666"));
        assert!(
            why("libcuda.so.1").contains("looked for libcuda.so.580.95.05 in /usr/lib"),
            "{}",
            why("libcuda.so.1")
        );
        assert!(explain(&host, &driver, &[], "libfoo").is_err());
    }
}
