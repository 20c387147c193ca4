//! Tables below `/proc` that the NVIDIA driver and the kernel write.
//!
//! The driver's texts are written by `nv-procfs.c` of the open kernel modules. Readers take what
//! they understand and leave the rest: a newer driver may add lines at any time.

mod devices;
mod gpu;
mod mig;
mod params;
mod version;

pub use devices::{Majors, devices};
pub use gpu::{GpuInformation, gpu_information};
pub use mig::{MigMinors, capability_minor, mig_minors};
pub use params::{Params, params, params_with_modification_disabled};
pub use version::driver_version;

/// `Key: value` of a line; keys and values lose the blanks around them.
fn key_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    Some((key.trim(), value.trim()))
}
