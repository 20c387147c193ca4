//! pip and uv: what an install command installs, from where.

use super::requirements::{Requirement, requirement};
use super::{base_name, is_python, proper};
use crate::dockerfile::{Argument, Followed, Run};
use crate::text::Span;

/// Which program installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// pip, as `pip`, `pip3` or `python -m pip`.
    Pip,
    /// `uv pip install`.
    UvPip,
    /// `uv add`.
    UvAdd,
    /// `uv sync`: what the lock file says.
    UvSync,
}

/// A call of pip or uv that installs.
#[derive(Clone, Debug)]
pub struct Install<'a> {
    /// Who installs.
    pub tool: Tool,
    /// The word that names the program: `pip3`, `python3.11`, `uv`.
    pub program: &'a Argument,
    /// The word that says what to do: `install`, `add`.
    pub verb: &'a Argument,
    /// What is asked for by name.
    pub requirements: Vec<Requirement>,
    /// `-r`.
    pub files: Vec<&'a Argument>,
    /// `-c`.
    pub constraints: Vec<&'a Argument>,
    /// `--index-url`, `-i`, `--default-index`: replaces the default index.
    pub index: Option<&'a Argument>,
    /// `--extra-index-url`, `--index`: beside the default index.
    pub extra_indexes: Vec<&'a Argument>,
    /// `-f`, `--find-links`.
    pub find_links: Vec<&'a Argument>,
    /// Options as written, without values.
    pub options: Vec<&'a Argument>,
    /// The value of `--torch-backend`.
    pub torch_backend: Option<&'a Argument>,
    /// Whether a word is not known, so that anything may be installed from anywhere.
    pub has_unknown: bool,
    /// The command.
    pub span: Span,
}

impl Install<'_> {
    /// Whether an option is given, by any of its names.
    #[must_use]
    pub fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|arg| {
            let text = arg.known();
            names.contains(&text.split('=').next().unwrap_or(text))
        })
    }

    /// The requirement for a package, by its normalised name.
    #[must_use]
    pub fn requirement(&self, name: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|requirement| requirement.name == name)
    }

    /// Whether it installs where nobody looks by default (`--target`, `--prefix`, `--root`).
    #[must_use]
    pub fn installs_elsewhere(&self) -> bool {
        self.has(&["-t", "--target", "--prefix", "--root"])
    }
}

/// Options with a value.
const VALUED: &[&str] = &[
    "-r",
    "--requirement",
    "--requirements",
    "-c",
    "--constraint",
    "--constraints",
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--index",
    "--default-index",
    "--torch-backend",
    "-e",
    "--editable",
    "-t",
    "--target",
    "--prefix",
    "--root",
    "--platform",
    "--python-version",
    "--implementation",
    "--abi",
    "--no-binary",
    "--only-binary",
    "--progress-bar",
    "--global-option",
    "--install-option",
    "--config-settings",
    "-C",
    "--cache-dir",
    "--timeout",
    "--retries",
    "--trusted-host",
    "--proxy",
    "--src",
    "--upgrade-strategy",
    "--log",
    "--python",
    "-p",
    "--prerelease",
    "--index-strategy",
    "--resolution",
    "--exclude-newer",
    "-P",
    "--upgrade-package",
    "--override",
    "--overrides",
    "--build-constraint",
    "-b",
    "--group",
    "--extra",
    "--no-build-isolation-package",
    "--no-build-package",
    "--no-binary-package",
    "--link-mode",
    "--keyring-provider",
    "--use-feature",
    "--use-deprecated",
    "--exists-action",
    "--report",
    "--optional",
    "--branch",
    "--tag",
    "--rev",
    "--allow-insecure-host",
    "--reinstall-package",
    "--cert",
    "--client-cert",
    "--python-platform",
];

