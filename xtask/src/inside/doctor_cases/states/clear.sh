# Takes away what the rows make, as far as it is not gone with the simulated host.
if [ -e /run/docker.pid ]; then
    ids=$(docker -H unix:///run/docker.sock ps -q 2> /dev/null); [ -z "$ids" ] || docker -H unix:///run/docker.sock kill $ids > /dev/null 2>&1
    pid=$(cat /run/docker.pid); kill $pid 2> /dev/null
    for _ in $(seq 100); do [ -e /proc/$pid ] || break; sleep 0.1; done
fi
if [ -e /run/user/1000/docker.pid ]; then
    pid=$(cat /run/user/1000/docker.pid); kill $pid 2> /dev/null
    for _ in $(seq 100); do [ -e /proc/$pid ] || break; sleep 0.1; done
fi
rm -rf /run/user/1000 /mnt/rootless
rm -rf /etc/cdi/* /var/run/cdi /var/lib/rancher /etc/containers/oci/hooks.d /etc/containerd/conf.d /etc/containerd/config.d \
    /etc/containerd/config.toml /etc/crio /etc/nvidia-container-runtime/config.toml /var/lib/dpkg/status /var/lib/rpm /usr/bin/nvidia-ctk \
    /usr/bin/nvidia-container-* /usr/bin/nvidia-cdi-hook /usr/bin/longshore /usr/bin/longshore-runtime \
    /usr/local/bin/nvidia-* /usr/local/nvidia/toolkit /run/systemd/container /etc/docker /etc/systemd/system/docker.service.d /snap /mnt/home /mnt/tree /run/docker.sock /run/docker.pid
mkdir -p /etc/cdi /etc/containerd /mnt/home/root /mnt/home/user
chown 1000:1000 /mnt/home/user
[ ! -d /dev/nvidia-uvm ] || rmdir /dev/nvidia-uvm
[ ! -e /dev/x-uvm ] || mv /dev/x-uvm /dev/nvidia-uvm
[ ! -e /dev/x-3 ] || mv /dev/x-3 /dev/nvidia3
[ ! -e /mnt/aside/libcuda.so.580.95.05 ] || { mv /mnt/aside/libcuda.so.580.95.05 $(dirname $(find /usr -name libnvidia-ml.so.580.95.05 | head -1)); rmdir /mnt/aside; ldconfig; }
[ ! -e /mnt/aside/libnvidia-ml.so.580.95.05 ] || { mv /mnt/aside/libnvidia-ml.so.580.95.05 $(dirname $(find /usr -name libcuda.so.580.95.05 | head -1)); rmdir /mnt/aside; }
sed -i '/^docker:/d' /etc/group; sed -i '/^user:/d' /etc/passwd
chmod -f 0666 /dev/nvidia0 /dev/nvidiactl || :
