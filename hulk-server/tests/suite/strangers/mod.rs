//! Untrusted clients: the resources that each kind of them may use, and those left for others.

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

/// Limit of the server's memory, whatever strangers do.
const MOST_BYTES: u64 = 128 << 20;

/// Raises the limit of open files, since this process holds one end of each of many connections.
fn allow_many_files() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
}

/// Bytes of the server's resident memory.
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

/// Head of a request as raw text, with the required Host.
fn head(server: &Server, line: &str, headers: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n",
        address(server)
    )
}

/// Reads until the server closes the connection, for at most `patience`.
async fn answer_of(stream: &mut TcpStream, patience: Duration) -> String {
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(patience, read).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Status of a request on a connection of its own.
async fn status_of(server: &Server, request: &str) -> u16 {
    let mut stream = connect(server).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    std::str::from_utf8(&first[9..]).unwrap().parse().unwrap()
}

/// More time than the server allows a stalled client.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether the server closes the connection; bytes received before are ignored.
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
