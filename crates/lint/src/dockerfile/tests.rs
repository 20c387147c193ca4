//! Tests of the reader over whole files.

use super::*;
use crate::file::{File, Files};
use crate::options::Options;

fn read(text: &str) -> Build {
    let file = File::new("Dockerfile", text);
    Build::read(&file, Files::new(&[]), &Options::default())
}

/// The instructions, one line each: keyword, options, arguments.
fn shown(text: &str) -> Vec<String> {
    parse(text)
        .instructions
        .iter()
        .map(|instruction| {
            let flags: String =
                instruction.flags.iter().map(|flag| format!("--{}={} ", flag.name, flag.value)).collect();
            let docs: String =
                instruction.heredocs.iter().map(|doc| format!(" <{}>", doc.body.of(text))).collect();
            format!("{:?} {flags}{}{docs}", instruction.keyword, instruction.body.text())
        })
        .collect()
}

/// The commands of all stages with their words; `?` for what is not known.
fn commands(text: &str) -> Vec<String> {
    let build = read(text);
    build
        .stages
        .iter()
        .flat_map(|stage| build.commands(stage))
        .map(|place| {
            let words: Vec<&str> =
                place.run.args.iter().map(|arg| arg.text.as_deref().unwrap_or("?")).collect();
            words.join(" ")
        })
        .collect()
}

#[test]
fn continuations_comments_and_blank_lines() {
    assert_eq!(shown("FROM a\nRUN x \\\n  # not this\n\n   && y\\\n z\n"), ["From a", "Run x    && y z"]);
    assert_eq!(shown("FROM a\r\nRUN x \\\r\r\n y\r\n"), ["From a", "Run x  y"]);
    assert_eq!(shown("# escape=`\nFROM a\nRUN x `\n y\\\nRUN z"), ["From a", "Run x  y\\", "Run z"]);
    assert_eq!(shown("FROM a\nRUN echo a\\\\\nRUN b"), ["From a", "Run echo a\\\\", "Run b"]);
    assert_eq!(shown("\u{feff}from a\n  run b"), ["From a", "Run b"]);
}

#[test]
fn flags_heredocs_and_triggers() {
    let text = "FROM --platform=linux/amd64 a AS b\nRUN --mount=type=cache,target=/c --network=none <<EOF\none\ntwo\nEOF\nCOPY <<-'A' <<B /x/\n\t1\n\tA\n2\nB\nONBUILD RUN y\n";
    assert_eq!(
        shown(text),
        [
            "From --platform=linux/amd64 a AS b",
            "Run --mount=type=cache,target=/c --network=none <<EOF <one\ntwo\n>",
            "Copy <<-'A' <<B /x/ <\t1\n> <2\n>",
            "Run y",
        ]
    );
    let document = parse(text);
    assert!(document.instructions[3].onbuild && document.problems.is_empty());
    assert_eq!(document.instructions[1].span.of(text).lines().count(), 3);
}

#[test]
fn problems_do_not_stop_the_reading() {
    let document = parse("FROM a\nINSTALL x\nRUN <<EOF\nnever ends\n");
    let messages: Vec<&str> = document.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["unknown instruction: INSTALL", "unterminated heredoc"]);
}

#[test]
fn stages_and_their_bases() {
    let build = read(
        "ARG V=12.4.1\nARG N\nFROM nvidia/cuda:${V}-devel-ubuntu22.04 AS Build\nFROM build\nFROM a:$N\nFROM scratch\nCOPY --from=0 /a /b\n",
    );
    let Base::Image(image) = &build.stages[0].base else { panic!("{:?}", build.stages[0].base) };
    assert_eq!(image.name.tag.as_deref(), Some("12.4.1-devel-ubuntu22.04"));
    assert_eq!(image.origins.len(), 1);
    assert!(matches!(build.stages[1].base, Base::Stage(0)));
    assert!(matches!(build.stages[2].base, Base::Unknown));
    assert!(matches!(build.stages[3].base, Base::Scratch));
    let Action::Copy(copy) = &build.stages[3].steps[0].action else { panic!() };
    assert!(matches!(copy.source, Source::Stage(0)));
    assert_eq!(build.lineage(&build.stages[1]).len(), 2);
}

#[test]
fn variables_reach_commands() {
    let text = "ARG G=global\nFROM a\nARG G\nENV A=1 B=\"$A x\" C=$A\nENV D two words\nENV A=3\nARG A=9\nRUN echo $A \"$B\" $C $D $G $U && X=5 && echo $X\nRUN if t; then Y=1; fi; echo $Y\n";
    assert_eq!(commands(text), ["echo 3 ? ? two words global ?", "", "echo 5", "t", "", "echo ?"]);
}

#[test]
fn scripts_in_heredocs_and_shells() {
    assert_eq!(commands("FROM a\nRUN <<EOF\napt x\nmake\nEOF\n"), ["apt x", "make"]);
    assert_eq!(commands("FROM a\nRUN bash -e <<'EOF'\na\nEOF\n"), ["a"]);
    assert_eq!(commands("FROM a\nRUN python3 - <<EOF\nimport x\nEOF\n"), ["python3 -"]);
    assert!(commands("FROM a\nRUN <<EOF\n#!/usr/bin/env python3\nimport x\nEOF\n").is_empty());
    assert_eq!(commands("FROM a\nRUN bash -lc 'pip x && y'\n"), ["bash -lc pip x && y", "pip x", "y"]);
    assert_eq!(commands("FROM a\nRUN [\"/bin/sh\", \"-c\", \"a b\"]\n"), ["/bin/sh -c a b", "a b"]);
    assert!(commands("FROM a\nSHELL [\"powershell\", \"-Command\"]\nRUN x\n").is_empty());
}

#[test]
fn spans_point_into_the_file() {
    let text = "FROM a\nRUN apt-get \\\n  install pkg=1 \"q r\"\n";
    let build = read(text);
    let place = build.commands(&build.stages[0]).next().unwrap();
    let words: Vec<&str> = place.run.args.iter().map(|arg| arg.span.of(text)).collect();
    assert_eq!(words, ["apt-get", "install", "pkg=1", "\"q r\""]);
    assert!(place.run.args[2].exact && !place.run.args[3].exact);
}

#[test]
fn values_that_double_come_to_an_end() {
    let build = read(&format!("FROM scratch\nENV A=abcdefgh\n{}RUN x $A\n", "ENV A=$A$A\n".repeat(60)));
    let set = build.env(&build.stages[0], usize::MAX, "A").unwrap();
    assert!(set.value.text.is_none() && set.value.origins.len() < 20);
    let nested = format!("FROM scratch\nENV A={}\n", "${B:-".repeat(100_000));
    assert_eq!(read(&nested).stages.len(), 1);
}

#[test]
fn triggers_run_in_the_stages_that_are_built_on_theirs() {
    let build = read("FROM a AS one\nONBUILD ENV A=1\nONBUILD RUN y $A\nFROM one AS two\nRUN z\nFROM two\n");
    let steps: Vec<Vec<usize>> =
        build.stages.iter().map(|stage| stage.steps.iter().map(|step| step.instruction).collect()).collect();
    assert_eq!(steps, [vec![], vec![1, 2, 4], vec![]]);
    assert_eq!(build.env(&build.stages[1], usize::MAX, "A").unwrap().value.text.as_deref(), Some("1"));
    // Many triggers and many stages end.
    let hostile = format!("FROM a AS b\n{}{}", "ONBUILD RUN x\n".repeat(400), "FROM b\n".repeat(400));
    assert!(read(&hostile).stages.iter().map(|stage| stage.steps.len()).sum::<usize>() <= 1_000);
}
