//! `nvidia-ctk config --set key[=value]`.

use crate::canonical::render;
use crate::parse::not_toml;
use crate::table::{self, Slot};
use crate::{Settings, codes};
use diag::{Failure, Result};
use toml_edit::{Array, DocumentMut, Item, Table, value};

/// Sets one key of a file and gives the file back in canonical form. `option` is `key=value`, or `key`
/// alone for a truth value; lists are split at `separator`, or at commas where it does not occur; a
/// feature set to `nil` is removed.
///
/// # Errors
/// An unknown key, a value of the wrong type, or a file that is not valid afterwards and was before.
pub fn set(text: &str, option: &str, separator: &str) -> Result<String> {
    set_all(text, &[option.to_owned()], separator)
}

/// Sets several keys at once: only what they come to together has to be valid. A file that was not valid
/// may still not be: one fault is mended after the other.
///
/// # Errors
/// As for [`set`].
pub fn set_all(text: &str, options: &[String], separator: &str) -> Result<String> {
    let mut document = text.parse::<DocumentMut>().map_err(|cause| not_toml(text, &cause))?;
    for option in options {
        let (path, item) = understand(option, separator).map_err(|cause| failed(option, cause))?;
        store(document.as_table_mut(), path, item);
    }
    let after = render(document.as_table());
    stays_valid(text, &after)?;
    Ok(after)
}

/// That a change does not make a valid file invalid.
pub(crate) fn stays_valid(before: &str, after: &str) -> Result<()> {
    match (Settings::parse(after), Settings::parse(before)) {
        (Err(failure), Ok(_)) => Err(failure),
        _ => Ok(()),
    }
}

/// Why an option cannot be carried out.
pub(crate) fn failed(option: &str, cause: Failure) -> Failure {
    Failure::coded(codes::INVALID_OPTION, format!("invalid --set option {option}")).caused_by(cause)
}

/// The path of an option's key and its value; no item takes the key away.
pub(crate) fn understand<'a>(option: &'a str, separator: &str) -> Result<(&'a str, Item)> {
    let (path, given) = match option.split_once('=') {
        Some((path, given)) => (path, Some(given)),
        None => (option, None),
    };
    let key = table::find(path).ok_or_else(|| {
        let failure = Failure::new(match table::first_unknown(path) {
            Some(part) => format!("invalid config option: undefined field: {part:?}"),
            None => format!("unsupported type for [{path} {}] (struct)", given.unwrap_or_default()),
        });
        match crate::nearest::nearest(path) {
            Some(known) => failure.hint(format!("did you mean `{known}`?")),
            None => failure,
        }
    })?;
    let no_value = || Failure::new(format!("invalid format: expected key=value; got {option}"));
    let item = match (key.slot, given) {
        (Slot::Feature(_), Some("nil")) => Item::None,
        (Slot::Bool(_) | Slot::Feature(_), given) => value(truth(given.unwrap_or("true"))?),
        (Slot::Text(_), given) => value(given.ok_or_else(no_value)?),
        (Slot::List(_), given) => value(split(given.ok_or_else(no_value)?, separator)),
    };
    Ok((path, item))
}

fn truth(text: &str) -> Result<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        other => {
            Err(Failure::new(format!("invalid format: strconv.ParseBool: parsing {other:?}: invalid syntax")))
        }
    }
}

fn split(text: &str, separator: &str) -> Array {
    let separator = if !separator.is_empty() && text.contains(separator) { separator } else { "," };
    text.split(separator).filter(|part| !part.is_empty()).collect()
}

fn store(table: &mut Table, path: &str, item: Item) {
    let (sections, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut at: &mut dyn toml_edit::TableLike = table;
    for section in sections.split('.').filter(|section| !section.is_empty()) {
        // To take something away no table is made.
        if item.is_none() && !at.contains_key(section) {
            return;
        }
        let entry = at.entry(section).or_insert_with(|| Item::Table(Table::new()));
        if entry.as_table_like().is_none() {
            *entry = Item::Table(Table::new());
        }
        match entry.as_table_like_mut() {
            Some(inner) => at = inner,
            None => return,
        }
    }
    match item {
        Item::None => at.remove(name),
        item => at.insert(name, item),
    };
}
