//! Where distributions and installers put the driver's files, in the order in which to look.

/// Directories of 64-bit libraries. `nvidia/current` is Debian's; `/` is the driver folder of
/// Google's node images taken as a root.
pub(crate) const LIBRARIES: &[&str] = &[
    "/",
    "/usr/lib64",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu/nvidia/current",
    "/usr/lib/aarch64-linux-gnu/nvidia/current",
    "/lib64",
    "/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/lib/x86_64-linux-gnu/nvidia/current",
    "/lib/aarch64-linux-gnu/nvidia/current",
];

/// Directories of 32-bit libraries: Debian, the installer and Arch, Fedora.
pub(crate) const LIBRARIES_32: &[&str] =
    &["/usr/lib/i386-linux-gnu", "/usr/lib/i386-linux-gnu/nvidia/current", "/usr/lib32", "/usr/lib"];

/// Directories of programs.
pub(crate) const PROGRAMS: &[&str] =
    &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Programs that containers get. `nv-fabricmanager` runs on the host only.
pub(crate) const PROGRAM_NAMES: &[&str] = &[
    "nvidia-smi",
    "nvidia-debugdump",
    "nvidia-persistenced",
    "nvidia-cuda-mps-control",
    "nvidia-cuda-mps-server",
    "nvidia-imex",
    "nvidia-imex-ctl",
    "nvidia-xconfig",
];

/// Directories of configuration and data files.
pub(crate) const CONFIGS: &[&str] = &["/etc", "/usr/local/share", "/usr/share"];

/// Sockets of the driver's daemons, below the first of `/run` and `/var/run` that has them.
pub(crate) const SOCKETS: &[&str] = &["nvidia-persistenced/socket", "nvidia-fabricmanager/socket"];

/// Directories of X.org itself, in which modules are looked for after the library directories.
pub(crate) const XORG: &[&str] = &["/usr/lib/xorg", "/usr/lib64/xorg", "/usr/X11R6/lib", "/usr/X11R6/lib64"];

/// Where below an X.org directory the modules are.
pub(crate) const XORG_MODULES: &[&str] =
    &["modules/drivers", "modules/extensions", "modules/updates/drivers", "modules/updates/extensions"];

/// Nodes that every GPU container gets.
pub(crate) const CONTROL_NODES: &[&str] =
    &["/dev/nvidia-modeset", "/dev/nvidia-uvm-tools", "/dev/nvidia-uvm", "/dev/nvidiactl"];

/// Name stems of libraries that belong to the driver but count their versions themselves; at least
/// two numbers follow `.so`.
pub(crate) const OWN_VERSIONS: &[&str] = &[
    "libnvidia-egl-gbm",
    "libnvidia-egl-wayland",
    "libnvidia-egl-wayland2",
    "libnvidia-egl-xcb",
    "libnvidia-egl-xlib",
];
