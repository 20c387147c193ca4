//! `longshore.toml`: what a project says once for all runs.
//!
//! ```toml
//! [lint]
//! select = ["G1", "driver-in-image"]
//! ignore = ["G708"]
//! baseline = "lint-baseline.json"
//!
//! [lint.per-file-ignores]
//! "docs/**" = ["G9"]
//!
//! [build]
//! target = "gpu"
//! args = { CUDA = "12.8.1" }
//! compose-files = ["compose.yaml", "compose.gpu.yaml"]
//!
//! [target]
//! driver = "535"
//! gpus = ["RTX 4090", "sm_120"]
//! docker = "28.2"
//! compose = "2.30"
//! ```

use crate::engine::names_a_rule;
use crate::options::{Ignores, Options};
use diag::{Failure, Result};
use knowledge::{Capability, Numbers, gpu};
use toml_edit::{Document, Item, TableLike, Value};

/// The name of the file.
pub const NAME: &str = "longshore.toml";

/// Engines whose version can be given, as they stand under `[target]`.
pub const ENGINES: &[&str] = &["docker", "compose", "podman", "kubernetes"];

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Selection, targets, build arguments.
    pub options: Options,
    /// The baseline, seen from the folder of the file.
    pub baseline: Option<String>,
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// When it is not TOML, has a key that means nothing, a value of another type, a rule, GPU or
    /// version that does not exist.
    pub fn parse(text: &str) -> Result<Self> {
        let document: Document<&str> = Document::parse(text)
            .map_err(|cause| Failure::new(format!("{NAME} is not TOML")).caused_by(cause))?;
        let mut out = Self::default();
        for (key, item) in document.as_table() {
            let Some(table) = item.as_table_like() else {
                return Err(unknown(key, "", &["lint", "build", "target"]));
            };
            match key {
                "lint" => lint(table, &mut out)?,
                "build" => build(table, &mut out.options)?,
                "target" => target(table, &mut out.options)?,
                other => return Err(unknown(other, "", &["lint", "build", "target"])),
            }
        }
        Ok(out)
    }
}

fn lint(table: &dyn TableLike, out: &mut Config) -> Result<()> {
    for (key, item) in table.iter() {
        match key {
            "select" => out.options.select = rules(key, item)?,
            "ignore" => out.options.ignore = rules(key, item)?,
            "baseline" => out.baseline = Some(string(key, item)?),
            "per-file-ignores" => {
                let Some(table) = item.as_table_like() else { return Err(wrong(key, "a table")) };
                for (files, item) in table.iter() {
                    out.options
                        .per_file
                        .push(Ignores { files: files.to_owned(), rules: rules(files, item)? });
                }
            }
            other => {
                return Err(unknown(other, "lint.", &["select", "ignore", "baseline", "per-file-ignores"]));
            }
        }
    }
    Ok(())
}

fn build(table: &dyn TableLike, out: &mut Options) -> Result<()> {
    for (key, item) in table.iter() {
        match key {
            "target" => out.target = Some(string(key, item)?),
            "compose-files" => out.compose_files = strings(key, item)?,
            "args" => {
                let Some(table) = item.as_table_like() else { return Err(wrong(key, "a table")) };
                for (name, item) in table.iter() {
                    out.build_args.insert(name.to_owned(), string(name, item)?);
                }
            }
            other => return Err(unknown(other, "build.", &["target", "args", "compose-files"])),
        }
    }
    Ok(())
}

