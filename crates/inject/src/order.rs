//! The order of paths in edits: by depth, so that nothing hides what was put below it, then by name.

/// Sorts items by the depth of their paths and then by the paths.
pub(crate) fn by_depth<T>(items: Vec<T>, path: impl Fn(&T) -> &str) -> Vec<T> {
    // One sort of plain keys for all types of items: sorting code is large, and this crate is part of
    // a program that has to stay small.
    let mut keys: Vec<(usize, String, usize)> = items
        .iter()
        .enumerate()
        .map(|(position, item)| (depth(path(item)), path(item).to_owned(), position))
        .collect();
    keys.sort_unstable();
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    keys.iter().filter_map(|(_, _, position)| items.get_mut(*position)?.take()).collect()
}

fn depth(path: &str) -> usize {
    path.split('/').filter(|part| !part.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shallow_paths_come_first_and_equal_ones_keep_their_order() {
        let items = vec![("/b/c", 1), ("/z", 2), ("/b/a", 3), ("/b/c", 4), ("//a/", 5)];
        let sorted: Vec<i32> =
            by_depth(items, |(path, _)| path).into_iter().map(|(_, number)| number).collect();
        assert_eq!(sorted, [5, 2, 3, 1, 4]);
    }
}
