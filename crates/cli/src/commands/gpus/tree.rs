//! `longshore gpus --tree`: what the machine has of its driver, where, and what is absent.

use diag::Finding;
use driver::families::{Family, LIBRARIES};
use driver::{Driver, File, Gpu, Library, Node};
use std::collections::{BTreeMap, BTreeSet};

/// A line, and those below it.
struct Branch {
    text: String,
    below: Vec<Branch>,
}

impl Branch {
    fn leaf(text: impl Into<String>) -> Self {
        Self { text: text.into(), below: Vec::new() }
    }

    fn of(text: impl Into<String>, below: Vec<Self>) -> Self {
        Self { text: text.into(), below }
    }
}

/// The whole tree as text.
pub(super) fn render(driver: &Driver, findings: &[Finding]) -> String {
    let mut branches = vec![gpus(driver), control(driver), libraries(driver)];
    for (name, files) in [
        ("programs", &driver.binaries),
        ("firmware", &driver.firmware),
        ("configuration", &driver.configs),
        ("X.org modules", &driver.xorg),
        ("sockets", &driver.sockets),
        ("other files", &driver.others),
    ] {
        if !files.is_empty() {
            branches.push(Branch::of(format!("{name} ({})", files.len()), files.iter().map(file).collect()));
        }
    }
    branches.push(absent(driver));
    if !findings.is_empty() {
        let found =
            findings.iter().map(|finding| Branch::leaf(format!("{} [{}]", finding.message, finding.code)));
        branches.push(Branch::of("wrong or odd", found.collect()));
    }
    let mut text = format!("{}\n", head(driver));
    write(&branches, "", &mut text);
    text
}

fn head(driver: &Driver) -> String {
    let version = driver.version.as_deref().unwrap_or("of unknown version");
    let module = match driver.module_version.as_deref() {
        None => ", kernel module not loaded".to_owned(),
        Some(module) if Some(module) == driver.version.as_deref() => String::new(),
        Some(module) => format!(", kernel module {module}"),
    };
    format!("driver {version} below {}{module}", driver.root)
}

fn write(branches: &[Branch], indent: &str, text: &mut String) {
    for (position, branch) in branches.iter().enumerate() {
        let last = position + 1 == branches.len();
        let (mark, more) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        text.push_str(&format!("{indent}{mark}{}\n", branch.text));
        write(&branch.below, &format!("{indent}{more}"), text);
    }
}

fn gpus(driver: &Driver) -> Branch {
    let below = driver.gpus.iter().enumerate().map(|(index, found)| gpu(index, found)).collect();
    Branch::of(format!("GPUs ({})", driver.gpus.len()), below)
}

fn gpu(index: usize, gpu: &Gpu) -> Branch {
    let name = gpu.name.as_deref().unwrap_or("name unknown");
    let uuid = gpu.uuid.as_deref().unwrap_or("UUID not known yet");
    let mut below: Vec<Branch> = match &gpu.node {
        Some(found) => vec![node(found)],
        None if gpu.companions.is_empty() => {
            vec![Branch::leaf(format!("/dev/nvidia{} is absent", gpu.minor))]
        }
        None => Vec::new(),
    };
    below.extend(gpu.companions.iter().chain(&gpu.drm).map(node));
    below.extend(gpu.mig.iter().map(|mig| {
        let profile = mig.profile.as_deref().unwrap_or("profile unknown");
        let uuid = mig.uuid.as_deref().unwrap_or("UUID unknown");
        Branch::of(format!("MIG {index}:{} {profile} {uuid}", mig.index), mig.caps.iter().map(node).collect())
    }));
    Branch::of(format!("{index} {name} {} {uuid}", gpu.bus_id), below)
}

fn node(node: &Node) -> Branch {
    let place = node.host_path.as_ref().map(|host| format!(", on the host {host}")).unwrap_or_default();
    Branch::leaf(format!("{} {}:{} mode {:o}{place}", node.path, node.major, node.minor, node.mode))
}

fn control(driver: &Driver) -> Branch {
    Branch::of(
        format!("nodes of every container ({})", driver.control_nodes.len()),
        driver.control_nodes.iter().map(node).collect(),
    )
}

