//! The states in which the files of engines are met.

use super::clear;
use diag::{Failure, Result, ResultExt};
use std::borrow::Cow;
use std::fs;
use std::path::Path;

/// Files before the change, and how it is made.
#[derive(Clone)]
pub(super) struct State {
    pub(super) name: &'static str,
    /// Paths with their texts; the folders of an engine are empty otherwise.
    pub(super) files: Cow<'static, [(&'static str, &'static str)]>,
    /// Options of `runtime configure`.
    pub(super) flags: &'static [&'static str],
    /// What the engine must still show.
    pub(super) kept: &'static [&'static str],
}

/// Where the engines look.
const FOLDERS: [&str; 4] =
    ["/etc/docker", "/etc/containerd", "/var/lib/rancher", "/etc/containers/containers.conf.d"];

impl State {
    /// Makes the folders hold these files and nothing else.
    pub(super) fn put(&self) -> Result<()> {
        for folder in FOLDERS {
            clear(folder)?;
        }
        for (path, text) in self.files.iter() {
            let folder = Path::new(path).parent().unwrap_or(Path::new("/"));
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(path, text))
                .with_context(|| format!("cannot write {path}"))?;
        }
        Ok(())
    }

    /// Whether the files are what they were, and no others are there.
    pub(super) fn stands(&self) -> Result<()> {
        for (path, text) in self.files.iter() {
            let found = fs::read(path).with_context(|| format!("cannot read {path}"))?;
            if found != text.as_bytes() {
                return Err(Failure::new(format!(
                    "{path} is not what it was:\n{}",
                    String::from_utf8_lossy(&found)
                )));
            }
        }
        let ours = [
            "/etc/docker/daemon.json",
            "/etc/containerd/config.toml",
            "/etc/containerd/conf.d/99-nvidia.toml",
            "/etc/containers/containers.conf.d/99-nvidia.conf",
            K3S_OLD,
            K3S_NEW,
            RKE2_OLD,
        ];
        let left = ours
            .iter()
            .find(|path| Path::new(path).exists() && !self.files.iter().any(|(known, _)| known == *path));
        match left {
            Some(path) => Err(Failure::new(format!("{path} was left behind"))),
            None => Ok(()),
        }
    }
}

const JSON: &str = "/etc/docker/daemon.json";
const TOML: &str = "/etc/containerd/config.toml";

const fn docker(
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    flags: &'static [&'static str],
) -> State {
    State { name, files: Cow::Borrowed(files), flags, kept: &[] }
}

/// `daemon.json` as every release of Docker reads it.
pub(super) const DOCKER: &[State] = &[
    docker("no file", &[], &[]),
    docker("no file, as default", &[], &["--set-as-default"]),
    docker("an empty object", &[(JSON, "{}")], &[]),
    docker(
        "what guides tell to write",
        &[(
            JSON,
            "{\n  \"log-driver\": \"json-file\",\n  \"log-opts\": {\"max-size\": \"10m\", \"max-file\": \"3\"},\n  \"insecure-registries\": [],\n  \"default-ulimits\": {}\n}\n",
        )],
        &["--set-as-default"],
    ),
    docker(
        "the original's own entry",
        &[(
            JSON,
            "{\n    \"runtimes\": {\n        \"nvidia\": {\n            \"args\": [],\n            \"path\": \"/usr/local/nvidia/toolkit/nvidia-container-runtime\"\n        }\n    }\n}",
        )],
        &[],
    ),
    docker(
        "another default runtime",
        &[(JSON, "{\"runtimes\":{\"other\":{\"path\":\"/usr/bin/runc\"}},\"default-runtime\":\"other\"}")],
        &[],
    ),
    docker(
        "features of others",
        &[(JSON, "{ \"features\": { \"buildkit\": true } ,\n\t\"debug\"  : false }\n")],
        &[],
    ),
    docker(
        "line ends of Windows",
        &[(JSON, "{\r\n  \"debug\": false,\r\n  \"labels\": [\"a=b\"]\r\n}\r\n")],
        &[],
    ),
    docker(
        "null where runtimes are",
        &[(JSON, "{\"runtimes\": null, \"debug\": false}")],
        &["--set-as-default"],
    ),
    docker(
        "letters of any alphabet and large numbers",
        &[(
            JSON,
            "{\"labels\":[\"ort=Z\\u00fcrich\",\"x=日本\"],\"max-concurrent-downloads\":3,\"shutdown-timeout\": 15}",
        )],
        &[],
    ),
];

