//! Machines of all kinds with nothing above a note.

use super::{CONTAINERD, CRIO, DOCKER, PODMAN, State};

/// On the usual host.
pub(super) const ROWS: &[State] = &[
    State::well("podman, all is well", "cp $SPEC /etc/cdi/nvidia.yaml", PODMAN),
    State::well("Docker, all is well", "docker_up", DOCKER),
    State::well(
        "Docker with CDI, all is well",
        "mkdir -p /etc/docker; echo '{\"features\": {\"cdi\": true}}' > /etc/docker/daemon.json; cp $SPEC /etc/cdi/nvidia.yaml; docker_up",
        DOCKER,
    ),
    State::well(
        "Docker with the runtime as its default, all is well",
        "mkdir -p /etc/docker; echo '{\"default-runtime\": \"nvidia\", \"runtimes\": {\"nvidia\": {\"path\": \"nvidia-container-runtime\", \"runtimeArgs\": []}}}' > /etc/docker/daemon.json; docker_up",
        DOCKER,
    ),
    State::well(
        "podman with a stale specification out of use, all is well",
        "mkdir -p /var/run/cdi; cp $SPEC /var/run/cdi/nvidia.yaml; sed 's/580\\.95\\.05/570.86.15/' $SPEC > /etc/cdi/nvidia.yaml",
        PODMAN,
    ),
    State::well(
        "Docker with a byte order mark and CRLF in daemon.json, all is well",
        "mkdir -p /etc/docker; printf '\\357\\273\\277{\\r\\n  \"runtimes\": {\\r\\n    \"nvidia\": { \"path\": \"nvidia-container-runtime\" }\\r\\n  }\\r\\n}\\r\\n' > /etc/docker/daemon.json; docker_up",
        DOCKER,
    ),
    State::well("rootless Docker, all is well", "rootless_up", DOCKER),
    State::well(
        "containerd, all is well",
        "containerd_file io.containerd.runc.v2 /usr/bin/nvidia-container-runtime",
        CONTAINERD,
    ),
    State::well(
        "containerd with the operator's runtimes, all is well",
        "mkdir -p /usr/local/nvidia/toolkit; for name in '' .cdi .legacy; do ln -s /bin/true /usr/local/nvidia/toolkit/nvidia-container-runtime$name; done; containerd_file io.containerd.runc.v2 /usr/local/nvidia/toolkit/nvidia-container-runtime; for name in cdi legacy; do printf '[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia-%s]\\nruntime_type = \"io.containerd.runc.v2\"\\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia-%s.options]\\nBinaryName = \"/usr/local/nvidia/toolkit/nvidia-container-runtime.%s\"\\n' $name $name $name; done >> /etc/containerd/config.toml",
        CONTAINERD,
    ),
    State::well(
        "containerd with plain runc and CDI, all is well",
        "containerd_file io.containerd.runc.v2 runc; cp $SPEC /etc/cdi/nvidia.yaml",
        CONTAINERD,
    ),
    State::well(
        "containerd 2 with CDI and without the runtime, all is well",
        "echo 'version = 3' > /etc/containerd/config.toml; cp $SPEC /etc/cdi/nvidia.yaml",
        CONTAINERD,
    ),
    State::well(
        "containerd in mode cdi with a specification, all is well",
        "containerd_file io.containerd.runc.v2 /usr/bin/nvidia-container-runtime; toolkit_mode cdi; cp $SPEC /etc/cdi/nvidia.yaml",
        CONTAINERD,
    ),
    State::well(
        "containerd with a drop-in, all is well",
        "printf 'version = 3\\nimports = [\"/etc/containerd/conf.d/*.toml\"]\\n' > /etc/containerd/config.toml; nvidia-ctk --quiet runtime configure --runtime=containerd --drop-in-config=/etc/containerd/conf.d/99-nvidia.toml",
        CONTAINERD,
    ),
    State::well(
        "CRI-O, all is well",
        "mkdir -p /etc/crio/crio.conf.d; printf '[crio.runtime.runtimes.nvidia]\\nruntime_path = \"/usr/bin/nvidia-container-runtime\"\\n' > /etc/crio/crio.conf.d/99-nvidia.conf",
        CRIO,
    ),
    State::well(
        "K3s with a true template, all is well",
        "mkdir -p /var/lib/rancher/k3s/agent/etc/containerd; cd /var/lib/rancher/k3s/agent/etc/containerd; echo '{{ template \"base\" . }}' > config.toml.tmpl; containerd_file io.containerd.runc.v2 /usr/bin/nvidia-container-runtime config.toml",
        CONTAINERD,
    ),
];

/// A host of its own with a fresh specification.
macro_rules! hosts {
    ($($constant:ident: $name:literal, $make:literal;)+) => {
        $(pub(in super::super) const $constant: &[&[State]] = &[&[State::well($name, $make, PODMAN)]];)+
    };
}

hosts! {
    GEFORCE: "a workstation, all is well", "cp $SPEC /etc/cdi/nvidia.yaml";
    DEBIAN: "Debian's driver, all is well", "cp $SPEC /etc/cdi/nvidia.yaml";
    MIG: "MIG, all is well", "cp $SPEC /etc/cdi/nvidia.yaml";
    GB200: "GB200, all is well", "cp $SPEC /etc/cdi/nvidia.yaml";
    NIXOS: "NixOS's driver, all is well", "cp $SPEC /etc/cdi/nvidia.yaml";
    ORIN: "Jetson Orin, all is well", "cp $SPEC /etc/cdi/nvidia.yaml";
    VGPU: "a guest with a vGPU, all is well", "cp $SPEC /etc/cdi/nvidia.yaml";
    WSL_WELL: "WSL2, all is well", "cp $SPEC /etc/cdi/nvidia.yaml";
    CONFIGURED_ROOT: "a driver container, all is well",
        "mkdir -p /etc/nvidia-container-runtime; printf '[nvidia-container-cli]\\nroot = \"/run/nvidia/driver\"\\n' > /etc/nvidia-container-runtime/config.toml; nvidia-ctk --quiet cdi generate --output /etc/cdi/nvidia.yaml";
}
