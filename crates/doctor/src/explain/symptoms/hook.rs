//! The toolkit's hooks, and `nvidia-container-cli` behind the original's.

use crate::codes::*;
use crate::explain::Speaker::Toolkit;
use crate::explain::{Origin, Symptom, from, symptom};

/// What makes the toolkit's old way of device rules fail.
const DEVICE_RULES: &[Origin] = &[
    from(
        "a rootless or nested engine may not edit device rules",
        "use CDI: --device nvidia.com/gpu=all; or no-cgroups = true for that engine only",
        &[ROOTLESS, TOOLKIT_CONFIG],
    ),
    from(
        "an unprivileged LXC guest",
        "use CDI in the guest; allow the devices in the guest's configuration",
        &[TOOLKIT_CONFIG],
    ),
    from("the toolkit is older than the kernel's device programs", "upgrade the toolkit", &[]),
];

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "hook-not-supported",
        Toolkit,
        &[
            "invoking the NVIDIA Container Runtime Hook directly",
            "Please use the NVIDIA Container Runtime (e.g. specify the --runtime=nvidia flag) instead",
        ],
        "the hook is set to a mode (`cdi` or `csv`) in which `--gpus` is not served",
        &[
            from(
                "Jetson: `--gpus` was made for graphics cards",
                "docker run --runtime=nvidia ..., or --device nvidia.com/gpu=all",
                &[TOOLKIT_CONFIG],
            ),
            from(
                "config.toml says mode = \"cdi\" or \"csv\"",
                "use --runtime=nvidia, or set nvidia-container-runtime.mode = \"auto\"",
                &[TOOLKIT_CONFIG],
            ),
        ],
    ),
    symptom(
        "device-rules-bpf",
        Toolkit,
        &[
            "bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted",
            "failed to add device rules: unable to find any existing device filters attached to the cgroup",
        ],
        "the toolkit tried to edit the container's device rules and may not",
        DEVICE_RULES,
    ),
    symptom(
        "device-rules-program",
        Toolkit,
        &[
            "failed to add device rules: unable to generate new device filter program",
            "unable to generate new device filter program from existing programs",
        ],
        "the kernel did not accept, or did not show, the device program",
        DEVICE_RULES,
    ),
    symptom(
        "cgroup-not-found",
        Toolkit,
        &["container error: cgroup subsystem devices not found", "cgroup subsystem devices not found"],
        "a toolkit older than 1.8 looks for version 1 control groups",
        &[from(
            "the toolkit is too old for version 2 control groups",
            "upgrade the toolkit; do not switch version 2 off",
            &[],
        )],
    ),
    symptom(
        "devices-allow-denied",
        Toolkit,
        &["devices.allow: permission denied", "devices.allow: operation not permitted"],
        "a rootless or nested engine may not write device rules",
        DEVICE_RULES,
    ),
    symptom(
        "file-exists",
        Toolkit,
        &[
            "mount error: file creation failed: *: file exists",
            "libnvidia-ml.so.1: file exists",
            "libcuda.so.1: file exists",
        ],
        "the image already holds files of a driver at the places where the toolkit puts them",
        &[
            from(
                "the image was made by `docker commit` of a GPU container, or installs driver packages",
                "build it again without them; longshore lint Dockerfile",
                &[IMAGE_FILES],
            ),
            from(
                "Jetson: the lists of csv mode mount files of the board's JetPack that this image has itself",
                "take an image for this board's L4T release (nvcr.io/nvidia/l4t-...)",
                &[],
            ),
            from(
                "on WSL2: an image made there",
                "remove libcuda and libnvidia-* in a last RUN, or build elsewhere",
                &[IMAGE_FILES],
            ),
        ],
    ),
    symptom(
        "nvidiactl-stat",
        Toolkit,
        &[
            "mount error: stat failed: /dev/nvidiactl: no such file or directory",
            "stat failed: /dev/nvidia*: no such file or directory",
            "lstat /dev/nvidiactl: no such file or directory",
        ],
        "a device node that the toolkit wants to give is not there",
        &[
            from(
                "the driver's nodes were not made",
                "sudo nvidia-ctk system create-device-nodes --control-devices --load-kernel-modules",
                &[DEVICE_NODES, MODULE_LOADED],
            ),
            from(
                "Jetson: a CSV list of another board",
                "remove the line from /etc/nvidia-container-runtime/host-files-for-container.d",
                &[],
            ),
        ],
    ),
    symptom(
        "persistenced-socket",
        Toolkit,
        &["mount error: * nvidia-persistenced/socket"],
        "the socket of nvidia-persistenced could not be mounted",
        &[from(
            "in the image /var/run is a link that leads elsewhere",
            "make /var/run a link to /run in the image",
            &[],
        )],
    ),
    symptom(
        "firmware-mount",
        Toolkit,
        &["mount operation failed: * firmware/nvidia/*: operation not permitted"],
        "an unprivileged runtime may not mount the firmware; a container does not need it",
        &[from("enroot without privileges", "pass --no-gsp-firmware", &[])],
    ),
    symptom(
        "ldconfig-failed",
        Toolkit,
        &[
            "ldcache error: process /sbin/ldconfig failed with error code",
            "ldcache error: process /sbin/ldconfig.real failed with error code",
            "ldconfig terminated with signal 9",
            "ldconfig* terminated with signal",
            "mount operation failed: /dev: operation not permitted",
            "ldcache error: process * failed with error code",
            "could not start * ldconfig: mount operation failed",
        ],
        "the toolkit runs the host's ldconfig inside of the image, and that failed",
        &[
            from(
                "a user namespace, or a file system that is read-only",
                "use CDI: --device nvidia.com/gpu=all",
                &[ROOTLESS],
            ),
            from(
                "ldconfig of the host is too new or not allowed there",
                "set nvidia-container-cli.ldconfig in config.toml; longshore does not run it at all",
                &[TOOLKIT_CONFIG],
            ),
            from("it ran out of memory", "raise the container's memory limit", &[]),
        ],
    ),
    symptom(
        "ldconfig-gone",
        Toolkit,
        &["ldcache error: open failed: /sbin/ldconfig"],
        "config.toml names an ldconfig that this distribution does not have",
        &[from(
            "config.toml was written for another distribution",
            "set nvidia-container-cli.ldconfig = \"@/sbin/ldconfig\" (or @/sbin/ldconfig.real on Ubuntu)",
            &[TOOLKIT_CONFIG],
        )],
    ),
    symptom(
        "loader-cache-gone",
        Toolkit,
        &[
            "error loading ldcache: open /etc/ld.so.cache",
            "open /etc/ld.so.cache: no such file or directory",
            "failed to load ldcache",
        ],
        "the machine has no loader cache: musl, Talos, or an embedded system",
        &[from(
            "the toolkit looks for the driver only in the cache",
            "set the driver's root, or use a toolkit that searches directories",
            &[LOADER_CACHE, DRIVER_ROOT],
        )],
    ),
    symptom(
        "requirement-expression",
        Toolkit,
        &["requirement error: invalid expression"],
        "a requirement of the image cannot be read",
        &[from(
            "a variable NVIDIA_REQUIRE_... of the image or of the command line is no valid expression",
            "docker inspect IMAGE; correct the variable, or -e NVIDIA_REQUIRE_CUDA= to leave it out",
            &[IMAGE_DRIVER],
        )],
    ),
    symptom(
        "requirement",
        Toolkit,
        &[
            "requirement error: unsatisfied condition: cuda",
            "unsatisfied condition: cuda>=",
            "unsatisfied condition: brand",
        ],
        "the image asks (NVIDIA_REQUIRE_CUDA) for a newer driver than this one",
        &[
            from(
                "the driver is older than the image's CUDA needs",
                "longshore compat --driver VERSION --image REFERENCE",
                &[IMAGE_DRIVER],
            ),
            from(
                "within one major release of CUDA it often works all the same",
                "an older image, or, when that is tested, NVIDIA_DISABLE_REQUIRE=1",
                &[],
            ),
        ],
    ),
    symptom(
        "unknown-device",
        Toolkit,
        &[
            "device error: *: unknown device",
            "device error: unknown device id",
            "unknown device id",
            "MIG-GPU-*: unknown device",
        ],
        "the container asks for a GPU that this machine does not have",
        &[
            from("the index or UUID is wrong, or GPUs were renumbered", "longshore gpus lists them", &[]),
            from(
                "a MIG instance was made anew and has another UUID, or the name has the old form MIG-GPU-...",
                "nvidia-smi -L",
                &[MIG_STATE],
            ),
        ],
    ),
    symptom(
        "ordinal",
        Toolkit,
        &[
            "invalid device ordinal",
            "CUDA_ERROR_INVALID_DEVICE",
            "cudaErrorInvalidDevice",
            "device_ordinal * out of range",
        ],
        "the program asks for a GPU number that it cannot see; in a container they are counted from 0",
        &[
            from(
                "fewer GPUs were given than the program expects",
                "nvidia-smi -L in the container; --gpus all",
                &[],
            ),
            from("CUDA_VISIBLE_DEVICES names host numbers", "count from 0 in the container", &[]),
        ],
    ),
    symptom(
        "change-root",
        Toolkit,
        &["initialization error: change root failed: no such file or directory"],
        "config.toml says that the driver is in another root, which is not there",
        &[from(
            "`root = \"/run/nvidia/driver\"` without a driver container",
            "remove `root` from [nvidia-container-cli] in config.toml",
            &[TOOLKIT_CONFIG, DRIVER_ROOT],
        )],
    ),
    symptom(
        "os-call",
        Toolkit,
        &["initialization error: cuda error: os call failed or operation not supported on this os"],
        "libnvidia-container is older than this system",
        &[from("an old toolkit on a new distribution", "upgrade the toolkit", &[])],
    ),
    symptom(
        "rpc-timeout",
        Toolkit,
        &["driver rpc error: timed out", "driver error: timed out"],
        "the GPUs took longer to initialise than the toolkit waits",
        &[
            from(
                "no persistence daemon: each start initialises all GPUs",
                "sudo systemctl enable --now nvidia-persistenced",
                &[],
            ),
            from("a GPU has fallen off the bus and hangs", "sudo dmesg | grep -i xid", &[NVML]),
        ],
    ),
    symptom(
        "rpc-failed",
        Toolkit,
        &[
            "driver error: failed to process request",
            "initialization error: cuda error: unknown error",
            "initialization error: nvml error: unknown error",
        ],
        "the driver failed while the toolkit asked it; the true reason is hidden",
        &[
            from(
                "the driver is in a bad state",
                "sudo dmesg | grep -iE 'nvrm|xid'; reboot",
                &[NVML, VERSION_SKEW],
            ),
            from("device nodes are missing", "longshore doctor", &[DEVICE_NODES]),
        ],
    ),
    symptom(
        "load-library",
        Toolkit,
        &[
            "load library failed: libnvidia-ml.so.1: cannot open shared object file",
            "load library failed: libnvidia-ml.so.1",
            "load library failed: libcuda.so.1",
            "load library failed",
        ],
        "the toolkit does not find the driver's libraries on the host",
        &[
            from("no driver is installed", "longshore doctor", &[MODULE_LOADED, VERSION_SKEW]),
            from(
                "the driver is in another root (a driver container, GKE, Talos, Nix) and `root` is not set",
                "set nvidia-container-cli.root in config.toml",
                &[DRIVER_ROOT, TOOLKIT_CONFIG],
            ),
            from("the loader cache was not updated after the installation", "sudo ldconfig", &[LOADER_CACHE]),
            from(
                "Docker from snap does not see them",
                "install docker-ce or docker.io in place of the snap",
                &[SNAP_DOCKER],
            ),
            from(
                "an LXC guest without the user space of the driver",
                "install the libraries of the host's driver version in the guest (--no-kernel-module)",
                &[],
            ),
        ],
    ),
    symptom(
        "privilege-of-list",
        Toolkit,
        &["insufficient privileges to read device list from NVIDIA_VISIBLE_DEVICES"],
        "the administrator forbids the variable to unprivileged containers, and the image sets it",
        &[from(
            "accept-nvidia-visible-devices-envvar-when-unprivileged = false",
            "ask for devices by the engine (CDI, the device plugin), or set NVIDIA_VISIBLE_DEVICES=void",
            &[],
        )],
    ),
    symptom(
        "hidden-jit-error",
        Toolkit,
        &[
            "unresolvable CDI devices runtime.nvidia.com/gpu",
            "failed to generate CDI spec for",
            "failed to construct CDI spec",
        ],
        "the toolkit could not make its specification when the container started",
        &[
            from("NVML could not be initialised", "longshore doctor", &[NVML, VERSION_SKEW, DEVICE_NODES]),
            from("an old toolkit hides its own error (before 1.18.2)", "upgrade the toolkit", &[]),
        ],
    ),
    symptom(
        "nvml-unknown-host",
        Toolkit,
        &["detection error: nvml error: unknown error"],
        "NVML failed on the host, before there was a container: one broken GPU is enough",
        &[
            from(
                "a GPU is in a bad state (`ERR!` in nvidia-smi), which stops also requests for the others",
                "nvidia-smi on the host; sudo dmesg | grep -i xid; reset it or reboot",
                &[NVML, GPU_LOST],
            ),
            from("the driver is broken or half upgraded", "longshore doctor; sudo reboot", &[VERSION_SKEW]),
        ],
    ),
    symptom(
        "capability-change",
        Toolkit,
        &["permission error: capability change failed"],
        "libnvidia-container may not set its own privileges",
        &[
            from(
                "SELinux or AppArmor stands before it (enroot, HPC)",
                "sudo ausearch -m avc -ts recent; a policy for it, or CDI",
                &[],
            ),
            from(
                "it runs without root in a user namespace",
                "use CDI: --device nvidia.com/gpu=all",
                &[ROOTLESS],
            ),
        ],
    ),
    symptom(
        "proc-mount",
        Toolkit,
        &["mount operation failed: * proc/driver/nvidia"],
        "the toolkit could not lay its own /proc/driver/nvidia over the container's",
        &[
            from(
                "the container mounts over /proc or /sys/fs/cgroup, or its storage driver is vfs",
                "leave these mounts out; storage driver overlay2",
                &[],
            ),
            from("the driver was changed since boot", "sudo reboot", &[VERSION_SKEW]),
            from("the old way cannot do it here", "use CDI: --device nvidia.com/gpu=all", &[CDI_PRESENT]),
        ],
    ),
    symptom(
        "namespace-association",
        Toolkit,
        &["namespace association failed"],
        "the toolkit could not enter the container's mount namespace",
        &[from(
            "Docker or the kernel is too old for this toolkit",
            "docker version; uname -r; upgrade the older one",
            &[],
        )],
    ),
    symptom(
        "path-permission",
        Toolkit,
        &[
            "detection error: path error: * permission denied",
            "container error: file lookup failed: * permission denied",
        ],
        "libnvidia-container gave up its rights and may not enter a folder that it needs",
        &[
            from("a folder on the way is closed to other users", "namei -l of the path in the message", &[]),
            from(
                "toolkit 1.17.7 gives up more of its rights than before (enroot, LXC)",
                "another version of the toolkit",
                &[],
            ),
        ],
    ),
];
