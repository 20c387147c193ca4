//! What runs with what: tables of drivers, CUDA releases, images, wheels, GPUs and engines.
//!
//! Every row says where it was read and when ([`Source`]); a test holds rows against each other.
//! A question outside of the tables is answered with `None`, never with a guess. Nothing here
//! reads a disk or a network.

pub mod compat;
pub mod cuda;
pub mod cudnn;
pub mod data;
pub mod driver;
pub mod engine;
pub mod escape;
pub mod gpu;
pub mod image;
mod source;
pub mod tensorflow;
pub mod torch;
mod version;
pub mod wheel;

pub use source::{Row, Source};
pub use version::{Capability, Cuda, Numbers};

#[cfg(test)]
mod consistency;
