//! The canonical form of the file: sorted keys, scalars before tables, well-known keys that are not set
//! as comments.

use crate::table::{KEYS, Shown, Slot};
use crate::{Platform, Settings, parse::not_toml};
use diag::Result;
use std::collections::BTreeMap;
use toml_edit::{DocumentMut, Item, TableLike, Value};

/// The default file of a host without peculiarities.
#[must_use]
pub fn default_file() -> String {
    default_file_for(Platform::default())
}

/// The default file of a host.
#[must_use]
pub fn default_file_for(platform: Platform) -> String {
    let mut settings = Settings::default_on(platform);
    let mut root = Section::default();
    for key in KEYS {
        let value = value_of(key.slot, &mut settings);
        let differs = value != value_of(key.slot, &mut Settings::default());
        if key.shown == Shown::Default || differs {
            root.insert(key.path, Line::Set(value));
        }
    }
    root.finish()
}

/// A file in canonical form: what it sets stays set, comments and order of the input are not kept.
///
/// # Errors
/// As for [`Settings::parse`].
pub fn canonical(text: &str) -> Result<String> {
    Settings::parse(text)?;
    let document = text.parse::<DocumentMut>().map_err(|cause| not_toml(text, &cause))?;
    Ok(render(document.as_table()))
}

pub(crate) fn render(table: &dyn TableLike) -> String {
    let mut root = Section::default();
    collect(table, "", &mut root);
    root.finish()
}

/// One key of a section.
#[derive(Clone, Debug)]
enum Line {
    Set(String),
    Comment(&'static str),
}

/// A table with its keys and the tables below it, both sorted.
#[derive(Clone, Debug, Default)]
struct Section {
    lines: BTreeMap<String, Line>,
    tables: BTreeMap<String, Section>,
    lists: BTreeMap<String, Vec<Section>>,
}

impl Section {
    fn section(&mut self, path: &str) -> &mut Self {
        path.split('.')
            .filter(|part| !part.is_empty())
            .fold(self, |section, part| section.tables.entry(part.to_owned()).or_default())
    }

    fn insert(&mut self, path: &str, line: Line) {
        let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
        self.section(section).lines.insert(name.to_owned(), line);
    }

    fn is_set(&self, path: &str) -> bool {
        let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
        let found =
            section.split('.').filter(|part| !part.is_empty()).try_fold(self, |at, part| at.tables.get(part));
        found.is_some_and(|section| section.lines.contains_key(name))
    }

    /// Adds the commented keys and writes everything.
    fn finish(mut self) -> String {
        for key in KEYS {
            if let Shown::Comment(value) = key.shown
                && !self.is_set(key.path)
            {
                self.insert(key.path, Line::Comment(value));
            }
        }
        let mut out = String::new();
        self.write("", &mut out);
        out
    }

    fn write(&self, prefix: &str, out: &mut String) {
        for (name, line) in &self.lines {
            let name = quoted(name);
            match line {
                Line::Set(value) => out.push_str(&format!("{name} = {value}\n")),
                Line::Comment(value) => out.push_str(&format!("#{name} = {value}\n")),
            }
        }
        for (name, section) in &self.tables {
            let path = joined(prefix, name);
            section.write_headed(&format!("[{path}]"), &path, out);
        }
        for (name, sections) in &self.lists {
            let path = joined(prefix, name);
            sections.iter().for_each(|section| section.write_headed(&format!("[[{path}]]"), &path, out));
        }
    }

    fn write_headed(&self, header: &str, path: &str, out: &mut String) {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(header);
        out.push('\n');
        self.write(path, out);
    }
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { quoted(name) } else { format!("{prefix}.{}", quoted(name)) }
}

fn quoted(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if bare { name.to_owned() } else { text(name) }
}

fn collect(table: &dyn TableLike, path: &str, root: &mut Section) {
    for (name, item) in table.iter() {
        let inner = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match item {
            Item::Table(table) => {
                root.section(&inner);
                collect(table, &inner, root);
            }
            Item::ArrayOfTables(tables) => {
                let sections = tables.iter().map(|table| {
                    let mut section = Section::default();
                    collect(table, "", &mut section);
                    section
                });
                root.section(path).lists.insert(name.to_owned(), sections.collect());
            }
            Item::Value(Value::InlineTable(table)) => {
                root.section(&inner);
                collect(table, &inner, root);
            }
            Item::Value(value) => {
                root.section(path).lines.insert(name.to_owned(), Line::Set(written(value)));
            }
            Item::None => {}
        }
    }
}

fn value_of(slot: Slot, settings: &mut Settings) -> String {
    match slot {
        Slot::Bool(slot) => slot(settings).to_string(),
        Slot::Text(slot) => text(slot(settings)),
        Slot::List(slot) => list(slot(settings)),
        Slot::Feature(slot) => slot(settings).map(|value| value.to_string()).unwrap_or_default(),
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::String(string) => text(string.value()),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string().trim().to_owned(),
    }
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| text(item)).collect::<Vec<_>>().join(", "))
}

/// A basic string.
fn text(value: &str) -> String {
    let mut out = String::from('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
