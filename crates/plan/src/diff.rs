//! What a plan changes, as a unified diff.

use crate::{Plan, Step};
use similar::TextDiff;

/// The unified diff of all files that the plan writes, links or removes; commands as `$ ...` lines.
#[must_use]
pub fn unified_diff(plan: &Plan) -> String {
    plan.steps.iter().map(step_diff).collect()
}

fn step_diff(step: &Step) -> String {
    match step {
        Step::Write { path, before, after, .. } => file_diff(path, before.as_deref(), Some(after)),
        Step::Remove { path, before } => file_diff(path, Some(before), None),
        Step::Symlink { path, target, before } => match before {
            Some(old) => format!("link {path}: {old} -> {target}\n"),
            None => format!("link {path} -> {target}\n"),
        },
        Step::Run { argv, .. } | Step::Settle { argv, .. } => format!("$ {}\n", argv.join(" ")),
    }
}

/// The unified diff of one file; `None` is no file.
#[must_use]
pub fn file_diff(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> String {
    let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let name = |bytes: Option<&[u8]>| if bytes.is_some() { path } else { "/dev/null" };
    let (old, new) = (text(before), text(after));
    TextDiff::from_lines(&old, &new)
        .unified_diff()
        .context_radius(3)
        .header(name(before), name(after))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Applicability;

    #[test]
    fn a_new_file_is_shown_against_dev_null() {
        let plan = Plan::new("x", Applicability::Safe).step(Step::Write {
            path: "/etc/a".into(),
            before: None,
            after: b"one\n".to_vec(),
            mode: 0o644,
        });
        assert_eq!(unified_diff(&plan), "--- /dev/null\n+++ /etc/a\n@@ -0,0 +1 @@\n+one\n");
    }
}
