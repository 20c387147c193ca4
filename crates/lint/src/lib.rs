//! Finds GPU mistakes in container files before anything is built.
//!
//! The way of one file: its [`Kind`] chooses the reader, the reader makes a model with byte spans,
//! the rules of that kind look at the model and put [`Finding`]s into a [`Sink`], ignore comments
//! are applied, and `output` renders. Nothing here reads a disk: the caller gives all texts, and
//! [`references`] says which further files the given ones name.
//!
//! A rule says nothing when it does not know.

mod baseline;
pub mod commands;
pub mod compose;
pub mod config;
pub mod devcontainer;
pub mod dockerfile;
mod engine;
mod facts;
mod file;
mod finding;
pub mod fixes;
mod gitignore;
pub mod kubernetes;
mod nearest;
mod options;
pub mod output;
mod rule;
pub mod rules;
pub mod script;
pub mod shell;
mod sink;
mod suppress;
mod text;
pub mod yaml;

pub use baseline::Baseline;
pub use config::Config;
pub use engine::{Report, check, names_a_rule, references};
pub use file::{File, Files, Index, Kind};
pub use finding::{Applicability, Edit, Finding, Fix, Label};
pub use gitignore::Gitignore;
pub use options::{Ignores, Options};
pub use rule::{Check, Context, Family, Rule};
pub use sink::Sink;
pub use text::{Lines, Position, Span};

#[cfg(test)]
mod pages;
