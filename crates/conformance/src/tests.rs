//! The harness on what was recorded: cases agree with themselves, and a change is seen.

use super::*;

fn recorded(name: &str) -> (Case, Outcome) {
    let case = load(&cases_directory()).unwrap().into_iter().find(|case| case.name == name).unwrap();
    let outcome = case.recorded().unwrap();
    (case, outcome)
}

fn unexplained(case: &Case, original: &Outcome, ours: &Outcome) -> Vec<(Side, String, String)> {
    let (original, ours) = (Facts::of(case, original).unwrap(), Facts::of(case, ours).unwrap());
    judge(&case.name, &original, &ours, &Differences::default()).unexplained
}

#[test]
fn every_case_is_complete_and_agrees_with_itself() {
    let cases = load(&cases_directory()).unwrap();
    assert!(cases.len() >= 32, "{} cases", cases.len());
    for case in cases {
        let outcome = case.recorded().unwrap();
        let facts = Facts::of(&case, &outcome).unwrap();
        assert!(facts.count() > 1, "{} compares nothing", case.name);
        assert_eq!(judge(&case.name, &facts, &facts, &Differences::default()).unexplained, []);
    }
}

#[test]
fn json_and_yaml_of_one_specification_differ_in_their_format_only() {
    let ((case, yaml), (_, json)) = (recorded("generate-1gpu"), recorded("generate-1gpu-json"));
    let formats = [(Side::Original, "YAML"), (Side::Ours, "JSON")];
    let expected = formats.map(|(side, format)| (side, "format".to_owned(), format.to_owned()));
    assert_eq!(unexplained(&case, &yaml, &json), expected);
}

#[test]
fn a_changed_specification_is_seen() {
    let (case, original) = recorded("generate-1gpu");
    let table = [
        ("rprivate", "rshared", "mounts"),
        ("major: 195", "major: 196", "nodes"),
        ("libcuda.so.1::", "libcuda.so.2::", "effects"),
        ("../card0::", "../card1::", "effects"),
        ("NVIDIA_VISIBLE_DEVICES=void", "NVIDIA_VISIBLE_DEVICES=all", "env"),
        ("- update-application-profile", "- noop", "effects"),
        ("name: all", "name: any", "devices"),
    ];
    for (old, new, field) in table {
        assert!(original.stdout.contains(old), "{old}");
        let ours = Outcome { stdout: original.stdout.replacen(old, new, 1), ..original.clone() };
        let seen = unexplained(&case, &original, &ours);
        assert!(seen.iter().any(|(_, seen, _)| seen.contains(field)), "{old} to {new}: {seen:?}");
    }
}

#[test]
fn a_changed_container_is_seen() {
    let (case, original) = recorded("rt-all-jit-8gpu");
    let config = original.config.clone().unwrap();
    let table = [
        ("/dev/nvidia7", "/dev/nvidia8", "devices"),
        ("\"minor\":255,\"access\"", "\"minor\":254,\"access\"", "device rules"),
        ("[44,106]", "[44]", "gids"),
        ("libcuda.so.1::", "libcuda.so.2::", "effects"),
        ("\"noNewPrivileges\":true", "\"noNewPrivileges\":false", "rest"),
        ("\"destination\":\"/dev\",", "\"destination\":\"/dev/shm/x/..\",", "mounts"),
        ("\"destination\":\"/sys\",", "\"destination\":\"/\",", "hidden mounts"),
    ];
    for (old, new, field) in table {
        assert!(config.contains(old), "{old}");
        let ours = Outcome { config: Some(config.replacen(old, new, 1)), ..original.clone() };
        let seen = unexplained(&case, &original, &ours);
        assert!(seen.iter().any(|(_, seen, _)| seen == field), "{old} to {new}: {seen:?}");
    }
    let ours = Outcome { config: None, ..original.clone() };
    assert!(!unexplained(&case, &original, &ours).is_empty());
}

#[test]
fn changed_lines_and_their_order_are_seen() {
    let (case, original) = recorded("list");
    let reversed: Vec<&str> = original.stdout.lines().rev().collect();
    let ours = Outcome { stdout: reversed.join("\n"), ..original.clone() };
    let seen = unexplained(&case, &original, &ours);
    assert_eq!(seen.iter().map(|(_, field, _)| field.as_str()).collect::<Vec<_>>(), ["stdout: order"]);
    let ours = Outcome { stdout: original.stdout.replacen("gpu=3", "gpu=33", 1), ..original.clone() };
    assert_eq!(unexplained(&case, &original, &ours).len(), 2);
    let ours = Outcome { exit: Some(1), ..original.clone() };
    assert_eq!(unexplained(&case, &original, &ours).len(), 2);
}

#[test]
fn the_table_explains_and_tells_what_it_did_not_need() {
    let (case, original) = recorded("version");
    let ours = Outcome { stdout: original.stdout.replace("1.20.0", "1.20.1"), ..original.clone() };
    let table = |original: &str| -> Differences {
        let text = format!(
            "[[difference]]\ncases = [\"ver*\"]\nfield = \"stdout\"\noriginal = [\"{original}\"]\nours = [\"* 1.20.1*\"]\nreason = \"r\"\n"
        );
        toml_edit::de::from_str(&text).unwrap()
    };
    let facts = |outcome: &Outcome| Facts::of(&case, outcome).unwrap();
    for (pattern, good, unused) in [("* 1.20.0*", true, 0), ("* 9*", false, 1)] {
        let table = table(pattern);
        let verdict = judge(&case.name, &facts(&original), &facts(&ours), &table);
        assert_eq!((verdict.is_good(), table.unused().len()), (good, unused), "{verdict:?}");
    }
}

#[test]
fn a_pending_case_must_differ() {
    let (case, original) = recorded("version");
    let table: Differences =
        toml_edit::de::from_str("[[pending]]\ncase = \"version\"\nreason = \"not built\"\n").unwrap();
    let facts = Facts::of(&case, &original).unwrap();
    let nothing = Facts::of(&case, &Outcome::default()).unwrap();
    assert!(!judge(&case.name, &facts, &facts, &table).is_good());
    assert!(judge(&case.name, &facts, &nothing, &table).is_good());
}

#[test]
fn the_page_of_differences_is_fresh() {
    let page = cases_directory().join("../../../docs/differences.md");
    let expected = documentation(&Differences::load(&differences_file()).unwrap());
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    assert_eq!(found, expected, "write it anew: cargo run -p conformance -- --docs > docs/differences.md");
}
