//! Manual pages, in the macros of `man(7)`, from the tables that drive parsing and help.

use super::{Command, Program, help};
use std::fmt::Write;

/// One page of section 1 or 8.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its name without the section: `longshore-lint`.
    pub(crate) name: String,
    /// The page as roff source.
    pub(crate) text: String,
}

/// The pages of a program: its own, and one for each verb.
pub(crate) fn pages(program: &Program) -> Vec<Page> {
    let root = &program.root;
    let verbs = root.commands.iter().map(|verb| page(program, &[root, verb]));
    std::iter::once(page(program, &[root])).chain(verbs).collect()
}

fn page(program: &Program, path: &[&Command]) -> Page {
    let name = path.iter().map(|command| command.name).collect::<Vec<_>>().join("-");
    let version = (program.version)();
    let version = version.lines().next().unwrap_or_default();
    let mut text = format!(
        ".\\\" Generated from the argument tables.\n.TH {} 1 \"\" \"longshore {}\" \"Longshore\"\n",
        escape(&name.to_uppercase()),
        escape(version)
    );
    if let Some(command) = path.last() {
        let _ = write!(text, ".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n", escape(&name), escape(command.about));
        synopsis(&mut text, path);
        options(&mut text, ".SH OPTIONS", command, path.len() == 1);
        if path.len() == 1 {
            verbs(&mut text, &name, command);
        } else {
            subcommands(&mut text, path, command);
        }
    }
    closing(&mut text, program, path.len() > 1);
    Page { name, text }
}

fn synopsis(text: &mut String, path: &[&Command]) {
    let called = path.iter().map(|command| command.name).collect::<Vec<_>>().join(" ");
    let Some(command) = path.last() else { return };
    let group = if command.commands.is_empty() { "" } else { " [\\fICOMMAND\\fR]" };
    let arguments =
        if command.arguments.is_empty() { String::new() } else { format!(" {}", escape(command.arguments)) };
    let _ = writeln!(text, "\\fB{}\\fR [\\fIOPTIONS\\fR]{group}{arguments}", escape(&called));
}

fn options(text: &mut String, heading: &str, command: &Command, root: bool) {
    let rows = help::options(command, root);
    let _ = writeln!(text, "{heading}");
    for (names, about) in rows {
        let _ = write!(text, ".TP\n\\fB{}\\fR\n{}\n", escape(&names), line(&about));
    }
}

fn verbs(text: &mut String, name: &str, command: &Command) {
    text.push_str(".SH COMMANDS\n");
    for verb in command.commands {
        let _ =
            write!(text, ".TP\n\\fB{}\\-{}\\fR(1)\n{}\n", escape(name), escape(verb.name), line(verb.about));
    }
}

/// All commands below a verb, however deep, each with its options.
fn subcommands(text: &mut String, path: &[&Command], command: &Command) {
    for inner in command.commands {
        let deeper: Vec<&Command> = path.iter().copied().chain([inner]).collect();
        let called = deeper.iter().skip(2).map(|command| command.name).collect::<Vec<_>>().join(" ");
        let _ = write!(text, ".SH {}\n{}\n.PP\n", escape(&called.to_uppercase()), line(inner.about));
        synopsis(text, &deeper);
        options(text, ".PP", inner, false);
        subcommands(text, &deeper, inner);
    }
}

fn closing(text: &mut String, program: &Program, verb: bool) {
    if program.manners == super::Manners::Own {
        text.push_str(
            ".SH EXIT STATUS\n.TP\n0\nAll is well.\n.TP\n1\nFindings, or a failure.\n.TP\n2\nWrong usage, or it could not run.\n",
        );
    }
    if verb {
        let _ = write!(text, ".SH SEE ALSO\n\\fB{}\\fR(1)\n", escape(program.root.name));
    }
}

/// Text that roff takes literally: no escapes, and hyphens that can be searched and copied.
fn escape(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

/// A whole line of text, which must not begin like a request.
fn line(text: &str) -> String {
    let text = escape(text);
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_users_is_not_taken_for_requests() {
        assert_eq!(line(".SH"), "\\&.SH");
        assert_eq!(line("a\\b --c"), "a\\eb \\-\\-c");
    }

    #[test]
    fn each_program_and_verb_has_a_page() {
        for program in crate::commands::programs() {
            let pages = pages(program);
            assert_eq!(pages.len(), program.root.commands.len() + 1);
            for page in pages {
                assert!(page.text.contains(".SH NAME\n"), "{}", page.name);
                assert!(page.text.contains(".SH SYNOPSIS\n"), "{}", page.name);
            }
        }
    }
}
