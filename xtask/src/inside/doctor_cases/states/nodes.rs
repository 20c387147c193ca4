//! Configurations of a node's container runtime.

use super::{CONTAINERD, CRIO, State};

const fn row(name: &'static str, make: &'static str, first: &'static str) -> State {
    State::new(name, make, CONTAINERD, first)
}

pub(super) const ROWS: &[State] = &[
    row("containerd without the runtime", "echo 'version = 2' > /etc/containerd/config.toml", "H701"),
    row(
        "the table of version 2 in a file of version 3",
        "printf 'version = 3\\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia]\\n' > /etc/containerd/config.toml",
        "H701",
    ),
    row("containerd's file broken", "echo 'version = = 2' > /etc/containerd/config.toml", "H701"),
    row(
        "containerd with a program that is gone",
        "printf 'version = 2\\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia.options]\\nBinaryName = \"/usr/local/nvidia/toolkit/nvidia-container-runtime\"\\n' > /etc/containerd/config.toml",
        "H701",
    ),
    row(
        "containerd with the hook as the runtime",
        "containerd_file io.containerd.runc.v2 /usr/bin/nvidia-container-runtime-hook",
        "H701",
    )
    .says("it is the hook"),
    row("containerd with runc as the runtime", "containerd_file io.containerd.runc.v2 runc", "H701")
        .says("gives no GPU"),
    row(
        "containerd's runtime without a program",
        "printf 'version = 2\\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia]\\nruntime_type = \"io.containerd.runc.v2\"\\n' > /etc/containerd/config.toml",
        "H701",
    )
    .says("BinaryName"),
    row(
        "containerd's runtime without a type",
        "printf 'version = 2\\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia.options]\\nBinaryName = \"/usr/bin/nvidia-container-runtime\"\\n' > /etc/containerd/config.toml",
        "H701",
    )
    .says("runtime_type"),
    row(
        "containerd's runtime of a type that is none",
        "containerd_file runc /usr/bin/nvidia-container-runtime",
        "H701",
    )
    .says("the name of no shim"),
    row(
        "containerd's version in quotes",
        "containerd_file io.containerd.runc.v2 /usr/bin/nvidia-container-runtime; sed -i 's/^version = 2/version = \"2\"/' /etc/containerd/config.toml",
        "H701",
    )
    .says("stands in quotes"),
    row(
        "containerd in mode cdi without a specification",
        "containerd_file io.containerd.runc.v2 /usr/bin/nvidia-container-runtime; toolkit_mode cdi",
        "H402",
    ),
    row("CRI switched off", "printf 'disabled_plugins = [\"cri\"]\\n' > /etc/containerd/config.toml", "H701"),
    row(
        "drop-in that nothing imports",
        "echo 'version = 3' > /etc/containerd/config.toml; mkdir -p /etc/containerd/conf.d; printf '[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.nvidia]\\n' > /etc/containerd/conf.d/99-nvidia.toml",
        "H708",
    ),
    row(
        "drop-in in config.d",
        "printf 'version = 3\\nimports = [\"/etc/containerd/conf.d/*.toml\"]\\n' > /etc/containerd/config.toml; mkdir -p /etc/containerd/config.d; printf '[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.nvidia]\\n' > /etc/containerd/config.d/99-nvidia.toml",
        "H708",
    ),
    row(
        "plain file in place of K3s's template",
        "mkdir -p /var/lib/rancher/k3s/agent/etc/containerd; cd /var/lib/rancher/k3s/agent/etc/containerd; echo 'version = 2' | tee config.toml > config.toml.tmpl",
        "H709",
    ),
    State::new(
        "CRI-O without the runtime",
        "mkdir -p /etc/crio/crio.conf.d; printf '[crio.runtime]\\ndefault_runtime = \"runc\"\\n[crio.runtime.runtimes.runc]\\nruntime_path = \"/usr/bin/runc\"\\n' > /etc/crio/crio.conf.d/00-default.conf",
        CRIO,
        "H701",
    ),
];
