//! The environment of a process as a value.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Environment variables, taken once at an entry point and passed on as a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn live() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// No variable at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The given variables; of a name that comes twice the last value counts.
    pub fn from<N: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value of a variable; `None` when it is not set or not UTF-8.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_os(name)?.to_str()
    }

    /// The value of a variable, whatever its bytes.
    #[must_use]
    pub fn get_os(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// The value of a variable that is set and not empty.
    #[must_use]
    pub fn get_nonempty(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// All variables, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_name() {
        let environment = Environment::from([("A", "1"), ("B", ""), ("A", "2")]);
        assert_eq!(environment.get("A"), Some("2"));
        assert_eq!(environment.get("B"), Some(""));
        assert_eq!(environment.get_nonempty("B"), None);
        assert_eq!(environment.get("C"), None);
    }
}
