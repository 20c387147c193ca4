//! What daemons answer: gRPC over HTTP/2 with messages of Protocol Buffers, and Docker's HTTP.
#![no_main]

use engines::{docker, grpc};
use std::io::{self, Cursor, Read, Write};

/// A server that says this, whatever it is asked.
struct Said<'a>(Cursor<&'a [u8]>);

impl Read for Said<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Said<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = grpc::exchange(&mut Said(Cursor::new(bytes)), "/a.B/C", b"hi") {
        assert!(message.len() <= bytes.len());
    }
    for value in grpc::texts(bytes, 2) {
        let _ = grpc::texts(value, 1);
    }
    let _ = docker::api::answer(bytes);
});
