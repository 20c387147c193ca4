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
            "could not open driver version path for reading: /proc/driver/nvidia/version",
            "failed call to cuInit: UNKNOWN ERROR (-1)",
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
            "no nvidia devices detected by library",
            "nvml vram init failure",
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
        &["nvcc fatal * Unsupported gpu architecture", "ptxas fatal * is not defined for option 'gpu-name'"],
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
        &[
            "The minimum required Nvidia driver for nvenc is",
            "Driver does not support the required nvenc API version",
        ],
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
    symptom(
        "cudnn-mismatch",
        Program,
        &[
            "DNN library initialization failed",
            "Loaded runtime CuDNN library: * but source was compiled with",
            "cuDNN version incompatibility: PyTorch was compiled against",
            "Could not create cudnn handle: CUDNN_STATUS",
            "Found cuDNN version * but JAX was built against version",
            "Outdated cuDNN installation found",
            "Unable to load cuDNN. Is it installed?",
            "Could not load library libcudnn* undefined symbol",
            "libcudnn_*.so*: undefined symbol",
            "libcudnn_*.so*: undefined symbol: *cudnn",
        ],
        "cuDNN could not start: it is another version than the program was built for, or has no room",
        &[
            from(
                "another cuDNN comes first, from the image or from LD_LIBRARY_PATH",
                "take LD_LIBRARY_PATH out; longshore doctor --image REF; longshore compat --package jax==VERSION",
                &[IMAGE_LOADER],
            ),
            from("the GPU's memory is taken, also by other processes", "nvidia-smi", &[]),
            from("the driver is older than the CUDA of the wheels", "longshore compat --driver VERSION", &[]),
        ],
    ),
    symptom(
        "torch-extension-cuda",
        Program,
        &["The detected CUDA version * mismatches the version that was used to compile PyTorch"],
        "an extension is built with an nvcc of another CUDA than PyTorch's",
        &[from(
            "the image's CUDA toolkit and the wheel differ in their major version",
            "a `devel` image of PyTorch's CUDA, or a wheel of the image's: longshore compat --package torch==VERSION",
            &[],
        )],
    ),
    symptom(
        "banner-driver-too-old",
        Program,
        &[
            "This container was built for NVIDIA Driver Release * or later",
            "was detected and compatibility mode is UNAVAILABLE",
            "This container was built for NVIDIA Driver Release * compatibility mode is UNAVAILABLE * cuInit(0) returned 804",
            "This container was built for NVIDIA Driver Release * compatibility mode is UNAVAILABLE * cuInit(0) returned 999",
        ],
        "the image's greeting: its CUDA is newer than this driver, and its compat libraries do not help here",
        &[
            from(
                "the driver is older than the image's CUDA needs",
                "longshore compat --driver VERSION --image REFERENCE; a newer driver or an older image",
                &[IMAGE_DRIVER],
            ),
            from(
                "compat libraries work on data-centre GPUs only",
                "longshore explain 'error 804'",
                &[IMAGE_LOADER],
            ),
        ],
    ),
    symptom(
        "banner-gpu-too-new",
        Program,
        &[
            "which is not yet supported in this version of the container",
            "No supported GPU(s) detected to run this container",
        ],
        "the image's greeting: the image is older than this GPU, or never knew it",
        &[from(
            "its libraries have no code for this architecture",
            "a newer image: longshore compat --gpu NAME",
            &[],
        )],
    ),
    symptom(
        "jax-plugin-mismatch",
        Program,
        &[
            "Unable to initialize backend 'cuda': INVALID_ARGUMENT: Mismatched PJRT plugin",
            "Mismatched PJRT plugin PJRT API version",
        ],
        "JAX's part for CUDA and jaxlib are of different releases",
        &[from(
            "one of them was upgraded alone",
            "pip install -U 'jax[cuda12]' brings all parts in one release",
            &[],
        )],
    ),
    symptom(
        "torch-abi",
        Program,
        &[
            "flash_attn* undefined symbol: _Z*",
            "undefined symbol: _ZN3c10*",
            "undefined symbol: _ZNK3c10*",
            "undefined symbol: _ZN2at*",
            "undefined symbol: _ZNK2at*",
            "undefined symbol: _ZN5torch*",
        ],
        "an extension was built for another release of PyTorch than the one that is installed",
        &[from(
            "the wheel (flash-attn, xformers, a package with its own kernels) and torch do not fit",
            "the wheel for this torch and CUDA, or build it here: pip install --no-build-isolation --no-binary :all: PACKAGE",
            &[],
        )],
    ),
    symptom(
        "cuda-libraries-mixed",
        Program,
        &[
            "undefined symbol: __nvJitLink*",
            "undefined symbol: cublasLt*",
            "undefined symbol: cudnn*",
            "undefined symbol: ncclComm*",
        ],
        "two versions of CUDA's libraries are mixed: one was found elsewhere than the other",
        &[from(
            "LD_LIBRARY_PATH leads to the image's CUDA before the wheels' own libraries",
            "take LD_LIBRARY_PATH out, or install torch for the image's CUDA; longshore doctor --image REF",
            &[IMAGE_LOADER],
        )],
    ),
    symptom(
        "ort-cpu-only",
        Program,
        &["Specified provider 'CUDAExecutionProvider' is not in available provider names"],
        "this ONNX Runtime was built without CUDA",
        &[from(
            "onnxruntime is installed in place of onnxruntime-gpu, or both, and the first one won",
            "pip uninstall -y onnxruntime onnxruntime-gpu; pip install onnxruntime-gpu",
            &[],
        )],
    ),
    wrapper(
        "vllm-core-failed",
        Program,
        &["Engine core initialization failed", "EngineCore failed to start"],
        "a process of vLLM ended; the reason stands above in its log",
        &[from("the first error above this line", "paste all of the log", &[])],
    ),
];
