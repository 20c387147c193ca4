//! Programs in the container that did not find a GPU, or a library of CUDA.

use crate::codes::*;
use crate::explain::Speaker::Program;
use crate::explain::{Origin, Symptom, from, symptom, wrapper};

/// What most often hides the GPU from a program that looks for one.
const WITHOUT_GPU: &[Origin] = &[
    from(
        "the container was started without a GPU",
        "add --gpus all (podman: --device nvidia.com/gpu=all); nvidia-smi -L in the container shows it",
        &[],
    ),
    from("the driver of the host does not work", "longshore doctor", &[MODULE_LOADED, VERSION_SKEW, NVML]),
    from("nvidia-uvm is missing: nvidia-smi works and CUDA does not", "longshore doctor", &[DEVICE_NODES]),
];

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "cuda-library-missing",
        Program,
        &[
            "libcudart.so * cannot open shared object file",
            "libcublas.so * cannot open shared object file",
            "libcublasLt.so * cannot open shared object file",
            "libcudnn * cannot open shared object file",
            "libcufft.so * cannot open shared object file",
            "libcurand.so * cannot open shared object file",
            "libcusolver.so * cannot open shared object file",
            "libcusparse.so * cannot open shared object file",
            "libnvrtc.so * cannot open shared object file",
            "libnvinfer * cannot open shared object file",
            "libnccl.so * cannot open shared object file",
            "Could not load library libcudnn",
            "Unable to load any of {libcudnn",
        ],
        "a library of the CUDA toolkit, cuDNN or TensorRT is not in the image; it never comes from the host",
        &[
            from(
                "the image is a `base` flavour, or for another version of CUDA than the program",
                "take the `runtime` or `cudnn-runtime` flavour of that CUDA, or the nvidia-* wheels from pip",
                &[],
            ),
            from(
                "it is there, and LD_LIBRARY_PATH or the loader's cache does not lead to it",
                "ldconfig -p in the container; longshore doctor --image REF",
                &[IMAGE_LOADER],
            ),
        ],
    ),
    symptom(
        "tf-no-driver",
        Program,
        &[
            "kernel driver does not appear to be running on this host",
            "/proc/driver/nvidia/version does not exist",
        ],
        "TensorFlow sees no driver in the container",
        WITHOUT_GPU,
    ),
    symptom(
        "jax-no-gpu",
        Program,
        &[
            "No GPU/TPU found, falling back to CPU",
            "Unable to initialize backend 'cuda'",
            "An NVIDIA GPU may be present on this machine, but a CUDA-enabled jaxlib is not installed",
        ],
        "JAX found no GPU, or was installed without CUDA",
        &[
            from("jaxlib has no CUDA", "pip install 'jax[cuda12]'", &[]),
            from(
                "the container was started without a GPU",
                "add --gpus all (podman: --device nvidia.com/gpu=all)",
                &[],
            ),
            from(
                "the driver of the host does not work",
                "longshore doctor",
                &[MODULE_LOADED, VERSION_SKEW, NVML],
            ),
        ],
    ),
    symptom(
        "ollama-no-gpu",
        Program,
        &[
            "no compatible GPUs were discovered",
            "error initializing cuda driver library",
            "cuda driver library failed to get device context",
            "unable to load cuda driver library",
        ],
        "Ollama found no GPU that it can use, and goes on with the CPU",
        WITHOUT_GPU,
    ),
    symptom(
        "vllm-no-device",
        Program,
        &["Failed to infer device type", "No platform detected, vLLM is running on UnspecifiedPlatform"],
        "vLLM found no GPU",
        WITHOUT_GPU,
    ),
    symptom(
        "needs-newer-gpu",
        Program,
        &[
            "Bfloat16 is only supported on GPUs with compute capability of at least",
            "FlashAttention only supports Ampere GPUs or newer",
            "fp8e4nv not supported in this architecture",
        ],
        "the program asks for arithmetic that this GPU does not have",
        &[from(
            "the GPU is older than the data type or the kernel",
            "longshore gpus; --dtype=half, or another attention backend",
            &[],
        )],
    ),
    symptom(
        "cublas-not-initialized",
        Program,
        &["CUBLAS_STATUS_NOT_INITIALIZED", "CUDNN_STATUS_NOT_INITIALIZED", "CUBLAS_STATUS_ALLOC_FAILED"],
        "a library of CUDA could not set itself up on the GPU",
        &[
            from("the GPU's memory is used up, also by other processes", "nvidia-smi; a smaller batch", &[]),
            from(
                "two versions of the library are mixed",
                "longshore doctor --image REF; take LD_LIBRARY_PATH out",
                &[IMAGE_LOADER],
            ),
        ],
    ),
    symptom(
        "nvcc-arch",
        Program,
        &["nvcc fatal * Unsupported gpu architecture"],
        "this CUDA does not know the architecture that is built for",
        &[from(
            "the CUDA of the image is older than the GPU, or dropped it",
            "longshore compat; another -arch, TORCH_CUDA_ARCH_LIST or image",
            &[],
        )],
    ),
    wrapper(
        "ort-no-cuda",
        Program,
        &[
            "Failed to create CUDAExecutionProvider",
            "Failed to load library libonnxruntime_providers_cuda.so",
        ],
        "ONNX Runtime could not load its part for CUDA, and goes on with the CPU",
        &[
            from(
                "CUDA or cuDNN of the version that it needs is not in the image",
                "pip show onnxruntime-gpu",
                &[],
            ),
            from("the container was started without a GPU", "add --gpus all", &[]),
        ],
    ),
    wrapper(
        "banner-init-failed",
        Program,
        &["The NVIDIA Driver is present, but CUDA failed to initialize"],
        "the image's greeting could not start CUDA; the error in brackets says why",
        &[
            from(
                "nvidia-uvm is missing, or may not be opened",
                "longshore doctor",
                &[DEVICE_NODES, DEVICE_MODE],
            ),
            from(
                "the driver is older than the image's CUDA",
                "longshore doctor --image REF",
                &[IMAGE_DRIVER],
            ),
        ],
    ),
    wrapper(
        "nvenc-driver",
        Program,
        &["The minimum required Nvidia driver for nvenc is"],
        "the encoder could not be loaded; the version in the line says nothing when the library is missing",
        &[
            from(
                "NVIDIA_DRIVER_CAPABILITIES lacks `video`",
                "-e NVIDIA_DRIVER_CAPABILITIES=compute,utility,video when it is started",
                &[],
            ),
            from("the driver of the host is older than the version that it names", "nvidia-smi", &[]),
        ],
    ),
];
