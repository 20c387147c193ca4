//! The model of a Dockerfile: instructions with byte spans, stages, environment, commands.

mod build;
mod document;
mod evaluate;
mod expand;
pub(crate) mod follow;
mod heredoc;
mod image;
mod logical;
mod parse;
mod run;
#[cfg(test)]
mod tests;

pub use build::{
    Action, Argument, Base, BaseImage, Build, Copy, Followed, Place, Run, Set, Source, Stage, Step,
};
pub use document::{Document, Flag, Heredoc, Instruction, JsonWord, Keyword, Problem};
pub use expand::{Value, Variable, expand, words};
pub use image::ImageName;
pub use logical::Logical;
pub(crate) use parse::UNTERMINATED;
pub use parse::parse;
