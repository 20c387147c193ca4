//! Texts that sound bad, stand next to the true error, and are not it.

use crate::explain::Speaker::{Client, Cluster, Engine, Kernel, Library, Packages, Program, Toolkit};
use crate::explain::{Symptom, harmless};

pub(super) const ALL: &[Symptom] = &[
    harmless(
        "char-links-there",
        Cluster,
        &["Could not create symlink: symlink /dev/nvidia* file exists"],
        "the links below /dev/char were there already",
    ),
    harmless(
        "apptainer-binds",
        Program,
        &["underlay of * required more than 50"],
        "Apptainer says that many files were bound; it is no fault",
    ),
    harmless(
        "shm-reminder",
        Program,
        &["The SHMEM allocation limit is set to the default of 64MB"],
        "a reminder of the image: programs with many workers need docker run --shm-size=8g",
    ),
    harmless(
        "dxcore",
        Toolkit,
        &["dxcore initialization failed, continuing assuming a non-WSL environment"],
        "libnvidia-container looked for WSL and is not on it",
    ),
    harmless(
        "inheritable",
        Toolkit,
        &["failed to set inheritable capabilities"],
        "libnvidia-container needs no inheritable capabilities",
    ),
    harmless(
        "selecting",
        Toolkit,
        &[
            "nvc_info.c:*] selecting /",
            "missing library libnvidia-",
            "missing binary nv-fabricmanager",
            "missing ipc path /var/run/nvidia",
            "missing firmware path",
            "missing compat32 library",
        ],
        "an optional file of the driver is not installed",
    ),
    harmless(
        "could-not-locate-optional",
        Toolkit,
        &[
            "Could not locate nvidia_drv.so",
            "Could not locate libglxserver_nvidia.so",
            "Could not locate libnvidia-gtk",
            "Could not locate X11/xorg.conf.d",
            "Could not locate nvidia-persistenced/socket",
            "Could not locate nvidia-imex",
            "Could not locate nvidia-fabricmanager/socket",
            "Could not locate /tmp/nvidia-mps",
            "Could not locate *: pattern * not found",
        ],
        "an optional file of the driver is not installed",
    ),
    harmless(
        "wsl-ldconfig",
        Library,
        &[
            "ldconfig.real: /usr/lib/wsl/lib/libcuda.so.1 is not a symbolic link",
            "/usr/lib/wsl/lib/libcuda.so.1 is not a symbolic link",
        ],
        "WSL mounts files where ldconfig expects links",
    ),
    harmless(
        "numa",
        Program,
        &[
            "successful NUMA node read from SysFS had negative value (-1), but there must be at least one NUMA node",
            "could not open file to read NUMA node",
        ],
        "the machine has one NUMA node or does not say",
    ),
    harmless(
        "registering-factory",
        Program,
        &[
            "Unable to register cuDNN factory: Attempting to register factory for plugin cuDNN",
            "Unable to register cuBLAS factory",
            "Unable to register cuFFT factory",
        ],
        "TensorFlow registers a plugin twice",
    ),
    harmless("tensorrt", Program, &["TF-TRT Warning: Could not find TensorRT"], "TensorRT is optional"),
    harmless(
        "cpu-instructions",
        Program,
        &["This TensorFlow binary is optimized to use available CPU instructions"],
        "a remark about the CPU",
    ),
    harmless(
        "deprecation-notice",
        Program,
        &["THIS IMAGE IS DEPRECATED and is scheduled for DELETION"],
        "the image still runs; NVIDIA will remove its tag",
    ),
    harmless(
        "banner",
        Program,
        &["The NVIDIA Driver was not detected. GPU functionality will not be available"],
        "the entrypoint of NVIDIA's images says that this container was started without a GPU; with one it is an error of the request",
    ),
    harmless(
        "compose-version",
        Client,
        &["the attribute `version` is obsolete, it will be ignored", "`version` is obsolete"],
        "Compose ignores the key `version`",
    ),
    harmless(
        "cgroup-memory",
        Engine,
        &[
            "Your kernel does not support swap limit capabilities",
            "No swap limit support",
            "WARNING: No blkio throttle",
        ],
        "a remark about limits that this kernel does not have",
    ),
    harmless("bridge-nf", Engine, &["bridge-nf-call-iptables is disabled"], "a remark about networks"),
    harmless(
        "shadow-bound",
        Engine,
        &["Default runtime * nvidia * set"],
        "the daemon says which runtime is its default",
    ),
    harmless(
        "taint",
        Library,
        &[
            "loading out-of-tree module taints kernel",
            "module license 'NVIDIA' taints kernel",
            "module verification failed: signature * tainting kernel",
        ],
        "the kernel notes that a module is not its own",
    ),
    harmless("nvrm-loading", Library, &["NVRM: loading NVIDIA UNIX"], "the module was loaded"),
    harmless(
        "mesa-fallback",
        Program,
        &[
            "MESA: error: ZINK: failed to choose pdev",
            "libEGL warning: egl: failed to create dri2 screen",
            "libEGL warning: DRI2: failed to create dri screen",
        ],
        "Mesa looked for a GPU of its own before the NVIDIA driver was asked",
    ),
    harmless(
        "auto-detected-mode",
        Toolkit,
        &["Auto-detected mode as"],
        "the toolkit says which of its modes it took; the error is another line",
    ),
    harmless(
        "mps-credentials",
        Program,
        &["User did not send valid credentials"],
        "the MPS control daemon writes it for ordinary clients too; `NEW CLIENT` after it is the answer",
    ),
    harmless(
        "banner-compatibility",
        Program,
        &[
            "CUDA Forward Compatibility mode ENABLED",
            "CUDA Minor Version Compatibility mode ENABLED",
            "CUDA Minor Version Compatibility mode ENABLED * Forward Compatibility is preferred * cuInit()=804",
        ],
        "the image's greeting says that its CUDA is newer than the driver, and that this works",
    ),
    harmless(
        "other-word-size",
        Program,
        &["libcuda.so* wrong ELF class: ELFCLASS32", "libnvidia-ml.so* wrong ELF class: ELFCLASS32"],
        "a 32-bit library was tried and passed over",
    ),
    harmless(
        "module-key",
        Kernel,
        &["Request for unknown module key"],
        "the kernel does not know the key of a module's signature; without Secure Boot it loads all the same",
    ),
    harmless(
        "tf-cudart",
        Program,
        &["Ignore above cudart dlerror if you do not have a GPU"],
        "TensorFlow says that the line before matters only where a GPU is to be used",
    ),
    harmless(
        "sandboxutils-optional",
        Toolkit,
        &[
            "Ignoring error in locating libnvidia-sandboxutils.so",
            "Failed to init nvsandboxutils: *; ignoring",
            "Failed to init nvsandboxutils",
        ],
        "a library of the driver that the toolkit can do without",
    ),
    harmless(
        "installer-remarks",
        Packages,
        &["The nvidia-drm module will not be installed", "Unable to open 'kernel/dkms.conf' for copying"],
        "a remark of the driver's installer; the error, if there is one, is another line",
    ),
    harmless(
        "waiting-canceled",
        Client,
        &["error waiting for container: context canceled"],
        "docker run says that the container never ran; the reason is the line before",
    ),
    harmless(
        "persistence-mode",
        Kernel,
        &["Persistence mode is deprecated and will be removed"],
        "nvidia-persistenced takes the place of the old setting",
    ),
    harmless(
        "dcgm-profiling",
        Cluster,
        &["Not collecting DCP metrics", "Profiling is not supported for this group of GPUs"],
        "the exporter leaves out metrics that this GPU does not have",
    ),
    harmless(
        "credentials-unencrypted",
        Client,
        &["Your credentials are stored unencrypted in", "Your password will be stored unencrypted in"],
        "docker login tells where it keeps the login; it worked",
    ),
    harmless(
        "gdr-disabled",
        Program,
        &["GPU Direct RDMA Disabled for HCA", "NET/IB : GPU Direct RDMA Disabled"],
        "NCCL goes over the host's memory to this network card: slower, and no error",
    ),
    harmless(
        "wsl-other-adapter",
        Toolkit,
        &[
            "No Nvidia Libraries found in /usr/lib/wsl/drivers",
            "Failed to query the core Nvidia libraries for the adapter. Skipping it",
        ],
        "the driver of another graphics chip of the Windows machine was looked at and passed over",
    ),
    harmless(
        "rpc-ended",
        Toolkit,
        &["driver rpc service terminated with signal 15"],
        "libnvidia-container ends its own helper; the error, if there is one, is another line",
    ),
    harmless(
        "triton-memory-manager",
        Program,
        &["Failed to finalize CUDA memory manager: * CNMEM_STATUS_NOT_INITIALIZED"],
        "Triton ends a part that it had not begun, without a GPU for instance; the error is another line",
    ),
];
