//! The known symptoms, by who prints them. Where a text was seen stands in
//! `fixtures/explain/symptoms.txt`.

mod access;
mod cdi;
mod cluster;
mod cuda;
mod driver;
mod engine;
mod framework;
mod harmless;
mod hook;
mod image;
mod kernel;
mod module;
mod program;
mod request;
mod runtime;

use super::Symptom;

const GROUPS: &[&[Symptom]] = &[
    request::ALL,
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
    harmless::ALL,
];

/// Every known symptom.
pub fn all() -> impl Iterator<Item = &'static Symptom> {
    GROUPS.iter().flat_map(|group| group.iter())
}
