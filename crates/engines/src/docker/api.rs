//! What a running Docker daemon says of itself over its socket (Docker Engine API, `/info` and
//! `/containers/json`). HTTP/1.0, so that the answer ends with the connection.

use diag::{Failure, Result, ResultExt};
use host::Host;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::time::Duration;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// What an answer may be long at most.
const LIMIT: u64 = 16 * 1024 * 1024;

/// What a daemon says of its configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// The daemon's version.
    pub version: String,
    /// Names of the registered runtimes.
    pub runtimes: BTreeSet<String>,
    /// The default runtime.
    pub default_runtime: String,
    /// Whether CDI is on.
    pub cdi: bool,
    /// Whether containers go on while the daemon is restarted.
    pub live_restore: bool,
}

/// Asks the daemon behind a socket about its configuration.
///
/// # Errors
/// No daemon answers there.
pub fn info(host: &Host, socket: &str) -> Result<Info> {
    let answer = get(host, socket, "/info")?;
    let directories = answer.get("CDISpecDirs").and_then(Value::as_array);
    Ok(Info {
        version: answer.get("ServerVersion").and_then(Value::as_str).unwrap_or_default().to_owned(),
        runtimes: answer
            .get("Runtimes")
            .and_then(Value::as_object)
            .map(|runtimes| runtimes.keys().cloned().collect())
            .unwrap_or_default(),
        default_runtime: answer.get("DefaultRuntime").and_then(Value::as_str).unwrap_or_default().to_owned(),
        cdi: directories.is_some_and(|directories| !directories.is_empty()),
        live_restore: answer.get("LiveRestoreEnabled").and_then(Value::as_bool) == Some(true),
    })
}

/// Names of the running containers.
///
/// # Errors
/// No daemon answers there.
pub fn running(host: &Host, socket: &str) -> Result<BTreeSet<String>> {
    let answer = get(host, socket, "/containers/json")?;
    let name = |container: &Value| {
        let name = container.get("Names").and_then(|names| names.get(0)).and_then(Value::as_str);
        Some(name.or_else(|| container.get("Id")?.as_str())?.trim_start_matches('/').to_owned())
    };
    Ok(answer.as_array().into_iter().flatten().filter_map(name).collect())
}

fn get(host: &Host, socket: &str, path: &str) -> Result<Value> {
    let mut stream = host.connect(socket, PATIENCE)?;
    let said = |what: &str| format!("{socket} does not answer {path}: {what}");
    stream
        .write_all(format!("GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n").as_bytes())
        .with_context(|| said("cannot write to it"))?;
    let mut answer = Vec::new();
    stream.take(LIMIT).read_to_end(&mut answer).with_context(|| said("cannot read from it"))?;
    self::answer(&answer).with_context(|| said("it is not a Docker daemon"))
}

/// The JSON of an answer with status 200.
///
/// # Errors
/// The bytes are no such answer.
pub fn answer(bytes: &[u8]) -> Result<Value> {
    let body = body(bytes).ok_or_else(|| Failure::new("its answer is not HTTP with status 200"))?;
    serde_json::from_slice(body).context("its answer is not JSON")
}

/// The body of an answer with status 200.
fn body(answer: &[u8]) -> Option<&[u8]> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let status = answer.split(|byte| *byte == b' ').nth(1)?;
    (answer.starts_with(b"HTTP/1.") && status == b"200").then(|| answer.get(end + 4..)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_good_answer_has_a_body() {
        let cases: [(&[u8], Option<&[u8]>); 5] = [
            (b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}", Some(b"{}")),
            (b"HTTP/1.1 200 OK\r\n\r\n", Some(b"")),
            (b"HTTP/1.0 404 Not Found\r\n\r\n{}", None),
            (b"HTTP/1.0 200 OK\r\n{}", None),
            (b"", None),
        ];
        for (answer, expected) in cases {
            assert_eq!(body(answer), expected, "{}", String::from_utf8_lossy(answer));
        }
    }
}
