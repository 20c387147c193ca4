//! Specifications that are missing, stale, in conflict or not for this engine.

use super::{DOCKER, PODMAN, State};

const fn row(name: &'static str, make: &'static str, first: &'static str) -> State {
    State::new(name, make, PODMAN, first)
}

pub(super) const ROWS: &[State] = &[
    row("podman without a specification", ":", "H402"),
    row("a specification with a name that engines pass over", "cp $SPEC /etc/cdi/nvidia.yml", "H402")
        .says("nvidia.yml is passed over"),
    row(
        "specification of an older driver",
        "sed 's/580\\.95\\.05/570.86.15/' $SPEC > /etc/cdi/nvidia.yaml",
        "H404",
    ),
    row(
        "specification with an old number of nvidia-uvm",
        "sed '/path: .dev.nvidia-uvm$/{n;s/major: [0-9]*/major: 77/}' $SPEC > /etc/cdi/nvidia.yaml",
        "H404",
    ),
    row(
        "two specifications in conflict",
        "cp $SPEC /etc/cdi/nvidia.yaml; cp $SPEC /etc/cdi/older.yaml",
        "H411",
    ),
    row(
        "specification cut off",
        "head -c 700 $SPEC > /etc/cdi/nvidia.yaml; echo '  - [' >> /etc/cdi/nvidia.yaml",
        "H403",
    ),
    row("specification empty", ": > /etc/cdi/nvidia.yaml", "H403"),
    row(
        "specification too new for podman",
        "sed 's/^cdiVersion: .*/cdiVersion: 0.7.0/' $SPEC > /etc/cdi/nvidia.yaml; package podman 4.3.1+ds1-8",
        "H412",
    ),
    row(
        "a fresh specification put out of use by a stale one below /run",
        "cp $SPEC /etc/cdi/nvidia.yaml; mkdir -p /var/run/cdi; sed 's/580\\.95\\.05/570.86.15/' $SPEC > /var/run/cdi/nvidia.yaml",
        "H404",
    ),
    row(
        "specification that only root may read",
        "cp $SPEC /etc/cdi/nvidia.yaml; chmod 0600 /etc/cdi/nvidia.yaml",
        "H406",
    )
    .theirs(),
    row(
        "hook of the specification gone",
        "cp $SPEC /etc/cdi/nvidia.yaml; rm -f /usr/bin/nvidia-cdi-hook",
        "H407",
    ),
    row(
        "podman's old hook beside CDI",
        "cp $SPEC /etc/cdi/nvidia.yaml; mkdir -p /etc/containers/oci/hooks.d; echo '{\"hook\": {\"path\": \"/usr/bin/nvidia-container-runtime-hook\"}}' > /etc/containers/oci/hooks.d/nvidia.json",
        "H506",
    ),
    row(
        "specification with a GPU that is gone",
        "sed 's/name: \"7\"/name: \"11\"/' $SPEC > /etc/cdi/nvidia.yaml",
        "H404",
    ),
    row(
        "nvidia-uvm missing after the specification was made",
        "cp $SPEC /etc/cdi/nvidia.yaml; mv /dev/nvidia-uvm /dev/x-uvm",
        "H109",
    ),
    row(
        "nvidia-uvm missing, and a specification of an older driver",
        "sed 's/580\\.95\\.05/570.86.15/' $SPEC > /etc/cdi/nvidia.yaml; mv /dev/nvidia-uvm /dev/x-uvm",
        "H109",
    ),
    row(
        "a folder in place of nvidia-uvm",
        "cp $SPEC /etc/cdi/nvidia.yaml; mv /dev/nvidia-uvm /dev/x-uvm; mkdir /dev/nvidia-uvm",
        "H109",
    ),
    State::new(
        "Docker with CDI, and its specification elsewhere",
        "mkdir -p /etc/docker /opt/cdi; echo '{\"features\": {\"cdi\": true}, \"cdi-spec-dirs\": [\"/opt/cdi\"]}' > /etc/docker/daemon.json; cp $SPEC /etc/cdi/nvidia.yaml; docker_up",
        DOCKER,
        "H401",
    ),
];
