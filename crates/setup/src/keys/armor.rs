//! The text form of OpenPGP (RFC 4880, section 6).

const START: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END: &str = "-----END PGP PUBLIC KEY BLOCK-----";
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes in a text; `None` where it is none. Of several blocks all are taken.
pub(super) fn remove(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut found = Vec::new();
    let mut blocks = text.split(START).skip(1).peekable();
    blocks.peek()?;
    for block in blocks {
        let body = block.split("-----END").next()?;
        let lines = body.lines().map(str::trim);
        // Headers end with an empty line; a sum of its own begins with `=`.
        let lines = lines.skip_while(|line| line.is_empty()).filter(|line| !line.contains(':'));
        let digits: Vec<u8> = lines.filter(|line| !line.starts_with('=')).flat_map(str::bytes).collect();
        found.extend(decode(&digits)?);
    }
    Some(found)
}

/// Bytes as a text.
pub(super) fn wrap(bytes: &[u8]) -> Vec<u8> {
    let digits = encode(bytes);
    let lines: String =
        digits.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n").collect();
    let sum = encode(sum(bytes).to_be_bytes().get(1..).unwrap_or_default());
    format!("{START}\n\n{lines}={sum}\n{END}\n").into_bytes()
}

/// Base64 (RFC 4648, section 4).
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let value =
            (0..3).fold(0_usize, |value, at| value << 8 | usize::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let digit = DIGITS.get(value >> (18 - 6 * at) & 0x3f).copied().unwrap_or(b'=');
            text.push(if at > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

fn decode(digits: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for chunk in digits.chunks(4) {
        let signs = chunk.iter().take_while(|digit| **digit != b'=').count();
        let mut value = 0_u32;
        for at in 0..4 {
            let digit = match chunk.get(at) {
                Some(digit) if at < signs => DIGITS.iter().position(|known| known == digit)?,
                _ => 0,
            };
            value = value << 6 | u32::try_from(digit).ok()?;
        }
        bytes.extend(value.to_be_bytes().iter().skip(1).take(signs.checked_sub(1)?));
    }
    Some(bytes)
}

/// The sum of 24 bits (RFC 4880, section 6.1).
fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x00b7_04ce, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 16, |sum, _| {
            let next = sum << 1;
            if next & 0x0100_0000 == 0 { next } else { next ^ 0x0186_4cfb }
        })
    }) & 0x00ff_ffff
}
