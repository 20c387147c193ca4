//! Virtual machines and sandboxes: VFIO, Kata, gVisor.

use crate::codes::*;
use crate::explain::Speaker::{Cluster, Kernel, Runtime};
use crate::explain::{Symptom, from, symptom, wrapper};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "vfio-group",
        Kernel,
        &["vfio * group * is not viable", "vfio: error, group * is not viable"],
        "a device of the GPU's IOMMU group still belongs to the host, so none of the group can be given to a VM",
        &[from(
            "its sound device, a USB controller or a bridge is not bound to vfio-pci",
            "ls /sys/kernel/iommu_groups/GROUP/devices; bind each of them to vfio-pci",
            &[BOUND_ELSEWHERE],
        )],
    ),
    symptom(
        "bar-not-assigned",
        Kernel,
        &[
            "BAR 1: failed to assign [mem size * 64bit pref]",
            "BAR 1: no space for [mem size * 64bit pref]",
            "BAR 3: failed to assign [mem size * 64bit pref]",
        ],
        "a device got no room for its memory on the bus; a GPU without it cannot be started",
        &[
            from(
                "in a VM (Kata): the bridge's window is too small for the GPU",
                "Kata: hotplug_vfio_on_root_bus and pcie_root_port; QEMU: a larger 64-bit window (pref64-reserve)",
                &[],
            ),
            from(
                "on the host: the firmware keeps all devices below 4 GB",
                "switch on `Above 4G decoding`; or boot with pci=realloc",
                &[GPU_ON_BUS],
            ),
        ],
    ),
    wrapper(
        "shim-gone",
        Runtime,
        &["failed to create shim task: ttrpc: closed", "ttrpc: closed: unknown"],
        "the shim ended while it was starting the container, and could not say why",
        &[from(
            "the shim's own log has the reason (Kata: its VM did not start)",
            "journalctl -u containerd | grep -iE 'kata|shim'; with enable_debug = true in Kata's configuration",
            &[],
        )],
    ),
    wrapper(
        "gvisor-start",
        Runtime,
        &[
            "cannot create sandbox: cannot read client sync file",
            "OCI runtime create failed: creating container: cannot create sandbox: cannot read client sync file",
        ],
        "gVisor's sandbox ended before the container began, and its own log says why",
        &[
            from("the log of runsc", "runsc --debug --debug-log=/tmp/runsc/ and look for `FATAL ERROR`", &[]),
            from(
                "gVisor does not know this version of the driver",
                "runsc nvproxy list-supported-drivers; a newer runsc",
                &[],
            ),
        ],
    ),
    symptom(
        "gvisor-call",
        Cluster,
        &["nvproxy: unknown control command", "nvproxy: unknown allocation class", "nvproxy: unknown ioctl"],
        "the program asked the driver for something that gVisor does not pass on",
        &[
            from("this release of gVisor does not know the call", "a newer runsc", &[]),
            from(
                "it is not for computing (video, graphics)",
                "runsc --nvproxy-allowed-driver-capabilities=compute,utility,video",
                &[],
            ),
        ],
    ),
];
