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

/// Checks a vendor name.
///
/// # Errors
/// It does not start with a letter, does not end with a letter or digit, or has a character other than
/// letters, digits, `_`, `-`, `.`.
pub fn validate_vendor(vendor: &str) -> Result<()> {
    check("vendor", vendor, |first| first.is_ascii_alphabetic(), "_-.")
}

/// Checks a class name.
///
/// # Errors
/// As for [`validate_vendor`].
pub fn validate_class(class: &str) -> Result<()> {
    check("class", class, |first| first.is_ascii_alphabetic(), "_-.")
}

/// Checks a device name; it may also start with a digit and contain colons.
pub(crate) fn validate_device(name: &str) -> Result<()> {
    check("device name", name, |first| first.is_ascii_alphanumeric(), "_-.:")
}

fn check(what: &str, text: &str, may_start: impl Fn(char) -> bool, marks: &str) -> Result<()> {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return Err(invalid(format!("invalid {what}: empty"))) };
    if !may_start(first) {
        return Err(invalid(format!("invalid {what} {text:?}: it must not start with {first:?}")));
    }
    if let Some(bad) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !marks.contains(*c)) {
        return Err(invalid(format!("invalid {what} {text:?}: it must not contain {bad:?}")));
    }
    match characters.next_back() {
        Some(last) if !last.is_ascii_alphanumeric() => {
            Err(invalid(format!("invalid {what} {text:?}: it must not end with {last:?}")))
        }
        _ => Ok(()),
    }
}

fn invalid(message: String) -> Failure {
    Failure::coded(codes::SPEC_INVALID, message)
}
