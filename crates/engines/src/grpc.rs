//! As much of gRPC as one question needs (HTTP/2, RFC 9113): a unary call over a Unix socket. The
//! kubelet's interface of containerd and CRI-O speaks nothing else.

use diag::{Failure, Result, ResultExt};
use host::Host;
use std::io::{Read, Write};
use std::time::Duration;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// What an answer may be long at most: 8 MiB.
const LIMIT: usize = 8 * 1024 * 1024;
/// How many frames an answer may have at most.
const FRAMES: usize = 10_000;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

/// Calls `method` (`/runtime.v1.RuntimeService/Status`) with a message and gives the answer's message, both
/// as Protocol Buffers.
///
/// # Errors
/// Nobody listens within `timeout`, or the call fails.
pub fn call(host: &Host, socket: &str, method: &str, message: &[u8], timeout: Duration) -> Result<Vec<u8>> {
    let mut stream = host.connect(socket, timeout)?;
    exchange(&mut stream, method, message).with_context(|| format!("{socket} does not answer {method}"))
}

/// The same over a connection that is there already.
///
/// # Errors
/// The other side does not speak gRPC, ends the call, or says too much.
pub fn exchange(stream: &mut (impl Read + Write), method: &str, message: &[u8]) -> Result<Vec<u8>> {
    stream.write_all(&request(method, message)).context("cannot write to it")?;
    let mut answer = Vec::new();
    for _ in 0..FRAMES {
        let frame = Frame::read(stream)?;
        match frame.kind {
            SETTINGS if frame.flags & 1 == 0 => send(stream, &[frame_of(SETTINGS, 1, 0, &[])])?,
            PING if frame.flags & 1 == 0 => send(stream, &[frame_of(PING, 1, 0, &frame.payload)])?,
            RESET | GO_AWAY => return Err(Failure::new("it ended the call")),
            DATA => answer.extend_from_slice(&frame.payload),
            _ => {}
        }
        if answer.len() > LIMIT {
            return Err(Failure::new("its answer is too long"));
        }
        if matches!(frame.kind, DATA | HEADERS) && frame.flags & 1 == 1 {
            return whole(&answer);
        }
    }
    Err(Failure::new("its answer has no end"))
}

/// Everything that the client says, in one piece: a window wide enough for the whole answer first.
fn request(method: &str, message: &[u8]) -> Vec<u8> {
    let window = u32::try_from(LIMIT).unwrap_or(u32::MAX / 2);
    let settings = [&[0, 4][..], &window.to_be_bytes()].concat();
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let body = [&[0][..], &length.to_be_bytes(), message].concat();
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", method),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    let headers: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
    [
        PREFACE.to_vec(),
        frame_of(SETTINGS, 0, 0, &settings),
        frame_of(WINDOW_UPDATE, 0, 0, &window.to_be_bytes()),
        frame_of(HEADERS, 4, 1, &headers),
        frame_of(DATA, 1, 1, &body),
    ]
    .concat()
}

/// A header field that is not to be indexed, its name and value as they are (RFC 7541, section 6.2.2).
fn field(name: &str, value: &str) -> Vec<u8> {
    let short = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX).min(126);
    let text = |text: &str| {
        [&[short(text)][..], text.as_bytes().get(..short(text).into()).unwrap_or_default()].concat()
    };
    [vec![0], text(name), text(value)].concat()
}

fn frame_of(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    let [_, high, middle, low] = length;
    [&[high, middle, low, kind, flags][..], &stream.to_be_bytes(), payload].concat()
}

fn send(stream: &mut impl Write, frames: &[Vec<u8>]) -> Result<()> {
    stream.write_all(&frames.concat()).context("cannot write to it")
}

/// The message of an answer: five bytes of header before it. An answer without one is a refusal.
fn whole(answer: &[u8]) -> Result<Vec<u8>> {
    let refused = || Failure::new("it refused the call");
    let (header, message) = answer.split_at_checked(5).ok_or_else(refused)?;
    let length = match header {
        [0, a, b, c, d] => u32::from_be_bytes([*a, *b, *c, *d]) as usize,
        _ => return Err(Failure::new("its answer is compressed")),
    };
    message.get(..length).map(<[u8]>::to_vec).ok_or_else(|| Failure::new("its answer is cut off"))
}

