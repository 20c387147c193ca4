//! Whether a step may have done what cannot be seen in the file: run a script, bring a tree of
//! programs in. Rules about what is absent stay silent then.

use crate::commands::{base_name, is_python, proper};
use crate::dockerfile::{Action, Argument, Build, Copy, Run, Source, Step};

/// Commands that neither install programs nor run what the file does not show.
const PLAIN: &[&str] = &[
    "apt-get",
    "apt",
    "apt-key",
    "apt-mark",
    "apt-cache",
    "aptitude",
    "add-apt-repository",
    "rm",
    "mkdir",
    "echo",
    "printf",
    "ln",
    "cd",
    "export",
    "set",
    "true",
    "chmod",
    "chown",
    "touch",
    "groupadd",
    "useradd",
    "usermod",
    "adduser",
    "addgroup",
    "locale-gen",
    "update-locale",
    "ldconfig",
    "ls",
    "cat",
    "which",
    "test",
    "[",
    "[[",
    "sleep",
    "gpg",
    "tee",
    "sed",
    "grep",
    "awk",
    "sort",
    "find",
    "dpkg-reconfigure",
    "debconf-set-selections",
    "pwd",
    "date",
    "uname",
    "nvcc",
    "mv",
    "dpkg-divert",
    "tr",
    "cut",
    "head",
    "tail",
    "uniq",
    "shopt",
    "unset",
    "wait",
    "exit",
    "update-ca-certificates",
    "fc-cache",
    "lsb_release",
    "arch",
    "id",
    "whoami",
    "du",
    "df",
    "env",
    "false",
    ":",
    "git-lfs",
    "nproc",
    "rmdir",
    "truncate",
    "basename",
    "dirname",
    "lspci",
    "strip",
];

/// Whether a command only does what its words say.
pub(crate) fn is_plain(run: &Run) -> bool {
    let args = proper(run);
    let Some(first) = args.first() else { return !run.assignments.is_empty() || run.args.is_empty() };
    if first.text.is_none() {
        return false;
    }
    let name = base_name(first);
    match name {
        "curl" | "wget" => true,
        "git" => args
            .iter()
            .any(|arg| matches!(arg.known(), "clone" | "config" | "checkout" | "lfs" | "submodule")),
        "dpkg" => args.iter().any(|arg| {
            arg.known().starts_with("--add-architecture") || arg.known() == "--print-architecture"
        }),
        "update-alternatives" => true,
        "pip" | "pip3" => true,
        _ if is_python(name) => {
            args.get(1).is_some_and(|arg| arg.known() == "-m")
                && args.get(2).is_some_and(|arg| arg.known() == "pip")
        }
        _ => PLAIN.contains(&name),
    }
}

/// Whether a step may have put programs into the image that the file does not show.
pub(crate) fn may_bring_programs(build: &Build, step: &Step) -> bool {
    match &step.action {
        Action::Opaque => true,
        Action::Run(runs) => mounts_programs(build, step) || runs.iter().any(|run| !is_plain(run)),
        Action::Copy(copy) => copies_programs(build, step, copy),
        Action::Env(sets) => sets.iter().any(|set| set.name == "PATH"),
        Action::Arg(_) | Action::Other(_) => false,
    }
}

/// `RUN --mount=type=bind,from=...`.
fn mounts_programs(build: &Build, step: &Step) -> bool {
    build.instruction(step).is_some_and(|instruction| {
        instruction.flags.iter().any(|flag| flag.name == "mount" && flag.value.contains("from="))
    })
}

fn copies_programs(build: &Build, step: &Step, copy: &Copy) -> bool {
    if !matches!(copy.source, Source::Context) {
        return true;
    }
    let adds = build
        .instruction(step)
        .is_some_and(|instruction| instruction.keyword == crate::dockerfile::Keyword::Add);
    let unpacks = adds && copy.paths.iter().any(is_archive);
    let target = copy.target.as_ref().map_or("", Argument::known);
    let whole_tree = target == "/" && copy.paths.iter().any(|arg| !has_extension(arg));
    unpacks || whole_tree || ["/usr", "/opt", "/bin", "/root"].iter().any(|dir| target.starts_with(dir))
}

/// A name with an ending such as `.txt` is a file, not a tree.
fn has_extension(arg: &Argument) -> bool {
    let name = arg.known().rsplit('/').next().unwrap_or("");
    name.split_once('.').is_some_and(|(stem, end)| !stem.is_empty() && !end.is_empty() && !name.contains('*'))
}

fn is_archive(arg: &Argument) -> bool {
    let text = arg.known();
    text.is_empty()
        || text.contains("://")
        || text.contains(".tar")
        || text.ends_with(".tgz")
        || text.ends_with(".zip")
}
