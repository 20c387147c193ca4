//! A GET over a Unix socket in HTTP/1.0: the server closes when it is done, so there is no framing
//! to trust. Total over whatever the other side sends.

use std::io::{Read, Write};
use std::time::Instant;

/// The longest answer that is read, in bytes; `GET /info` of a large Docker host is some 10 KiB.
const LIMIT: usize = 4 * 1024 * 1024;

/// Sends `GET path` and gives the body of a 200 answer.
///
/// # Errors
/// A text that says what went wrong: the connection, the deadline, the status or the form.
pub(crate) fn get<S: Read + Write>(mut stream: S, path: &str, deadline: Instant) -> Result<Vec<u8>, String> {
    let request = format!("GET {path} HTTP/1.0\r\nHost: docker\r\nAccept: application/json\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return body(&answer),
            Ok(count) => answer.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
        if answer.len() > LIMIT {
            return Err(format!("the answer is longer than {LIMIT} bytes"));
        }
        if Instant::now() > deadline {
            return Err("the answer took too long".to_owned());
        }
    }
}

/// The body of an answer with status 200.
fn body(answer: &[u8]) -> Result<Vec<u8>, String> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or("not an HTTP answer")?;
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).into_owned();
    let status = head.lines().next().unwrap_or_default();
    let mut words = status.split_whitespace();
    match (words.next(), words.next()) {
        (Some(protocol), Some("200")) if protocol.starts_with("HTTP/1.") => {
            Ok(answer.get(end + 4..).unwrap_or_default().to_vec())
        }
        (Some(protocol), Some(code)) if protocol.starts_with("HTTP/1.") => Err(format!("status {code}")),
        _ => Err("not an HTTP answer".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &[u8], expected: Result<&str, &str>) {
        let got = body(answer);
        let got = got.as_deref().map(|body| std::str::from_utf8(body).unwrap()).map_err(String::as_str);
        assert_eq!(got, expected);
    }

    #[test]
    fn answers() {
        check(b"HTTP/1.0 200 OK\r\nContent-Type: x\r\n\r\n{}", Ok("{}"));
        check(b"HTTP/1.1 200 OK\r\n\r\n", Ok(""));
        check(b"HTTP/1.1 503 No\r\n\r\nx", Err("status 503"));
        check(b"", Err("not an HTTP answer"));
        check(b"SSH-2.0-x\r\n\r\n", Err("not an HTTP answer"));
        check(b"HTTP/1.1 200 OK\r\nnever ends", Err("not an HTTP answer"));
        check(b"\xff\xfe\r\n\r\n", Err("not an HTTP answer"));
    }
}
