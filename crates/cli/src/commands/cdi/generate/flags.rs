//! The options of `cdi generate`.

use crate::arguments::Flag;

pub(in super::super) const FLAGS: &[Flag] = &[
    Flag::list(
        "config-search-path",
        "Directory to search for EGL, Vulkan, X.org and OpenCL files, instead of the usual ones",
    )
    .env(&["NVIDIA_CTK_CDI_GENERATE_CONFIG_SEARCH_PATHS"]),
    Flag::text("output", "File to write; standard output when empty")
        .env(&["NVIDIA_CTK_CDI_OUTPUT_FILE_PATH"]),
    Flag::text("format", "json or yaml; the ending of the output file decides when it has one")
        .default("yaml")
        .env(&["NVIDIA_CTK_CDI_GENERATE_OUTPUT_FORMAT"]),
    Flag::text(
        "mode",
        "How devices are found: auto, csv, gdrcopy, gds, imex, management, mofed, nvml, nvswitch or wsl",
    )
    .aliases(&["discovery-mode"])
    .default("auto")
    .env(&["NVIDIA_CTK_CDI_GENERATE_MODE"]),
    Flag::text("dev-root", "Root below which dev lies; otherwise the driver's root")
        .env(&["NVIDIA_CTK_DEV_ROOT"]),
    Flag::list(
        "device-name-strategy",
        "How devices are named: index, uuid or type-index; each gives every device a name",
    )
    .default("index,uuid")
    .env(&["NVIDIA_CTK_CDI_GENERATE_DEVICE_NAME_STRATEGIES"]),
    Flag::text("driver-root", "Root of the driver's files; otherwise as the settings say")
        .env(&["NVIDIA_CTK_DRIVER_ROOT"]),
    Flag::list(
        "library-search-path",
        "Directory to search for the driver's libraries, instead of the usual ones",
    )
    .env(&["NVIDIA_CTK_CDI_GENERATE_LIBRARY_SEARCH_PATHS"]),
    Flag::text("nvidia-cdi-hook-path", "Path of the hook's program; otherwise searched in PATH")
        .aliases(&["nvidia-ctk-path"])
        .env(&["NVIDIA_CTK_CDI_HOOK_PATH"]),
    Flag::text("ldconfig-path", "Accepted for compatibility: no ldconfig is run")
        .env(&["NVIDIA_CTK_CDI_GENERATE_LDCONFIG_PATH"]),
    Flag::text("vendor", "Vendor in the names of the devices")
        .aliases(&["cdi-vendor"])
        .default("nvidia.com")
        .env(&["NVIDIA_CTK_CDI_GENERATE_VENDOR"]),
    Flag::text("class", "Class in the names of the devices")
        .aliases(&["cdi-class"])
        .default("gpu")
        .env(&["NVIDIA_CTK_CDI_GENERATE_CLASS"]),
    Flag::list("csv.file", "Mount specification, for --mode=csv").env(&["NVIDIA_CTK_CDI_GENERATE_CSV_FILES"]),
    Flag::list("csv.ignore-pattern", "Links of mount specifications to leave out, for --mode=csv")
        .env(&["NVIDIA_CTK_CDI_GENERATE_CSV_IGNORE_PATTERNS"]),
    Flag::text(
        "csv.compat-container-root",
        "Where the container has its compatibility libraries, for --mode=csv",
    )
    .env(&["NVIDIA_CTK_CDI_GENERATE_CSV_CONTAINER_COMPAT_ROOT"]),
    Flag::list("disable-hook", "Hook to leave out; all leaves out every hook")
        .aliases(&["disable-hooks"])
        .env(&["NVIDIA_CTK_CDI_GENERATE_DISABLED_HOOKS"]),
    Flag::list("enable-hook", "Hook to put in, whatever is left out")
        .aliases(&["enable-hooks"])
        .env(&["NVIDIA_CTK_CDI_GENERATE_ENABLED_HOOKS"]),
    Flag::list("feature-flag", "Feature to switch")
        .aliases(&["feature-flags"])
        .env(&["NVIDIA_CTK_CDI_GENERATE_FEATURE_FLAGS"]),
    Flag::switch("no-all-device", "Leave out the device all").env(&["NVIDIA_CTK_CDI_GENERATE_NO_ALL_DEVICE"]),
    Flag::list("device-id", "Index or UUID of a device to describe; all describes every device")
        .aliases(&["device-ids", "device", "devices"])
        .default("all")
        .env(&["NVIDIA_CTK_CDI_GENERATE_DEVICE_IDS"]),
    Flag::text(
        "hook-style",
        "fused: one hook does everything; separate: one hook for each task, as other toolkits have it",
    )
    .default("fused"),
    Flag::list(
        "for",
        "Engine that has to take it: docker, podman@4.3, containerd, ..., all; otherwise the installed ones",
    )
    .env(&["NVIDIA_CTK_CDI_GENERATE_FOR"]),
    Flag::switch(
        "live",
        "Name device nodes and one hook, which takes the driver's files when a container starts",
    ),
    Flag::switch("allow-incomplete", "Write it although something that containers need is missing"),
    Flag::switch("verbose", "Tell all that was found").aliases(&["v"]),
];

/// These options and others.
pub(in super::super) const fn and<const M: usize, const N: usize>(more: [Flag; M]) -> [Flag; N] {
    let mut all = [more[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < FLAGS.len() { FLAGS[at] } else { more[at - FLAGS.len()] };
        at += 1;
    }
    all
}
