//! Where a row was read, and when.

/// The origin of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The document, as one would look it up: publisher and title, or repository and path.
    pub document: &'static str,
    /// The day on which it was read or for which it holds, `YYYY-MM-DD`.
    pub date: &'static str,
}

impl Source {
    /// A source.
    #[must_use]
    pub const fn new(document: &'static str, date: &'static str) -> Self {
        Self { document, date }
    }
}

/// A row of a table.
pub trait Row {
    /// What the row is about, for messages about the row itself.
    fn subject(&self) -> String;
    /// Where it was read.
    fn source(&self) -> Source;
}
