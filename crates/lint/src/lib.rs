//! Finds GPU mistakes in container files before anything is built.
//!
//! The way of one file: its [`Kind`] chooses the reader, the reader makes a model with byte spans,
//! the rules of that kind look at the model and put [`Finding`]s into a [`Sink`], ignore comments
//! are applied, and `output` renders. Nothing here reads a disk: the caller gives all texts, and
//! [`references`] says which further files the given ones name.
//!
//! A rule says nothing when it does not know.

pub mod commands;
pub mod compose;
pub mod dockerfile;
mod engine;
mod facts;
mod file;
mod finding;
pub mod fixes;
mod gitignore;
pub mod kubernetes;
mod options;
pub mod output;
mod rule;
pub mod rules;
pub mod shell;
mod sink;
mod suppress;
mod text;
pub mod yaml;

pub use engine::{Report, check, references};
pub use file::{File, Files, Kind};
pub use finding::{Applicability, Edit, Finding, Fix, Label};
pub use gitignore::Gitignore;
pub use options::Options;
pub use rule::{Check, Context, Family, Rule};
pub use sink::Sink;
pub use text::{Lines, Position, Span};

#[cfg(test)]
mod pages;
