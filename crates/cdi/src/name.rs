//! Names of vendors, classes and devices. Rules: CDI specification, section "Kind" and "Name".

use crate::codes;
use diag::{Failure, Result};
use std::fmt;

/// A fully qualified device name: `vendor/class=name`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QualifiedName {
    /// For example `nvidia.com`.
    pub vendor: String,
    /// For example `gpu`.
    pub class: String,
    /// For example `0`.
    pub name: String,
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}={}", self.vendor, self.class, self.name)
    }
}

/// Whether `text` is a fully qualified device name.
#[must_use]
pub fn is_qualified(text: &str) -> bool {
    parse_qualified(text).is_ok()
}

/// Takes a fully qualified device name apart.
///
/// # Errors
/// `text` is not of the form `vendor/class=name`, or one of the parts has a character that is not allowed.
pub fn parse_qualified(text: &str) -> Result<QualifiedName> {
    let unqualified = || invalid(format!("unqualified device {text:?}, no vendor/class=name"));
    let (kind, name) = text.split_once('=').ok_or_else(unqualified)?;
    let (vendor, class) = kind.split_once('/').ok_or_else(unqualified)?;
    validate_vendor(vendor)?;
    validate_class(class)?;
    validate_device(name)?;
    Ok(QualifiedName { vendor: vendor.into(), class: class.into(), name: name.into() })
}

/// Checks a vendor name; the words of a failure are those of the Go library, which users look up.
///
/// # Errors
/// It does not start with a letter, does not end with a letter or digit, or has a character other than
/// letters, digits, `_`, `-`, `.`.
pub fn validate_vendor(vendor: &str) -> Result<()> {
    vendor_or_class(vendor).map_err(|problem| invalid(format!("invalid vendor. {problem}")))
}

/// Checks a class name.
///
/// # Errors
/// As for [`validate_vendor`].
pub fn validate_class(class: &str) -> Result<()> {
    vendor_or_class(class).map_err(|problem| invalid(format!("invalid class. {problem}")))
}

fn vendor_or_class(name: &str) -> std::result::Result<(), String> {
    match problem(name, char::is_ascii_alphabetic, "_-.") {
        None => Ok(()),
        Some(Problem::Empty) => Err("empty name".to_owned()),
        Some(Problem::Start) => Err(format!("{name:?}, should start with letter")),
        Some(Problem::Character(bad)) => Err(format!("invalid character {bad:?} in name {name:?}")),
        Some(Problem::End) => Err(format!("{name:?}, should end with a letter or digit")),
    }
}

/// Checks a device name; it may also start with a digit and contain colons.
pub(crate) fn validate_device(name: &str) -> Result<()> {
    let message = match problem(name, char::is_ascii_alphanumeric, "_-.:") {
        None => return Ok(()),
        Some(Problem::Empty) => "invalid (empty) device name".to_owned(),
        Some(Problem::Start) => format!("invalid name {name:?}, should start with a letter or digit"),
        Some(Problem::Character(bad)) => format!("invalid character {bad:?} in device name {name:?}"),
        Some(Problem::End) => format!("invalid name {name:?}, should end with a letter or digit"),
    };
    Err(invalid(message))
}

/// What is wrong with a name.
enum Problem {
    Empty,
    Start,
    Character(char),
    End,
}

fn problem(name: &str, may_start: impl Fn(&char) -> bool, marks: &str) -> Option<Problem> {
    let first = name.chars().next();
    let is_foreign = |c: &char| !c.is_ascii_alphanumeric() && !marks.contains(*c);
    match (first, name.chars().find(is_foreign)) {
        (None, _) => Some(Problem::Empty),
        (Some(first), _) if !may_start(&first) => Some(Problem::Start),
        (_, Some(bad)) => Some(Problem::Character(bad)),
        _ => (!name.ends_with(|c: char| c.is_ascii_alphanumeric())).then_some(Problem::End),
    }
}

fn invalid(message: String) -> Failure {
    Failure::coded(codes::SPEC_INVALID, message)
}
