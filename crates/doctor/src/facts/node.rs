//! The container runtime of a Kubernetes node: containerd, K3s, RKE2, MicroK8s or CRI-O.

use super::entry::{self, Entries, FaultyRuntime};
use super::{Reason, look};
use host::Host;
use serde::{Deserialize, Serialize};
use toml_edit::{Document, Item, TableLike};

/// The configuration of a node's container runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRuntime {
    /// Which one.
    pub kind: NodeKind,
    /// Its configuration file.
    pub config: String,
    /// What stands in it and in the files that it loads.
    pub content: NodeConfig,
    /// A template that makes the file, and whether it is one.
    pub template: Option<NodeTemplate>,
    /// Whether a kubelet keeps its files here.
    pub kubelet: bool,
}

/// The kinds that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// containerd with its file in /etc.
    Containerd,
    /// K3s.
    K3s,
    /// RKE2.
    Rke2,
    /// CRI-O.
    Crio,
}

impl NodeKind {
    /// Its name among the engines that can be configured.
    #[must_use]
    pub const fn engine(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::K3s => "k3s",
            Self::Rke2 => "rke2",
            Self::Crio => "crio",
        }
    }

    /// Whether it only exists as a part of a cluster.
    #[must_use]
    pub const fn is_cluster(self) -> bool {
        matches!(self, Self::K3s | Self::Rke2 | Self::Crio)
    }

    /// Whether it is CRI-O.
    #[must_use]
    pub const fn is_crio(self) -> bool {
        matches!(self, Self::Crio)
    }

    /// The command that restarts it.
    #[must_use]
    pub const fn restart(self) -> &'static str {
        match self {
            Self::Containerd => "sudo systemctl restart containerd",
            Self::K3s => "sudo systemctl restart k3s || sudo systemctl restart k3s-agent",
            Self::Rke2 => "sudo systemctl restart rke2-server || sudo systemctl restart rke2-agent",
            Self::Crio => "sudo systemctl restart crio",
        }
    }
}

/// What stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeConfig {
    /// There is no such file: all defaults.
    Absent,
    /// It does not parse; the text says where.
    Broken(String),
    /// It parses.
    Read {
        /// Names of the runtimes that are registered with CRI.
        runtimes: Vec<String>,
        /// Programs of those named `nvidia*` that are not there.
        missing_programs: Vec<String>,
        /// `default_runtime_name`.
        default_runtime: Option<String>,
        /// Whether the CRI plugin is switched off.
        cri_disabled: bool,
        /// Files that name the runtime `nvidia` and that nothing imports.
        not_imported: Vec<String>,
        /// Tables with the runtime `nvidia` that containerd does not look at in a file of that version.
        #[serde(default)]
        misplaced: Vec<String>,
        /// Tables with it that containerd 2 looks at in a file of that version, and containerd 1 does not.
        #[serde(default)]
        for_containerd_2: Vec<String>,
        /// Entries of runtimes named `nvidia*` that do not do.
        #[serde(default)]
        faults: Vec<FaultyRuntime>,
        /// Whether it gives devices by CDI itself: as `enable_cdi` says, and else in a file of version 3 and in
        /// CRI-O. `None`: that depends on its release.
        #[serde(default)]
        cdi: Option<bool>,
        /// Files in which `version` is a text: containerd takes a number only, and does not start.
        #[serde(default)]
        quoted_version: Vec<String>,
    },
}

/// A template of K3s or RKE2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeTemplate {
    /// Its path.
    pub path: String,
    /// Whether anything of a template is in it: without, it hides what the service itself writes.
    pub is_template: bool,
}

const PLACES: &[(NodeKind, &str, &str)] = &[
    (NodeKind::K3s, "/var/lib/rancher/k3s/agent/etc/containerd", "config.toml"),
    (NodeKind::Rke2, "/var/lib/rancher/rke2/agent/etc/containerd", "config.toml"),
    (NodeKind::Crio, "/etc/crio", "crio.conf"),
    (NodeKind::Containerd, "/etc/containerd", "config.toml"),
];

