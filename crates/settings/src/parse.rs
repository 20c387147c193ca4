//! Text to settings.

use crate::nearest::nearest;
use crate::table::{self, Key, Slot};
use crate::{Platform, Settings, codes};
use diag::{Failure, Finding, Result, Severity};
use toml_edit::{Document, Item, TableLike};

impl Settings {
    /// Reads a `config.toml`. Absent keys have their defaults; keys that nobody knows are findings.
    ///
    /// # Errors
    /// Text that is not TOML, a value of the wrong type, an `ldconfig` that is not on the host; each
    /// with the line.
    pub fn parse(text: &str) -> Result<(Self, Vec<Finding>)> {
        Self::parse_on(text, Platform::default())
    }

    /// Like [`Settings::parse`], with the defaults of a host.
    ///
    /// # Errors
    /// As for [`Settings::parse`].
    pub fn parse_on(text: &str, platform: Platform) -> Result<(Self, Vec<Finding>)> {
        let document = Document::parse(text).map_err(|cause| not_toml(text, &cause))?;
        let mut reader = Reader { text, settings: Self::default_on(platform), findings: Vec::new() };
        reader.table(document.as_table(), "")?;
        reader.settings.validate()?;
        Ok((reader.settings, reader.findings))
    }

    fn validate(&self) -> Result<()> {
        let ldconfig = &self.cli.ldconfig;
        if ldconfig.starts_with('@') || self.features.allow_ldconfig_from_container == Some(true) {
            return Ok(());
        }
        let message = format!(
            "nvidia-container-cli.ldconfig value {ldconfig:?} is not host-relative (does not start with a '@')"
        );
        Err(Failure::coded(codes::INVALID_VALUE, message).hint(
            "write it as \"@/sbin/ldconfig\": a program of the container must not run as the host's root",
        ))
    }
}

pub(crate) fn not_toml(text: &str, cause: &toml_edit::TomlError) -> Failure {
    let place = cause.span().map(|span| format!("line {}: ", line_of(text, span.start))).unwrap_or_default();
    Failure::coded(codes::NOT_TOML, format!("config.toml is not valid TOML: {place}{}", cause.message()))
}

struct Reader<'a> {
    text: &'a str,
    settings: Settings,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn table(&mut self, table: &dyn TableLike, prefix: &str) -> Result<()> {
        for (name, item) in table.iter() {
            let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            match (table::find(&path), item.as_table_like()) {
                (Some(key), _) => self.value(key, item)?,
                (None, Some(inner)) if is_section(&path) => self.table(inner, &path)?,
                (None, _) => self.unknown(&path, item),
            }
        }
        Ok(())
    }

    fn value(&mut self, key: &Key, item: &Item) -> Result<()> {
        let settings = &mut self.settings;
        let stored = match key.slot {
            Slot::Bool(slot) => item.as_bool().map(|value| *slot(settings) = value),
            Slot::Feature(slot) => item.as_bool().map(|value| *slot(settings) = Some(value)),
            Slot::Text(slot) => item.as_str().map(|value| value.clone_into(slot(settings))),
            Slot::List(slot) => strings(item).map(|value| *slot(settings) = value),
        };
        stored.ok_or_else(|| {
            let found = item.span().and_then(|span| self.text.get(span)).unwrap_or("something else");
            let message =
                format!("{}: {} is {found}, expected {}", self.place(item), key.path, key.slot.expected());
            Failure::coded(codes::WRONG_TYPE, message)
        })
    }

    fn unknown(&mut self, path: &str, item: &Item) {
        let finding = Finding::new(
            codes::UNKNOWN_KEY,
            Severity::Warning,
            format!("unknown key `{path}` in config.toml has no effect"),
        )
        .evidence(self.place(item));
        self.findings.push(match nearest(path) {
            Some(known) => finding.help(format!("did you mean `{known}`?")),
            None => finding,
        });
    }

    fn place(&self, item: &Item) -> String {
        match item.span() {
            Some(span) => format!("config.toml line {}", line_of(self.text, span.start)),
            None => "config.toml".into(),
        }
    }
}

fn strings(item: &Item) -> Option<Vec<String>> {
    item.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}

/// Whether known keys lie below this path.
pub(crate) fn is_section(path: &str) -> bool {
    table::KEYS.iter().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}
