//! The way from any state of a machine to a verified GPU in a container.
//!
//! [`survey`] looks at the machine once; [`route()`] is pure and makes stages of it, each a
//! `plan::Plan` with its effect stated before it happens; [`render`] shows them as text, JSON or a
//! shell script. [`verify()`] is the check list afterwards: each item really tried, and "cannot tell"
//! where it cannot be.

mod client;
mod distribution;
mod packages;
pub mod render;
mod route;
mod sources;
mod survey;
mod verify;

pub use distribution::{Distribution, Manager};
pub use route::{Route, Stage, Wishes, repair_client, route};
pub use survey::{Survey, survey};
pub use verify::{Item, Verdict, VerifyOptions, verify};
