//! The report as one page of HTML: the way of a GPU into a container as a picture, what was found
//! beneath it. Nothing is loaded from anywhere; light and dark follow the reader's choice.

use crate::Layer;
use crate::diagnosis::{Cause, Diagnosis, Line, State};
use diag::{Outcome, Severity};

/// The stations on the way, and the layers that each stands for.
const STATIONS: [(&str, &[Layer]); 5] = [
    ("GPU", &[Layer::Gpu]),
    ("driver", &[Layer::Driver]),
    ("toolkit", &[Layer::Toolkit, Layer::Cdi]),
    ("engine", &[Layer::Engine, Layer::Permissions]),
    ("container", &[Layer::Images]),
];

const STYLE: &str = "
:root{--back:#fbfbfa;--card:#fff;--text:#1d1f21;--dim:#5d6368;--edge:#d9dcdf;--fine:#18794e;--warning:#9a5b00;--error:#c42b2b;--unknown:#6b7280;--code:#f1f2f3}
@media(prefers-color-scheme:dark){:root{--back:#131517;--card:#1b1e21;--text:#e7e9ea;--dim:#9aa1a8;--edge:#33383d;--fine:#4cc38a;--warning:#e0a64a;--error:#ff7b72;--unknown:#8b949e;--code:#24292e}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:15px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem}
h1{font-size:1.35rem;line-height:1.3;margin:0 0 1.25rem}
h2{font-size:.95rem;margin:2rem 0 .5rem;color:var(--dim);font-weight:600}
figure{margin:0 0 1.25rem;overflow-x:auto}svg{display:block;width:100%;min-width:36rem;height:auto;font:600 14px system-ui,sans-serif}
article{background:var(--card);border:1px solid var(--edge);border-left:4px solid var(--state);border-radius:6px;padding:.9rem 1.1rem;margin:.75rem 0}
article p{margin:.35rem 0}
code{font:13px ui-monospace,monospace;background:var(--code);border-radius:4px;padding:.1rem .35rem;overflow-wrap:anywhere}
pre{margin:.5rem 0;white-space:pre-wrap}pre code{display:block;padding:.5rem .7rem}
.dim,ul{color:var(--dim)}ul{margin:.3rem 0;padding-left:1.2rem}
.mark{color:var(--state);font-size:.8rem;font-weight:600}
table{width:100%;table-layout:fixed;border-collapse:collapse;background:var(--card);border:1px solid var(--edge);border-radius:6px}
td{padding:.3rem .7rem;border-top:1px solid var(--edge);vertical-align:top;overflow-wrap:anywhere}
td:first-child{width:6.5rem;color:var(--state);font-weight:600}td:nth-child(2){width:10rem}
@media(max-width:40rem){td:first-child{width:4.5rem}td:nth-child(2){width:7rem}}
.fine{--state:var(--fine)}.warning{--state:var(--warning)}.error{--state:var(--error)}.unknown,.note,.none{--state:var(--unknown)}
";

/// The page, with a final newline.
#[must_use]
pub fn html(diagnosis: &Diagnosis) -> String {
    let title = escaped(&headline(diagnosis));
    let causes: String =
        diagnosis.causes.iter().enumerate().map(|(at, cause)| described(diagnosis, cause, at)).collect();
    let next = diagnosis.next.as_deref().map_or(String::new(), |next| {
        format!("<article class=\"unknown\"><p class=\"mark\">to learn more</p><pre><code>{}</code></pre></article>\n", escaped(next))
    });
    let tables: String = STATIONS.iter().map(|(name, layers)| table(diagnosis, name, layers)).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body><main><h1>{title}</h1>\n<figure>{}</figure>\n{causes}{next}{tables}</main></body></html>\n",
        picture(diagnosis)
    )
}

fn headline(diagnosis: &Diagnosis) -> String {
    let promise = diagnosis.engine.promise().replace('`', "");
    match diagnosis.state {
        State::Works => format!("{promise} will work on this machine"),
        State::Fails => format!("{promise} will fail on this machine"),
        State::CannotTell => {
            format!("nothing was found that stands in the way of {promise}, but not all could be read")
        }
    }
}

/// The chain from the GPU to the container.
fn picture(diagnosis: &Diagnosis) -> String {
    let mut boxes = String::new();
    for (position, (name, layers)) in STATIONS.iter().enumerate() {
        let (x, health) = (position * 190 + 5, health(diagnosis, layers));
        let shown = if layers.contains(&Layer::Images) && health == "none" {
            of_state(diagnosis.state)
        } else {
            health
        };
        boxes.push_str(&format!(
            "<g class=\"{shown}\"><rect x=\"{x}\" y=\"6\" width=\"130\" height=\"64\" rx=\"8\" fill=\"var(--card)\" stroke=\"var(--state)\" stroke-width=\"2.5\"/>\
             <text x=\"{}\" y=\"34\" text-anchor=\"middle\" fill=\"var(--text)\">{name}</text>\
             <text x=\"{}\" y=\"55\" text-anchor=\"middle\" fill=\"var(--state)\" font-size=\"12\">{}</text></g>",
            x + 65,
            x + 65,
            word(shown)
        ));
        if position > 0 {
            boxes.push_str(&format!(
                "<path d=\"M{} 38h46m-8 -5l8 5l-8 5\" fill=\"none\" stroke=\"var(--dim)\" stroke-width=\"2\"/>",
                x - 54
            ));
        }
    }
    format!(
        "<svg viewBox=\"0 0 900 76\" role=\"img\" aria-label=\"the way of a GPU into a container\">{boxes}</svg>"
    )
}

fn of_state(state: State) -> &'static str {
    match state {
        State::Works => "fine",
        State::Fails => "error",
        State::CannotTell => "unknown",
    }
}

fn word(health: &str) -> &'static str {
    match health {
        "fine" => "well",
        "error" => "fails",
        "warning" => "hurts some uses",
        "note" => "well, with a note",
        "unknown" => "cannot tell",
        _ => "not asked",
    }
}

