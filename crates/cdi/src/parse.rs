//! Files to specifications.

use crate::{Spec, codes};
use diag::{Failure, Result};

/// How a specification is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, file names ending in `.yaml` (and, only when writing, `.yml`).
    Yaml,
    /// JSON, file names ending in `.json`.
    Json,
}

impl Format {
    /// The format that a file's name tells.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
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

fn read(bytes: &[u8], format: Format) -> Result<Spec> {
    let unreadable = |message: &str| {
        Failure::coded(codes::SPEC_UNREADABLE, format!("failed to parse CDI Spec: {message}"))
    };
    if bytes.len() > MAX_BYTES {
        return Err(unreadable("the file is too large"));
    }
    let text = std::str::from_utf8(bytes).map_err(|cause| unreadable("not UTF-8 text").caused_by(cause))?;
    match format {
        Format::Json => {
            serde_json::from_str(text).map_err(|cause| unreadable("invalid JSON").caused_by(cause))
        }
        // JSON is YAML, and the JSON parser is 16 times faster. Engines take it under either name.
        Format::Yaml if text.trim_start().starts_with('{') => {
            serde_json::from_str(text).or_else(|_| yaml(text)).map_err(|cause| unreadable(&cause))
        }
        Format::Yaml => yaml(text).map_err(|cause| unreadable(&cause)),
    }
}

/// The first line of the parser's text: it also draws the place over several lines.
fn yaml(text: &str) -> std::result::Result<Spec, String> {
    serde_saphyr::from_str(text)
        .map_err(|cause| format!("invalid YAML: {}", cause.to_string().lines().next().unwrap_or_default()))
}
