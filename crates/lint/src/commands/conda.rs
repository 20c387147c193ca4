//! conda, mamba and micromamba.

use super::requirements::normalised;
use super::{base_name, proper};
use crate::dockerfile::{Argument, Run};

/// A call that installs packages into an environment.
#[derive(Clone, Debug)]
pub struct Install<'a> {
    /// What is asked for.
    pub packages: Vec<Package<'a>>,
    /// `-c`, `--channel`.
    pub channels: Vec<&'a Argument>,
    /// Whether a word is not known, or a file says what is installed.
    pub has_unknown: bool,
}

/// A package of conda.
#[derive(Clone, Debug)]
pub struct Package<'a> {
    /// Normalised name.
    pub name: String,
    /// What follows the name.
    pub specifier: String,
    /// The word.
    pub arg: &'a Argument,
}

const VALUED: &[&str] = &["-n", "--name", "-p", "--prefix", "--solver", "--repodata-fn", "--file", "-f"];

/// The packages that a command installs; `None` when it is none.
#[must_use]
pub fn install(run: &Run) -> Option<Install<'_>> {
    let (first, rest) = proper(run).split_first()?;
    if !matches!(base_name(first), "conda" | "mamba" | "micromamba") {
        return None;
    }
    let verb = rest.iter().position(|arg| !arg.known().starts_with('-'))?;
    if !matches!(rest[verb].known(), "install" | "create" | "update") {
        return None;
    }
    let mut out = Install { packages: Vec::new(), channels: Vec::new(), has_unknown: false };
    let mut at = verb + 1;
    while let Some(arg) = rest.get(at) {
        at += 1;
        let Some(text) = arg.text.as_deref() else {
            out.has_unknown = true;
            continue;
        };
        match text {
            "-c" | "--channel" => {
                out.channels.extend(rest.get(at));
                at += 1;
            }
            _ if VALUED.contains(&text) => {
                out.has_unknown |= matches!(text, "--file" | "-f");
                at += 1;
            }
            _ if text.starts_with('-') => {}
            _ => out.packages.push(package(text, arg)),
        }
    }
    Some(out)
}

fn package<'a>(text: &str, arg: &'a Argument) -> Package<'a> {
    let text = text.rsplit("::").next().unwrap_or(text);
    let end = text.find(['=', '<', '>', '!', ' ', '[']).unwrap_or(text.len());
    Package { name: normalised(&text[..end]), specifier: text[end..].to_owned(), arg }
}

#[cfg(test)]
mod tests {
    use super::super::testing::run;
    use super::*;

    #[test]
    fn packages_and_channels() {
        let run = run(
            "conda install -y -n base pytorch==2.1.0 pytorch-cuda=12.1 nvidia::cuda-nvcc -c pytorch -c nvidia",
        );
        let install = install(&run).unwrap();
        let names: Vec<&str> = install.packages.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["pytorch", "pytorch-cuda", "cuda-nvcc"]);
        assert_eq!(install.channels.len(), 2);
    }
}
