//! Properties over generated Dockerfiles: no text breaks the lint, spans lie in the text, and fixes
//! end what they were made for.

use lint::{Applicability, File, Files, Options, check, fixes, output};
use proptest::prelude::*;

/// Pieces of Dockerfiles; joined at random they give files that are nearly right.
const PIECES: &[&str] = &[
    "FROM nvidia/cuda:11.8.0-base\n",
    "FROM nvidia/cuda\n",
    "FROM nvidia/cuda:12.4.1-devel-ubuntu22.04 AS base\n",
    "FROM ubuntu:24.04\n",
    "FROM base\n",
    "FROM python:3.11\n",
    "FROM ${B:-nvidia/cuda:12.4.1-runtime-ubuntu24.04}\n",
    "ARG V=2.8.0\n",
    "ARG V\n",
    "ENV LD_LIBRARY_PATH=/opt/lib\n",
    "ENV LD_LIBRARY_PATH=\"/x:/y\" A=1\n",
    "ENV NVIDIA_DRIVER_CAPABILITIES=video,utility\n",
    "ENV LD_LIBRARY_PATH /x\n",
    "SHELL [\"bash\", \"-c\"]\n",
    "RUN apt-get update && apt-get install -y cuda-12-8 gcc\n",
    "RUN apt-get install -y \\\n  git \\\n  nvidia-utils-535 \\\n  curl\n",
    "RUN apt-get install -y python3-pip\n",
    "RUN pip install torch\n",
    "RUN pip3 install torch==$V --index-url https://download.pytorch.org/whl/cu124\n",
    "RUN pip install torch torchvision --extra-index-url=https://download.pytorch.org/whl/cu121\n",
    "RUN pip install torch --index-url https://download.pytorch.org/whl/cu122\n",
    "RUN pip install flash-attn\n",
    "RUN <<EOF\npip install torch\nEOF\n",
    "COPY <<A /x\n",
    "# longshore: ignore[G405] why\n",
    "# longshore: ignore-file[G102,x]\n",
    "RUN cmake -DCMAKE_CUDA_ARCHITECTURES=\"90;120\" ..\n",
    "RUN [\"pip\", \"install\", \"torch\"]\n",
    "ONBUILD RUN pip install torch\n",
    " \\\n",
    "&& ",
    "|| ",
    "; ",
    "$(",
    ")",
    "`",
    "'",
    "\"",
    "${",
    "}",
    "\\",
    "\n",
    "\r\n",
    "\t",
    "é",
    "\u{feff}",
    "<<",
    "-",
    "--index-url",
    "=",
    "if x; then ",
    "fi",
    "{ ",
    "(( ",
    "[[ ",
    "case x in ",
    "esac",
    "# escape=`\n",
    "RUN ",
    "ENV ",
    "ARG ",
    "FROM ",
    "pip install ",
    "-f",
    "-é",
];

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
}

fn options() -> Options {
    Options { select: vec!["ALL".into()], ..Options::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn every_text_is_read_and_spans_lie_in_it(text in texts()) {
        let files = [File::new("Dockerfile", text.clone())];
        let reports = check(&files, &options());
        for finding in &reports[0].findings {
            let labels = std::iter::once(&finding.primary).chain(&finding.secondary);
            for span in labels.map(|label| label.span) {
                prop_assert!(text.get(span.start..span.end).is_some(), "{} {:?}", finding.code, span);
            }
        }
        for (_, format) in output::Format::NAMES {
            let _ = output::render(*format, &reports, Files::new(&files), false);
        }
    }

    #[test]
    fn fixes_end_what_they_were_made_for(text in texts()) {
        let mut current = text;
        for _ in 0..24 {
            let files = [File::new("Dockerfile", current.clone())];
            let findings = check(&files, &options()).remove(0).findings;
            let (fixed, applied) = fixes::apply(&current, &findings, Applicability::Unsafe);
            if applied == 0 {
                return Ok(());
            }
            prop_assert_ne!(&fixed, &current, "a fix that changes nothing");
            current = fixed;
        }
        prop_assert!(false, "fixes do not come to an end: {current}");
    }

    #[test]
    fn any_characters_are_read(text in "\\PC{0,200}", lines in prop::collection::vec("[ -~]{0,40}", 0..20)) {
        for text in [text, format!("FROM a\nRUN {}", lines.join("\n"))] {
            let _ = check(&[File::new("Dockerfile", text.clone()), File::new("compose.yaml", text)], &options());
        }
    }
}
