//! Frameworks.

use crate::codes::*;
use crate::explain::Speaker::Program;
use crate::explain::{Symptom, from, symptom, wrapper};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "torch-not-compiled",
        Program,
        &[
            "Torch not compiled with CUDA enabled",
            "Torch not compiled with CUDA",
            "AssertionError: Torch not compiled",
        ],
        "this PyTorch was built without CUDA; the GPU plays no part",
        &[from(
            "the wheel for CPUs was installed",
            "pip install torch --index-url of a CUDA index; longshore lint Dockerfile",
            &[],
        )],
    ),
    symptom(
        "torch-driver-too-old",
        Program,
        &["The NVIDIA driver on your system is too old", "Found no NVIDIA driver on your system"],
        "PyTorch found no driver, or one that is older than its CUDA",
        &[
            from("`Found no NVIDIA driver`: the container was started without a GPU", "add --gpus all", &[]),
            from(
                "`too old`: the wheel's CUDA is newer than the driver",
                "longshore compat --driver VERSION --package torch; a wheel for an older CUDA, or a newer driver",
                &[IMAGE_DRIVER],
            ),
        ],
    ),
    symptom(
        "dataloader-shm",
        Program,
        &[
            "DataLoader worker * is killed by signal: Bus error",
            "It is possible that dataloader's workers are out of shared memory",
            "unable to open shared memory object",
            "insufficient shared memory (shm)",
            "Call to posix_fallocate failed : No space left on device",
            "Error while creating shared memory segment /dev/shm/nccl* No space left on device",
            "Error while creating shared memory segment /dev/shm/nccl",
        ],
        "the container's /dev/shm is too small (64 MB by default)",
        &[from("shared memory is limited", "docker run --shm-size=8g (or --ipc=host)", &[])],
    ),
    symptom(
        "nccl",
        Program,
        &[
            "NCCL error in",
            "NCCL WARN Cuda failure",
            "NCCL Error unhandled",
            "ncclSystemError",
            "ncclUnhandledCudaError",
            "unhandled system error, NCCL version",
        ],
        "NCCL failed; its own log says why",
        &[
            from("/dev/shm or locked memory is too small", "--shm-size=8g --ulimit memlock=-1", &[]),
            from("a GPU or the network between them", "NCCL_DEBUG=INFO", &[NVML, FABRIC_MANAGER]),
        ],
    ),
    wrapper(
        "tf-no-gpu",
        Program,
        &["Cannot dlopen some GPU libraries", "Skipping registering GPU devices"],
        "TensorFlow lacks CUDA libraries, not the driver",
        &[from(
            "CUDA or cuDNN of the right version is not in the image",
            "pip install 'tensorflow[and-cuda]'",
            &[],
        )],
    ),
    symptom(
        "bitsandbytes",
        Program,
        &[
            "CUDA Setup failed despite GPU being available",
            "bitsandbytes * CUDA Setup failed",
            "CUDA SETUP: * libcudart.so",
            "Could not find the bitsandbytes CUDA binary",
            "Could not load bitsandbytes native library",
        ],
        "a library of CUDA is not found in the image",
        &[from(
            "LD_LIBRARY_PATH does not lead to it, or it is of another version",
            "python -m bitsandbytes",
            &[IMAGE_LOADER],
        )],
    ),
    symptom(
        "nvcc-missing",
        Program,
        &[
            "nvcc: not found",
            "nvcc: command not found",
            "CUDA_HOME environment variable is not set",
            "Could not find nvcc, please set CUDAToolkit_ROOT",
            "No CUDA toolset found",
        ],
        "the compiler of CUDA is not in the image; running needs none",
        &[from("the image is a `runtime` or `base` flavour", "build in the `devel` flavour", &[])],
    ),
    symptom(
        "nested-docker",
        Program,
        &["Docker in LXC * nvidia", "lxc * failed to mount nvidia"],
        "a container engine inside of another one",
        &[from(
            "the inner engine may not make devices",
            "use CDI in the guest, and give the guest the nodes",
            &[TOOLKIT_CONFIG],
        )],
    ),
];
