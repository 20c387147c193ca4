//! A baseline: findings that were there when a project began to lint, and that are not reported
//! until somebody mends or moves them into another file.
//!
//! A finding is known again by file, code and message, not by its line, so that other changes of
//! the file do not bring it back; of several alike as many are left out as were there.

use crate::engine::Report;
use diag::{Failure, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// File, code, message.
type Key = (String, String, String);

/// The findings that are not reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeMap<Key, u64>,
}

impl Baseline {
    /// All findings of some reports.
    #[must_use]
    pub fn of(reports: &[Report]) -> Self {
        let mut known = BTreeMap::new();
        for report in reports {
            for finding in &report.findings {
                let key = (report.path.clone(), finding.code.to_string(), finding.message.clone());
                *known.entry(key).or_insert(0) += 1;
            }
        }
        Self { known }
    }

    /// Reads a baseline as [`Baseline::text`] writes it.
    ///
    /// # Errors
    ///
    /// When the text is no JSON of that form.
    pub fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text)
            .map_err(|cause| Failure::new("the baseline is not JSON").caused_by(cause))?;
        if value["version"] != json!(1) {
            return Err(Failure::new("the baseline is of another version")
                .hint("write it anew with `longshore lint --write-baseline FILE`"));
        }
        let rows =
            value["findings"].as_array().ok_or_else(|| Failure::new("the baseline has no `findings`"))?;
        let mut known = BTreeMap::new();
        for row in rows {
            let text = |name: &str| row[name].as_str().map(str::to_owned);
            let (Some(path), Some(code), Some(message)) = (text("path"), text("code"), text("message"))
            else {
                return Err(Failure::new("a finding of the baseline lacks `path`, `code` or `message`"));
            };
            *known.entry((path, code, message)).or_insert(0) += row["count"].as_u64().unwrap_or(1);
        }
        Ok(Self { known })
    }

    /// The text of the file: JSON, one finding in each entry, in the order of the paths.
    #[must_use]
    pub fn text(&self) -> String {
        let row = |((path, code, message), count): (&Key, &u64)| json!({"path": path, "code": code, "message": message, "count": count});
        let rows: Vec<Value> = self.known.iter().map(row).collect();
        format!("{:#}\n", json!({"version": 1, "findings": rows}))
    }

    /// Takes the known findings out; gives how many.
    pub fn apply(&self, reports: &mut [Report]) -> usize {
        let (mut left, mut taken) = (self.known.clone(), 0);
        for report in reports {
            let path = report.path.clone();
            report.findings.retain(|finding| {
                let key = (path.clone(), finding.code.to_string(), finding.message.clone());
                match left.get_mut(&key).filter(|count| **count > 0) {
                    Some(count) => {
                        *count -= 1;
                        taken += 1;
                        false
                    }
                    None => true,
                }
            });
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{File, Options, check};

    #[test]
    fn as_many_are_left_out_as_were_there() {
        let lint = |text: &str| check(&[File::new("Dockerfile", text)], &Options::default());
        let baseline = Baseline::of(&lint("FROM nvidia/cuda\nFROM nvidia/cuda\n"));
        assert_eq!(Baseline::parse(&baseline.text()).unwrap(), baseline);
        let mut reports = lint("# moved\nFROM nvidia/cuda\nFROM nvidia/cuda\nFROM nvidia/cuda\n");
        assert_eq!(baseline.apply(&mut reports), 2);
        assert_eq!(reports[0].findings.len(), 1);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "{}", "{\"version\": 2}", "{\"version\": 1}", "{\"version\": 1, \"findings\": [{}]}"]
        {
            assert!(Baseline::parse(text).is_err(), "{text}");
        }
    }
}