/// The install that a command does; `None` when it is none.
#[must_use]
pub fn install(run: &Run) -> Option<Install<'_>> {
    let args = proper(run);
    if let Some(sync) = sync(run, args) {
        return Some(sync);
    }
    let (tool, program, mut rest) = program(args)?;
    // Options before the verb.
    let verb = rest.iter().position(|arg| !arg.known().starts_with('-') && arg.text.is_some())?;
    let wanted = if tool == Tool::UvAdd { "add" } else { "install" };
    if rest[verb].known() != wanted {
        return None;
    }
    let before = &rest[..verb];
    let mut out = Install {
        options: before.iter().collect(),
        has_unknown: before.iter().any(|arg| arg.text.is_none()),
        ..empty(tool, program, &rest[verb], run)
    };
    rest = &rest[verb + 1..];
    read_words(rest, &mut out);
    run.followed.iter().for_each(|followed| take_file(followed, &mut out));
    Some(out)
}

fn empty<'a>(tool: Tool, program: &'a Argument, verb: &'a Argument, run: &Run) -> Install<'a> {
    Install {
        tool,
        program,
        verb,
        requirements: Vec::new(),
        files: Vec::new(),
        constraints: Vec::new(),
        index: None,
        extra_indexes: Vec::new(),
        find_links: Vec::new(),
        options: Vec::new(),
        torch_backend: None,
        has_unknown: false,
        span: run.span,
    }
}

/// `uv sync` with the lock file that it reads; without the file nothing is known of it.
fn sync<'a>(run: &'a Run, args: &'a [Argument]) -> Option<Install<'a>> {
    let (first, rest) = args.split_first()?;
    let verb = rest.iter().find(|arg| !arg.known().starts_with('-'))?;
    let followed = run.followed.first()?;
    if base_name(first) != "uv" || verb.known() != "sync" {
        return None;
    }
    let mut out = empty(Tool::UvSync, first, verb, run);
    out.requirements.clone_from(&followed.requirements);
    Some(out)
}

/// Puts what a followed file says in the place of its name.
fn take_file<'a>(followed: &'a Followed, out: &mut Install<'a>) {
    out.has_unknown |= followed.has_unknown;
    if followed.constrains {
        for requirement in out.requirements.iter_mut().filter(|requirement| requirement.is_free()) {
            if let Some(limit) = followed.requirements.iter().find(|limit| limit.name == requirement.name) {
                requirement.specifier.clone_from(&limit.specifier);
            }
        }
        return;
    }
    out.files.retain(|file| file.span != followed.span);
    out.requirements.extend(followed.requirements.iter().cloned());
    for (name, value) in &followed.sources {
        match *name {
            "--index-url" => out.index = out.index.or(Some(value)),
            "--extra-index-url" => out.extra_indexes.push(value),
            "--find-links" => out.find_links.push(value),
            _ => out.has_unknown = true,
        }
    }
}

/// Tool, program word and what follows: the verb first, perhaps behind options.
fn program(args: &[Argument]) -> Option<(Tool, &Argument, &[Argument])> {
    let (first, rest) = args.split_first()?;
    let name = base_name(first);
    let is_pip =
        name.strip_prefix("pip").is_some_and(|tail| tail.chars().all(|c| c.is_ascii_digit() || c == '.'));
    if is_pip {
        return Some((Tool::Pip, first, rest));
    }
    if is_python(name) {
        let module = rest.iter().position(|arg| arg.known() == "-m")?;
        let before_are_options = rest[..module].iter().all(|arg| arg.known().starts_with('-'));
        let is_pip = rest.get(module + 1).is_some_and(|arg| arg.known() == "pip");
        return (before_are_options && is_pip).then(|| (Tool::Pip, first, &rest[module + 2..]));
    }
    if name == "uv" {
        let at = rest.iter().position(|arg| !arg.known().starts_with('-'))?;
        return match rest[at].known() {
            "pip" => Some((Tool::UvPip, first, &rest[at + 1..])),
            "add" => Some((Tool::UvAdd, first, &rest[at..])),
            _ => None,
        };
    }
    None
}