/// The worst of a station's lines; what follows from another station does not count against it.
fn health(diagnosis: &Diagnosis, layers: &[Layer]) -> &'static str {
    let lines =
        diagnosis.lines.iter().filter(|line| layers.contains(&line.layer) && line.because_of.is_none());
    let worst = lines.map(|line| (rank(line), class(line))).max_by_key(|(rank, _)| *rank);
    worst.map_or("none", |(_, class)| class)
}

fn rank(line: &Line) -> u8 {
    match class(line) {
        "error" => 5,
        "warning" => 4,
        "unknown" if line.is_essential() => 3,
        "note" => 2,
        "fine" => 1,
        _ => 0,
    }
}

fn class(line: &Line) -> &'static str {
    match (&line.outcome, line.severity()) {
        (Outcome::Fine(_), _) => "fine",
        (Outcome::CannotTell(_), _) => "unknown",
        (Outcome::DoesNotApply(_), _) => "none",
        (Outcome::Found(_), Some(severity)) => of_severity(severity),
        (Outcome::Found(_), None) => "none",
    }
}

fn of_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn described(diagnosis: &Diagnosis, cause: &Cause, position: usize) -> String {
    let mark = match (cause.finding.severity, position) {
        (Severity::Error, 0) => "the cause",
        (Severity::Error, _) => "also in the way",
        (Severity::Warning, _) => "warning",
        (Severity::Note, _) => "note",
    };
    let mut text = format!(
        "<article class=\"{}\"><p class=\"mark\">{mark} · {}</p><p><strong>{}</strong></p>",
        of_severity(cause.finding.severity),
        cause.code,
        marked(&cause.finding.message),
    );
    if let Some(remedy) = &cause.remedy {
        text.push_str(&format!(
            "<pre><code>{}</code></pre><p class=\"dim\">{}</p>",
            escaped(&remedy.command),
            marked(&remedy.consequences())
        ));
    }
    let list =
        |items: &[String]| items.iter().map(|item| format!("<li>{}</li>", marked(item))).collect::<String>();
    let items = format!("{}{}", list(&cause.finding.evidence), list(&cause.finding.help));
    if !items.is_empty() {
        text.push_str(&format!("<ul>{items}</ul>"));
    }
    if !cause.consequences.is_empty() {
        let named = diagnosis.lines.iter().filter(|line| cause.consequences.contains(&line.code));
        let names: Vec<String> =
            named.map(|line| format!("{} ({})", escaped(line.label), line.code)).collect();
        text.push_str(&format!("<p class=\"dim\">follows from it: {}</p>", names.join(", ")));
    }
    text.push_str("</article>\n");
    text
}

fn table(diagnosis: &Diagnosis, name: &str, layers: &[Layer]) -> String {
    let lines = diagnosis
        .lines
        .iter()
        .filter(|line| layers.contains(&line.layer) && !matches!(line.outcome, Outcome::DoesNotApply(_)));
    let rows: String = lines.map(row).collect();
    if rows.is_empty() { String::new() } else { format!("<h2>{name}</h2><table>{rows}</table>\n") }
}

fn row(line: &Line) -> String {
    let (word, value) = match &line.outcome {
        Outcome::Fine(text) => ("ok", marked(text)),
        Outcome::CannotTell(why) => ("?", marked(&format!("cannot tell: {why}"))),
        Outcome::DoesNotApply(why) => ("-", marked(why)),
        Outcome::Found(findings) => (
            word(class(line)),
            findings.iter().map(|finding| marked(&finding.message)).collect::<Vec<_>>().join("<br>"),
        ),
    };
    let because = line
        .because_of
        .map_or(String::new(), |code| format!(" <span class=\"dim\">because of {code}</span>"));
    format!(
        "<tr class=\"{}\"><td>{word}</td><td>{}</td><td>{value}{because}</td></tr>",
        class(line),
        escaped(line.label)
    )
}

/// Names between backticks are set as code.
fn marked(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(text);
    }
    let mark = |(position, part): (usize, &&str)| {
        if position % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) }
    };
    parts.iter().enumerate().map(mark).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        assert_eq!(marked("a `<b>` & c"), "a <code>&lt;b&gt;</code> &amp; c");
        assert_eq!(marked("one ` only"), "one ` only");
    }
}
