//! Help texts: what can be called and given, not the words that describe it.

use super::Facts;

pub(super) fn add(facts: &mut Facts, field: &str, text: &str) {
    let mut section = "";
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        match line.strip_suffix(':').filter(|_| !line.starts_with(' ')) {
            Some(name) => section = name,
            None => facts.add_next(field, format!("{section}: {}", essence(section, line.trim_start()))),
        }
    }
}

fn essence(section: &str, line: &str) -> String {
    match section {
        "NAME" => line.split_once(" - ").map_or(line, |(name, _)| name).to_owned(),
        "COMMANDS" | "OPTIONS" | "GLOBAL OPTIONS" => {
            let name = line.split_once("  ").map_or(line, |(name, _)| name);
            let variables = line.rfind("[$").map(|at| line.split_at(at).1).unwrap_or_default();
            format!("{name} {variables}").trim_end().to_owned()
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_do_not_count_and_names_do() {
        let facts = |text: &str| {
            let mut facts = Facts::default();
            add(&mut facts, "stdout", text);
            facts
        };
        let text =
            "NAME:\n   X - does\n\nGLOBAL OPTIONS:\n   --debug, -d  says more [$X_DEBUG]\n   --quiet  less\n";
        let other = "NAME:\n   X - acts\n\nGLOBAL OPTIONS:\n   --debug, -d     logs [$X_DEBUG]\n   --quiet    silent\n";
        assert_eq!(facts(text), facts(other));
        for (old, new) in [("X -", "Y -"), ("--quiet", "--silent"), ("X_DEBUG", "Y_DEBUG"), ("GLOBAL ", "")] {
            assert_ne!(facts(text), facts(&text.replace(old, new)), "{old} to {new}");
        }
    }
}
