//! OpenCL, OpenGL and GLX.

use crate::codes::*;
use crate::explain::Speaker::Program;
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "opencl-no-platform",
        Program,
        &[
            "CL_PLATFORM_NOT_FOUND_KHR",
            "clGetPlatformIDs(): CL_PLATFORM_NOT_FOUND_KHR",
            "clGetPlatformIDs failed: PLATFORM_NOT_FOUND_KHR",
            "clGetDeviceIDs(): CL_DEVICE_NOT_FOUND",
            "No OpenCL-compatible or CUDA-compatible platform found",
            "No OpenCL, Metal, HIP or CUDA * platform found",
            "No OpenCL platform found. (-32)",
            "No devices found/left",
            "Number of platforms 0",
        ],
        "the OpenCL loader finds no driver: it looks for files in /etc/OpenCL/vendors",
        &[
            from(
                "the image lacks nvidia.icd: the toolkit brings the library, and often not that file",
                "mkdir -p /etc/OpenCL/vendors && echo libnvidia-opencl.so.1 > /etc/OpenCL/vendors/nvidia.icd, or mount the host's",
                &[],
            ),
            from(
                "the container was started without a GPU, or without its `compute` part",
                "--gpus all and NVIDIA_DRIVER_CAPABILITIES=compute,utility",
                &[],
            ),
            from(
                "on the host: the driver's OpenCL package is missing",
                "install nvidia-opencl-icd (libnvidia-compute-VERSION, nvidia-driver-cuda)",
                &[],
            ),
        ],
    ),
    symptom(
        "no-glx",
        Program,
        &[
            "libGL error: No matching fbConfigs or visuals found",
            "libGL error: No matching fbConfigs or visuals found * libGL error: failed to load driver: swrast",
            "libGL error: failed to load driver: swrast",
            "X Error of failed request: BadValue * (X_GLXCreateContext)",
            "X Error of failed request: GLXBadContext",
            "X Error of failed request: GLXBadFBConfig",
            "Unable to create a suitable GLXContext",
            "Failed to create an OpenGL context. GLXBadDrawable",
            "Failed to create an OpenGL context * GLXBadDrawable",
        ],
        "OpenGL went to Mesa's library in the image, and the X server belongs to the NVIDIA driver",
        &[
            from(
                "the driver's graphics libraries were not given to the container",
                "-e NVIDIA_DRIVER_CAPABILITIES=all (graphics,display) when it is started",
                &[],
            ),
            from(
                "the image has no glvnd, through which the driver's library is found",
                "install libglvnd0, libgl1, libglx0 and libegl1 in the image",
                &[],
            ),
            from(
                "the X server is another machine's (ssh -X), or does not run on the NVIDIA GPU",
                "glxinfo -B on the host; VirtualGL, or EGL without X",
                &[],
            ),
            from(
                "the host's graphics packages came after the CDI specification",
                "sudo nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml",
                &[CDI_STALE],
            ),
        ],
    ),
];