/// What only newer releases read.
pub(super) const DOCKER_WITH_CDI: &[State] = &[
    docker("CDI on", &[], &["--cdi.enabled"]),
    docker(
        "CDI on beside other features",
        &[(JSON, "{\"features\": {\"containerd-snapshotter\": false}}")],
        &["--cdi.enabled", "--set-as-default"],
    ),
    docker("a byte order mark", &[(JSON, "\u{feff}{\"debug\": false}")], &[]),
];

const RUNC: &str = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\n  sandbox_image = \"registry.example/pause:3.9\" # ours\n  [plugins.\"io.containerd.grpc.v1.cri\".containerd]\n    snapshotter = 'overlayfs'\n    [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n      runtime_type = \"io.containerd.runc.v2\"\n      [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\n        SystemdCgroup = true\n";
const DEBIAN: &str = "version = 2\n\n[plugins]\n  [plugins.\"io.containerd.grpc.v1.cri\"]\n    [plugins.\"io.containerd.grpc.v1.cri\".cni]\n      bin_dir = \"/usr/lib/cni\"\n      conf_dir = \"/etc/cni/net.d\"\n  [plugins.\"io.containerd.internal.v1.opt\"]\n    path = \"/var/lib/containerd/opt\"\n";
const DOCKER_COM: &str = "#   Copyright 2018-2022 Docker Inc.\n\ndisabled_plugins = [\"cri\"]\n\n#root = \"/var/lib/containerd\"\n#subreaper = true\n";
const VERSION_1: &str = "oom_score = -5\n[plugins.cri]\n  sandbox_image = \"registry.example/pause:1\"\n  [plugins.cri.containerd.runtimes.runc]\n    runtime_type = \"io.containerd.runc.v1\"\n";
const IMPORTING: &str =
    "version = 2\nimports = [\"/etc/containerd/conf.d/*.toml\"] # theirs\noom_score = -999\n";
const BESIDE: &str =
    "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\n  sandbox_image = \"registry.example/pause:7\"\n";
const NESTING: &str = "version = 2\nimports = [\"/etc/containerd/more.toml\"]\n";
const STALE: &str = "version = 2\n\n[plugins]\n\n  [plugins.\"io.containerd.grpc.v1.cri\"]\n    sandbox_image = \"registry.example/old\"\n";
const INLINE: &str =
    "version = 2\r\nplugins = { \"io.containerd.gc.v1.scheduler\" = { pause_threshold = 0.05 } }\r\n";

const fn containerd(
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    flags: &'static [&'static str],
    kept: &'static [&'static str],
) -> State {
    State { name, files: Cow::Borrowed(files), flags, kept }
}

/// containerd's files as 1.6 and 1.7 read them.
pub(super) const CONTAINERD: &[State] = &[
    containerd("no file", &[], &[], &[]),
    containerd("no file, as default", &[], &["--set-as-default"], &["default_runtime_name = \"nvidia\""]),
    containerd("Debian's package", &[(TOML, DEBIAN)], &[], &["\"/usr/lib/cni\"", "/var/lib/containerd/opt"]),
    containerd(
        "Docker's package, CRI off",
        &[(TOML, DOCKER_COM)],
        &[],
        &["disabled_plugins = [\"io.containerd.grpc.v1.cri\"]|disabled_plugins = [\"cri\"]"],
    ),
    containerd(
        "kubeadm's guide",
        &[(TOML, RUNC)],
        &["--set-as-default"],
        &["registry.example/pause:3.9", "SystemdCgroup = true", "default_runtime_name = \"nvidia\""],
    ),
    containerd(
        "version 1 with CRI",
        &[(TOML, VERSION_1)],
        &[],
        &["registry.example/pause:1", "oom_score = -5"],
    ),
    containerd(
        "imports of others",
        &[(TOML, IMPORTING), ("/etc/containerd/conf.d/10-theirs.toml", BESIDE)],
        &[],
        &["registry.example/pause:7", "oom_score = -999"],
    ),
    containerd(
        "imports of imports",
        &[
            (TOML, IMPORTING),
            ("/etc/containerd/conf.d/10-theirs.toml", NESTING),
            ("/etc/containerd/more.toml", "version = 2\noom_score = -7\n"),
        ],
        &[],
        &["oom_score = -7"],
    ),
    containerd(
        "a stale drop-in",
        &[(TOML, IMPORTING), ("/etc/containerd/conf.d/99-nvidia.toml", STALE)],
        &[],
        &["oom_score = -999"],
    ),
    containerd("inline tables and line ends of Windows", &[(TOML, INLINE)], &[], &["pause_threshold = 0.05"]),
    containerd("an empty file", &[(TOML, "")], &[], &[]),
    containerd("comments alone", &[(TOML, "# nothing\n# yet\n")], &[], &[]),
];

