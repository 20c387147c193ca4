//! Mount lists and shell patterns of whole paths: a line is read or counted as a stranger, and a path whose
//! special characters are escaped matches itself alone.
#![no_main]

use formats::{glob, mount_csv};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let list = mount_csv::parse(text);
    assert!(list.lines.len() + list.strangers.len() <= text.lines().count());
    let paths: Vec<&str> = list.lines.iter().map(|line| line.path.as_str()).take(8).collect();
    for path in &paths {
        let _ = glob::is_pattern(path);
        let written_out = escaped(path);
        assert!(glob::matches_path(&written_out, path), "{written_out}");
        for other in &paths {
            assert!(other == path || !glob::matches_path(&written_out, other), "{written_out} {other}");
            let _ = glob::matches_path(path, other);
        }
    }
});

fn escaped(path: &str) -> String {
    path.chars()
        .flat_map(|c| ['*', '?', '[', '\\'].contains(&c).then_some('\\').into_iter().chain([c]))
        .collect()
}
