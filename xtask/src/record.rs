//! A terminal's text as an SVG picture: what `cargo xtask demo --record FILE` writes.
//!
//! The picture carries its own dark background, so that it reads well on light and dark pages. A
//! file that does not end in `.svg` gets the plain text.

use diag::{Result, ResultExt};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Columns after which a line is wrapped.
const COLUMNS: usize = 100;
/// Width of one column, in pixels of the picture.
const ADVANCE: f64 = 7.83;
/// Height of one line.
const LEADING: usize = 18;
/// Space around the text.
const MARGIN: usize = 18;
/// Height of the title bar.
const TITLE: usize = 34;

/// A piece of a line in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The parameters of the last escape sequence, for example `1;36`; empty for plain text.
    pub(crate) style: String,
    /// The characters.
    pub(crate) text: String,
}

/// Writes a recording.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let rows: Vec<Vec<Piece>> = text.trim().lines().flat_map(|line| wrap(pieces(line))).collect();
    let is_picture = path.extension().is_some_and(|extension| extension == "svg");
    let content = if is_picture { picture(&rows) } else { plain(&rows) };
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// Takes a line with escape sequences apart.
pub(crate) fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut parts = line.split("\x1b[");
    let first = parts.next().unwrap_or_default();
    pieces.push(Piece { style: String::new(), text: first.to_string() });
    for part in parts {
        let (style, text) = part.split_once('m').unwrap_or(("", part));
        let style = if style == "0" { "" } else { style };
        pieces.push(Piece { style: style.to_string(), text: text.to_string() });
    }
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

/// Breaks a line that is longer than the terminal is wide, at a space where there is one.
fn wrap(line: Vec<Piece>) -> Vec<Vec<Piece>> {
    let letters: Vec<(char, &str)> = line
        .iter()
        .flat_map(|piece| piece.text.chars().map(|letter| (letter, piece.style.as_str())))
        .collect();
    let mut rows = Vec::new();
    let mut rest = letters.as_slice();
    while rest.len() > COLUMNS {
        let space = rest[..COLUMNS].iter().rposition(|(letter, _)| *letter == ' ');
        let end = space.filter(|end| *end > COLUMNS / 2).map_or(COLUMNS, |end| end + 1);
        rows.push(joined(&rest[..end]));
        rest = &rest[end..];
    }
    rows.push(joined(rest));
    rows
}

fn joined(letters: &[(char, &str)]) -> Vec<Piece> {
    let mut row: Vec<Piece> = Vec::new();
    for (letter, style) in letters {
        match row.last_mut().filter(|piece| piece.style == *style) {
            Some(piece) => piece.text.push(*letter),
            None => row.push(Piece { style: (*style).to_string(), text: letter.to_string() }),
        }
    }
    row
}

fn plain(rows: &[Vec<Piece>]) -> String {
    let row = |row: &Vec<Piece>| row.iter().map(|piece| piece.text.as_str()).collect::<String>() + "\n";
    rows.iter().map(row).collect()
}

fn picture(rows: &[Vec<Piece>]) -> String {
    let width = (ADVANCE * COLUMNS as f64).ceil() as usize + 2 * MARGIN;
    let height = TITLE + rows.len() * LEADING + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-label=\"Recording of cargo xtask demo\">\n\
         <style>text{{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;\
         white-space:pre;fill:#d6dbe1}}.b{{font-weight:700;fill:#fff}}.c{{font-weight:700;fill:#7cc7ff}}\
         .g{{fill:#7ddc8a}}.r{{fill:#ff8f85}}.d{{fill:#8a94a0}}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"9\" fill=\"#1b1f26\" stroke=\"#3a414b\"/>\n"
    );
    for (place, colour) in ["#ff5f57", "#febc2e", "#28c840"].iter().enumerate() {
        let x = MARGIN + 4 + place * 18;
        svg.push_str(&format!("<circle cx=\"{x}\" cy=\"17\" r=\"5.5\" fill=\"{colour}\"/>\n"));
    }
    for (number, row) in rows.iter().enumerate().filter(|(_, row)| !row.is_empty()) {
        let y = TITLE + (number + 1) * LEADING - 5;
        let spans: String = row.iter().map(span).collect();
        // Writing to a string cannot fail.
        let _written = writeln!(svg, "<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\">{spans}</text>");
    }
    svg + "</svg>\n"
}

fn span(piece: &Piece) -> String {
    let text = piece.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let class = match piece.style.as_str() {
        "1" => "b",
        "1;36" => "c",
        "32" => "g",
        "31" => "r",
        "2" => "d",
        _ => return text,
    };
    format!("<tspan class=\"{class}\">{text}</tspan>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_become_styles() {
        let found = pieces("\x1b[32m$\x1b[0m \x1b[1mls\x1b[0m");
        let shown: Vec<(&str, &str)> =
            found.iter().map(|piece| (piece.style.as_str(), piece.text.as_str())).collect();
        assert_eq!(shown, [("32", "$"), ("", " "), ("1", "ls")]);
    }

    #[test]
    fn long_lines_are_wrapped_at_a_space_and_keep_every_letter() {
        let line = "word ".repeat(50);
        let rows = wrap(pieces(&line));
        assert!(
            rows.len() > 2 && rows.iter().all(|row| plain(std::slice::from_ref(row)).len() <= COLUMNS + 1)
        );
        assert_eq!(rows.concat().into_iter().map(|piece| piece.text).collect::<String>(), line);
    }

    #[test]
    fn markup_in_the_text_is_escaped() {
        let svg = picture(&[pieces("a <b> & \x1b[31mc\x1b[0m")]);
        assert!(svg.contains("a &lt;b&gt; &amp; <tspan class=\"r\">c</tspan>"), "{svg}");
    }
}