fn libraries(driver: &Driver) -> Branch {
    let mut families: BTreeMap<Family, Vec<&Library>> = BTreeMap::new();
    for library in &driver.libraries {
        families.entry(library.family).or_default().push(library);
    }
    let of_family = |(family, libraries): (Family, Vec<&Library>)| {
        let below = libraries.iter().map(|found| library(found)).collect();
        Branch::of(format!("{} ({})", capability(family), libraries.len()), below)
    };
    Branch::of(
        format!("libraries ({}) in {}", driver.libraries.len(), folders(driver).join(", ")),
        families.into_iter().map(of_family).collect(),
    )
}

fn library(library: &Library) -> Branch {
    let links: Vec<&str> = library.links.iter().map(|link| base_name(&link.path)).collect();
    let links = if links.is_empty() { String::new() } else { format!(" <- {}", links.join(", ")) };
    let bits = if library.bits == 32 { " (32-bit)" } else { "" };
    Branch::leaf(format!("{}{bits}{links}", library.file.host_path))
}

fn file(file: &File) -> Branch {
    if file.host_path == file.container_path {
        return Branch::leaf(&file.host_path);
    }
    Branch::leaf(format!("{}, in containers {}", file.host_path, file.container_path))
}

/// What drivers usually have and this one has not.
fn absent(driver: &Driver) -> Branch {
    let names: BTreeSet<String> =
        driver.libraries.iter().map(|library| stem(&library.file.container_path).to_owned()).collect();
    let missing = LIBRARIES.iter().filter_map(|(family, stems)| {
        let gone: Vec<&str> = stems.iter().filter(|stem| !names.contains(**stem)).copied().collect();
        (!gone.is_empty()).then(|| Branch::leaf(format!("{}: {}", capability(*family), gone.join(", "))))
    });
    Branch::of("known libraries that are absent (most drivers lack some)", missing.collect())
}

/// The driver capability of a family, in words.
pub(super) fn capability(family: Family) -> String {
    match family {
        Family::Other => "of no driver capability".to_owned(),
        Family::Always => "in every container".to_owned(),
        named => serde_json::to_value(named)
            .ok()
            .and_then(|name| Some(name.as_str()?.to_owned()))
            .unwrap_or_default(),
    }
}

/// The directories in which libraries were found.
pub(super) fn folders(driver: &Driver) -> Vec<&str> {
    let paths =
        driver.libraries.iter().filter_map(|library| Some(library.file.host_path.rsplit_once('/')?.0));
    paths.collect::<BTreeSet<&str>>().into_iter().collect()
}

pub(super) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// `libcuda` of `/usr/lib/libcuda.so.580.95.05`.
pub(super) fn stem(path: &str) -> &str {
    let name = base_name(path);
    name.split_once(".so").map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use driver::Link;

    #[test]
    fn the_tree_names_what_is_there_and_what_is_not() {
        let path = "/usr/lib/libnvidia-encode.so.580.95.05";
        let driver = Driver {
            root: "/".into(),
            version: Some("580.95.05".into()),
            libraries: vec![Library {
                file: File { host_path: path.into(), container_path: path.into() },
                family: Family::Video,
                bits: 64,
                links: vec![Link { target: String::new(), path: "/usr/lib/libnvidia-encode.so.1".into() }],
                ..Library::default()
            }],
            gpus: vec![Gpu { bus_id: "0000:1b:00.0".into(), minor: 3, ..Gpu::default() }],
            sockets: vec![File { host_path: "/run/s".into(), container_path: "/var/run/s".into() }],
            ..Driver::default()
        };
        let text = render(&driver, &[]);
        assert!(
            text.starts_with(
                "driver 580.95.05 below /, kernel module not loaded\n\
                 ├─ GPUs (1)\n\
                 │  └─ 0 name unknown 0000:1b:00.0 UUID not known yet\n\
                 │     └─ /dev/nvidia3 is absent\n\
                 ├─ nodes of every container (0)\n\
                 ├─ libraries (1) in /usr/lib\n\
                 │  └─ video (1)\n\
                 │     └─ /usr/lib/libnvidia-encode.so.580.95.05 <- libnvidia-encode.so.1\n\
                 ├─ sockets (1)\n\
                 │  └─ /run/s, in containers /var/run/s\n\
                 └─ known libraries"
            ),
            "{text}"
        );
        assert!(text.contains("libcuda, ") && !text.contains("libnvidia-encode,"), "{text}");
    }
}
