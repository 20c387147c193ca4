# What the rows of the states call. $SPEC is a good specification.

# Docker at its usual place, as its package starts it.
docker_up() {
    mkdir -p /mnt/docker; chmod 755 /mnt
    grep -q '^docker:' /etc/group || echo 'docker:x:999:' >> /etc/group
    sleep 0.2
    DOCKERD=${DOCKERD:-/usr/sbin/dockerd}
    [ -x $DOCKERD ] || DOCKERD=/usr/bin/dockerd
    env -i PATH=${DOCKER_PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin} /usr/bin/setsid $DOCKERD --bridge=none --iptables=false \
        --ip6tables=false --data-root /mnt/docker/data --exec-root /run/docker --pidfile /run/docker.pid "$@" \
        > /mnt/docker/log 2>&1 < /dev/null &
    for _ in $(seq 300); do
        docker version > /dev/null 2>&1 && return
        sleep 0.1
    done
    tail -5 /mnt/docker/log
    return 1
}

# Docker of the ordinary user, as RootlessKit starts it: root in a user namespace of theirs, with a /run of its
# own. It reads ~/.config/docker/daemon.json; the client's context leads to it.
rootless_up() {
    run=/run/user/1000; mkdir -p $run /mnt/rootless/bin /mnt/rootless/run; chown 1000:1000 $run /mnt/rootless/run /mnt/rootless; chmod 755 /mnt
    ln -sf /bin/true /mnt/rootless/bin/rootlesskit-docker-proxy
    setpriv --reuid=1000 --regid=1000 --clear-groups /usr/bin/env -i HOME=/mnt/home/user XDG_RUNTIME_DIR=$run ROOTLESSKIT_STATE_DIR=$run/kit \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/mnt/rootless/bin /usr/bin/setsid \
        unshare --user --map-root-user --mount sh -c "mount -t tmpfs run /mnt/rootless/run; mkdir -p /mnt/rootless/run/user/1000
            mkdir /mnt/rootless/run/longshore-sim; mount --rbind /run/longshore-sim /mnt/rootless/run/longshore-sim
            mount --bind $run /mnt/rootless/run/user/1000; mount --rbind /mnt/rootless/run /run
            exec dockerd --rootless --bridge=none --iptables=false --ip6tables=false --userland-proxy=false --storage-driver vfs \
            --data-root /mnt/rootless/data --exec-root $run/docker --pidfile $run/docker.pid -H unix://$run/docker.sock" \
        > /mnt/rootless/log 2>&1 < /dev/null &
    for _ in $(seq 300); do
        docker -H unix://$run/docker.sock version > /dev/null 2>&1 && { context rootless unix://$run/docker.sock; return; }
        sleep 0.1
    done
    tail -5 /mnt/rootless/log
    return 1
}

# A file of containerd that gives the runtime nvidia a type and a program; where else than at its usual place.
containerd_file() {
    table='[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nvidia'
    printf 'version = 2\n%s]\nruntime_type = "%s"\n%s.options]\nBinaryName = "%s"\n' "$table" "$1" "$table" "$2" \
        > "${3:-/etc/containerd/config.toml}"
}

# The mode in the toolkit's file.
toolkit_mode() {
    mkdir -p /etc/nvidia-container-runtime
    printf '[nvidia-container-runtime]\nmode = "%s"\n' "$1" > /etc/nvidia-container-runtime/config.toml
}

# The client's file of root and of the ordinary user.
client_file() {
    for home in /mnt/home/root /mnt/home/user; do
        mkdir -p $home/.docker; printf '%s' "$1" > $home/.docker/config.json
    done
}

# A context of both.
context() {
    for home in /mnt/home/root /mnt/home/user; do
        mkdir -p $home/.docker/contexts/meta/0a
        printf '{"Name":"%s","Metadata":{},"Endpoints":{"docker":{"Host":"%s"}}}' "$1" "$2" \
            > $home/.docker/contexts/meta/0a/meta.json
    done
    client_file "{\"auths\":{},\"currentContext\":\"$1\"}"
}

# An image of the tree /mnt/tree: its name, then further words of `docker import`.
image() {
    name=$1; shift
    mkdir -p /mnt/tree; cp /bin/true /mnt/tree/true
    tar -C /mnt/tree -c . | docker import "$@" - $name > /dev/null
}

# A package that dpkg shows as installed: its name and version.
package() {
    mkdir -p /var/lib/dpkg
    printf 'Package: %s\nStatus: install ok installed\nVersion: %s\n\n' "$1" "$2" >> /var/lib/dpkg/status
}

# What the GPUs are bound to: the driver, and the addresses; without any, all of them.
bind_gpus() {
    driver=$1; shift
    mkdir -p /sys/bus/pci/drivers/$driver
    [ $# -gt 0 ] || set -- $(ls /sys/bus/pci/devices)
    for address; do
        case $(cat /sys/bus/pci/devices/$address/class) in
            0x03*) rm -f /sys/bus/pci/devices/$address/driver
                   ln -s ../../../bus/pci/drivers/$driver /sys/bus/pci/devices/$address/driver;;
        esac
    done
}

# A PCI device: address, class, bytes of its configuration space.
pci_device() {
    mkdir -p /sys/bus/pci/devices/$1
    echo 0x10de > /sys/bus/pci/devices/$1/vendor; echo $2 > /sys/bus/pci/devices/$1/class
    echo 0x22a3 > /sys/bus/pci/devices/$1/device
}

# The library folder of the driver.
libraries() {
    dirname $(ldconfig -p | sed -n 's/.* => \(.*libcuda.so.1\)$/\1/p' | head -1)
}
