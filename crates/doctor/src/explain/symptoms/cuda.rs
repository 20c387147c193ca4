//! CUDA in a container.

use crate::codes::*;
use crate::explain::Speaker::Library;
use crate::explain::{Symptom, from, symptom, wrapper};

/// The texts of a CUDA error: how programs print its number, then its own names.
macro_rules! numbered {
    ($number:literal, $($text:literal),+ $(,)?) => {
        &[
            concat!("CUDA error ", $number),
            concat!("CUDA failure ", $number),
            concat!("cuInit(0) returned ", $number),
            concat!("cudaGetDeviceCount returned ", $number),
            concat!("CUDA initialization failure with error: ", $number),
            concat!("cuda driver library init failure: ", $number),
            concat!("nvcuda init failure: ", $number),
            concat!("cuInit err: ", $number),
            $($text),+
        ]
    };
}

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "cuda-init-failed",
        Library,
        numbered!(
            3,
            "cudaErrorInitializationError",
            "CUDA_ERROR_NOT_INITIALIZED",
            "CUDA error: initialization error",
            "Cannot re-initialize CUDA in forked subprocess",
            "error code initialization error",
            "failed to initialize CUDA: initialization error",
        ),
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
            from(
                "since driver 575 on some kernels: the unified memory of nvidia-uvm (HMM)",
                "options nvidia_uvm uvm_disable_hmm=1 in /etc/modprobe.d, then reboot",
                &[],
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
        numbered!(
            35,
            "CUDA driver version is insufficient for CUDA runtime version",
            "cudaErrorInsufficientDriver",
        ),
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
        numbered!(
            46,
            "all CUDA-capable devices are busy or unavailable",
            "CUDA-capable device(s) is/are busy or unavailable",
            "cudaErrorDevicesUnavailable",
        ),
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
        numbered!(
            100,
            "no CUDA-capable device is detected",
            "cudaErrorNoDevice",
            "CUDA_ERROR_NO_DEVICE",
            "No CUDA GPUs are available",
            "no CUDA devices found",
        ),
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
        numbered!(
            209,
            "no kernel image is available for execution on the device",
            "cudaErrorNoKernelImageForDevice",
            "CUDA_ERROR_NO_BINARY_FOR_GPU",
            "is not compatible with the current PyTorch installation",
            "was compiled without support for the current GPU architecture",
        ),
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
        numbered!(
            222,
            "the provided PTX was compiled with an unsupported toolchain",
            "cudaErrorUnsupportedPtxVersion",
            "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
        ),
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
        numbered!(
            802,
            "system not yet initialized",
            "cudaErrorSystemNotReady",
            "CUDA_ERROR_SYSTEM_NOT_READY",
            "returned 802",
        ),
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
        numbered!(
            803,
            "system has unsupported display driver / cuda driver combination",
            "cudaErrorSystemDriverMismatch",
            "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
            "returned 803",
        ),
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
        numbered!(
            804,
            "forward compatibility was attempted on non supported HW",
            "cudaErrorCompatNotSupportedOnDevice",
            "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE",
            "returned 804",
        ),
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
        numbered!(
            801,
            "cudaErrorNotSupported",
            "CUDA_ERROR_NOT_SUPPORTED",
            "operation not supported * cudaError",
            "CUDA error: operation not supported",
            "CUDA runtime error: operation not supported",
        ),
        "this GPU or driver does not have what the program calls (error 801)",
        &[
            from(
                "a vGPU without unified memory, which most frameworks use",
                "enable_uvm = 1 in the vGPU's plugin parameters on its host (only for a whole GPU's share)",
                &[],
            ),
            from(
                "MIG, WSL2 or this GPU lack what the program calls",
                "look in the program's documentation for its requirement",
                &[],
            ),
        ],
    ),
    symptom(
        "cuda-launch-failure",
        Library,
        &[
            "unspecified launch failure",
            "cudaErrorLaunchFailure",
            "CUDA_ERROR_LAUNCH_FAILED",
            "an illegal memory access was encountered",
            "device-side assert triggered",
            "CUDA error: operation not supported on global/shared address space",
        ],
        "a kernel of the program failed (error 719, 710 or 700); mostly the program's own fault",
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
        numbered!(
            999,
            "CUDA_ERROR_UNKNOWN",
            "cudaErrorUnknown",
            "failed to initialize CUDA: unknown error",
            "CUDA unknown error - this may be due to an incorrectly set up environment",
            "CUDA error: unknown error",
        ),
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
        numbered!(2, "CUDA out of memory", "CUDA_ERROR_OUT_OF_MEMORY", "cudaErrorMemoryAllocation"),
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
        numbered!(
            304,
            "CUDA_ERROR_OPERATING_SYSTEM",
            "cudaErrorOperatingSystem",
            "OS call failed or operation not supported on this OS",
        ),
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
            from("in gVisor: a call of the driver that it does not pass on", "a newer runsc", &[]),
        ],
    ),
    symptom(
        "mps-connection",
        Library,
        numbered!(
            805,
            "MPS client failed to connect to the MPS control daemon",
            "CUDA_ERROR_MPS_CONNECTION_FAILED",
            "cudaErrorMpsConnectionFailed",
        ),
        "the program was told to share the GPU by MPS and does not reach the MPS daemon (error 805)",
        &[
            from(
                "the daemon's pipe directory is not in the container",
                "-v /tmp/nvidia-mps:/tmp/nvidia-mps --ipc=host, and CUDA_MPS_PIPE_DIRECTORY if it is elsewhere",
                &[],
            ),
            from("the daemon does not run", "nvidia-cuda-mps-control -d on the host", &[]),
            from(
                "the container's user is not the one whom the MPS server serves",
                "run it as the same user id, or the daemon in its multi-user mode",
                &[],
            ),
        ],
    ),
    symptom(
        "cuda-ecc",
        Library,
        &["uncorrectable ECC error encountered", "CUDA_ERROR_ECC_UNCORRECTABLE", "cudaErrorECCUncorrectable"],
        "a memory cell of the GPU is bad: what was computed is lost (error 214)",
        &[from(
            "a fault of the GPU's memory",
            "nvidia-smi -q -d ECC,ROW_REMAPPER; drain the machine, reset the GPU or reboot; replace it when it comes back",
            &[NVML],
        )],
    ),
    wrapper(
        "cuinit-failed",
        Library,
        &[
            "cuInit(0) failed",
            "failed call to cuInit: UNKNOWN ERROR",
            "Couldn't init CUDA",
            "cuda driver library init failure",
            "Failed to initialize CUDA",
            "CUDA backend failed to initialize",
        ],
        "CUDA could not be initialised; the error that is named with it says why",
        &[
            from(
                "the container was started without a GPU",
                "add --gpus all (podman: --device nvidia.com/gpu=all)",
                &[],
            ),
            from(
                "nvidia-uvm is missing, or may not be opened",
                "longshore doctor",
                &[DEVICE_NODES, DEVICE_MODE],
            ),
            from(
                "the driver is older than the program's CUDA",
                "longshore compat --driver VERSION",
                &[IMAGE_DRIVER],
            ),
        ],
    ),
    symptom(
        "cuda-start-memory",
        Library,
        &[
            "Call to cuInit results in CUDA_ERROR_OUT_OF_MEMORY",
            "cuInit(0) failed -> CUDA_ERROR_OUT_OF_MEMORY",
            "failed call to cuInit: CUDA_ERROR_OUT_OF_MEMORY",
            "Unexpected error from cudaGetDeviceCount() * Error 2: out of memory",
        ],
        "CUDA got no memory to begin with; the program has not used any of the GPU's yet",
        &[
            from(
                "WSL2 on a machine with many GPUs, or with large ones",
                "switch one off in the device manager of Windows, then wsl --shutdown; more `memory` in .wslconfig",
                &[WSL_DRIVER],
            ),
            from(
                "the machine's own memory, or the limit of the container or the shell, is too small for the GPUs",
                "free -g; ulimit -v; --memory of the container; give it fewer GPUs",
                &[],
            ),
        ],
    ),
];
