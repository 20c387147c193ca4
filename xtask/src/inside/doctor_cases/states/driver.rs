//! Hardware, kernel module, libraries and device nodes.

use super::{PODMAN, State};

const fn row(name: &'static str, make: &'static str, first: &'static str) -> State {
    State::new(name, make, PODMAN, first)
}

/// On the usual host. What they change there is put back by the row itself or by `clear.sh`; the last
/// ones take the driver away for good.
pub(super) const ROWS: &[State] = &[
    row(
        "device nodes that only root may open",
        "cp $SPEC /etc/cdi/nvidia.yaml; chmod 0600 /dev/nvidia0 /dev/nvidiactl",
        "H110",
    ),
    row(
        "a driver without libcuda",
        "cp $SPEC /etc/cdi/nvidia.yaml; mkdir -p /mnt/aside; mv $(libraries)/libcuda.so.580.95.05 /mnt/aside; ldconfig",
        "H103",
    ),
    row(
        "a guest of LXC without nvidia-uvm",
        "cp $SPEC /etc/cdi/nvidia.yaml; mv /dev/nvidia-uvm /dev/x-uvm; mkdir -p /run/systemd; echo lxc > /run/systemd/container",
        "H109",
    )
    .says("on the host of this container (lxc)"),
    row(
        "a driver without NVML's library",
        "cp $SPEC /etc/cdi/nvidia.yaml; mkdir -p /mnt/aside; mv $(libraries)/libnvidia-ml.so.580.95.05 /mnt/aside",
        "H111",
    )
    .says("install the driver's package with libnvidia-ml.so.1 again"),
    row("node of a GPU missing", "cp $SPEC /etc/cdi/nvidia.yaml; mv /dev/nvidia3 /dev/x-3", "H109"),
];

/// On a host whose NVML hangs.
pub(in super::super) const HANGING: &[&[State]] =
    &[&[row("NVML hangs", "cp $SPEC /etc/cdi/nvidia.yaml 2>/dev/null || :", "H111")]];
/// On a host whose GPUs are all in MIG mode and have no instances.
pub(in super::super) const EMPTY_MIG: &[&[State]] =
    &[&[row("MIG without instances", "cp $SPEC /etc/cdi/nvidia.yaml 2>/dev/null || :", "H119")]];
/// On a host with MIG on some GPUs, one of them without instances.
pub(in super::super) const MIXED_MIG: &[&[State]] =
    &[&[row("MIG without instances on one GPU", "cp $SPEC /etc/cdi/nvidia.yaml", "H119")]];
/// On a host with the driver in another root.
pub(in super::super) const OTHER_ROOT: &[&[State]] = &[&[row("driver in another root", ":", "H123")]];
/// On a host whose NVML has lost a GPU.
pub(in super::super) const LOST: &[&[State]] = &[&[row("NVML shows fewer GPUs than the bus", ":", "H111")]];
/// On a host whose libraries are newer than its module.
pub(in super::super) const HALF_UPGRADED: &[&[State]] =
    &[&[row("upgraded without a reboot", "cp $SPEC /etc/cdi/nvidia.yaml 2>/dev/null || :", "H103")]];

/// On WSL2.
pub(in super::super) const WSL: &[&[State]] = &[&[
    row(
        "a Linux driver in WSL2",
        "cp $SPEC /etc/cdi/nvidia.yaml; cp /usr/lib/wsl/lib/libcuda.so.1.1 /usr/lib/x86_64-linux-gnu/libcuda.so.580.95.05; ln -sf libcuda.so.580.95.05 /usr/lib/x86_64-linux-gnu/libcuda.so.1",
        "H602",
    ),
    row(
        "WSL2 without /usr/lib/wsl",
        "rm -f /usr/lib/x86_64-linux-gnu/libcuda.so.*; cp $SPEC /etc/cdi/nvidia.yaml; rm -rf /usr/lib/wsl/lib/* /usr/lib/wsl/drivers/*; ldconfig",
        "H601",
    ),
    row("WSL2 without /dev/dxg", "rm /dev/dxg", "H601"),
]];

/// On the usual host, last: these take the driver away.
pub(in super::super) const GONE: &[&[State]] = &[&[
    row(
        "loader cache made before the driver",
        "cp $SPEC /etc/cdi/nvidia.yaml; cd $(libraries); mkdir /mnt/aside; mv libcuda.so* libnvidia-ml.so* /mnt/aside; ldconfig; mv /mnt/aside/* .; rmdir /mnt/aside",
        "H124",
    ),
    row(
        "NVSwitches without a fabric manager",
        "ldconfig; cp $SPEC /etc/cdi/nvidia.yaml; pci_device 0000:07:00.0 0x068000; pci_device 0000:08:00.0 0x068000",
        "H115",
    ),
    row(
        "a GPU fallen off the bus",
        "rm -rf /sys/bus/pci/devices/0000:0[78]:00.0; cp $SPEC /etc/cdi/nvidia.yaml; for one in /sys/bus/pci/devices/*; do printf '\\336\\020\\060\\043' > $one/config; done; printf '\\377\\377\\377\\377' > /sys/bus/pci/devices/0000:61:00.0/config",
        "H113",
    ),
    row(
        "a GPU given to vfio-pci after the specification was made",
        "rm /sys/bus/pci/devices/*/config; cp $SPEC /etc/cdi/nvidia.yaml; bind_gpus vfio-pci 0000:df:00.0; rm /dev/nvidia7",
        "H404",
    ),
    row(
        "nouveau holds the GPUs",
        "bind_gpus nouveau; rm -rf /proc/driver/nvidia/* /sys/module/nvidia; rm -rf /dev/nvidia*",
        "H105",
    ),
    row(
        "driver removed, toolkit left",
        "for one in /sys/bus/pci/devices/*; do rm -f $one/driver; done; rm -rf /proc/driver/nvidia/* /sys/module/nvidia; rm -rf /dev/nvidia* $(libraries)/libcuda.so* $(libraries)/libnvidia-ml.so*; ldconfig",
        "H102",
    ),
    row("no GPU at all", "rm -rf /sys/bus/pci/devices/*", "H101"),
]];
