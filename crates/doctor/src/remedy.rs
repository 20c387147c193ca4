//! What to do next about a cause: an exact command and what it changes.

use crate::Facts;
use plan::Applicability;
use serde::Serialize;

/// The next step against a cause. It is shown, never carried out by this crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// The exact command, or a sentence where no command can do it.
    pub command: String,
    /// What the command changes.
    pub changes: String,
    /// Whether it must run as root.
    pub needs_root: bool,
    /// What is restarted, and so what a user notices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts: Option<String>,
    /// How safely it may be carried out without asking.
    pub applicability: Applicability,
}

impl Remedy {
    /// In a container (LXC, Docker in Docker) the kernel and the nodes are those of its host: the step is
    /// one to take there. Elsewhere it stays as it is.
    #[must_use]
    pub(crate) fn on_the_host(self, facts: &Facts, then: &str) -> Self {
        let guest = facts.machine.known().and_then(|machine| machine.guest.as_deref());
        let Some(guest) = guest else { return self };
        let mut remedy = Self::shown(
            format!("on the host of this container ({guest}): {}{then}", self.command),
            format!("{}, on the host", self.changes),
        );
        remedy.needs_root = self.needs_root;
        remedy
    }

    /// A step that changes only what belongs to the caller and restarts nothing.
    #[must_use]
    pub fn safe(command: impl Into<String>, changes: impl Into<String>) -> Self {
        Self::new(command, changes, Applicability::Safe)
    }

    /// A step that is reversible but restarts something or changes the system: ask first.
    #[must_use]
    pub fn asking(command: impl Into<String>, changes: impl Into<String>) -> Self {
        Self::new(command, changes, Applicability::Unsafe)
    }

    /// A step that only the owner of the machine takes: packages, drivers, firmware, hardware.
    #[must_use]
    pub fn shown(command: impl Into<String>, changes: impl Into<String>) -> Self {
        Self::new(command, changes, Applicability::ShownOnly)
    }

    /// The step needs root.
    #[must_use]
    pub fn as_root(mut self) -> Self {
        self.needs_root = true;
        self
    }

    /// The step restarts something.
    #[must_use]
    pub fn restarting(mut self, what: impl Into<String>) -> Self {
        self.restarts = Some(what.into());
        self
    }

    /// What it changes, whether it needs root, what it restarts: one line.
    #[must_use]
    pub fn consequences(&self) -> String {
        let root = if self.needs_root { "needs root" } else { "needs no root" };
        let restart =
            self.restarts.as_ref().map_or("restarts nothing".to_owned(), |what| format!("restarts {what}"));
        format!("{}; {root}; {restart}", self.changes)
    }

    fn new(command: impl Into<String>, changes: impl Into<String>, applicability: Applicability) -> Self {
        Self {
            command: command.into(),
            changes: changes.into(),
            needs_root: false,
            restarts: None,
            applicability,
        }
    }
}
