//! Numbers of MIG capabilities: the minors of `/dev/nvidia-caps/nvidia-cap<minor>`.
//!
//! The driver gives them out in a fixed order, seen in `/proc/driver/nvidia-caps/mig-minors`: two for
//! the system, then for each of 32 GPUs and each of its 15 GPU instances one for the instance and one
//! for each of its 8 compute instances.

/// GPUs that have capabilities.
pub(crate) const GPUS: u32 = 32;
/// GPU instances of a GPU.
pub(crate) const GPU_INSTANCES: u32 = 15;
/// Compute instances of a GPU instance.
pub(crate) const COMPUTE_INSTANCES: u32 = 8;

/// The capability to change the MIG layout.
pub(crate) const CONFIG: u32 = 1;
/// The capability to watch it.
pub(crate) const MONITOR: u32 = 2;

/// The capability of a GPU instance.
pub(crate) const fn gpu_instance(gpu: u32, instance: u32) -> u32 {
    3 + (gpu * GPU_INSTANCES + instance) * (COMPUTE_INSTANCES + 1)
}

/// The capability of a compute instance.
pub(crate) const fn compute_instance(gpu: u32, instance: u32, compute: u32) -> u32 {
    gpu_instance(gpu, instance) + 1 + compute
}