/// The first that is there; none: this is no node.
pub(super) fn read(host: &Host) -> Result<Option<NodeRuntime>, Reason> {
    let kubelet = look::exists(host, "/var/lib/kubelet")?;
    for (kind, folder, name) in PLACES {
        if look::exists(host, folder)? {
            let config = format!("{folder}/{name}");
            let content = content(host, *kind, folder, &config)?;
            let template = template(host, folder)?;
            return Ok(Some(NodeRuntime { kind: *kind, config, content, template, kubelet }));
        }
    }
    Ok(None)
}

fn template(host: &Host, folder: &str) -> Result<Option<NodeTemplate>, Reason> {
    for name in ["config-v3.toml.tmpl", "config.toml.tmpl"] {
        let path = format!("{folder}/{name}");
        if let Some(text) = look::text(host, &path)? {
            return Ok(Some(NodeTemplate { is_template: text.contains("{{"), path }));
        }
    }
    Ok(None)
}

fn content(host: &Host, kind: NodeKind, folder: &str, config: &str) -> Result<NodeConfig, Reason> {
    let mut seen = Seen::default();
    let main = look::text(host, config)?;
    if main.is_none() && kind != NodeKind::Crio {
        return Ok(match kind {
            NodeKind::Containerd => not_imported_only(host, folder, &[])?,
            _ => NodeConfig::Absent,
        });
    }
    let mut imports = Vec::new();
    if let Some(text) = main {
        match parse(&text) {
            Ok(document) => seen.take(config, &document, &mut imports),
            Err(position) => return Ok(NodeConfig::Broken(position)),
        }
    }
    if kind == NodeKind::Crio {
        imports.push(format!("{folder}/crio.conf.d/*.conf"));
    }
    let loaded = expand(host, folder, &imports)?;
    for path in &loaded {
        match parse(&look::text(host, path)?.unwrap_or_default()) {
            Ok(document) => seen.take(path, &document, &mut Vec::new()),
            Err(position) => return Ok(NodeConfig::Broken(format!("{path}: {position}"))),
        }
    }
    let not_imported = strays(host, folder, &loaded)?;
    Ok(seen.described(host, not_imported, kind != NodeKind::Crio))
}

fn not_imported_only(host: &Host, folder: &str, loaded: &[String]) -> Result<NodeConfig, Reason> {
    let not_imported = strays(host, folder, loaded)?;
    if not_imported.is_empty() {
        return Ok(NodeConfig::Absent);
    }
    Ok(Seen::default().described(host, not_imported, true))
}

/// Files in the folders of drop-ins that name the runtime and are not loaded.
fn strays(host: &Host, folder: &str, loaded: &[String]) -> Result<Vec<String>, Reason> {
    let mut strays = Vec::new();
    for sub in ["conf.d", "config.d"] {
        for name in
            look::names(host, &format!("{folder}/{sub}"))?.iter().filter(|name| name.ends_with(".toml"))
        {
            let path = format!("{folder}/{sub}/{name}");
            let text = look::text(host, &path)?.unwrap_or_default();
            if text.contains("runtimes.nvidia") && !loaded.contains(&path) {
                strays.push(path);
            }
        }
    }
    Ok(strays)
}

/// The files of `imports`: paths and `*` in their last part, relative ones below the folder.
fn expand(host: &Host, folder: &str, imports: &[String]) -> Result<Vec<String>, Reason> {
    let mut paths = Vec::new();
    for import in imports {
        let import = if import.starts_with('/') { import.clone() } else { format!("{folder}/{import}") };
        let Some((directory, pattern)) = import.rsplit_once('/') else { continue };
        match pattern.split_once('*') {
            Some((head, tail)) => {
                let names = look::names(host, directory)?;
                let fits = |name: &&String| {
                    name.starts_with(head) && name.ends_with(tail) && name.len() >= head.len() + tail.len()
                };
                paths.extend(names.iter().filter(fits).map(|name| format!("{directory}/{name}")));
            }
            None if look::exists(host, &import)? => paths.push(import),
            None => {}
        }
    }
    Ok(paths)
}

