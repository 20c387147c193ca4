//! `longshore compat`: what runs with what, from the tables of `knowledge`.

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result, ResultExt};
use knowledge::Source;
use knowledge::compat::{self, Answer, Fact, Judgement, Question, Verdict};
use knowledge::data::Data;
use serde_json::{Value, json};

/// The row of the tables.
pub(crate) const COMMAND: Command =
    Command::new("compat", "Says what runs with what: drivers, CUDA images, GPUs, packages", run).flags(&[
        Flag::text("driver", "A driver: 535, 535.104.05"),
        Flag::text("image", "An image: nvidia/cuda:12.8.1-runtime-ubuntu22.04"),
        Flag::text("gpu", "A GPU: \"RTX 5090\", sm_89"),
        Flag::text("package", "A package: torch, torch==2.8.0+cu126, tensorflow==2.18"),
        Flag::text("format", "text or json").default("text"),
        Flag::text("data", "A file with newer rows for the tables (JSON, see docs/compat-data.md)"),
        Flag::switch("json", "The same as `--format json`"),
    ]);

fn run(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let as_json = match parsed.text("format") {
        _ if parsed.switch("json") => true,
        "text" => false,
        "json" => true,
        other => {
            return Err(
                Failure::coded(codes::BAD_VALUE, format!("there is no format `{other}`")).hint("text, json")
            );
        }
    };
    read_data(session, parsed.text("data"))?;
    let answer = compat::answer(&question(parsed)?).map_err(|unknown| {
        Failure::coded(codes::BAD_VALUE, unknown.to_string()).hint(unknown.hint.clone())
    })?;
    let text = if as_json {
        serde_json::to_string_pretty(&value(&answer)).context("cannot write JSON")? + "\n"
    } else {
        text(&answer)
    };
    session.out(&text);
    Ok(if answer.verdict() == Some(Verdict::DoesNotRun) { Exit::Failed } else { Exit::Well })
}

/// Lays the rows of a file over the built-in tables.
pub(super) fn read_data(session: &Session, path: &str) -> Result<()> {
    if path.is_empty() {
        return Ok(());
    }
    let place = session.absolute(path)?;
    let data = Data::parse(&session.host.read_text(&place)?).map_err(|why| {
        Failure::coded(codes::BAD_VALUE, format!("{path}: {why}")).hint("docs/compat-data.md has the form")
    })?;
    data.install();
    Ok(())
}

fn question(parsed: &Parsed) -> Result<Question> {
    let given = |name: &str| Some(parsed.text(name)).filter(|text| !text.is_empty()).map(str::to_owned);
    let question = Question {
        driver: given("driver"),
        image: given("image"),
        gpu: given("gpu"),
        package: given("package"),
    };
    if question == Question::default() {
        return Err(Failure::coded(codes::BAD_ARGUMENT, "compat needs something to ask about")
            .hint("longshore compat --driver 535 --image nvidia/cuda:12.8.1-runtime-ubuntu22.04"));
    }
    Ok(question)
}

/// Verdicts first, then the facts of each subject.
fn text(answer: &Answer) -> String {
    let mut out = String::new();
    for Judgement { one, other, verdict, reason, .. } in &answer.judgements {
        out.push_str(&format!("{one} with {other}: {}\n  {reason}\n", verdict.words()));
    }
    let mut about = "";
    for fact in &answer.facts {
        if fact.about != about {
            out.push_str(&format!("{}{}\n", if out.is_empty() { "" } else { "\n" }, fact.about));
            about = &fact.about;
        }
        out.push_str(&format!("  {}\n", fact.text));
    }
    out + &sources(answer)
}

/// The documents behind an answer, each once.
fn sources(answer: &Answer) -> String {
    let all =
        answer.facts.iter().map(|fact| fact.source).chain(answer.judgements.iter().map(|row| row.source));
    let mut lines: Vec<String> =
        all.flatten().map(|source| format!("  {} (read {})\n", source.document, source.date)).collect();
    lines.sort();
    lines.dedup();
    if lines.is_empty() { String::new() } else { format!("\nsources\n{}", lines.concat()) }
}

fn value(answer: &Answer) -> Value {
    let source =
        |source: &Option<Source>| source.map(|row| json!({"document": row.document, "date": row.date}));
    let fact = |fact: &Fact| json!({"about": fact.about, "text": fact.text, "source": source(&fact.source)});
    let judgement = |row: &Judgement| {
        json!({
            "one": row.one,
            "other": row.other,
            "verdict": word(row.verdict),
            "reason": row.reason,
            "source": source(&row.source),
        })
    };
    json!({
        "version": 1,
        "verdict": answer.verdict().map(word),
        "judgements": answer.judgements.iter().map(judgement).collect::<Vec<_>>(),
        "facts": answer.facts.iter().map(fact).collect::<Vec<_>>(),
    })
}

/// The verdict as programs read it.
fn word(verdict: Verdict) -> String {
    verdict.words().replace(' ', "-")
}
