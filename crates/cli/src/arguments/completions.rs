//! Completion scripts for bash, zsh and fish, from the tables that drive parsing and help.
//!
//! Each script holds one row per command: the words that lead to it, then its commands and
//! options. Arguments are completed as files, which is what most of them are.

use super::{Command, Flag, Kind, Program};
use std::fmt::Write;

/// A shell that a script can be written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    /// GNU bash 4 and later, with or without bash-completion.
    Bash,
    /// zsh 5.
    Zsh,
    /// fish 3.
    Fish,
}

/// Every shell, by the name that users type.
pub(crate) const SHELLS: &[(&str, Shell)] =
    &[("bash", Shell::Bash), ("zsh", Shell::Zsh), ("fish", Shell::Fish)];

/// The script that completes a program's command line.
pub(crate) fn script(program: &Program, shell: Shell) -> String {
    let rows = rows(&program.root);
    match shell {
        Shell::Bash => bash(program.root.name, &rows),
        Shell::Zsh => zsh(program.root.name, &rows),
        Shell::Fish => fish(program.root.name, &rows),
    }
}

/// A command with the words that lead to it, the program's name left out.
struct Row<'a> {
    path: Vec<&'static str>,
    command: &'a Command,
}

fn rows(root: &Command) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    collect(root, &[], &mut rows);
    rows
}

fn collect<'a>(command: &'a Command, path: &[&'static str], rows: &mut Vec<Row<'a>>) {
    rows.push(Row { path: path.to_vec(), command });
    for inner in command.commands {
        let deeper: Vec<&'static str> = path.iter().copied().chain([inner.name]).collect();
        collect(inner, &deeper, rows);
    }
}

/// The options of a command that its help shows, with `--help`.
fn flags(command: &Command) -> impl Iterator<Item = (String, &'static str)> {
    let own = command.flags.iter().filter(|flag| !flag.hidden).map(|flag| (dashed(flag), flag.help));
    own.chain([("--help".to_owned(), "Show help")])
}

fn dashed(flag: &Flag) -> String {
    if flag.name.len() == 1 { format!("-{}", flag.name) } else { format!("--{}", flag.name) }
}

fn words(row: &Row<'_>) -> String {
    let commands = row.command.commands.iter().map(|command| command.name.to_owned());
    commands.chain(flags(row.command).map(|(name, _)| name)).collect::<Vec<_>>().join(" ")
}

/// Options after which a value stands as a word of its own.
fn valued(row: &Row<'_>) -> Vec<String> {
    row.command.flags.iter().filter(|flag| flag.kind != Kind::Switch).map(dashed).collect()
}

fn function(name: &str) -> String {
    format!("_{}", name.replace('-', "_"))
}

fn bash(name: &str, rows: &[Row<'_>]) -> String {
    let function = function(name);
    let mut text =
        format!("# bash completion of {name}; generated from its argument tables\n{function}() {{\n");
    text.push_str(WALK);
    text.push_str("    case \"$path\" in\n");
    for row in rows {
        let _ = writeln!(text, "        '{}') words='{}';;", row.path.join(" "), words(row));
    }
    text.push_str("    esac\n");
    text.push_str("    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n");
    text.push_str("    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$current\"))\n}\n");
    let _ = write!(text, "{function}_commands() {{\n    case \"$1\" in\n");
    for row in rows.iter().filter(|row| !row.command.commands.is_empty()) {
        let names: Vec<&str> = row.command.commands.iter().map(|command| command.name).collect();
        let _ = writeln!(text, "        '{}') echo ' {} ';;", row.path.join(" "), names.join(" "));
    }
    let _ = write!(text, "    esac\n}}\n{function}_valued() {{\n    case \"$1\" in\n");
    for row in rows.iter().filter(|row| !valued(row).is_empty()) {
        let _ = writeln!(text, "        '{}') echo ' {} ';;", row.path.join(" "), valued(row).join(" "));
    }
    let _ = write!(text, "    esac\n}}\ncomplete -o filenames -F {function} {name}\n");
    text.replace("@FUNCTION@", &function)
}

/// Finds the command that the words before the cursor lead to; the value of an option is no command.
const WALK: &str = r#"    local current="${COMP_WORDS[COMP_CWORD]}" path='' words='' value='' word i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word="${COMP_WORDS[i]}"
        if [ -n "$value" ]; then value=''; continue; fi
        case "$(@FUNCTION@_valued "$path")" in *" $word "*) value=yes; continue;; esac
        case "$(@FUNCTION@_commands "$path")" in *" $word "*) path="${path:+$path }$word";; esac
    done
    if [ -n "$value" ]; then COMPREPLY=($(compgen -f -- "$current")); return; fi
