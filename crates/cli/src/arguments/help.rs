//! The help text of a command, in the layout that urfave/cli made familiar.

use super::{Command, Flag, Kind, Program};
use std::fmt::Write;

/// The help of the innermost command of `path`.
pub(crate) fn help(program: &Program, path: &[&'static Command]) -> String {
    let Some((command, outer)) = path.split_last() else { return String::new() };
    let name = full_name(program, path);
    let mut text =
        format!("NAME:\n   {name} - {}\n\nUSAGE:\n   {}\n", command.about, usage(&name, command, outer));
    if outer.is_empty() {
        let _ = write!(text, "\nVERSION:\n   {}\n", (program.version)());
    }
    section(&mut text, "COMMANDS", commands(command));
    let own = if outer.is_empty() { "GLOBAL OPTIONS" } else { "OPTIONS" };
    section(&mut text, own, options(command, outer.is_empty()));
    if !outer.is_empty() {
        section(
            &mut text,
            "GLOBAL OPTIONS",
            outer.iter().flat_map(|command| command.flags).filter_map(row).collect(),
        );
    }
    text
}

/// The commands of a program, and how to learn more of each.
pub(crate) fn overview(program: &Program) -> String {
    let mut rows = commands(&program.root);
    rows.pop();
    let width = widest(&rows);
    let lines: String = rows.iter().map(|(left, right)| format!("  {left:width$}  {right}\n")).collect();
    format!("{lines}\n`{} VERB --help` tells more.\n", program.root.name)
}

/// The name by which a user calls the innermost command.
pub(crate) fn called(path: &[&'static Command]) -> String {
    path.iter().map(|command| command.name).collect::<Vec<_>>().join(" ")
}

/// The name by which the help calls a command: the program's title and the commands down to it.
pub(crate) fn full_name(program: &Program, path: &[&'static Command]) -> String {
    let inner = path.iter().skip(1).map(|command| command.name);
    std::iter::once(program.title).chain(inner).collect::<Vec<_>>().join(" ")
}

fn usage(name: &str, command: &Command, outer: &[&'static Command]) -> String {
    let options = if outer.is_empty() { "[global options]" } else { "[options]" };
    let commands = if command.commands.is_empty() { "" } else { " [command [command options]]" };
    let space = if command.arguments.is_empty() { "" } else { " " };
    format!("{name} {options}{commands}{space}{}", command.arguments)
}

pub(super) type Rows = Vec<(String, String)>;

fn commands(command: &Command) -> Rows {
    let mut rows: Rows = command.commands.iter().map(command_row).collect();
    if !rows.is_empty() {
        rows.push(("help, h".into(), "Shows the commands, or the help of one".into()));
    }
    rows
}

fn command_row(command: &Command) -> (String, String) {
    let names: Vec<&str> = std::iter::once(command.name).chain(command.aliases.iter().copied()).collect();
    (names.join(", "), command.about.to_owned())
}

/// The options of a command as the help shows them: names on the left, what they do on the right.
pub(super) fn options(command: &Command, root: bool) -> Rows {
    let mut rows: Rows = command.flags.iter().filter_map(row).collect();
    rows.push(("--help, -h".into(), "Show help".into()));
    if root {
        rows.push(("--version, -v".into(), "Print the version".into()));
    }
    rows
}

/// Names with placeholder on the left; help, default and environment on the right.
fn row(flag: &Flag) -> Option<(String, String)> {
    if flag.hidden {
        return None;
    }
    let placeholder = if flag.kind == Kind::Switch { "" } else { " string" };
    let names =
        std::iter::once(&flag.name).chain(flag.aliases).map(|name| format!("{}{placeholder}", dashed(name)));
    let mut left = names.collect::<Vec<_>>().join(", ");
    if flag.kind == Kind::List {
        let _ = write!(left, " [ {}{placeholder} ]", dashed(flag.name));
    }
    let mut right = flag.help.to_owned();
    if !flag.default.is_empty() {
        let values: Vec<String> = match flag.kind {
            Kind::List => flag.default.split(',').map(|value| format!("{value:?}")).collect(),
            Kind::Text | Kind::Switch => vec![format!("{:?}", flag.default)],
        };
        let _ = write!(right, " (default: {})", values.join(", "));
    }
    if !flag.env.is_empty() {
        let names: Vec<String> = flag.env.iter().map(|name| format!("${name}")).collect();
        let _ = write!(right, " [{}]", names.join(", "));
    }
    Some((left, right))
}

fn dashed(name: &str) -> String {
    if name.chars().count() == 1 { format!("-{name}") } else { format!("--{name}") }
}

fn section(text: &mut String, title: &str, rows: Rows) {
    if rows.is_empty() {
        return;
    }
    let width = widest(&rows);
    let _ = write!(text, "\n{title}:\n");
    for (left, right) in rows {
        let _ = writeln!(text, "   {left:width$}  {right}");
    }
}

fn widest(rows: &Rows) -> usize {
    rows.iter().map(|(left, _)| left.chars().count()).max().unwrap_or_default()
}
