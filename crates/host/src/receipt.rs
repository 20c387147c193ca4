//! What carrying out a plan came to.

/// What carrying out a plan came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Name of the journal entry that `undo` takes; `None` when the plan was empty.
    pub id: Option<String>,
    /// Paths that were written, linked or removed, in the order of the plan.
    pub changed: Vec<String>,
}