/// What `containerd config default` of the installed release prints, as guides tell to write it; with
/// `SystemdCgroup` as the guide of kubeadm tells to change it.
pub(super) fn containerd_default(printed: &str) -> [State; 2] {
    let leaked = |text: String| -> &'static str { text.leak() };
    let whole = leaked(printed.to_owned());
    let changed = leaked(printed.replace("SystemdCgroup = false", "SystemdCgroup = true"));
    let state = |name, text, kept| State { name, files: Cow::Owned(vec![(TOML, text)]), flags: &[], kept };
    [
        state("`containerd config default`", whole, &[]),
        state("`containerd config default` with SystemdCgroup", changed, &["SystemdCgroup = true"]),
    ]
}

const NEW: &str = "version = 3\n[plugins.'io.containerd.cri.v1.images'.pinned_images]\n  sandbox = 'registry.example/pause:9'\n[plugins.'io.containerd.cri.v1.runtime'.containerd]\n  default_runtime_name = 'runc' # ours\n";
const NEW_BESIDE: &str =
    "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.cni]\n  bin_dirs = ['/opt/cni/other']\n";
const NEW_IMPORTING: &str = "version = 3\nimports = ['/etc/containerd/conf.d/*.toml']\n";

/// containerd's files as 2.0 and later read them.
pub(super) const CONTAINERD_2: &[State] = &[
    containerd("version 3", &[(TOML, NEW)], &[], &["registry.example/pause:9"]),
    containerd(
        "version 3, as default",
        &[(TOML, NEW)],
        &["--set-as-default"],
        &["default_runtime_name = \"nvidia\""],
    ),
    containerd(
        "version 3, imports of others",
        &[(TOML, NEW_IMPORTING), ("/etc/containerd/conf.d/10-theirs.toml", NEW_BESIDE)],
        &["--cdi.enabled"],
        &["/opt/cni/other"],
    ),
];

const fn podman(
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    flags: &'static [&'static str],
) -> State {
    State { name, files: Cow::Borrowed(files), flags, kept: &[] }
}

/// `containers.conf` is that of the machine, which every container here needs; drop-ins lie beside it.
pub(super) const PODMAN: &[State] = &[
    podman("no drop-in", &[], &[]),
    podman("no drop-in, as default", &[], &["--set-as-default"]),
    podman(
        "drop-ins of others",
        &[(
            "/etc/containers/containers.conf.d/50-theirs.conf",
            "[engine] # theirs\nruntime = 'runc'\n[engine.runtimes]\nother = ['/usr/bin/runc']\n",
        )],
        &["--set-as-default"],
    ),
    podman(
        "our drop-in of another path",
        &[(
            "/etc/containers/containers.conf.d/99-nvidia.conf",
            "[engine.runtimes]\nnvidia = [\"/usr/local/nvidia/toolkit/nvidia-container-runtime\"]\n",
        )],
        &[],
    ),
];

pub(super) const K3S_OLD: &str = "/var/lib/rancher/k3s/agent/etc/containerd/config.toml.tmpl";
pub(super) const K3S_NEW: &str = "/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.tmpl";
pub(super) const RKE2_OLD: &str = "/var/lib/rancher/rke2/agent/etc/containerd/config.toml.tmpl";

const BASE: &str = "{{ template \"base\" . }}\n\n[proxy_plugins.mine] # theirs\n  type = \"snapshot\"\n  address = \"/run/mine.sock\"\n";
const WHOLE: &str = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\n  sandbox_image = \"registry.example/pause:1\"\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\n  SystemdCgroup = {{ .SystemdCgroup }}\n";

/// Templates of k3s and RKE2, as their documentation has them.
pub(super) const RANCHER: &[State] = &[
    containerd(
        "k3s, a runtime of another name around its own template",
        &[(K3S_OLD, BASE)],
        &["--nvidia-runtime-name=gpu"],
        &["/run/mine.sock", "runtimes.gpu]"],
    ),
    containerd(
        "k3s, a whole template",
        &[(K3S_OLD, WHOLE)],
        &["--set-as-default"],
        &["registry.example/pause:1", "default_runtime_name = \"nvidia\""],
    ),
    containerd("RKE2, a whole template", &[(RKE2_OLD, WHOLE)], &[], &["registry.example/pause:1"]),
];