fn target(table: &dyn TableLike, out: &mut Options) -> Result<()> {
    for (key, item) in table.iter() {
        match key {
            "driver" => out.driver = Some(version(key, item)?),
            "gpus" => {
                for name in strings(key, item)? {
                    if capability(&name).is_none() {
                        let near = gpu::similar(&name).join(", ");
                        let hint = if near.is_empty() {
                            "a name such as \"RTX 4090\", or \"sm_89\"".to_owned()
                        } else {
                            near
                        };
                        return Err(
                            Failure::new(format!("{NAME}: the GPU `{name}` is not in the tables")).hint(hint)
                        );
                    }
                    out.gpus.push(name);
                }
            }
            engine if ENGINES.contains(&engine) => {
                out.engines.insert(engine.to_owned(), version(engine, item)?);
            }
            other => {
                return Err(unknown(
                    other,
                    "target.",
                    &["driver", "gpus", "docker", "compose", "podman", "kubernetes"],
                ));
            }
        }
    }
    Ok(())
}

/// The capability of a GPU by its name, or written out.
#[must_use]
pub fn capability(text: &str) -> Option<Capability> {
    gpu::by_name(text).map(|gpu| gpu.group.capability).or_else(|| Capability::parse(text))
}

fn version(key: &str, item: &Item) -> Result<String> {
    let text = string(key, item)?;
    match Numbers::parse(&text) {
        Some(_) => Ok(text),
        None => Err(wrong(key, "a version such as \"535\"")),
    }
}

fn rules(key: &str, item: &Item) -> Result<Vec<String>> {
    let words = strings(key, item)?;
    match words.iter().find(|word| !names_a_rule(word)) {
        None => Ok(words),
        Some(word) => Err(Failure::new(format!("{NAME}: {key}: there is no rule `{word}`"))
            .hint("`longshore explain` lists all codes")),
    }
}

fn string(key: &str, item: &Item) -> Result<String> {
    match item.as_value() {
        Some(Value::String(text)) => Ok(text.value().clone()),
        Some(Value::Integer(number)) => Ok(number.value().to_string()),
        _ => Err(wrong(key, "a text in quotes")),
    }
}

fn strings(key: &str, item: &Item) -> Result<Vec<String>> {
    let list = item.as_array().ok_or_else(|| wrong(key, "a list of texts"))?;
    list.iter()
        .map(|value| value.as_str().map(str::to_owned).ok_or_else(|| wrong(key, "a list of texts")))
        .collect()
}

fn wrong(key: &str, wanted: &str) -> Failure {
    Failure::new(format!("{NAME}: `{key}` must be {wanted}"))
}

fn unknown(key: &str, parent: &str, known: &[&str]) -> Failure {
    Failure::new(format!("{NAME}: there is no key `{parent}{key}`")).hint(known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read() {
        let text = "[lint]\nselect = [\"ALL\"]\nignore = [\"G708\", \"driver-in-image\"]\nbaseline = \"b.json\"\n[lint.per-file-ignores]\n\"docs/**\" = [\"G9\"]\n[build]\ntarget = \"gpu\"\nargs = { CUDA = \"12.8.1\", N = 2 }\n[target]\ndriver = \"535.104.05\"\ngpus = [\"RTX 4090\", \"sm_120\"]\ncompose = \"2.30\"\n";
        let config = Config::parse(text).unwrap();
        assert_eq!(config.baseline.as_deref(), Some("b.json"));
        assert_eq!(config.options.build_args["N"], "2");
        assert_eq!(config.options.per_file[0].files, "docs/**");
        assert_eq!(config.options.engines["compose"], "2.30");
        assert_eq!(config.options.gpus.len(), 2);
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let cases = [
            ("[lint\n", "is not TOML"),
            ("x = 1\n", "no key `x`"),
            ("[lint]\nselect = \"G1\"\n", "`select` must be a list"),
            ("[lint]\nselect = [\"G1x\"]\n", "no rule `G1x`"),
            ("[lint]\ncolour = true\n", "no key `lint.colour`"),
            ("[target]\ndriver = \"new\"\n", "must be a version"),
            ("[target]\ngpus = [\"RTX 9999\"]\n", "not in the tables"),
            ("[build]\nargs = []\n", "`args` must be a table"),
        ];
        for (text, expected) in cases {
            let message = Config::parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
