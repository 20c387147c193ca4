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
mod harmless;
mod hook;
mod hpc;
mod image;
mod kernel;
mod module;
mod packages;
mod program;
mod request;
mod runtime;

use super::Symptom;

const GROUPS: &[&[Symptom]] = &[
    request::ALL,
    packages::ALL,
    engine::ALL,
    runtime::ALL,
    hook::ALL,
    driver::ALL,
    kernel::ALL,
    module::ALL,
    cuda::ALL,
    cdi::ALL,
    access::ALL,
    image::ALL,
    program::ALL,
    framework::ALL,
    cluster::ALL,
    dra::ALL,
    hpc::ALL,
    harmless::ALL,
];

/// Every known symptom.
pub fn all() -> impl Iterator<Item = &'static Symptom> {
    GROUPS.iter().flat_map(|group| group.iter())
}
