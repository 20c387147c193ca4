//! Tests of the tree and of its views.

use super::{Scalar, Yaml};

fn first(yaml: &Yaml) -> super::View<'_> {
    yaml.documents().next().expect("a document")
}

#[test]
fn spans_cover_what_is_written() {
    let text = "a:\n  - b: \"c d\" # e\n    f: [1, 2]\n\n# end\ng: ü\n";
    let yaml = Yaml::read(text);
    let top = first(&yaml);
    let item = top.get("a").unwrap().items()[0];
    assert_eq!(item.get("b").unwrap().span().of(text), "\"c d\"");
    assert_eq!(item.get("f").unwrap().span().of(text), "[1, 2]");
    assert_eq!(item.span().of(text), "b: \"c d\" # e\n    f: [1, 2]");
    assert_eq!(top.get("g").unwrap().span().of(text), "ü");
}

#[test]
fn aliases_and_merges_are_followed() {
    let text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 9\nw: *x\n";
    let yaml = Yaml::read(text);
    let z = first(&yaml).get("z").unwrap();
    let all: Vec<_> = z.entries().iter().map(|e| (e.key.text().unwrap(), e.value.text().unwrap())).collect();
    assert_eq!(all, [("a", "9"), ("b", "2"), ("c", "4")]);
    let w = first(&yaml).get("w").unwrap();
    assert_eq!(w.place().of(text), "*x");
    assert_eq!(w.span().of(text), "{a: 1, b: 2}");
}

#[test]
fn documents_tags_and_duplicates_are_kept() {
    let yaml = Yaml::read("a: !reset null\nb: 1\nb: 2\n---\nc: 3\n");
    assert_eq!(yaml.documents().count(), 2);
    let top = first(&yaml);
    assert_eq!(top.get("a").unwrap().tag(), Some("reset"));
    assert_eq!(top.own_entries().len(), 3);
    assert_eq!(top.get("b").unwrap().text(), Some("2"));
}

#[test]
fn scalars_mean_what_they_mean() {
    let cases = [
        ("0", Scalar::Int(0)),
        ("1.5", Scalar::Float(1.5)),
        ("yes", Scalar::Text("yes")),
        ("22:22", Scalar::Text("22:22")),
        ("12.4.1", Scalar::Text("12.4.1")),
        ("-", Scalar::Text("-")),
        ("true", Scalar::Bool(true)),
        ("~", Scalar::Null),
        ("all", Scalar::Text("all")),
    ];
    for (text, expected) in cases {
        assert_eq!(Scalar::plain(text), expected, "{text}");
    }
    let yaml = Yaml::read("a: \"0\"\n");
    assert_eq!(first(&yaml).get("a").unwrap().scalar(), Some(Scalar::Text("0")));
}

#[test]
fn what_is_not_yaml_has_no_documents() {
    for text in ["a: {{ .Values.x }}\nb: [", "a: [1\nb: 2", "a: 'x"] {
        let yaml = Yaml::read(text);
        assert!(yaml.error.is_some() && yaml.documents().count() == 0, "{text}");
    }
}

#[test]
fn a_bomb_stays_small() {
    let mut text = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..60 {
        let last = level - 1;
        text.push_str(&format!(
            "a{level}: &a{level} [*a{last}, *a{last}]\nm{level}: &m{level}\n  <<: [*m{last}, *m{last}]\n"
        ));
    }
    let text = text.replacen("m1: &m1\n  <<: [*m0, *m0]", "m1: &m1 {k: v}", 1);
    let yaml = Yaml::read(&text);
    assert_eq!(yaml.error, None);
    assert!(first(&yaml).get("m59").unwrap().entries().len() <= 1);
}