fn parse(text: &str) -> Result<Document<String>, String> {
    Document::parse(text.to_owned()).map_err(|error| error.message().to_owned())
}

#[derive(Default)]
struct Seen {
    runtimes: Entries,
    misplaced: Vec<String>,
    for_containerd_2: Vec<String>,
    default_runtime: Option<String>,
    cri_disabled: bool,
    quoted_version: Vec<String>,
    version: Option<i64>,
    enable_cdi: Option<bool>,
}

impl Seen {
    fn take(&mut self, path: &str, document: &Document<String>, imports: &mut Vec<String>) {
        let root = document.as_table();
        imports.extend(strings(root.get("imports")));
        self.cri_disabled |= strings(root.get("disabled_plugins"))
            .iter()
            .any(|name| name == "cri" || name == "io.containerd.grpc.v1.cri");
        if let Some(runtime) = child(root.get("crio"), "runtime").and_then(Item::as_table_like) {
            self.take_runtimes(runtime, "default_runtime", "runtime_path");
        }
        let plugins = root.get("plugins").and_then(Item::as_table_like).into_iter().flat_map(TableLike::iter);
        let version = root.get("version").and_then(Item::as_integer);
        if root.get("version").is_some_and(Item::is_str) {
            self.quoted_version.push(path.to_owned());
        }
        self.version = self.version.or(version);
        for (plugin, table) in plugins {
            self.enable_cdi = child(Some(table), "enable_cdi").and_then(Item::as_bool).or(self.enable_cdi);
            let Some(containerd) = child(Some(table), "containerd").and_then(Item::as_table_like) else {
                continue;
            };
            let has_nvidia = containerd.get("runtimes").is_some_and(|runtimes| {
                runtimes.as_table_like().is_some_and(|runtimes| runtimes.contains_key("nvidia"))
            });
            let what = || version.map(|version| format!("`{plugin}` in a file of version {version}"));
            match place(version, plugin) {
                Place::Read => self.take_runtimes(containerd, "default_runtime_name", "BinaryName"),
                Place::ReadByTwo => self.for_containerd_2.extend(what().filter(|_| has_nvidia)),
                Place::Ignored => self.misplaced.extend(what().filter(|_| has_nvidia)),
            }
        }
    }

    fn take_runtimes(&mut self, table: &dyn TableLike, default: &str, program: &str) {
        self.default_runtime =
            table.get(default).and_then(Item::as_str).map(str::to_owned).or(self.default_runtime.take());
        if let Some(runtimes) = table.get("runtimes").and_then(Item::as_table_like) {
            entry::take(&mut self.runtimes, runtimes, program);
        }
    }

    fn described(self, host: &Host, not_imported: Vec<String>, is_containerd: bool) -> NodeConfig {
        let missing = |(name, entry): (&String, &entry::Entry)| {
            let path = entry.program.as_ref();
            let path = path.filter(|path| name.starts_with("nvidia") && path.starts_with('/'))?;
            let gone = host.stat(path).is_ok_and(|stat| !stat.is_some_and(|stat| stat.is_executable()));
            gone.then(|| path.clone())
        };
        NodeConfig::Read {
            missing_programs: self.runtimes.iter().filter_map(missing).collect(),
            faults: entry::faults(host, &self.runtimes, is_containerd),
            quoted_version: self.quoted_version,
            cdi: self.enable_cdi.or((!is_containerd || self.version == Some(3)).then_some(true)),
            runtimes: self.runtimes.into_keys().collect(),
            default_runtime: self.default_runtime,
            cri_disabled: self.cri_disabled,
            not_imported,
            misplaced: self.misplaced,
            for_containerd_2: self.for_containerd_2,
        }
    }
}

