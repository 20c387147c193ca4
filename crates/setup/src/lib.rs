//! The way from any state of a machine to a verified GPU in a container.
//!
//! [`survey`] looks at the machine once; [`route()`] is pure and makes stages of it, each a
//! `plan::Plan` with its effect stated before it happens; [`render`] shows them as text, JSON or a
//! shell script; [`carry_out`] carries them out one by one, looking anew before each, and [`undo`] takes
//! all of it back. [`verify()`] is the check list afterwards: each item really tried, and "cannot tell"
//! where it cannot be.

mod allowed;
mod carry;
mod client;
pub mod codes;
mod distribution;
pub mod keys;
mod packages;
mod probe_image;
pub mod render;
mod route;
mod sources;
mod survey;
mod verify;

pub use allowed::PROGRAMS;
pub use carry::{
    Answer, Changed, Done, Means, Outcome, Progress, Record, Teller, UndoOptions, UnitState, carry_out,
    records, undo,
};
pub use client::repair_client_file;
pub use distribution::{Distribution, Manager};
pub use route::{Kind, Route, Stage, Wishes, repair_client, route};
pub use survey::{Survey, survey};
pub use verify::{Item, Verdict, VerifyOptions, verify};
