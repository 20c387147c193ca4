//! Files to specifications.

use crate::{Spec, codes};
use diag::{Failure, Result};

/// How a specification is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, file names ending in `.yaml`; engines pass over `.yml`.
    Yaml,
    /// JSON, file names ending in `.json`.
    Json,
}

impl Format {
    /// The format that a file's name tells to engines; `None`: they do not read it.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "json" => Some(Self::Json),
            "yaml" => Some(Self::Yaml),
            _ => None,
        }
    }
}

/// The largest specification that is accepted, in bytes; a machine with 56 MIG devices has about 200 KB.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Reads a specification and validates it.
///
/// # Errors
/// Not UTF-8, larger than 16 MiB, not of the format, an unknown field, or a broken rule of the standard.
pub fn parse(bytes: &[u8], format: Format) -> Result<Spec> {
    let spec = read(bytes, format)?;
    spec.validate()?;
    Ok(spec)
}

/// Reads a specification and validates it as engines do that take what they know in files that declare
/// an older version.
///
/// # Errors
/// As [`parse`], but for a version that is too old for what the file uses.
pub fn parse_undeclared(bytes: &[u8], format: Format) -> Result<Spec> {
    let spec = read(bytes, format)?;
    spec.validate_undeclared()?;
    Ok(spec)
}

fn read(bytes: &[u8], format: Format) -> Result<Spec> {
    let unreadable = |message: &str| {
        Failure::coded(codes::SPEC_UNREADABLE, format!("failed to parse CDI Spec: {message}"))
    };
    if bytes.len() > MAX_BYTES {
        return Err(unreadable("the file is too large"));
    }
    let text = std::str::from_utf8(bytes).map_err(|cause| unreadable("not UTF-8 text").caused_by(cause))?;
    let json: std::borrow::Cow<'_, str> = match format {
        // JSON is YAML. Engines take it under either name.
        Format::Yaml if !text.trim_start().starts_with('{') => {
            crate::transcribe::to_json(text).map_err(|problem| unreadable(&problem))?.into()
        }
        Format::Json | Format::Yaml => text.into(),
    };
    serde_json::from_str(&json).map_err(|cause| unreadable(&short(&without_column(&cause, format))))
}

/// A message quotes what it met, which may be a whole file that is no specification, with whatever
/// secrets are in it: the middle is left out.
fn short(message: &str) -> String {
    const BEGINNING: usize = 120;
    const END: usize = 60;
    let count = message.chars().count();
    if count <= BEGINNING + END {
        return message.to_owned();
    }
    let beginning: String = message.chars().take(BEGINNING).collect();
    let end: String = message.chars().skip(count - END).collect();
    format!("{beginning}...{end}")
}

/// The JSON parser's message. For YAML the column is left out: only the lines are those of the file.
fn without_column(cause: &serde_json::Error, format: Format) -> String {
    let message = cause.to_string();
    match (format, message.rsplit_once(" column ")) {
        (Format::Yaml, Some((line, _))) => line.to_owned(),
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn engines_read_two_endings() {
        for (path, expected) in [
            ("/etc/cdi/nvidia.yaml", Some(Format::Yaml)),
            ("nvidia.json", Some(Format::Json)),
            ("nvidia.yml", None),
            ("nvidia.yaml.bak", None),
            ("nvidia", None),
        ] {
            assert_eq!(Format::of_path(path), expected, "{path}");
        }
    }
}
