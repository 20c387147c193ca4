//! The way of a request from the client to the daemon and its toolkit, on a real dockerd.

use super::{DOCKER, State};

const fn row(name: &'static str, make: &'static str, first: &'static str) -> State {
    State::new(name, make, DOCKER, first)
}

pub(super) const ROWS: &[State] = &[
    row(
        "credential helper gone",
        "client_file '{\"auths\":{\"r.example\":{\"auth\":\"eA==\"}},\"credsStore\":\"desktop\"}'; docker_up",
        "H207",
    ),
    row("context of another machine", "docker_up; context gpu-server ssh://ada@10.9.8.7", "H201"),
    row("the client's file is no JSON", "docker_up; client_file '{ \"auths\": {'", "H201"),
    row(
        "a socket that an engine made a folder of",
        "rm -f /run/docker.sock; mkdir /run/docker.sock",
        "H206",
    ),
    row("context that is gone", "docker_up; client_file '{\"currentContext\":\"old-laptop\"}'", "H201"),
    row(
        "member of the group before a new login",
        "sed -i '/^docker:/d' /etc/group; echo 'docker:x:999:user' >> /etc/group; echo 'user:x:1000:1000::/mnt/home/user:/bin/sh' >> /etc/passwd; docker_up",
        "H205",
    )
    .theirs()
    .stranger()
    .says("login"),
    row("user outside the group", "docker_up", "H205").theirs().stranger(),
    row(
        "default runtime that is gone",
        "mkdir -p /etc/docker; echo '{\"default-runtime\": \"nvidia\", \"runtimes\": {\"nvidia\": {\"path\": \"/usr/bin/nvidia-container-runtime\"}}}' > /etc/docker/daemon.json; docker_up; rm /usr/bin/nvidia-container-runtime",
        "H304",
    ),
    row(
        "the hook in place of the runtime",
        "mkdir -p /etc/docker; echo '{\"default-runtime\": \"nvidia\", \"runtimes\": {\"nvidia\": {\"path\": \"/usr/bin/nvidia-container-runtime-hook\"}}}' > /etc/docker/daemon.json; docker_up",
        "H304",
    )
    .says("it is the hook, not the runtime"),
    row(
        "an empty file in place of the default runtime",
        "mkdir -p /etc/docker; echo '{\"default-runtime\": \"nvidia\", \"runtimes\": {\"nvidia\": {\"path\": \"/usr/bin/nvidia-container-runtime\"}}}' > /etc/docker/daemon.json; docker_up; rm /usr/bin/nvidia-container-runtime; : > /usr/bin/nvidia-container-runtime; chmod 755 /usr/bin/nvidia-container-runtime",
        "H304",
    )
    .says("it is empty"),
    row(
        "a mode of the toolkit that is misspelt",
        "mkdir -p /etc/docker /etc/nvidia-container-runtime; printf '[nvidia-container-runtime]\\nmode = \"autp\"\\n' > /etc/nvidia-container-runtime/config.toml; echo '{\"default-runtime\": \"nvidia\", \"runtimes\": {\"nvidia\": {\"path\": \"nvidia-container-runtime\"}}}' > /etc/docker/daemon.json; docker_up",
        "H306",
    ),
    row(
        "a folder in place of the toolkit's file",
        "mkdir -p /etc/nvidia-container-runtime/config.toml; docker_up",
        "H306",
    ),
    row(
        "unprivileged containers that the toolkit passes over",
        "mkdir -p /etc/nvidia-container-runtime; echo 'accept-nvidia-visible-devices-envvar-when-unprivileged = false' > /etc/nvidia-container-runtime/config.toml; docker_up",
        "H306",
    )
    .says("without `--privileged`"),
    row(
        "no low-level runtime for the default runtime",
        "mkdir -p /etc/docker /etc/nvidia-container-runtime; printf '[nvidia-container-runtime]\\nruntimes = [\"docker-runc-x\"]\\n' > /etc/nvidia-container-runtime/config.toml; echo '{\"default-runtime\": \"nvidia\", \"runtimes\": {\"nvidia\": {\"path\": \"nvidia-container-runtime\"}}}' > /etc/docker/daemon.json; docker_up",
        "H306",
    ),
    row(
        "the original's toolkit beside ours",
        "cp /usr/bin/docker /usr/local/bin/nvidia-container-runtime-hook; cp /usr/bin/docker /usr/local/bin/nvidia-container-runtime; docker_up",
        "H307",
    ),
    row(
        "a toolkit with known escapes",
        "rm /usr/bin/nvidia-*; for name in container-runtime-hook container-runtime ctk; do cp /usr/bin/docker /usr/bin/nvidia-$name; done; package nvidia-container-toolkit 1.16.1-1; docker_up",
        "H308",
    ),
    row(
        "only the base package of the toolkit",
        "rm /usr/bin/nvidia-container-*; package nvidia-container-toolkit-base 1.18.1-1; docker_up",
        "H301",
    ),
    row(
        "Docker from snap",
        "mkdir -p /snap/docker/3265/bin; ln -s 3265 /snap/docker/current; cp /usr/sbin/dockerd /snap/docker/3265/bin/; for name in containerd containerd-shim-runc-v2 runc docker-init docker-proxy; do ln -s $(command -v $name) /snap/docker/3265/bin/; done; DOCKERD=/snap/docker/3265/bin/dockerd DOCKER_PATH=/snap/docker/3265/bin docker_up",
        "H203",
    )
    .hidden(),
    row(
        "rootless Docker, and the runtime in the file of the rootful one",
        "mkdir -p /etc/docker; echo '{\"runtimes\": {\"nvidia\": {\"path\": \"nvidia-container-runtime\"}}}' > /etc/docker/daemon.json; rootless_up",
        "H504",
    ),
    row(
        "rootful Docker, and the runtime in the file of a rootless one",
        "for home in root user; do mkdir -p /mnt/home/$home/.config/docker; echo '{\"runtimes\": {\"nvidia\": {\"path\": \"nvidia-container-runtime\"}}}' > /mnt/home/$home/.config/docker/daemon.json; done; docker_up",
        "H504",
    ),
    row(
        "a drop-in of systemd with an option that daemon.json has too",
        "mkdir -p /etc/docker /etc/systemd/system/docker.service.d; echo '{\"data-root\": \"/mnt/docker/data\", \"features\": {\"cdi\": true}}' > /etc/docker/daemon.json; printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/dockerd --data-root=/mnt/data \\\\\\n  --log-level warn\\n' > /etc/systemd/system/docker.service.d/override.conf; timeout 10 dockerd --data-root=/mnt/data > /dev/null 2>&1; [ $? = 1 ]",
        "H302",
    ),
    row(
        "a default runtime that is registered nowhere",
        "mkdir -p /etc/docker; echo '{\"default-runtime\": \"nvidia\"}' > /etc/docker/daemon.json; timeout 10 dockerd > /dev/null 2>&1; [ $? = 1 ]",
        "H302",
    ),
    row(
        "a switch of daemon.json that is a text",
        "mkdir -p /etc/docker; echo '{\"features\": {\"cdi\": \"true\"}}' > /etc/docker/daemon.json; timeout 10 dockerd > /dev/null 2>&1; [ $? = 1 ]",
        "H302",
    ),
    row("daemon that was killed", "docker_up; kill -9 $(cat /run/docker.pid); sleep 0.2", "H206"),
    row(
        "daemon.json with a key that dockerd does not know",
        "mkdir -p /etc/docker; echo '{\"runtime\": {\"nvidia\": {}}}' > /etc/docker/daemon.json; timeout 10 dockerd > /dev/null 2>&1 || :",
        "H302",
    ),
    row(
        "daemon.json with a key of something else",
        "mkdir -p /etc/docker; echo '{\"gpus\": true}' > /etc/docker/daemon.json; timeout 10 dockerd > /dev/null 2>&1 || :",
        "H302",
    )
    .says("which no dockerd"),
    row(
        "daemon.json with a level that there is not",
        "mkdir -p /etc/docker; echo '{\"log-level\": \"loud\"}' > /etc/docker/daemon.json; timeout 10 dockerd > /dev/null 2>&1 || :",
        "H302",
    ),
    row(
        "runtimes written after the daemon had started",
        "docker_up; mkdir -p /etc/docker; sleep 1.2; echo '{\"runtimes\": {\"nvidia\": {\"path\": \"/usr/bin/nvidia-container-runtime\"}}}' > /etc/docker/daemon.json",
        "H302",
    ),
];
