//! `longshore completions` and `longshore manual`: what the tables of all commands give to shells
//! and to `man`.

use crate::arguments::{Command, Flag, Parsed, Program, completions, man};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result};

/// The row of the completion scripts.
pub(crate) const COMMAND: Command =
    Command::new("completions", "Prints the completion script for bash, zsh or fish", complete)
        .arguments("SHELL")
        .flags(&[Flag::text("program", "Program to complete").default("longshore")]);

/// The row of the manual.
pub(crate) const MANUAL: Command =
    Command::new("manual", "Prints a manual page as roff, or lists the pages", manual).arguments("[PAGE]");

fn complete(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let program = program(parsed.text("program"))?;
    let name = parsed.rest.first().map(|name| name.to_string_lossy().into_owned());
    let shell = completions::SHELLS.iter().find(|(known, _)| Some(*known) == name.as_deref());
    let Some((_, shell)) = shell else {
        let what =
            name.map_or_else(|| "no shell was named".to_owned(), |name| format!("no script for `{name}`"));
        return Err(Failure::coded(codes::BAD_ARGUMENT, what).hint("say bash, zsh or fish"));
    };
    session.out(&completions::script(program, *shell));
    Ok(Exit::Well)
}

fn program(name: &str) -> Result<&'static Program> {
    let known = super::programs();
    known.iter().copied().find(|program| program.root.name == name).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|program| program.root.name).collect();
        Failure::coded(codes::BAD_ARGUMENT, format!("no program `{name}` here"))
            .hint(format!("there are {}", names.join(", ")))
    })
}

fn manual(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let pages: Vec<man::Page> = super::programs().into_iter().flat_map(man::pages).collect();
    let Some(name) = parsed.rest.first().map(|name| name.to_string_lossy().into_owned()) else {
        pages.iter().for_each(|page| session.out(&format!("{}\n", page.name)));
        return Ok(Exit::Well);
    };
    let page = pages.iter().find(|page| page.name == name).ok_or_else(|| {
        Failure::coded(codes::BAD_ARGUMENT, format!("no manual page `{name}`"))
            .hint("`longshore manual` lists the pages")
    })?;
    session.out(&page.text);
    Ok(Exit::Well)
}
