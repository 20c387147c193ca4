//! Where a generated specification goes, and in which format.

use cdi::Format;
use diag::{Failure, Result};

use crate::codes;

/// A file or standard output, and the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    /// `None`: standard output.
    pub(super) path: Option<String>,
    pub(super) format: Format,
    /// The format that was asked for and lost against the file's name.
    pub(super) overruled: Option<Format>,
}

impl Output {
    /// The file for a part of the output: `.coherent` of `nvidia.yaml` is `nvidia.coherent.yaml`.
    pub(super) fn path_of(&self, part: &str) -> Option<String> {
        let path = self.path.as_ref()?;
        let ending = if self.format == Format::Json { ".json" } else { ".yaml" };
        let stem = path.strip_suffix(ending).unwrap_or(path);
        Some(format!("{stem}{part}{ending}"))
    }
}

/// The output for `--output` and `--format` (`None`: not given). A name that ends in `.json` or
/// `.yaml` decides the format, whatever was asked for; another name gets the format's ending.
///
/// # Errors
/// A format that does not exist.
pub(super) fn choose(path: &str, format: Option<&str>) -> Result<Output> {
    let asked = format.map(parse).transpose()?;
    if path.is_empty() {
        return Ok(Output { path: None, format: asked.unwrap_or(Format::Yaml), overruled: None });
    }
    let named = if path.ends_with(".json") {
        Some(Format::Json)
    } else if path.ends_with(".yaml") || path.ends_with(".yml") {
        Some(Format::Yaml)
    } else {
        None
    };
    let format = named.or(asked).unwrap_or(Format::Yaml);
    let ending = if format == Format::Json { ".json" } else { ".yaml" };
    let path = if path.ends_with(ending) { path.to_owned() } else { format!("{path}{ending}") };
    Ok(Output { path: Some(path), format, overruled: asked.filter(|asked| *asked != format) })
}

fn parse(text: &str) -> Result<Format> {
    match text.to_ascii_lowercase().as_str() {
        "yaml" => Ok(Format::Yaml),
        "json" => Ok(Format::Json),
        _ => Err(Failure::coded(codes::BAD_VALUE, format!("invalid output format: {text}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_file_decides_the_format() {
        /// `--output`, `--format`, and what comes of them: path, format, whether the format lost.
        type Case = (&'static str, Option<&'static str>, Option<&'static str>, Format, bool);
        let cases: &[Case] = &[
            ("", None, None, Format::Yaml, false),
            ("", Some("json"), None, Format::Json, false),
            ("", Some("YAML"), None, Format::Yaml, false),
            ("x.json", None, Some("x.json"), Format::Json, false),
            ("x.yaml", None, Some("x.yaml"), Format::Yaml, false),
            ("nvidia.yml", None, Some("nvidia.yml.yaml"), Format::Yaml, false),
            ("x.json", Some("yaml"), Some("x.json"), Format::Json, true),
            ("x.yaml", Some("json"), Some("x.yaml"), Format::Yaml, true),
            ("/etc/cdi/nvidia", None, Some("/etc/cdi/nvidia.yaml"), Format::Yaml, false),
            ("/etc/cdi/nvidia", Some("json"), Some("/etc/cdi/nvidia.json"), Format::Json, false),
            ("nvidia.com", Some("json"), Some("nvidia.com.json"), Format::Json, false),
        ];
        for (path, format, expected, kind, overruled) in cases {
            let output = choose(path, *format).unwrap();
            assert_eq!(output.path.as_deref(), *expected, "{path} {format:?}");
            assert_eq!((output.format, output.overruled.is_some()), (*kind, *overruled), "{path} {format:?}");
        }
        assert_eq!(choose("", Some("toml")).unwrap_err().chain(), "invalid output format: toml");
    }
}
