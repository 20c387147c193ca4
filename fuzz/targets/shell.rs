//! The shell: as the commands of a `RUN`, as a script, and as a block of a Markdown text.
#![no_main]

use lint::{File, Options};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let options = Options { select: vec!["ALL".into()], ..Options::default() };
    let files = [
        File::new("Dockerfile", format!("FROM nvidia/cuda:12.4.1-devel-ubuntu22.04\nRUN {text}\n")),
        File::new("heredoc.Dockerfile", format!("FROM ubuntu:22.04\nRUN <<EOF\n{text}\nEOF\n")),
        File::new("run.sh", format!("docker run --gpus all a\n{text}")),
        File::new("README.md", format!("```bash\ndocker run --gpus all a\n{text}\n```\n")),
    ];
    for (report, file) in lint::check(&files, &options).iter().zip(&files) {
        for finding in &report.findings {
            let span = finding.primary.span;
            assert!(file.text.get(span.start..span.end).is_some(), "{}: {span:?}", finding.code);
        }
    }
    let _ = lint::commands::requirements::file(text);
    let _ = lint::commands::lockfile::installed(text);
});
