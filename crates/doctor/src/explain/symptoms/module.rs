//! Loading the kernel module, and what serves it from user space.

use crate::codes::*;
use crate::explain::Speaker::{Kernel, Library};
use crate::explain::{Symptom, from, symptom, wrapper};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "adapter-init-failed",
        Kernel,
        &["RmInitAdapter failed", "rm_init_adapter failed", "osInitNvMapping: * Cannot attach gpu"],
        "the module is loaded and could not start this GPU",
        &[
            from(
                "the GPU or its slot: it was reset badly, has no power, or no room on the bus",
                "power-cycle the machine (not only reboot); in a VM look at the pass-through and at Above 4G decoding",
                &[GPU_LOST, NVML],
            ),
            from(
                "the flavour of the module does not fit: Turing and later for the open one, before Blackwell for the other",
                "longshore doctor names the flavour that is loaded",
                &[MODULE_LOADED],
            ),
        ],
    ),
    symptom(
        "gpu-not-supported",
        Kernel,
        &[
            "installed in this system is not supported by the NVIDIA",
            "installed in this system is not supported by the NVRM: NVIDIA",
            "is not supported by open nvidia.ko",
        ],
        "this release of the driver does not serve this GPU",
        &[
            from(
                "the GPU is older than the branch, or newer than the release",
                "longshore gpus; install a branch that serves it",
                &[MODULE_LOADED],
            ),
            from(
                "the open modules do not know GPUs before Turing",
                "install the proprietary variant of the same driver, reboot",
                &[MODULE_LOADED],
            ),
        ],
    ),
    symptom(
        "module-of-another-kernel",
        Kernel,
        &[
            "nvidia: disagrees about version of symbol",
            "could not insert 'nvidia': Exec format error",
            "could not insert 'nvidia_uvm': Unknown symbol in module",
            "could not insert 'nvidia': Unknown symbol in module",
            "could not insert 'nvidia_drm': Unknown symbol in module",
            "nvidia: Unknown symbol",
            "nvidia_uvm: Unknown symbol",
            "nvidia_drm: Unknown symbol",
            "nvidia_modeset: Unknown symbol",
        ],
        "the module was built for another kernel, or beside modules of another version",
        &[
            from(
                "the kernel or the driver was upgraded and the module was not built again",
                "install the kernel's headers; sudo dkms autoinstall --force; reboot",
                &[MODULE_LOADED, VERSION_SKEW],
            ),
            from(
                "the driver is older than the kernel, which no longer has that symbol for it",
                "a newer driver, or an older kernel",
                &[MODULE_LOADED],
            ),
        ],
    ),
    symptom(
        "module-no-device",
        Kernel,
        &[
            "could not insert 'nvidia': No such device",
            "could not insert 'nvidia_*uvm': No such device",
            "NVRM: No NVIDIA GPU found",
            "NVRM: No NVIDIA devices probed",
            "NVRM: None of the NVIDIA devices were",
            "NVRM: No NVIDIA graphics adapter probed",
            "The NVIDIA probe routine was not called for",
        ],
        "the module found no GPU that it can have",
        &[
            from(
                "another driver holds it (nouveau, vfio-pci)",
                "longshore doctor; the lines before this one in dmesg name it",
                &[BOUND_ELSEWHERE],
            ),
            from("there is no NVIDIA GPU on the bus of this machine", "lspci -d 10de:", &[GPU_ON_BUS]),
            from("this release does not serve it", "the lines before this one in dmesg say so", &[]),
        ],
    ),
    symptom(
        "vfio-holds",
        Kernel,
        &["NVRM: GPU * is already bound to vfio-pci", "already bound to vfio-pci"],
        "the GPU is set aside for a virtual machine",
        &[from(
            "vfio-pci holds it: it is given to a VM, or was",
            "give it back in the VM's settings; `driverctl unset-override ADDRESS`, or modprobe.d and a reboot",
            &[BOUND_ELSEWHERE],
        )],
    ),
    symptom(
        "module-in-use",
        Kernel,
        &[
            "rmmod: ERROR: Module nvidia is in use",
            "rmmod: ERROR: Module nvidia_modeset is in use",
            "modprobe: FATAL: Module nvidia is in use",
            "Module nvidia_uvm is in use",
            "Could not unload NVIDIA driver kernel modules, driver is in use",
            "Module nvidia_drm is in use",
        ],
        "the module cannot be taken out while something has the GPU open",
        &[from(
            "a program, the persistence daemon or a display still uses it",
            "sudo fuser -v /dev/nvidia*; stop what it lists, then rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia; or reboot",
            &[],
        )],
    ),
    symptom(
        "module-build-failed",
        Kernel,
        &[
            "Bad return status for module build on kernel * nvidia",
            "Error! The * nvidia * kernel module failed to build",
            "Unable to build the NVIDIA kernel module",
            "Unable to find the kernel source tree for the currently running kernel",
            "DKMS module 'nvidia* failed to build",
            "kernel modules tree for module nvidia/",
            "dkms autoinstall on * failed for nvidia",
            "Building and installing nvidia-kmod * FAILED",
        ],
        "the kernel module could not be built for this kernel",
        &[
            from(
                "the headers of the running kernel are missing",
                "install linux-headers of `uname -r` (kernel-devel), then sudo dkms autoinstall",
                &[MODULE_LOADED],
            ),
            from(
                "the driver is older than the kernel, or another compiler built the kernel",
                "the end of the make.log that it names says which; a newer driver, or an older kernel",
                &[MODULE_LOADED],
            ),
        ],
    ),
    symptom(
        "fabric-manager-version",
        Library,
        &[
            "fabric manager * version * does not match * driver version",
            "fabric manager NVIDIA GPU driver interface version * don't match with driver version",
        ],
        "the fabric manager is of another version than the driver, and so does not start",
        &[from(
            "the two packages were upgraded apart from each other",
            "install nvidia-fabricmanager of exactly the driver's version; sudo systemctl restart nvidia-fabricmanager",
            &[FABRIC_MANAGER],
        )],
    ),
    symptom(
        "fabric-manager-without-switch",
        Library,
        &["request to query NVSwitch device information from NVSwitch driver failed"],
        "the fabric manager runs on a machine that shows no NVSwitch",
        &[
            from(
                "this machine has none and needs no fabric manager",
                "sudo systemctl disable --now nvidia-fabricmanager",
                &[FABRIC_MANAGER],
            ),
            from("a VM was given the GPUs and not the switches", "look at the pass-through on the host", &[]),
        ],
    ),
    wrapper(
        "persistenced-failed",
        Library,
        &["nvidia-persistenced failed to initialize"],
        "the persistence daemon did not start; containers only lose time without it",
        &[from(
            "the module is not loaded, or is of another version",
            "longshore doctor; journalctl -u nvidia-persistenced",
            &[MODULE_LOADED, VERSION_SKEW],
        )],
    ),
    wrapper(
        "fabric-manager-failed",
        Library,
        &[
            "nvidia-fabricmanager.service: Failed with result",
            "Failed to start nvidia-fabricmanager.service",
            "Job for nvidia-fabricmanager.service failed",
            "Failed to start NVIDIA fabric manager service",
        ],
        "the fabric manager did not start; until it does, CUDA says error 802 on machines with NVSwitch",
        &[
            from(
                "its package is of another version than the driver",
                "journalctl -u nvidia-fabricmanager says so; install exactly the driver's version",
                &[FABRIC_MANAGER],
            ),
            from(
                "this machine has no NVSwitch and needs none",
                "sudo systemctl disable --now nvidia-fabricmanager",
                &[FABRIC_MANAGER],
            ),
        ],
    ),
    wrapper(
        "probe-failed",
        Kernel,
        &["The NVIDIA probe routine failed for"],
        "the module could not start a GPU; the lines before say why",
        &[from("the lines with NVRM before this one", "sudo dmesg | grep NVRM", &[GPU_LOST, MODULE_LOADED])],
    ),
    wrapper(
        "installer-module-load",
        Kernel,
        &[
            "Unable to load the kernel module 'nvidia.ko'",
            "Installation has failed. Please see the file * nvidia-installer.log",
        ],
        "the driver's installer built the module and the kernel did not take it",
        &[
            from(
                "Secure Boot refuses a module without a known signature",
                "mokutil --sb-state; enrol a key, or install the signed packages",
                &[MODULE_LOADED],
            ),
            from("nouveau or vfio-pci holds the GPU", "longshore doctor", &[BOUND_ELSEWHERE]),
            from(
                "headers or compiler are not those of the running kernel",
                "the end of /var/log/nvidia-installer.log says so",
                &[MODULE_LOADED],
            ),
        ],
    ),
    symptom(
        "akmods-not-installed",
        Kernel,
        &[
            "Could not install newly built RPMs",
            "Building and installing nvidia-kmod * Could not install newly built RPMs",
            "akmods: line *: yum: command not found",
        ],
        "akmods built the module's package and could not install it",
        &[
            from(
                "a system of rpm-ostree (Silverblue) has no yum; there modules are built into a new deployment",
                "rpm-ostree install akmod-nvidia, then reboot into the new deployment",
                &[MODULE_LOADED],
            ),
            from(
                "the log that it names says why",
                "sudo akmods --force; cat /var/cache/akmods/nvidia/*.log",
                &[],
            ),
        ],
    ),
    symptom(
        "uvm-not-loaded",
        Kernel,
        &["Could not load UVM kernel module"],
        "nvidia-uvm, which CUDA needs, could not be loaded",
        &[
            from(
                "nvidia-modprobe is not installed, or there is no module for this kernel",
                "sudo nvidia-modprobe -u -c=0; sudo modprobe nvidia-uvm says why",
                &[DEVICE_NODES, MODULE_LOADED],
            ),
            from("the driver is not installed on this machine", "longshore doctor", &[MODULE_LOADED]),
        ],
    ),
    symptom(
        "no-interrupts",
        Kernel,
        &["NVIDIA kernel module does not appear to * be receiving interrupts"],
        "the GPU's interrupts do not come to the driver",
        &[from(
            "the firmware or the kernel gives it none, or another device takes it",
            "grep nvidia /proc/interrupts; another slot, a newer firmware; NVreg_EnableMSI=1 (or 0)",
            &[],
        )],
    ),
    wrapper(
        "bumblebee",
        Kernel,
        &["Cannot access secondary GPU"],
        "Bumblebee (optirun) did not start a notebook's NVIDIA GPU; containers need no Bumblebee",
        &[from(
            "the module was not loaded, or the GPU is switched off; the words after `error:` say which",
            "sudo dmesg | grep -iE 'nvrm|bbswitch'; longshore doctor",
            &[MODULE_LOADED],
        )],
    ),
];
