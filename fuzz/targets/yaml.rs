//! YAML and JSON: Compose files, manifests and devcontainers of any text, with spans in the text.
#![no_main]

use lint::{Applicability, File, Options};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let options = Options { select: vec!["ALL".into()], ..Options::default() };
    let files = [
        File::new("compose.yaml", text),
        File::new("pod.yaml", format!("apiVersion: v1\nkind: Pod\n{text}")),
        File::new("devcontainer.json", text),
    ];
    for (report, file) in lint::check(&files, &options).iter().zip(&files) {
        for finding in &report.findings {
            let span = finding.primary.span;
            assert!(file.text.get(span.start..span.end).is_some(), "{}: {span:?}", finding.code);
        }
        let (fixed, _) = lint::fixes::apply(&file.text, &report.findings, Applicability::Unsafe);
        let _ = lint::check(&[File::new(file.path.clone(), fixed)], &options);
    }
});
