//! Facts, checks and causes: why a container does not get its GPU.
//!
//! Three steps, each a value for the next. [`facts::collect`] looks at the machine once, in
//! parallel, each look with its own deadline, and gives [`Facts`]: serialisable, versioned, and
//! honest about what could not be read. [`diagnose`] runs the [`checks::ALL`] (pure functions over
//! the facts) and orders what they found by cause: one root on top, its consequences folded under
//! it, independent problems as rivals. [`report`] turns the [`Diagnosis`] into text or JSON.
//!
//! What makes `docker run --gpus` work or fail is taken from observation of Docker 20.10 to 29:
//! the daemon looks **once, when it starts**, for `nvidia-container-runtime-hook` (from 29.2 on
//! also `nvidia-cdi-hook`) **in its own `PATH`**. `runtimes.nvidia` in `daemon.json` matters only for
//! `--runtime=nvidia`.

mod check;
pub mod checks;
pub mod codes;
mod diagnosis;
pub mod explain;
pub mod facts;
mod http;
pub mod probe;
mod redaction;
mod remedy;
pub mod repair;
pub mod report;
mod serving;
mod specifications;

pub use check::{Check, Layer};
pub use diagnosis::{Cause, Diagnosis, Line, SCHEMA, State, diagnose};
pub use facts::{Facts, Options, collect};
pub use redaction::redacted;
pub use remedy::Remedy;
pub use report::verdict;
