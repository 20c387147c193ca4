//! Text: its lines in their order. Blank lines and blanks at line ends are layout.

use super::Facts;

pub(super) fn add(facts: &mut Facts, field: &str, text: &str) {
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        facts.add_next(field, line);
    }
}
