//! Rows from a file, for machines without a newer release of this program: `longshore compat
//! --data FILE`, `longshore lint --data FILE`.
//!
//! The file is JSON. Rows of a release that the built-in tables have take its place:
//!
//! ```json
//! {
//!   "version": 1,
//!   "cuda": [{"version": "13.4.0", "driver": "620.10", "document": "Release Notes", "date": "2026-12-01"}],
//!   "torch": [{"version": "2.16", "builds": ["cu130", "cu132"], "default": "13.2", "pythons": [11, 14],
//!              "document": "PyPI metadata of torch", "date": "2026-12-01"}],
//!   "wheel": [{"package": "vllm", "version": "0.34", "cuda": "13.0", "brings-cuda": true, "oldest": "7.5",
//!              "document": "vLLM documentation", "date": "2026-12-01"}]
//! }
//! ```

use crate::{Capability, Cuda, Numbers, Source, cuda, torch, wheel};
use serde_json::Value;

/// Rows read from a file.
#[derive(Clone, Debug, Default)]
pub struct Data {
    cuda: Vec<cuda::Release>,
    torch: Vec<torch::Release>,
    wheel: Vec<wheel::Wheel>,
}

impl Data {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// What is wrong, with the row: not JSON, another version, a key missing or of another form, a
    /// row without source, a default CUDA that is older than any build.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|cause| format!("not JSON: {cause}"))?;
        if value["version"].as_u64() != Some(1) {
            return Err("`version` must be 1".into());
        }
        let known = ["version", "cuda", "torch", "wheel"];
        let keys = value.as_object().into_iter().flatten().map(|(key, _)| key);
        if let Some(key) = keys.into_iter().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("there is no table `{key}`; there are cuda, torch and wheel"));
        }
        Ok(Self {
            cuda: rows(&value, "cuda", cuda_row)?,
            torch: rows(&value, "torch", torch_row)?,
            wheel: rows(&value, "wheel", wheel_row)?,
        })
    }

    /// Lays the rows over the built-in tables, for the whole program; only the first call counts.
    pub fn install(self) {
        cuda::lay_over(self.cuda);
        torch::lay_over(self.torch);
        wheel::lay_over(self.wheel);
    }
}

fn rows<T>(value: &Value, table: &str, read: fn(&Value) -> Option<T>) -> Result<Vec<T>, String> {
    let list = match &value[table] {
        Value::Null => return Ok(Vec::new()),
        Value::Array(list) => list,
        _ => return Err(format!("`{table}` must be a list")),
    };
    let row = |(index, row): (usize, &Value)| {
        read(row).ok_or_else(|| {
            format!("row {} of `{table}` lacks a key, or has one of another form: {row}", index + 1)
        })
    };
    list.iter().enumerate().map(row).collect()
}

fn cuda_row(row: &Value) -> Option<cuda::Release> {
    let version = row["version"].as_str()?;
    let numbers = Numbers::parse(version)?;
    let driver = row["driver"].as_str().filter(|driver| Numbers::parse(driver).is_some())?;
    Some(cuda::Release {
        version: Cuda::parse(version)?,
        update: u16::try_from(numbers.0.get(2).copied().unwrap_or(0)).ok()?,
        driver: kept(driver),
        source: source(row)?,
    })
}

fn torch_row(row: &Value) -> Option<torch::Release> {
    let numbers = Numbers::parse(row["version"].as_str()?)?;
    let builds: Option<Vec<&'static str>> = row["builds"]
        .as_array()?
        .iter()
        .map(|build| {
            build.as_str().filter(|build| build.starts_with("cu") && Cuda::parse(build).is_some()).map(kept)
        })
        .collect();
    let default = match &row["default"] {
        Value::Null => None,
        value => Some(Cuda::parse(value.as_str()?)?),
    };
    let minor = |value: &Value| u32::try_from(value.as_u64()?).ok();
    let pythons = match row["pythons"].as_array().map(Vec::as_slice) {
        None => None,
        Some([first, last]) => Some((minor(first)?, minor(last)?)).filter(|(first, last)| first <= last),
        Some(_) => return None,
    };
    Some(torch::Release {
        version: (*numbers.0.first()?, *numbers.0.get(1)?),
        builds: Vec::leak(builds?),
        default,
        pythons,
        source: source(row)?,
    })
}

fn wheel_row(row: &Value) -> Option<wheel::Wheel> {
    let numbers = Numbers::parse(row["version"].as_str()?)?;
    let version = (*numbers.0.first()?, *numbers.0.get(1)?);
    let cuda = row["cuda"].as_str()?;
    let release = Cuda::parse(cuda);
    // A key that is left out is not known; one of another form is wrong.
    let cudnn = match &row["cudnn"] {
        Value::Null => None,
        value => Some(u32::try_from(value.as_u64()?).ok()?),
    };
    let oldest = match &row["oldest"] {
        Value::Null => None,
        value => Some(Capability::parse(value.as_str()?)?),
    };
    Some(wheel::Wheel {
        package: kept(row["package"].as_str().filter(|name| !name.is_empty())?),
        first: version,
        last: version,
        family: release.map_or_else(|| cuda.parse().ok(), |release| Some(release.major))?,
        cuda: release,
        cudnn,
        brings_cuda: row["brings-cuda"].as_bool()?,
        oldest,
        source: source(row)?,
    })
}

fn source(row: &Value) -> Option<Source> {
    let document = row["document"].as_str().filter(|text| !text.is_empty())?;
    let date = row["date"].as_str()?;
    let parts: Vec<&str> = date.split('-').collect();
    let is_day = matches!(parts.as_slice(), [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2)
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    is_day.then(|| Source::new(kept(document), kept(date)))
}

/// Tables hold texts for as long as the program runs; a file is read once.
fn kept(text: &str) -> &'static str {
    String::leak(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_checked() {
        let good = r#"{"version": 1, "cuda": [{"version": "13.4.0", "driver": "620.10", "document": "a", "date": "2026-12-01"}],
            "torch": [{"version": "2.16", "builds": ["cu130"], "default": "13.2", "pythons": [11, 14], "document": "a", "date": "2026-12-01"}],
            "wheel": [{"package": "vllm", "version": "0.34", "cuda": "13", "brings-cuda": true, "oldest": "7.5", "document": "a", "date": "2026-12-01"}]}"#;
        let data = Data::parse(good).unwrap();
        assert_eq!((data.cuda.len(), data.torch.len(), data.wheel.len()), (1, 1, 1));
        let bad = [
            ("", "not JSON"),
            ("{}", "`version` must be 1"),
            (r#"{"version": 1, "jax": []}"#, "no table `jax`"),
            (r#"{"version": 1, "cuda": {}}"#, "must be a list"),
            (r#"{"version": 1, "cuda": [{"version": "13.4"}]}"#, "row 1 of `cuda`"),
            (&good.replace("\"document\": \"a\", ", ""), "row 1 of `cuda`"),
            (&good.replace("2026-12-01", "today"), "row 1 of `cuda`"),
            (&good.replace("cu130", "cpu"), "row 1 of `torch`"),
            (&good.replace("\"brings-cuda\": true", "\"brings-cuda\": 1"), "row 1 of `wheel`"),
            (&good.replace("\"oldest\": \"7.5\"", "\"oldest\": \"old\""), "row 1 of `wheel`"),
            (&good.replace("[11, 14]", "[14, 11, 1]"), "row 1 of `torch`"),
        ];
        for (text, expected) in bad {
            let message = Data::parse(text).unwrap_err();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