struct Frame {
    kind: u8,
    flags: u8,
    payload: Vec<u8>,
}

impl Frame {
    fn read(stream: &mut impl Read) -> Result<Self> {
        let mut header = [0; 9];
        stream.read_exact(&mut header).context("no answer")?;
        let [high, middle, low, kind, flags, ..] = header;
        let mut payload = vec![0; u32::from_be_bytes([0, high, middle, low]) as usize];
        stream.read_exact(&mut payload).context("its answer is cut off")?;
        Ok(Self { kind, flags, payload })
    }
}

/// The values of a field in a message of Protocol Buffers that are themselves messages or texts.
/// What is no such message has none.
#[must_use]
pub fn texts(message: &[u8], field: u64) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = message;
    while let Some((key, tail)) = varint(rest) {
        let next = match key & 7 {
            0 => varint(tail).map(|(_, tail)| tail),
            1 => tail.get(8..),
            5 => tail.get(4..),
            2 => varint(tail).and_then(|(length, tail)| {
                let (value, tail) = tail.split_at_checked(usize::try_from(length).ok()?)?;
                if key >> 3 == field {
                    found.push(value);
                }
                Some(tail)
            }),
            _ => None,
        };
        let Some(next) = next else { break };
        rest = next;
    }
    found
}

/// A field of a message that is itself a message or a text.
#[must_use]
pub fn text_field(field: u64, value: &[u8]) -> Vec<u8> {
    [written(field << 3 | 2), written(value.len() as u64), value.to_vec()].concat()
}

/// A field of a message that is a number, a truth value or a word of an enumeration.
#[must_use]
pub fn varint_field(field: u64, value: u64) -> Vec<u8> {
    [written(field << 3), written(value)].concat()
}

fn written(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..).unwrap_or_default()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// A server that says this, whatever it is asked.
    struct Said(io::Cursor<Vec<u8>>, Vec<u8>);

    impl Read for Said {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Said {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn asked(frames: &[Vec<u8>]) -> (Result<Vec<u8>>, Vec<u8>) {
        let mut server = Said(io::Cursor::new(frames.concat()), Vec::new());
        let answer = exchange(&mut server, "/a.B/C", b"hi");
        (answer, server.1)
    }

    #[test]
    fn a_call_is_answered_in_any_number_of_frames() {
        let frames = [
            frame_of(SETTINGS, 0, 0, &[]),
            frame_of(PING, 0, 0, b"12345678"),
            frame_of(HEADERS, 4, 1, b"x"),
            frame_of(DATA, 0, 1, &[0, 0, 0, 0, 4, b'a', b'b']),
            frame_of(DATA, 0, 1, b"cd"),
            frame_of(HEADERS, 5, 1, b"x"),
        ];
        let (answer, said) = asked(&frames);
        assert_eq!(answer.unwrap(), b"abcd");
        assert!(said.starts_with(PREFACE));
        let acknowledged = [frame_of(SETTINGS, 1, 0, &[]), frame_of(PING, 1, 0, b"12345678")].concat();
        assert!(said.ends_with(&acknowledged));
        for count in 0..5 {
            assert!(asked(&frames[..count]).0.is_err(), "cut off after {count} frames");
        }
        assert!(asked(&[frame_of(HEADERS, 5, 1, b"x")]).0.unwrap_err().chain().contains("refused"));
        assert!(asked(&[frame_of(GO_AWAY, 0, 0, &[0; 8])]).0.is_err());
    }

    #[test]
    fn messages_are_taken_apart_and_nonsense_is_nothing() {
        let inner = text_field(1, b"key");
        let message = [text_field(2, &inner), varint_field(1, 300), text_field(2, &[b'x'; 300])].concat();
        let values = texts(&message, 2);
        assert_eq!(values.iter().map(|value| value.len()).collect::<Vec<_>>(), [5, 300]);
        assert_eq!(texts(values[0], 1), [b"key"]);
        for cut in 0..message.len() {
            drop(texts(&message[..cut], 2));
        }
        assert_eq!(texts(&[0xff; 30], 2), Vec::<&[u8]>::new());
    }
}