/// What becomes of a plugin's table in a file of some version.
enum Place {
    Read,
    ReadByTwo,
    Ignored,
}

/// containerd 2 brings tables of version 2 to its own form, and takes those of version 3 as they are;
/// containerd 1 knows versions 1 and 2 (`ConfigMigration` in containerd's `plugins/cri/runtime/plugin.go`). A
/// file without a version is taken for right.
fn place(version: Option<i64>, plugin: &str) -> Place {
    match (version, plugin) {
        (Some(2), "io.containerd.cri.v1.runtime") => Place::ReadByTwo,
        (Some(2 | 3), "cri") | (Some(3), "io.containerd.grpc.v1.cri") => Place::Ignored,
        (Some(1), "io.containerd.grpc.v1.cri" | "io.containerd.cri.v1.runtime") => Place::Ignored,
        _ => Place::Read,
    }
}

fn child<'a>(item: Option<&'a Item>, key: &str) -> Option<&'a Item> {
    item?.as_table_like()?.get(key)
}

fn strings(item: Option<&Item>) -> Vec<String> {
    let array = item.and_then(Item::as_array).into_iter().flatten();
    array.filter_map(|value| Some(value.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_are_found_in_all_versions_of_the_file() {
        for (text, name) in [
            (
                "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia]\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia.options]\nBinaryName = \"/x\"\n",
                "nvidia",
            ),
            (
                "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.nvidia]\nruntime_type = \"x\"\n",
                "nvidia",
            ),
            ("[crio.runtime.runtimes.nvidia]\nruntime_path = \"/x\"\n", "nvidia"),
        ] {
            let mut seen = Seen::default();
            seen.take("/x", &parse(text).unwrap(), &mut Vec::new());
            assert_eq!(seen.runtimes.keys().next().map(String::as_str), Some(name), "{text}");
        }
        assert!(parse("{{ template }}").is_err());
    }

    #[test]
    fn a_table_of_another_version_is_not_read() {
        for (version, plugin, runtimes, misplaced, for_two) in [
            (2, "io.containerd.grpc.v1.cri", 1, 0, 0),
            (2, "io.containerd.cri.v1.runtime", 0, 0, 1),
            (3, "io.containerd.grpc.v1.cri", 0, 1, 0),
            (3, "io.containerd.cri.v1.runtime", 1, 0, 0),
            (2, "cri", 0, 1, 0),
            (1, "cri", 1, 0, 0),
        ] {
            let text = format!("version = {version}\n[plugins.\"{plugin}\".containerd.runtimes.nvidia]\n");
            let mut seen = Seen::default();
            seen.take("/x", &parse(&text).unwrap(), &mut Vec::new());
            let found = (seen.runtimes.len(), seen.misplaced.len(), seen.for_containerd_2.len());
            assert_eq!(found, (runtimes, misplaced, for_two), "{text}");
        }
    }

    #[test]
    fn what_gives_devices_by_itself_is_told() {
        let table = |plugin: &str, value: bool| format!("[plugins.\"{plugin}\"]\nenable_cdi = {value}\n");
        for (text, is_containerd, cdi) in [
            ("version = 3\n".to_owned(), true, Some(true)),
            (format!("version = 3\n{}", table("io.containerd.cri.v1.runtime", false)), true, Some(false)),
            ("version = 2\n".to_owned(), true, None),
            (format!("version = 2\n{}", table("io.containerd.grpc.v1.cri", true)), true, Some(true)),
            ("[crio.runtime]\n".to_owned(), false, Some(true)),
        ] {
            let mut seen = Seen::default();
            seen.take("/x", &parse(&text).unwrap(), &mut Vec::new());
            let described = seen.described(&Host::at("/nonexistent"), Vec::new(), is_containerd);
            let NodeConfig::Read { cdi: found, .. } = described else { unreachable!("it was read") };
            assert_eq!(found, cdi, "{text}");
        }
    }
}
