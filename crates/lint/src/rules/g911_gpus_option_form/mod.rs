//! G911: `--gpus` in a form that docker refuses, or takes for another number of GPUs.

mod value;

use crate::dockerfile::Argument;
use crate::finding::{Edit, Finding, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::script::{Call, Script};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};
use value::Fault;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G911"),
    name: "gpus-option-form",
    severity: Severity::Error,
    family: Family::Surroundings,
    check: Check::Script(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Script>, sink: &mut Sink) {
    let text = &context.file.text;
    for call in context.model.calls.iter().filter(|call| call.program.known() == "docker") {
        misspelt(call, text, sink);
        for argument in call.values("--gpus") {
            if let Some(fault) = argument.text.as_deref().and_then(value::fault) {
                report(&fault, argument, text, sink);
            }
        }
    }
    for word in context.model.builds.iter().flatten() {
        if word.known() == "--gpus" || word.known().starts_with("--gpus=") {
            let finding = sink.report(word.span, "`docker build` has no option `--gpus`");
            finding.note("it ends with `unknown flag: --gpus`");
            finding.help("a build has no GPU: leave it to `docker run`, or build on a builder with CDI (`RUN --device`)");
        }
    }
}

/// `--gpu` and `-gpus`.
fn misspelt(call: &Call, text: &str, sink: &mut Sink) {
    // Where the options end is only known with the image.
    let Some(image) = &call.image else { return };
    let end = image.span.end;
    for (name, error) in [("--gpu", "unknown flag: --gpu"), ("-gpus", "unknown shorthand flag: 'g' in -gpus")]
    {
        if !call.has(name) {
            continue;
        }
        let Some(place) = place_of(name, Span::new(call.span.start, end), text) else { continue };
        let finding = sink.report(place, format!("docker has no option `{name}`"));
        finding.note(format!("it ends with `{error}`"));
        finding.help("the option is `--gpus`");
        finding.fix(Fix::safe("write `--gpus`", Edit::new(place, "--gpus")));
    }
}

/// Where an option stands as a word, when it stands there once.
fn place_of(name: &str, within: Span, text: &str) -> Option<Span> {
    let written = within.of(text);
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(['=', ' ', '\t', '\\', '\n', '\r']);
    let mut places = written
        .match_indices(name)
        .filter(|(at, _)| written[..*at].ends_with([' ', '\t', '\n']) && ends(&written[at + name.len()..]));
    let start = within.start + places.next()?.0;
    places.next().is_none().then(|| Span::new(start, start + name.len()))
}

fn report(fault: &Fault, argument: &Argument, text: &str, sink: &mut Sink) {
    let span = argument.span;
    let finding = match fault {
        Fault::Quotes => sink.report(span, "docker cannot read quotes within this value"),
        Fault::Count(word) => sink.report(span, format!("`{word}` is no number of GPUs")),
        Fault::Key(key) => sink.report(span, format!("a GPU request has no key `{key}`")),
        Fault::Both => sink.report(span, "this asks for a number of GPUs and for GPUs by name"),
        Fault::Capability(word, _) => {
            sink.report(span, format!("no driver of the engine has the capability `{word}`"))
        }
        Fault::Several(_, last) => {
            sink.report(span, format!("docker takes the last number alone: this asks for {last} GPUs"))
        }
        Fault::Zero => sink.report(span, "`--gpus 0` asks for no GPU"),
    };
    explain(fault, finding);
    if let Fault::Several(all, _) = fault
        && span.of(text).trim_matches(['"', '\'']) == all
    {
        let new = format!("'\"device={all}\"'");
        finding.fix(Fix::needs_review("name the GPUs", Edit::new(span, new)));
    }
}

fn explain(fault: &Fault, finding: &mut Finding) {
    match fault {
        Fault::Quotes => {
            finding.note("it ends with `bare \" in non-quoted-field`");
            finding.help("the quotes go around the key too: `--gpus '\"device=0,1\"'`");
        }
        Fault::Count(word) => {
            finding.note(format!(
                "it ends with `invalid count ({word}): value must be either \"all\" or an integer`"
            ));
            finding.help("several words of one key need quotes that reach docker: `--gpus 'all,\"capabilities=compute,utility\"'`");
        }
        Fault::Key(key) => {
            finding.note(format!("it ends with `unexpected key '{key}'`"));
            finding.help("the keys are `device`, `count`, `capabilities`, `driver` and `options`");
        }
        Fault::Both => {
            finding.note("it ends with `cannot set both Count and DeviceIDs on device request`");
            finding.help("leave the number out, or `device=`");
        }
        Fault::Capability(_, words) => {
            finding.note(format!(
                "it ends with `could not select device driver \"\" with capabilities: [[{words} gpu]]`"
            ));
            finding.help("leave `capabilities` out, and set NVIDIA_DRIVER_CAPABILITIES with `-e`");
        }
        Fault::Several(all, _) => {
            finding.severity(Severity::Warning);
            finding.note("the others are lost without a word");
            finding.help(format!("to name GPUs write `--gpus '\"device={all}\"'`"));
        }
        Fault::Zero => {
            finding.severity(Severity::Warning);
            finding.note("it is a number of GPUs, not the name of one: Docker Engine from 27.3 on gives the container none, earlier ones gave it all");
            finding.help("for the first GPU write `--gpus device=0`, for any one `--gpus 1`");
        }
    }
}
