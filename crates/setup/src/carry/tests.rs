//! What stages did to the packages, taken together; steps that are done in one go.

use super::*;

fn changed(name: &str, before: Option<&str>, after: Option<&str>) -> Changed {
    Changed { name: name.to_owned(), before: before.map(str::to_owned), after: after.map(str::to_owned) }
}

fn done(packages: Vec<Changed>) -> Done {
    Done {
        kind: Kind::Engine,
        title: String::new(),
        ended: true,
        journal: 0,
        before: None,
        packages,
        undo: Vec::new(),
    }
}

#[test]
fn stages_together_are_seen_from_before_the_first_to_after_the_last() {
    let host = Host::at("/nonexistent");
    let record = Record {
        stages: vec![
            done(vec![
                changed("a", Some("1"), None),
                changed("b", None, Some("1")),
                changed("c", Some("1"), Some("2")),
            ]),
            done(vec![
                changed("a", None, Some("1")),
                changed("b", Some("1"), None),
                changed("c", Some("2"), Some("3")),
                changed("d", None, Some("1")),
            ]),
        ],
        ..Record::new(&host).unwrap()
    };
    assert_eq!(record.changes(), [changed("c", Some("1"), Some("3")), changed("d", None, Some("1"))]);
}

#[test]
fn files_with_their_restart_are_one_part_and_programs_are_parts_of_their_own() {
    let run = |word: &str| Step::Run { argv: vec![word.to_owned()], undo: None };
    let file = |path: &str| Step::Remove { path: path.to_owned(), before: Vec::new() };
    let settle = Step::Settle { argv: vec!["r".to_owned()], undo: Vec::new() };
    let steps = [run("a"), run("b"), file("/c"), file("/d"), settle, run("e")];
    let shown: Vec<String> = parts(&steps)
        .iter()
        .map(|part| match part {
            Part::Program(argv, _) => argv.join(" "),
            Part::Files(steps) => steps.len().to_string(),
        })
        .collect();
    assert_eq!(shown, ["a", "b", "3", "e"]);
}