fn read_words<'a>(rest: &'a [Argument], out: &mut Install<'a>) {
    let mut at = 0;
    while let Some(arg) = rest.get(at) {
        at += 1;
        let Some(text) = arg.text.as_deref() else {
            out.has_unknown = true;
            continue;
        };
        if !text.starts_with('-') || text == "-" {
            out.requirements.extend(requirement(text, arg.span, arg.exact));
            continue;
        }
        out.options.push(arg);
        let name = text.split('=').next().unwrap_or(text);
        let short = text.len() > 2
            && !text.starts_with("--")
            && text.get(..2).is_some_and(|start| VALUED.contains(&start));
        if VALUED.contains(&name) && !text.contains('=') {
            if let Some(value) = rest.get(at) {
                at += 1;
                out.has_unknown |= value.text.is_none() && is_source(name);
                option(name, value, out);
            }
        } else if text.contains('=') {
            option(name, arg, out);
        } else if short {
            option(&text[..2], arg, out);
        }
    }
}

/// Options whose value says what is installed or from where.
fn is_source(name: &str) -> bool {
    matches!(
        name,
        "-r" | "--requirement"
            | "--requirements"
            | "-c"
            | "--constraint"
            | "--constraints"
            | "-i"
            | "--index-url"
            | "--extra-index-url"
            | "-f"
            | "--find-links"
            | "--index"
            | "--default-index"
            | "--torch-backend"
    )
}

fn option<'a>(name: &str, value: &'a Argument, out: &mut Install<'a>) {
    match name {
        "-r" | "--requirement" | "--requirements" => out.files.push(value),
        "-c" | "--constraint" | "--constraints" => out.constraints.push(value),
        "-i" | "--index-url" | "--default-index" => out.index = Some(value),
        "--extra-index-url" | "--index" => out.extra_indexes.push(value),
        "-f" | "--find-links" => out.find_links.push(value),
        "--torch-backend" => out.torch_backend = Some(value),
        _ => {}
    }
}

/// The value of an option word: what follows `=`, or the word itself.
#[must_use]
pub fn value_of(arg: &Argument) -> &str {
    let text = arg.known();
    match text.split_once('=') {
        Some((name, value)) if name.starts_with("--") => value,
        _ if text.starts_with('-') && text.len() > 2 && !text.starts_with("--") => {
            text.get(2..).unwrap_or(text)
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::run;
    use super::*;

    #[test]
    fn installs_are_read() {
        let cases = [
            ("pip install torch==2.1.0 numpy", "torch ==2.1.0,numpy"),
            ("pip3 install --no-cache-dir -U 'torch>=2.0'", "torch >=2.0"),
            ("python3.11 -m pip --no-cache install Torch_Geometric[x,y]~=1.0", "torch-geometric ~=1.0"),
            ("/opt/venv/bin/pip install -r a.txt torch", "torch"),
            ("uv pip install --system torch", "torch"),
            ("uv add torch", "torch"),
            (
                "pip install 'vllm @ git+https://x/y.git' https://x/torch-2.0.1+cu118-cp310-cp310-linux_x86_64.whl .",
                "vllm,torch ==2.0.1+cu118",
            ),
        ];
        for (script, expected) in cases {
            let run = run(script);
            let install = install(&run).unwrap_or_else(|| panic!("{script}"));
            let shown: Vec<String> = install
                .requirements
                .iter()
                .map(|requirement| {
                    format!("{} {}", requirement.name, requirement.specifier).trim().to_owned()
                })
                .collect();
            assert_eq!(shown.join(","), expected, "{script}");
        }
        for script in ["pip download torch", "python -m venv x", "uv sync", "pip", "echo pip install torch"] {
            assert!(install(&run(script)).is_none(), "{script}");
        }
    }

    #[test]
    fn indexes_are_found_in_every_spelling() {
        for script in [
            "pip install torch --index-url U",
            "pip install -i U torch",
            "pip install --index-url=U torch",
            "uv pip install --default-index U torch",
        ] {
            let run = run(script);
            assert_eq!(value_of(install(&run).unwrap().index.unwrap()), "U", "{script}");
        }
        let run = run("pip install -fU torch --extra-index-url E");
        let install = install(&run).unwrap();
        assert_eq!(value_of(install.find_links[0]), "U");
        assert_eq!(value_of(install.extra_indexes[0]), "E");
        assert_eq!(install.requirements.len(), 1);
    }
}
