//! CUDA in a container.

use crate::codes::*;
use crate::explain::Speaker::Library;
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "cuda-init-failed",
        Library,
        &[
            "cudaErrorInitializationError",
            "CUDA_ERROR_NOT_INITIALIZED",
            "CUDA error: initialization error",
            "Cannot re-initialize CUDA in forked subprocess",
            "error code initialization error",
        ],
        "CUDA could not be initialised in this process (error 3)",
        &[
            from(
                "the process was forked after CUDA had been initialised",
                "use the start method `spawn`",
                &[],
            ),
            from(
                "a node or a library is missing in the container",
                "longshore doctor",
                &[DEVICE_NODES, CDI_STALE],
            ),
        ],
    ),
    symptom(
        "cuda-stub",
        Library,
        &["CUDA driver is a stub library", "cudaErrorStubLibrary", "CUDA_ERROR_STUB_LIBRARY"],
        "the program loaded the stub of libcuda that is only for linking (error 34)",
        &[from(
            "/usr/local/cuda/lib64/stubs is in LD_LIBRARY_PATH or in the loader's configuration",
            "remove it from the image's environment; keep it on the linker's command line only",
            &[IMAGE_LOADER],
        )],
    ),
    symptom(
        "cuda-insufficient",
        Library,
        &[
            "CUDA driver version is insufficient for CUDA runtime version",
            "cudaErrorInsufficientDriver",
            "cudaGetDeviceCount returned 35",
        ],
        "the program's CUDA is newer than the driver, or no driver was injected at all (error 35)",
        &[
            from(
                "the driver is older than the image's CUDA",
                "longshore compat --driver VERSION --image REFERENCE",
                &[IMAGE_DRIVER],
            ),
            from(
                "in `docker build`: BuildKit gives no GPU",
                "do not use the GPU while building, or RUN --device=nvidia.com/gpu=all",
                &[],
            ),
            from("the container was started without a GPU", "add --gpus all", &[]),
        ],
    ),
    symptom(
        "cuda-call-requires-newer",
        Library,
        &["cudaErrorCallRequiresNewerDriver", "API call is not supported in the installed CUDA driver"],
        "the program calls what this driver does not have (error 36)",
        &[from(
            "the driver is too old for this program",
            "longshore compat --driver VERSION",
            &[IMAGE_DRIVER],
        )],
    ),
    symptom(
        "cuda-busy",
        Library,
        &[
            "all CUDA-capable devices are busy or unavailable",
            "CUDA-capable device(s) is/are busy or unavailable",
            "cudaErrorDevicesUnavailable",
        ],
        "the GPU lets no further process in (error 46)",
        &[
            from(
                "compute mode is exclusive or prohibited",
                "nvidia-smi -q -d COMPUTE; sudo nvidia-smi -c 0",
                &[],
            ),
            from("MIG mode without compute instances", "nvidia-smi mig -lci", &[MIG_STATE]),
            from("a vGPU without a licence", "nvidia-smi -q | grep -i license", &[]),
        ],
    ),
    symptom(
        "cuda-no-device",
        Library,
        &[
            "no CUDA-capable device is detected",
            "cudaErrorNoDevice",
            "CUDA_ERROR_NO_DEVICE",
            "No CUDA GPUs are available",
            "cudaGetDeviceCount returned 100",
            "no CUDA devices found",
        ],
        "CUDA sees no GPU in this process (error 100)",
        &[
            from(
                "the container was started without a GPU",
                "add --gpus all, or --device nvidia.com/gpu=all",
                &[],
            ),
            from(
                "CUDA_VISIBLE_DEVICES or NVIDIA_VISIBLE_DEVICES hides it",
                "env | grep VISIBLE_DEVICES in the container",
                &[],
            ),
            from(
                "/dev/nvidia-uvm or the GPU's node is missing or may not be opened",
                "longshore doctor",
                &[DEVICE_NODES, DEVICE_MODE, CDI_STALE],
            ),
            from("MIG mode without instances", "nvidia-smi mig -lgi", &[MIG_STATE]),
        ],
    ),
    symptom(
        "cuda-no-kernel",
        Library,
        &[
            "no kernel image is available for execution on the device",
            "cudaErrorNoKernelImageForDevice",
            "CUDA_ERROR_NO_BINARY_FOR_GPU",
            "is not compatible with the current PyTorch installation",
        ],
        "the program has no code for this GPU's architecture (error 209)",
        &[from(
            "the wheel or the build lacks this compute capability",
            "longshore compat --gpu NAME --package NAME; install a newer wheel, or build with TORCH_CUDA_ARCH_LIST",
            &[],
        )],
    ),
    symptom(
        "cuda-ptx",
        Library,
        &[
            "the provided PTX was compiled with an unsupported toolchain",
            "cudaErrorUnsupportedPtxVersion",
            "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
        ],
        "the program's PTX is newer than the driver's compiler (error 222)",
        &[
            from(
                "the driver is older than the CUDA that built the program",
                "a newer driver, or a build with an older CUDA",
                &[IMAGE_DRIVER],
            ),
            from(
                "the toolkit no longer puts the image's compat libraries in front (1.17.4)",
                "upgrade the toolkit",
                &[],
            ),
        ],
    ),
    symptom(
        "cuda-system-not-ready",
        Library,
        &[
            "system not yet initialized",
            "cudaErrorSystemNotReady",
            "CUDA_ERROR_SYSTEM_NOT_READY",
            "CUDA error 802",
            "returned 802",
        ],
        "the GPUs of an NVSwitch machine wait for the fabric manager (error 802); nvidia-smi works all the same",
        &[
            from(
                "nvidia-fabricmanager does not run, or has another version than the driver",
                "sudo systemctl enable --now nvidia-fabricmanager; both in one version",
                &[FABRIC_MANAGER],
            ),
            from("it is still at work after boot", "nvidia-smi -q | grep -A2 Fabric", &[FABRIC_MANAGER]),
            from("without NVSwitch: HMM with an unlucky kernel", "options nvidia_uvm uvm_disable_hmm=1", &[]),
        ],
    ),
    symptom(
        "cuda-803",
        Library,
        &[
            "system has unsupported display driver / cuda driver combination",
            "cudaErrorSystemDriverMismatch",
            "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
            "CUDA error 803",
            "returned 803",
        ],
        "a libcuda of another version than the module was loaded (error 803)",
        &[
            from(
                "the image's compat libraries are in front (LD_LIBRARY_PATH)",
                "remove /usr/local/cuda/compat from LD_LIBRARY_PATH",
                &[IMAGE_LOADER],
            ),
            from("the image holds driver files of its own", "remove them", &[IMAGE_FILES]),
            from("the host's module and libraries differ", "sudo reboot", &[VERSION_SKEW]),
        ],
    ),
    symptom(
        "cuda-804",
        Library,
        &[
            "forward compatibility was attempted on non supported HW",
            "cudaErrorCompatNotSupportedOnDevice",
            "CUDA error 804",
            "returned 804",
        ],
        "the image's compat libraries were used on a GPU that does not allow it: they are for data centres (error 804)",
        &[from(
            "the compat libraries are in front of the driver's",
            "a newer driver, an older image, or LD_LIBRARY_PATH without the compat folder",
            &[IMAGE_LOADER, IMAGE_DRIVER],
        )],
    ),
    symptom(
        "cuda-801",
        Library,
        &[
            "cudaErrorNotSupported",
            "CUDA_ERROR_NOT_SUPPORTED",
            "CUDA error 801",
            "operation not supported * cudaError",
        ],
        "this GPU or driver does not have what the program calls (error 801)",
        &[from(
            "vGPU, MIG or WSL2 lack some functions",
            "look in the program's documentation for its requirement",
            &[],
        )],
    ),
    symptom(
        "cuda-launch-failure",
        Library,
        &[
            "unspecified launch failure",
            "cudaErrorLaunchFailure",
            "CUDA_ERROR_LAUNCH_FAILED",
            "an illegal memory access was encountered",
        ],
        "a kernel of the program failed (error 719 or 700); mostly the program's own fault",
        &[
            from("an error of the program", "compute-sanitizer PROGRAM; CUDA_LAUNCH_BLOCKING=1", &[]),
            from("a fault of the GPU", "sudo dmesg | grep -i xid", &[NVML]),
        ],
    ),
    symptom(
        "cuda-not-permitted",
        Library,
        &[
            "CUDA_ERROR_SYSTEM_NOT_PERMITTED",
            "operation not permitted when stream is capturing",
            "ERR_NVGPUCTRPERM",
        ],
        "the driver keeps this function for administrators",
        &[from(
            "performance counters are restricted",
            "options nvidia NVreg_RestrictProfilingToAdminUsers=0",
            &[],
        )],
    ),
    symptom(
        "cuda-unknown",
        Library,
        &[
            "CUDA_ERROR_UNKNOWN",
            "cudaErrorUnknown",
            "failed to initialize CUDA: unknown error",
            "CUDA unknown error - this may be due to an incorrectly set up environment",
            "CUDA error: unknown error",
            "cuInit(0) failed",
            "cudaGetDeviceCount returned 999",
            "CUDA error 999",
        ],
        "CUDA could not open its nodes; nvidia-smi does not need /dev/nvidia-uvm and works all the same (error 999)",
        &[
            from(
                "/dev/nvidia-uvm is missing: nothing has loaded nvidia-uvm since boot",
                "sudo nvidia-modprobe -u -c=0, then make the CDI specification again",
                &[DEVICE_NODES],
            ),
            from(
                "the CDI specification has an old number of nvidia-uvm",
                "sudo nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml",
                &[CDI_STALE],
            ),
            from("the machine was suspended", "sudo rmmod nvidia_uvm && sudo modprobe nvidia_uvm", &[]),
            from("toolkit 1.19.1", "another version of the toolkit", &[]),
        ],
    ),
    symptom(
        "cuda-out-of-memory",
        Library,
        &["CUDA out of memory", "CUDA_ERROR_OUT_OF_MEMORY", "cudaErrorMemoryAllocation"],
        "the GPU's memory is full: the GPU works",
        &[from(
            "the program needs more than is free",
            "nvidia-smi shows who uses it; smaller batches or models",
            &[],
        )],
    ),
    symptom(
        "cuda-os-call",
        Library,
        &[
            "CUDA_ERROR_OPERATING_SYSTEM",
            "cudaErrorOperatingSystem",
            "OS call failed or operation not supported on this OS",
        ],
        "a call of the operating system failed in the driver (error 304)",
        &[
            from(
                "a node of the driver may not be opened in the container",
                "longshore doctor --container ID",
                &[CONTAINER_NODES, DEVICE_MODE],
            ),
            from(
                "the container's memory or device rules are too narrow",
                "look at the limits of the container",
                &[],
            ),
        ],
    ),
];
