//! Commands and their options as static tables that drive parsing and help.

pub(crate) mod completions;
mod help;
pub(crate) mod man;
mod nearest;
mod parse;
mod run;

pub(crate) use help::overview;
pub(crate) use parse::Parsed;
pub(crate) use run::{Manners, Program, dispatch};

use crate::exit::Exit;
use crate::session::Session;

/// One option of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Other names; those of one letter are written with one dash in the help.
    pub(crate) aliases: &'static [&'static str],
    /// Environment variables that set it when the command line does not, the first that is set wins.
    pub(crate) env: &'static [&'static str],
    /// Its value when nothing sets it; the values of a list are separated by commas.
    pub(crate) default: &'static str,
    pub(crate) help: &'static str,
    pub(crate) hidden: bool,
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing, or `=true` / `=false`.
    Switch,
    /// One text; the last one counts.
    Text,
    /// Texts: the option may be repeated, and each value is split at commas.
    List,
}

impl Flag {
    /// An option that takes no value.
    pub(crate) const fn switch(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Switch, help)
    }

    /// An option with one value.
    pub(crate) const fn text(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Text, help)
    }

    /// An option with several values.
    pub(crate) const fn list(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::List, help)
    }

    /// Adds other names.
    pub(crate) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Adds environment variables.
    pub(crate) const fn env(mut self, env: &'static [&'static str]) -> Self {
        self.env = env;
        self
    }

    /// Sets the default.
    pub(crate) const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    /// Leaves it out of the help.
    pub(crate) const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    const fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { name, kind, aliases: &[], env: &[], default: "", help, hidden: false }
    }

    fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// Which arguments of a command belong to another program and are not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// None.
    None,
    /// The first that is not an option, and all after it.
    FromFirstArgument,
    /// Everything after the command's name.
    All,
}

/// What a command does with its parsed arguments.
pub(crate) type Action = fn(&mut Session, &Parsed) -> diag::Result<Exit>;

/// One command, or a group of commands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    /// One line that says what it is for.
    pub(crate) about: &'static str,
    /// What follows the options in the usage line, for example `-- COMMAND...`; empty: it takes no
    /// arguments.
    pub(crate) arguments: &'static str,
    /// Which of its arguments belong to another program.
    pub(crate) foreign: Foreign,
    pub(crate) flags: &'static [Flag],
    pub(crate) commands: &'static [Command],
    /// `None` for a group: its help is shown.
    pub(crate) action: Option<Action>,
}

impl Command {
    /// A command that does something.
    pub(crate) const fn new(name: &'static str, about: &'static str, action: Action) -> Self {
        Self { action: Some(action), ..Self::group(name, about, &[]) }
    }

    /// A group of commands.
    pub(crate) const fn group(name: &'static str, about: &'static str, commands: &'static [Self]) -> Self {
        Self {
            name,
            aliases: &[],
            about,
            arguments: "",
            foreign: Foreign::None,
            flags: &[],
            commands,
            action: None,
        }
    }

    /// Adds options.
    pub(crate) const fn flags(mut self, flags: &'static [Flag]) -> Self {
        self.flags = flags;
        self
    }

    /// Takes arguments, named like this in the usage line.
    pub(crate) const fn arguments(mut self, arguments: &'static str) -> Self {
        self.arguments = arguments;
        self
    }

    /// Ends its options at the first argument.
    pub(crate) const fn stops_at_argument(mut self) -> Self {
        self.foreign = Foreign::FromFirstArgument;
        self
    }

    /// Takes all that follows its name as arguments, also what looks like options.
    pub(crate) const fn passes_everything(mut self) -> Self {
        self.foreign = Foreign::All;
        self
    }

    /// Adds commands below one that does something by itself.
    pub(crate) const fn commands(mut self, commands: &'static [Self]) -> Self {
        self.commands = commands;
        self
    }

    /// Adds other names.
    pub(crate) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}
