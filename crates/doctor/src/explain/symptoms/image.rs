//! Capabilities, graphics and C libraries: what the image and the request leave out.

use crate::codes::*;
use crate::explain::Speaker::Program;
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "no-encoder",
        Program,
        &[
            "Cannot load libnvidia-encode.so.1",
            "Cannot load libnvcuvid.so.1",
            "libnvidia-encode.so.1: cannot open shared object file",
            "libnvcuvid.so.1: cannot open shared object file",
            "NVENC library file is not found",
            "Failed loading nvcuvid",
        ],
        "the container lacks the libraries for video",
        &[from(
            "NVIDIA_DRIVER_CAPABILITIES lacks `video`; set in a running container it has no effect",
            "-e NVIDIA_DRIVER_CAPABILITIES=compute,utility,video when it is started",
            &[],
        )],
    ),
    symptom(
        "no-libcuda-for-video",
        Program,
        &["Cannot load libcuda.so.1"],
        "the container has no driver library at all: it was not given a GPU, or not its `compute` part",
        &[
            from("the container was started without a GPU", "add --gpus all", &[]),
            from(
                "NVIDIA_DRIVER_CAPABILITIES lacks `compute`, which video needs too",
                "-e NVIDIA_DRIVER_CAPABILITIES=compute,utility,video when it is started",
                &[],
            ),
        ],
    ),
    symptom(
        "no-graphics",
        Program,
        &[
            "ERROR_INCOMPATIBLE_DRIVER",
            "VK_ERROR_INCOMPATIBLE_DRIVER",
            "Failed loading library * libGLX_nvidia.so.0",
            "libGLX_nvidia.so.0: cannot open shared object file",
            "nvidia_icd.json",
            "libEGL warning: * failed to open",
            "Could not get EGL display",
            "10_nvidia.json",
            "MESA-LOADER: failed to open nvidia-drm",
            "vkEnumeratePhysicalDevices failed",
            "Failed to create any GPU devices",
            "eglInitialize() failed",
            "eglInitialize failed",
            "baseOperation = eglInitialize",
            "EGL error * at eglGetDisplay",
            "Error EGL_BAD_PARAMETER",
        ],
        "Vulkan, EGL or OpenGL does not find the driver's libraries or their description",
        &[
            from(
                "NVIDIA_DRIVER_CAPABILITIES lacks `graphics`",
                "-e NVIDIA_DRIVER_CAPABILITIES=all when it is started",
                &[],
            ),
            from(
                "the CDI specification was made when the graphics packages were not there",
                "install the driver's graphics packages, make the specification again",
                &[CDI_STALE],
            ),
            from("the image lacks libvulkan1, libegl1, libxext6", "install them in the image", &[]),
            from(
                "the image's glvnd finds no 10_nvidia.json, which NVIDIA's toolkit does not always bring",
                "-v /usr/share/glvnd/egl_vendor.d:/usr/share/glvnd/egl_vendor.d:ro",
                &[],
            ),
        ],
    ),
    symptom(
        "encoder-unsupported",
        Program,
        &[
            "NvEncOpenEncodeSessionEx returned error 2",
            "OpenEncodeSessionEx failed: unsupported device",
            "OpenEncodeSessionEx failed: out of memory",
            "nvEncOpenEncodeSessionEx(*) returned error 2",
        ],
        "the encoder does not accept this GPU",
        &[
            from("with several GPUs it counts those of the host", "give GPU 0, or all", &[]),
            from(
                "the GPU has no encoder (A100, H100), or too many sessions are open",
                "nvidia-smi encodersessions",
                &[],
            ),
        ],
    ),
    symptom(
        "musl",
        Program,
        &[
            "Error relocating * libnvidia",
            "Error loading shared library ld-linux-x86-64.so.2",
            "nvidia-smi: not found * alpine",
            "ld-linux-x86-64.so.2: No such file or directory",
        ],
        "the driver's programs need glibc, the image has musl",
        &[from(
            "an image on Alpine",
            "use an image with glibc (debian, ubuntu, ubi), or install gcompat for libraries",
            &[],
        )],
    ),
    symptom(
        "libcuda-not-found",
        Program,
        &[
            "libcuda.so.1: cannot open shared object file",
            "libcuda.so: cannot open shared object file",
            "Could not load dynamic library 'libcuda.so.1'",
            "Could not find cuda drivers on your machine, GPU will not be used",
            "Failed to dlopen libcuda.so",
            "was unable to find libcuda.so DSO loaded into this program",
            "failed call to cuInit: UNKNOWN ERROR (303)",
        ],
        "the program does not find libcuda: no GPU was given, or the loader does not look where it is",
        &[
            from(
                "the container was started without a GPU",
                "add --gpus all, or --device nvidia.com/gpu=all",
                &[],
            ),
            from(
                "NVIDIA_DRIVER_CAPABILITIES lacks `compute`",
                "set NVIDIA_DRIVER_CAPABILITIES=compute,utility",
                &[],
            ),
            from(
                "the loader cache of the image was not updated",
                "look whether the toolkit's hook ran; longshore doctor --container ID",
                &[IMAGE_LOADER],
            ),
            from("while building: there is no driver", "link against /usr/local/cuda/lib64/stubs", &[]),
        ],
    ),
    symptom(
        "libcuda-link",
        Program,
        &["cannot find -lcuda", "ld: cannot find -lcuda"],
        "the linker finds no libcuda.so: that name belongs to the toolkit's stub, not to the driver",
        &[
            from(
                "the folder of the stubs is not searched",
                "-L/usr/local/cuda/lib64/stubs, or LIBRARY_PATH=/usr/local/cuda/lib64/stubs while it is built (never LD_LIBRARY_PATH)",
                &[],
            ),
            from("the image has no CUDA toolkit", "build in the `devel` flavour", &[]),
            from(
                "the driver was injected, and only as libcuda.so.1",
                "longshore doctor --container ID",
                &[IMAGE_LOADER],
            ),
        ],
    ),
    symptom(
        "file-too-short",
        Program,
        &[
            "libnvidia-ml.so.1: file too short",
            "libcuda.so.1: file too short",
            "*.so*: file too short",
            "is empty, not checked",
        ],
        "the image holds empty files in the place of driver libraries",
        &[from(
            "the image was made by `docker commit` of a GPU container, or while building with a GPU",
            "remove the empty files in the image: find / -name 'lib*nvidia*.so*' -size 0",
            &[IMAGE_FILES],
        )],
    ),
    symptom(
        "jetson-dla",
        Program,
        &["libnvdla_compiler.so: cannot open shared object file", "libnvinfer * libnvdla"],
        "an image for Jetson expects libraries of the host's L4T release",
        &[from(
            "the image is for another L4T release, or --runtime=nvidia is missing",
            "docker run --runtime=nvidia; an image whose tag names this L4T release",
            &[],
        )],
    ),
    symptom(
        "unknown-libc",
        Program,
        &["version `GLIBC_*' not found", "GLIBC_* not found (required by"],
        "the program needs a newer C library than there is",
        &[
            from("the image is older than the program", "an image with a newer distribution", &[]),
            from(
                "libraries of the host came into the container (Apptainer --nv)",
                "use an image that is as new as the host",
                &[],
            ),
        ],
    ),
];
