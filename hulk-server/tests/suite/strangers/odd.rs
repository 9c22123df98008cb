//! Requests that no proper client sends.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{address, answer_of, connect, head, resident, status_of};
use crate::server::Server;

/// Number of odd requests, in total and per connection.
const REQUESTS: usize = 100_000;
const PER_CONNECTION: usize = 500;

fn odd(server: &Server, number: usize) -> String {
    let long = "x".repeat(number % 3000);
    match number % 8 {
        0 => head(server, &format!("M{number} /healthz"), ""),
        1 => head(server, &format!("GET /d/{number}/{long}"), ""),
        2 => head(server, &format!("GET /nothing/{number}?{long}"), ""),
        3 => head(
            server,
            "GET /healthz",
            &format!("X-Request-Id: {long}{number}\r\n"),
        ),
        4 => head(
            server,
            &format!("GET /s/{number}"),
            &format!("Cookie: hulk_pass_{number}={long}\r\n"),
        ),
        5 => head(
            server,
            &format!("PURGE{} /hulkastorus-ugc/{number}", number % 997),
            "",
        ),
        6 => head(
            server,
            "GET /api/v1/me",
            &format!("Authorization: Bearer hulk_{long}\r\n"),
        ),
        _ => head(
            server,
            &format!("OPTIONS /put/%{:02x}{number}", number % 256),
            "",
        ),
    }
}

/// Sends the requests of one connection, and reads until all responses have arrived.
async fn send(server: &Server, numbers: std::ops::Range<usize>) {
    let mut stream = connect(server).await;
    let (mut reader, mut writer) = stream.split();
    let count = numbers.len();
    let writing = async {
        for number in numbers {
            writer
                .write_all(odd(server, number).as_bytes())
                .await
                .unwrap();
        }
    };
    let reading = async {
        let (mut seen, mut kept, mut bytes) = (0, Vec::new(), vec![0; 64 << 10]);
        while seen < count {
            let read = reader.read(&mut bytes).await.unwrap();
            assert!(read > 0, "closed after {seen}");
            kept.extend_from_slice(&bytes[..read]);
            seen += memchr_count(&kept, b"HTTP/1.1 ");
            let tail = kept.len().saturating_sub(8);
            kept.drain(..tail);
        }
    };
    tokio::join!(writing, reading);
}

fn memchr_count(bytes: &[u8], word: &[u8]) -> usize {
    bytes
        .windows(word.len())
        .filter(|found| *found == word)
        .count()
}

async fn metrics(server: &Server) -> usize {
    let text = server
        .http
        .get(server.url("/metrics"))
        .send()
        .await
        .unwrap();
    text.text().await.unwrap().lines().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_odd_requests_leave_nothing_behind() {
    let server = Server::start();
    let (mut after_some, mut lines) = (0, 0);
    for first in (0..REQUESTS).step_by(PER_CONNECTION * 4) {
        let connections = (0..4).map(|index| {
            let first = first + index * PER_CONNECTION;
            send(&server, first..first + PER_CONNECTION)
        });
        futures_util::future::join_all(connections).await;
        if after_some == 0 && first >= REQUESTS / 5 {
            (after_some, lines) = (resident(&server), metrics(&server).await);
        }
    }
    let grown = resident(&server).saturating_sub(after_some);
    assert!(grown < 16 << 20, "{} MiB more", grown >> 20);
    let more = metrics(&server).await.saturating_sub(lines);
    assert!(more < 100, "{more} lines of metrics more");
    let log = server.process.log_with(&["other"]);
    assert!(!log.contains("PURGE"), "an invented method is in the log");
}

#[tokio::test]
async fn a_request_has_one_host_and_one_protocol() {
    let server = Server::start();
    let address = address(&server);
    for (request, expected) in [
        (
            format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n"),
            200,
        ),
        ("GET /healthz HTTP/1.1\r\n\r\n".to_owned(), 400),
        (
            format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nHost: {address}\r\n\r\n"),
            400,
        ),
        (
            format!("GET /d/x HTTP/1.1\r\nHost: {address}\r\nHost: evil.example\r\n\r\n"),
            400,
        ),
        (
            format!("GET /hulkastorus-ugc/x HTTP/1.1\r\nHost: a\r\nHost: {address}\r\n\r\n"),
            400,
        ),
        ("GET /healthz HTTP/1.0\r\n\r\n".to_owned(), 200),
        (
            format!(
                "GET /healthz HTTP/1.1\r\nHost: {address}\r\nX: {}\r\n\r\n",
                "x".repeat(200_000)
            ),
            431,
        ),
    ] {
        let found = status_of(&server, &request).await;
        assert_eq!(found, expected, "{}", &request[..request.len().min(100)]);
    }
    let mut stream = connect(&server).await;
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    let answer = answer_of(&mut stream, Duration::from_secs(5)).await;
    assert!(!answer.starts_with('\0'), "HTTP/2 is spoken: {answer:?}");
}
