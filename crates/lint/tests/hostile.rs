//! Hostile files of each shape end, without an overflow of the stack; how soon, and in how much memory, is
//! measured with the program that is shipped (`docs/lint-precision.md`), since a clock in a test tells how
//! busy the machine is. Dockerfiles above 1 MiB are not looked at, and that is said.

use lint::{File, Options, check};

/// A small part of the largest Dockerfile that is looked at, so that the test takes seconds without
/// optimisation; for YAML ten times as much.
const SIZE: usize = 32 * 1024;

fn repeated(piece: &str, size: usize) -> String {
    piece.repeat(size / piece.len())
}

/// Services that each extend the one before.
fn chain(length: usize) -> String {
    (1..length).map(|n| format!("  s{n}: {{extends: {{service: s{}}}}}\n", n - 1)).collect()
}

fn judge(path: &str, shapes: &[(&str, String)]) {
    for (name, text) in shapes {
        let options = Options { select: vec!["ALL".into()], ..Options::default() };
        let reports = check(&[File::new(path, text.clone())], &options);
        assert_eq!(reports.len(), 1, "{path}, {name}");
        let most = reports[0].findings.iter().filter(|finding| finding.code.as_str() == "G999").count();
        assert!(most <= 1, "{path}, {name}: {most} errors of syntax");
    }
}

#[test]
fn dockerfiles_of_any_shape_end() {
    let repeated = |piece: &str| repeated(piece, SIZE);
    let from = "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\n";
    judge(
        "Dockerfile",
        &[
            ("instructions", from.to_owned() + &repeated("RUN pip install torch\n")),
            ("one command line", format!("{from}RUN {}", repeated("pip install torch && "))),
            ("open quotes", format!("{from}RUN {}", repeated("\"$("))),
            ("continuations", format!("{from}RUN a {}", repeated("\\\n"))),
            ("heredocs", format!("{from}RUN {}", repeated("<<A "))),
            ("variables", format!("{from}ENV {}", repeated("A=$A$A "))),
            ("stages", repeated("FROM a AS a\n")),
            ("braces", format!("{from}ENV A={}", repeated("${A:-"))),
            ("unknown instructions", format!("{from}{}", repeated("A\n"))),
            ("arithmetic", format!("{from}RUN echo {}", repeated("$(((("))),
            ("conditions", format!("{from}RUN {}", repeated("if a; then "))),
            ("a quote that is never closed", format!("{from}RUN echo '{}", repeated("a b\\\n"))),
            ("a chain of stages", (1..SIZE / 24).map(|n| format!("FROM s{} AS s{n}\n", n - 1)).collect()),
        ],
    );
}

#[test]
fn yaml_of_any_shape_ends() {
    let repeated = |piece: &str| repeated(piece, 10 * SIZE);
    judge(
        "compose.yaml",
        &[
            ("services", format!("services:\n{}", repeated("  a: {image: b, gpus: all}\n"))),
            ("brackets", repeated("[")),
            ("anchors", format!("a: &a [x]\nservices: {{{}}}", repeated("b: *a, "))),
            ("merges", format!("a: &a {{<<: *a}}\nservices:\n  x:\n{}", repeated("    <<: *a\n"))),
            ("one scalar", format!("services: {}", repeated("x"))),
            ("variables", format!("services: {{a: {{image: \"{}\"}}}}", repeated("${A:-"))),
            ("includes", format!("include:\n{}", repeated("  - a.yaml\n"))),
            (
                "levels",
                format!("services:\n{}", (1..800).map(|n| " ".repeat(n) + "a:\n").collect::<String>()),
            ),
            ("a chain of services", format!("services:\n{}", chain(10 * SIZE / 40))),
        ],
    );
}

/// What is too large to be looked at is said: silence would seem to pass it.
#[test]
fn a_dockerfile_that_is_too_large_is_named() {
    let text = "RUN true\n".repeat(200_000);
    let reports = check(&[File::new("Dockerfile", text)], &Options::default());
    assert!(reports[0].findings[0].message.contains("not looked at"), "{:?}", reports[0].findings);
}
