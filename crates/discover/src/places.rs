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

/// Directories of 64-bit libraries that are looked at where neither the usual ones nor the loader's
/// cache have any: NixOS, Talos, Google's nodes, distributions without `lib64`.
pub(crate) const LAST_LIBRARIES: &[&str] = &[
    "/run/opengl-driver/lib",
    "/usr/local/glibc/usr/lib",
    "/usr/local/glibc/lib",
    "/usr/local/nvidia/lib64",
    "/var/lib/nvidia/lib64",
    "/home/kubernetes/bin/nvidia/lib64",
    "/usr/lib",
    "/lib",
];

/// Further directories of 64-bit libraries on Tegra systems.
pub(crate) const TEGRA_LIBRARIES: &[&str] =
    &["/usr/lib/aarch64-linux-gnu/nvidia", "/usr/lib/aarch64-linux-gnu/tegra"];

/// The file by which a Tegra system is known.
pub(crate) const TEGRA_RELEASE: &str = "/etc/nv_tegra_release";

/// Directories of 32-bit libraries: Debian, the installer and Arch, Fedora.
pub(crate) const LIBRARIES_32: &[&str] =
    &["/usr/lib/i386-linux-gnu", "/usr/lib/i386-linux-gnu/nvidia/current", "/usr/lib32", "/usr/lib"];

/// Directories of programs.
pub(crate) const PROGRAMS: &[&str] =
    &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Directories of programs that containers do not look in (NixOS; Debian's packages before their
/// alternatives are made): what is found there appears in `/usr/bin`.
pub(crate) const LAST_PROGRAMS: &[&str] = &["/run/current-system/sw/bin", "/usr/lib/nvidia/current"];

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
pub(crate) const CONFIGS: &[&str] = &["/etc", "/usr/local/share", "/usr/share", "/run/opengl-driver/share"];

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

/// Libraries that are taken only when asked for (`enable-explicit-driver-libraries`): those through which
/// programs reach the driver's.
pub(crate) const EXPLICIT: &[&str] = &[
    "libEGL.so",
    "libGL.so",
    "libGLESv1_CM.so",
    "libGLESv2.so",
    "libGLX.so",
    "libGLdispatch.so",
    "libOpenCL.so",
    "libOpenGL.so",
    "libnvidia-api.so",
    "libnvidia-egl-xcb.so",
    "libnvidia-egl-xlib.so",
];

/// Name stems of libraries that belong to the driver but count their versions themselves; at least
/// two numbers follow `.so`.
pub(crate) const OWN_VERSIONS: &[&str] = &[
    "libnvidia-egl-gbm",
    "libnvidia-egl-wayland",
    "libnvidia-egl-wayland2",
    "libnvidia-egl-xcb",
    "libnvidia-egl-xlib",
];
