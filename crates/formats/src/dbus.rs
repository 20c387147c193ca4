//! Answers on a D-Bus connection, as far as one who made a single call needs them. The wire format is that of
//! the D-Bus specification, "Message Protocol": every value is aligned to its own size, counted from the
//! beginning of the message.

/// Bytes of the part of a header that every message has.
pub const FIXED: usize = 16;

const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The call was carried out.
    Done,
    /// The call was refused, in the words of the other side.
    Refused(String),
    /// Not an answer to a call.
    Other,
}

/// How many bytes follow the first [`FIXED`] ones; `None` for what is no beginning of a message.
#[must_use]
pub fn length_of_rest(fixed: &[u8]) -> Option<usize> {
    let order = *fixed.first().filter(|order| matches!(order, b'l' | b'B'))?;
    let body = word(fixed, 4, order)?;
    let fields = word(fixed, 12, order)?;
    usize::try_from(fields).ok()?.checked_next_multiple_of(8)?.checked_add(usize::try_from(body).ok()?)
}

/// Reads a whole message.
#[must_use]
pub fn parse_reply(bytes: &[u8]) -> Reply {
    match bytes.get(1) {
        Some(&METHOD_RETURN) => Reply::Done,
        Some(&ERROR) => Reply::Refused(text(bytes).unwrap_or_else(|| "without a reason".to_owned())),
        _ => Reply::Other,
    }
}

/// The text that begins the body of an error.
fn text(bytes: &[u8]) -> Option<String> {
    let order = *bytes.first()?;
    let fields = usize::try_from(word(bytes, 12, order)?).ok()?.checked_next_multiple_of(8)?;
    let body = FIXED.checked_add(fields)?;
    let length = usize::try_from(word(bytes, body, order)?).ok()?;
    let start = body.checked_add(4)?;
    let text = bytes.get(start..start.checked_add(length)?)?;
    Some(String::from_utf8_lossy(text).into_owned()).filter(|text| !text.is_empty())
}

fn word(bytes: &[u8], at: usize, order: u8) -> Option<u32> {
    let word: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(if order == b'B' { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_answer_is_told_apart() {
        let error = b"l\x03\0\x01\x09\0\0\0\x02\0\0\0\x08\0\0\0\x05\x01u\0\x01\0\0\0\x04\0\0\0nope\0";
        let big = b"B\x03\0\x01\0\0\0\x09\0\0\0\x02\0\0\0\x08\x05\x01u\0\0\0\0\x01\0\0\0\x04nope\0";
        for (bytes, rest, expected) in [
            (&b"l\x02\0\x01\0\0\0\0\x02\0\0\0\x08\0\0\0\x05\x01u\0\x01\0\0\0"[..], 8, Reply::Done),
            (b"l\x04\0\x01\0\0\0\0\x01\0\0\0\0\0\0\0", 0, Reply::Other),
            (error, 17, Reply::Refused("nope".to_owned())),
            (big, 17, Reply::Refused("nope".to_owned())),
        ] {
            assert_eq!(length_of_rest(bytes), Some(rest));
            assert_eq!(parse_reply(bytes), expected);
        }
    }

    #[test]
    fn bytes_that_are_no_message_are_taken_as_such() {
        for bytes in [&b""[..], b"l", b"l\x03", b"x\x02\0\x01", &[255; 64], &[b'l', 3, 255, 255, 255, 255]] {
            let _ = length_of_rest(bytes);
            let _ = parse_reply(bytes);
        }
        assert_eq!(parse_reply(b"l\x03\0\x01"), Reply::Refused("without a reason".to_owned()));
        assert_eq!(length_of_rest(&[b'l'; 3]), None);
    }
}