"#;

fn zsh(name: &str, rows: &[Row<'_>]) -> String {
    let function = function(name);
    let mut text =
        format!("#compdef {name}\n# Generated from the argument tables of {name}.\n{function}() {{\n");
    text.push_str("    local path='' word i\n    local -a known flags\n");
    text.push_str(
        "    for ((i = 2; i <= CURRENT; i++)); do\n        known=() flags=()\n        case \"$path\" in\n",
    );
    for row in rows {
        let known: Vec<String> =
            row.command.commands.iter().map(|command| described(command.name, command.about)).collect();
        let flags: Vec<String> = flags(row.command).map(|(name, help)| described(&name, help)).collect();
        let _ = writeln!(
            text,
            "            '{}') known=({}); flags=({});;",
            row.path.join(" "),
            known.join(" "),
            flags.join(" ")
        );
    }
    text.push_str("        esac\n        (( i == CURRENT )) && break\n        word=\"${words[i]}\"\n");
    text.push_str("        (( ${known[(I)${word}:*]} )) && path=\"${path:+$path }$word\"\n    done\n");
    text.push_str("    (( $#known )) && _describe -t commands command known\n");
    text.push_str("    [[ \"$PREFIX\" = -* ]] && _describe -t options option flags\n");
    let _ = write!(text, "    (( $#known )) || _files\n}}\ncompdef {function} {name}\n");
    text
}

/// `'name:what it does'`, quoted for zsh.
fn described(name: &str, about: &str) -> String {
    format!("'{}:{}'", name.replace(':', "\\:"), quoted(about))
}

fn quoted(text: &str) -> String {
    text.replace('\'', "'\\''")
}

fn fish(name: &str, rows: &[Row<'_>]) -> String {
    let mut text = format!("# fish completion of {name}; generated from its argument tables\n");
    for row in rows {
        let condition = condition(row);
        for command in row.command.commands {
            let _ = writeln!(
                text,
                "complete -c {name} -n '{condition}' -f -a {} -d '{}'",
                command.name,
                escaped(command.about)
            );
        }
        for (flag, help) in flags(row.command) {
            let option = match flag.strip_prefix("--") {
                Some(long) => format!("-l {long}"),
                None => format!("-s {}", flag.trim_start_matches('-')),
            };
            let value = if valued(row).contains(&flag) { " -r" } else { "" };
            let _ =
                writeln!(text, "complete -c {name} -n '{condition}' {option}{value} -d '{}'", escaped(help));
        }
    }
    text
}

/// When a row applies: all its words were typed, and none of its commands.
fn condition(row: &Row<'_>) -> String {
    let seen = row.path.iter().map(|word| format!("__fish_seen_subcommand_from {word}"));
    let names: Vec<&str> = row.command.commands.iter().map(|command| command.name).collect();
    let unseen = (!names.is_empty()).then(|| format!("not __fish_seen_subcommand_from {}", names.join(" ")));
    let parts: Vec<String> = seen.chain(unseen).collect();
    if parts.is_empty() { "true".to_owned() } else { parts.join("; and ") }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_knows_each_command_and_option() {
        for program in crate::commands::programs() {
            for (name, shell) in SHELLS {
                let script = script(program, *shell);
                for row in rows(&program.root) {
                    let last = row.path.last().copied().unwrap_or(program.root.name);
                    assert!(script.contains(last), "{name}: no {last}");
                    for (flag, _) in flags(row.command) {
                        assert!(script.contains(flag.trim_start_matches('-')), "{name}: no {flag}");
                    }
                }
            }
        }
    }
}
