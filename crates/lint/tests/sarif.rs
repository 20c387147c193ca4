//! What `--format sarif` gives is valid by the schema of SARIF 2.1.0, which lies in `data`.
//!
//! The schema uses a small part of JSON Schema (draft 4); a word that is not known here fails the
//! test, so that nothing of it is passed over.

use lint::output::{self, Format};
use lint::{File, Files, Options, check};
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("data/sarif-2.1.0.json");

fn sarif(files: &[File]) -> Value {
    let reports = check(files, &Options { select: vec!["ALL".into()], ..Options::default() });
    let format = Format::parse("sarif").expect("a format");
    serde_json::from_str(&output::render(format, &reports, Files::new(files), false)).expect("JSON")
}

#[test]
fn every_kind_of_finding_is_valid() {
    let files = [
        File::new(
            "a b/Dockerfile",
            "FROM nvidia/cuda\nRUN apt-get install -y nvidia-driver-535 \\\n  git\nENV LD_LIBRARY_PATH=/ü\n# longshore: ignore[G1]\n",
        ),
        File::new(
            "Dockerfile.gpu",
            "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\nRUN pip install torch==2.6 --index-url https://download.pytorch.org/whl/cu122\nRUN pip install flash-attn\nFOO\n",
        ),
        File::new(
            "compose.yaml",
            "version: '3'\nservices:\n  a:\n    image: vllm/vllm-openai:v1\n    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, device_ids: ['0']}]}}}\n",
        ),
        File::new(
            "pod.yaml",
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: b, resources: {requests: {nvidia.com/gpu: 1}}}]}\n",
        ),
        File::new("devcontainer.json", "{\"image\": \"a\", \"runArgs\": [\"--gpus all\"]}"),
        File::new("run.sh", "nvidia-docker run a\n"),
    ];
    let log = sarif(&files);
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert!(results.len() >= 10, "{}", results.len());
    assert!(results.iter().any(|result| result["fixes"].is_array() || result["relatedLocations"].is_array()));
    valid(&log).unwrap_or_else(|why| panic!("{why}"));
    valid(&sarif(&[])).unwrap_or_else(|why| panic!("nothing linted: {why}"));
}

/// A change that makes a log invalid, with the place that is to be named.
type Change = (&'static str, fn(&mut Value));

#[test]
fn the_schema_is_heeded() {
    let log = sarif(&[File::new("Dockerfile", "FROM nvidia/cuda\n")]);
    let changes: &[Change] = &[
        ("/version", |log| log["version"] = json!("2.2")),
        ("/runs", |log| log["runs"] = json!({})),
        ("/runs/0/tool", |log| drop(log["runs"][0]["tool"].take())),
        ("/runs/0/results/0", |log| log["runs"][0]["results"][0]["colour"] = json!("red")),
        ("/runs/0/results/0/level", |log| log["runs"][0]["results"][0]["level"] = json!("fatal")),
        ("startLine", |log| {
            log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] =
                json!(0);
        }),
    ];
    for (place, change) in changes {
        let mut wrong = log.clone();
        change(&mut wrong);
        let why = valid(&wrong).expect_err(place);
        assert!(why.contains(place), "{place}: {why}");
    }
}

fn valid(log: &Value) -> Result<(), String> {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema");
    holds(&schema, &schema, log, "")
}

