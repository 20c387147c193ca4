//! The known symptoms, by who prints them. Where a text was seen stands in
//! `fixtures/explain/symptoms.txt`.

mod access;
mod cdi;
mod cluster;
mod cuda;
mod dra;
mod driver;
mod engine;
mod framework;
mod graphics;
mod harmless;
mod hook;
mod hpc;
mod image;
mod inference;
mod jetson;
mod kernel;
mod module;
mod multi_gpu;
mod packages;
mod program;
mod rdma;
mod request;
mod runtime;
mod sandbox;
mod toolkit;
mod vgpu;
mod xid;

use super::Symptom;

const GROUPS: &[&[Symptom]] = &[
    request::ALL,
    packages::ALL,
    engine::ALL,
    runtime::ALL,
    hook::ALL,
    toolkit::ALL,
    driver::ALL,
    kernel::ALL,
    module::ALL,
    xid::ALL,
    cuda::ALL,
    multi_gpu::ALL,
    rdma::ALL,
    cdi::ALL,
    access::ALL,
    image::ALL,
    graphics::ALL,
    jetson::ALL,
    program::ALL,
    framework::ALL,
    inference::ALL,
    cluster::ALL,
    dra::ALL,
    hpc::ALL,
    sandbox::ALL,
    vgpu::ALL,
    harmless::ALL,
];

/// Every known symptom.
pub fn all() -> impl Iterator<Item = &'static Symptom> {
    GROUPS.iter().flat_map(|group| group.iter())
}
