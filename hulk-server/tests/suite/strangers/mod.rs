//! Strangers at the door: what each kind of them may take of the server, and what is left for others.

mod bodies;
mod ceilings;
mod connections;
mod inbox;
mod insides;
mod odd;
mod stalled;
mod urls;

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::server::Server;

/// What the server may have in memory, whatever strangers do.
const MOST_BYTES: u64 = 128 << 20;

/// Of each of many connections, this process has one end.
fn allow_many_files() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
}

/// Bytes that the server has in memory.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib: u64 = line
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    kib << 10
}

fn address(server: &Server) -> String {
    server.process.url.trim_start_matches("http://").to_owned()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(address(server)).await.unwrap()
}

/// A request's head, as written, with the Host that it needs.
fn head(server: &Server, line: &str, headers: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n",
        address(server)
    )
}

/// What the server says until it closes, at most for `patience`.
async fn answer_of(stream: &mut TcpStream, patience: Duration) -> String {
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(patience, read).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of a request on a connection of its own.
async fn status_of(server: &Server, request: &str) -> u16 {
    let mut stream = connect(server).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    std::str::from_utf8(&first[9..]).unwrap().parse().unwrap()
}

/// More than what the server gives a client who stalls.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether the server closes the connection; what it sent before is passed over.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let read = stream.read(&mut bytes);
        match tokio::time::timeout(PATIENCE, read).await {
            Ok(Ok(0) | Err(_)) => return true,
            Ok(Ok(_)) => {}
            Err(_) => return false,
        }
    }
}

/// Path and query of a URL.
fn target(url: &str) -> String {
    let url = reqwest::Url::parse(url).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}
