//! TensorRT and other programs that compute or decode, and what they miss.

use crate::codes::*;
use crate::explain::Speaker::{Library, Program};
use crate::explain::{Symptom, from, symptom, wrapper};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "tensorrt-plan",
        Program,
        &[
            "The engine plan file is generated on an incompatible device",
            "Version tag does not match. Note: Current Version",
            "Serialization assertion safeVersionRead == safeSerializationVersion failed",
            "Serialization assertion safeVersionRead == safeSerializationVersion failed. Version tag does not match",
            "Platform specific tag mismatch detected",
            "Serialization assertion plan->header.pad == expectedPlatformTag failed",
            "Serialization assertion plan->header.pad == expectedPlatformTag failed. Platform specific tag mismatch",
        ],
        "a TensorRT engine is bound to the GPU, the TensorRT and the system that it was built with, and these are others",
        &[
            from(
                "another model of GPU, another release of TensorRT, or Windows against Linux",
                "build the engine again here: trtexec --onnx=MODEL --saveEngine=PLAN",
                &[],
            ),
            from(
                "a cache of engines went along with an image or a volume",
                "remove the cached engine; the program builds it anew",
                &[],
            ),
        ],
    ),
    symptom(
        "frigate-tensorrt",
        Program,
        &["TensorRT libraries not found, tensorrt detector not present"],
        "this Frigate was built without its detector for TensorRT",
        &[from("the plain image", "the image with the tag `-tensorrt`", &[])],
    ),
    symptom(
        "numba-minor",
        Program,
        &["requires minor version compatibility, which is not yet supported for CUDA driver versions"],
        "CUDA in the image is newer than the driver's, and numba or RAPIDS cannot bridge that",
        &[from(
            "the driver is older than the image's CUDA",
            "a newer driver, or packages for an older CUDA: longshore compat --driver VERSION",
            &[IMAGE_DRIVER],
        )],
    ),
    symptom(
        "ptxas-missing",
        Program,
        &["./bin/ptxas not found", "Couldn't find a suitable version of ptxas"],
        "XLA finds no ptxas, the assembler of CUDA, and leaves it to the driver: slower starts, seldom an error",
        &[from(
            "the image has CUDA's libraries and not its compiler",
            "pip install nvidia-cuda-nvcc-cu12, or XLA_FLAGS=--xla_gpu_cuda_data_dir=/usr/local/cuda",
            &[],
        )],
    ),
    symptom(
        "codec-stub",
        Program,
        &[
            "NvEncodeAPIGetMaxSupportedVersion(&version) returned error",
            "NvEncodeAPIGetMaxSupportedVersion(&version) returned error -315456918",
        ],
        "the library of the encoder that was loaded does nothing: its answer is no known error",
        &[
            from(
                "the image holds a stub of the Video Codec SDK under the library's name",
                "take libnvidia-encode.so.1 and libnvcuvid.so.1 out of the image; they come from the host's driver",
                &[IMAGE_FILES],
            ),
            from(
                "the driver's own did not come along",
                "-e NVIDIA_DRIVER_CAPABILITIES=compute,utility,video when it is started",
                &[],
            ),
        ],
    ),
    wrapper(
        "ffmpeg-no-cuda",
        Program,
        &["No device available for decoder: device type cuda needed"],
        "ffmpeg got no CUDA device; the line before says why",
        &[from("the container has no GPU, or CUDA does not start", "paste all of its log", &[DEVICE_NODES])],
    ),
    symptom(
        "nvml-link-name",
        Library,
        &[
            "libnvidia-ml.so: cannot open shared object file",
            "failed to load libnvidia-ml.so, libnvidia-ml.so: cannot open shared object file",
        ],
        "the program asks for libnvidia-ml.so; the toolkit gives a container only libnvidia-ml.so.1",
        &[
            from(
                "the name without `.1` is one for linking",
                "ln -s libnvidia-ml.so.1 /usr/lib/x86_64-linux-gnu/libnvidia-ml.so when the container starts",
                &[],
            ),
            from(
                "the container was started without a GPU, or without `utility`",
                "nvidia-smi in the container; --gpus all",
                &[],
            ),
        ],
    ),
    symptom(
        "no-gpu-for-program",
        Program,
        &[
            "ImportError: CUDA is not available",
            "RuntimeError: CUDA is not available",
            "AssertionError: CUDA is not available",
            "Unable to query number of CUDA devices",
            "NVML disabled (failed to load NVML)",
            "NVML error, code 12",
        ],
        "the program found no GPU, or no driver library",
        &[
            from(
                "the container was started without a GPU",
                "add --gpus all (podman: --device nvidia.com/gpu=all); nvidia-smi -L in the container shows it",
                &[],
            ),
            from(
                "the driver of the host does not work",
                "longshore doctor",
                &[MODULE_LOADED, VERSION_SKEW, NVML],
            ),
            from(
                "NVIDIA_DRIVER_CAPABILITIES lacks `compute` or `utility`",
                "set NVIDIA_DRIVER_CAPABILITIES=compute,utility",
                &[],
            ),
        ],
    ),
];
