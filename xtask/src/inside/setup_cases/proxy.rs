//! A proxy that has the files of a folder behind every host name that it is asked for, and counts.

use diag::{Result, ResultExt};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// It answers until the program ends.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    served: Arc<AtomicUsize>,
}

impl Proxy {
    pub(super) fn of(folder: &Path) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen")?;
        let address = listener.local_addr().context("cannot listen")?;
        let (folder, served) = (folder.to_path_buf(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&served);
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(std::io::Result::ok) {
                let (folder, counted) = (folder.clone(), Arc::clone(&counted));
                thread::spawn(move || answer(stream, folder, &counted));
            }
        });
        Ok(Self { address, served })
    }

    /// How many files it gave.
    pub(super) fn served(&self) -> usize {
        self.served.load(Ordering::Relaxed)
    }
}

/// `GET http://host/path HTTP/1.1`, one after the other on a connection.
fn answer(stream: TcpStream, folder: PathBuf, served: &AtomicUsize) {
    let Ok(mut out) = stream.try_clone() else { return };
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(line)) = lines.next() {
        let headers = lines.by_ref().map_while(std::io::Result::ok).take_while(|line| !line.is_empty());
        let _headers = headers.count();
        let url = line.split(' ').nth(1).unwrap_or_default();
        let path = url.split("://").last().and_then(|rest| rest.split_once('/')).map_or("", |(_, path)| path);
        let content = fs::read(folder.join(path)).ok().filter(|_| !path.contains(".."));
        let state = if content.is_some() { "200 OK" } else { "404 Not Found" };
        served.fetch_add(usize::from(content.is_some()), Ordering::Relaxed);
        let content = content.unwrap_or_default();
        let head = format!("HTTP/1.1 {state}\r\nContent-Length: {}\r\n\r\n", content.len());
        if out.write_all(head.as_bytes()).and_then(|()| out.write_all(&content)).is_err() {
            return;
        }
    }
}
