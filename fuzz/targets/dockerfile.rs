//! Dockerfiles: any text is read, every span lies in it, and fixes give a text that is read again.
#![no_main]

use lint::{Applicability, File, Options};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let options = Options { select: vec!["ALL".into()], ..Options::default() };
    let reports = lint::check(&[File::new("Dockerfile", text)], &options);
    for finding in &reports[0].findings {
        for label in
            std::iter::once(&finding.primary).chain(&finding.secondary).filter(|label| label.path.is_none())
        {
            assert!(
                text.get(label.span.start..label.span.end).is_some(),
                "{}: {:?}",
                finding.code,
                label.span
            );
        }
    }
    let (fixed, applied) = lint::fixes::apply(text, &reports[0].findings, Applicability::Unsafe);
    assert_eq!(applied == 0, fixed == text, "a fix that changes nothing");
    let _ = lint::check(&[File::new("Dockerfile", fixed)], &options);
});
