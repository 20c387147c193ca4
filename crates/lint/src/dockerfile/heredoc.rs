//! Finds `<<NAME` on the line of an instruction, as BuildKit does: only whole words count.

/// The start of a heredoc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opener {
    pub(super) name: String,
    pub(super) expands: bool,
    pub(super) strips_tabs: bool,
    /// Start and end of the word in the line.
    pub(super) place: (usize, usize),
}

/// The heredocs that a line opens.
pub(super) fn openers(line: &str, escape: char) -> Vec<Opener> {
    if !line.contains("<<") {
        return Vec::new();
    }
    words(line, escape)
        .into_iter()
        .filter_map(|(start, end)| opener(&line[start..end], (start, end)))
        .collect()
}

/// Words are separated by blanks; quotes and escaped characters belong to their word.
fn words(line: &str, escape: char) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            Some('"') | None if c == escape => {
                start = start.or(Some(at));
                chars.next();
            }
            Some(_) => {}
            None if c.is_whitespace() => out.extend(start.take().map(|start| (start, at))),
            None => {
                start = start.or(Some(at));
                if c == '"' || c == '\'' {
                    quote = Some(c);
                }
            }
        }
    }
    out.extend(start.map(|start| (start, line.len())));
    out
}

/// `[digits]<<[-]NAME` where the name has no further `<`.
fn opener(word: &str, place: (usize, usize)) -> Option<Opener> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (strips_tabs, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let name: String = rest.chars().filter(|c| !matches!(c, '"' | '\'' | '\\')).collect();
    if name.is_empty() {
        return None;
    }
    let expands = name == rest;
    Some(Opener { name, expands, strips_tabs, place })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_open_heredocs() {
        let names = |line: &str| -> Vec<String> {
            openers(line, '\\').into_iter().map(|opener| opener.name).collect()
        };
        assert_eq!(names("<<EOF cat > /x"), ["EOF"]);
        assert_eq!(names("python3 - <<-'PY' 3<<B"), ["PY", "B"]);
        assert!(names("cat <<< here").is_empty());
        assert!(names("echo \"a <<EOF\"").is_empty());
        assert!(names("echo $((1<<4))").is_empty());
        assert!(!openers("cat <<\"E\"", '\\')[0].expands);
    }
}