/// Whether `value`, which stands at `place`, is valid by `rule`, a part of `schema`.
fn holds(schema: &Value, rule: &Value, value: &Value, place: &str) -> Result<(), String> {
    for (word, wanted) in rule.as_object().expect("a rule is an object") {
        let result = match word.as_str() {
            "$comment" | "id" | "$schema" | "definitions" | "format" => Ok(()),
            "$ref" => {
                let way = wanted.as_str().and_then(|way| way.strip_prefix('#')).expect("a way");
                holds(schema, schema.pointer(way).expect(way), value, place)
            }
            "type" => {
                let any =
                    |kinds: &[Value]| kinds.iter().any(|kind| is_a(kind.as_str().expect("a type"), value));
                let one = std::slice::from_ref(wanted);
                said(any(wanted.as_array().map_or(one, Vec::as_slice)), "is of another type", place)
            }
            "enum" => said(wanted.as_array().expect("a list").contains(value), "is none of the words", place),
            "pattern" => said(fits(wanted.as_str().expect("text"), value), "does not fit the pattern", place),
            "minimum" => said(compared(value, wanted, |a, b| a >= b), "is too small", place),
            "maximum" => said(compared(value, wanted, |a, b| a <= b), "is too large", place),
            "minItems" => {
                let enough = |items: &Vec<Value>| items.len() as u64 >= wanted.as_u64().unwrap_or(0);
                said(value.as_array().is_none_or(enough), "has too few items", place)
            }
            "uniqueItems" => {
                let unique = |items: &Vec<Value>| {
                    items.iter().enumerate().all(|(at, item)| !items[..at].contains(item))
                };
                said(value.as_array().is_none_or(unique), "has an item twice", place)
            }
            "items" => value
                .as_array()
                .into_iter()
                .flatten()
                .enumerate()
                .try_for_each(|(at, item)| holds(schema, wanted, item, &format!("{place}/{at}"))),
            "required" => {
                let lacking = |key: &&Value| value.get(key.as_str().expect("a key")).is_none();
                let lacking = wanted.as_array().expect("keys").iter().find(lacking);
                let is_whole = !value.is_object() || lacking.is_none();
                said(is_whole, &format!("lacks {lacking:?}"), &format!("{place}/{}", name(lacking)))
            }
            "properties" => wanted.as_object().expect("keys").iter().try_for_each(|(key, rule)| {
                let value = value.get(key);
                value.map_or(Ok(()), |value| holds(schema, rule, value, &format!("{place}/{key}")))
            }),
            "additionalProperties" => others(schema, rule, wanted, value, place),
            "oneOf" => {
                let rules = wanted.as_array().expect("rules").iter();
                let count = rules.filter(|rule| holds(schema, rule, value, place).is_ok()).count();
                said(count == 1, &format!("is valid by {count} of the rules"), place)
            }
            "anyOf" => {
                let mut rules = wanted.as_array().expect("rules").iter();
                let any = rules.any(|rule| holds(schema, rule, value, place).is_ok());
                said(any, "is valid by none of the rules", place)
            }
            other => Err(format!("the test does not know `{other}` of the schema")),
        };
        result?;
    }
    Ok(())
}

/// The keys that `properties` does not name.
fn others(schema: &Value, rule: &Value, wanted: &Value, value: &Value, place: &str) -> Result<(), String> {
    let known = |key: &str| rule["properties"].get(key).is_some();
    let mut further = value.as_object().into_iter().flatten().filter(|(key, _)| !known(key));
    match wanted {
        Value::Bool(true) => Ok(()),
        Value::Bool(false) => match further.next() {
            Some((key, _)) => Err(format!("{place}: there is no key `{key}`")),
            None => Ok(()),
        },
        rule => further.try_for_each(|(key, value)| holds(schema, rule, value, &format!("{place}/{key}"))),
    }
}

fn said(holds: bool, why: &str, place: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{place} {why}")) }
}

fn name(key: Option<&Value>) -> &str {
    key.and_then(Value::as_str).unwrap_or("")
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the test does not know the type `{other}`"),
    }
}

fn compared(value: &Value, limit: &Value, holds: fn(f64, f64) -> bool) -> bool {
    value.as_f64().zip(limit.as_f64()).is_none_or(|(value, limit)| holds(value, limit))
}

/// The patterns of the schema.
fn fits(pattern: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return true };
    let all = |text: &str, fits: fn(&char) -> bool| !text.is_empty() && text.chars().all(|c| fits(&c));
    match pattern {
        "[0-9]+(\\.[0-9]+){3}" => {
            let parts: Vec<&str> = text.split('.').collect();
            parts.len() == 4 && parts.iter().all(|part| all(part, char::is_ascii_digit))
        }
        "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$" => text.len() >= 2 && all(&text[..2], char::is_ascii_alphabetic),
        "[^/]+/.+" => text.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty()),
        // A UUID.
        other if other.starts_with("^[0-9a-fA-F]{8}-") => {
            let parts: Vec<usize> = text.split('-').map(str::len).collect();
            parts == [8, 4, 4, 4, 12]
        }
        other => panic!("the test does not know the pattern `{other}`"),
    }
}
