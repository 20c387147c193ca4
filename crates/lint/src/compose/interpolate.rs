//! Variables in the values of a Compose file.

/// The text with its variables replaced by their defaults; `None` when one has no default, or is
/// required (`${A?message}`). `$$` is a dollar sign (Compose specification, "Interpolation").
#[must_use]
pub fn interpolate(text: &str) -> Option<String> {
    interpolate_within(text, 8)
}

fn interpolate_within(text: &str, depth: u8) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if rest.starts_with('{') {
            let end = closing_brace(rest)?;
            out.push_str(&default_of(&rest[1..end], depth)?);
            rest = &rest[end + 1..];
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return None;
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    Some(out)
}

/// The place of the brace that closes the one at the start.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// What stands for an unset variable: `A:-x` and `A-x` give `x`, `A:+x` and `A+x` nothing.
fn default_of(inner: &str, depth: u8) -> Option<String> {
    let name = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let operator = inner[name..].trim_start_matches(':');
    match operator.as_bytes().first()? {
        b'-' => interpolate_within(&operator[1..], depth.checked_sub(1)?),
        b'+' => Some(String::new()),
        _ => None,
    }
}
