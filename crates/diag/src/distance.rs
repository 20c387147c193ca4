//! How far a word is from another: what lets a message say which word was probably meant.

/// Levenshtein's distance: insertions, deletions and replacements of one letter.
#[must_use]
pub fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.chars().enumerate() {
        let (mut diagonal, mut last) = (row, row + 1);
        for (cell, other) in previous.iter_mut().skip(1).zip(&right) {
            last = (diagonal + usize::from(letter != *other)).min(last + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, last);
        }
        if let Some(first) = previous.first_mut() {
            *first = row + 1;
        }
    }
    previous.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn letters_put_in_taken_out_and_replaced_count() {
        let cases =
            [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("coutn", "count", 2), ("x", "x", 0)];
        for (left, right, expected) in cases {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }
}
