//! A data file is laid over the tables; a program of its own, because that holds for all of it.

use knowledge::compat::{Question, answer};
use knowledge::data::Data;

const FILE: &str = r#"{"version": 1,
  "cuda": [{"version": "13.9.0", "driver": "700.10", "document": "notes", "date": "2027-01-01"}],
  "torch": [{"version": "3.0", "builds": ["cu139"], "default": "13.9", "pythons": [12, 15], "document": "index", "date": "2027-01-02"},
            {"version": "2.8", "builds": ["cu128"], "default": "12.8", "document": "index", "date": "2027-01-02"}]}"#;

#[test]
fn rows_of_a_file_are_answered_from() {
    let ask = |package: &str, driver: &str| {
        answer(&Question {
            package: Some(package.into()),
            driver: Some(driver.into()),
            ..Question::default()
        })
    };
    assert!(ask("torch==3.0.1", "700").is_err());
    Data::parse(FILE).expect("a good file").install();
    let found = ask("torch==3.0.1", "700").expect("in the file");
    assert!(found.judgements.iter().any(|row| row.reason.contains("13.9")), "{found:?}");
    assert!(found.facts.iter().any(|fact| fact.source.is_some_and(|source| source.date == "2027-01-02")));
    assert!(!knowledge::torch::has_build("2.8.0", "cu129").expect("replaced"));
}
