//! Limits on the number of connections.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{answer_of, connect, head, target};
use crate::server::{Server, noise};

const SOON: Duration = Duration::from_secs(5);

async fn ask(server: &Server, headers: &str) -> String {
    let mut stream = connect(server).await;
    let headers = format!("Connection: close\r\n{headers}");
    let request = head(server, "GET /healthz", &headers);
    let _ = stream.write_all(request.as_bytes()).await;
    answer_of(&mut stream, SOON).await
}

/// Opens connections and waits until the server has accepted them.
async fn held(server: &Server, count: usize) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..count {
        let mut stream = connect(server).await;
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\n")
            .await
            .unwrap();
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    held
}

#[tokio::test]
async fn a_connection_over_the_ceiling_is_told_so() {
    for flags in [
        ["--max-connections", "8"],
        ["--max-client-connections", "8"],
    ] {
        let server = Server::start_with(&flags);
        let held = held(&server, 8).await;
        let refused = ask(&server, "").await;
        assert!(refused.starts_with("HTTP/1.1 503 "), "{flags:?} {refused}");
        assert!(refused.contains("retry-after: ") && refused.contains("TOO_MANY_REQUESTS"));
        drop(held);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(
            ask(&server, "").await.starts_with("HTTP/1.1 200 "),
            "{flags:?}"
        );
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_clients_are_counted_and_not_the_proxy() {
    let flags = [
        "--max-client-connections",
        "4",
        "--trusted-proxies",
        "127.0.0.0/8",
    ];
    let server = Server::start_with(&flags);
    let key = server.user("ada@example.com").key;
    let large = server.upload(&key, "large.bin", &noise(1, 32 << 20)).await;
    let redirect = server
        .send(
            reqwest::Method::GET,
            large["url"].as_str().unwrap(),
            "",
            None,
        )
        .await;
    let url = target(redirect.headers()["location"].to_str().unwrap());
    let mut downloads = Vec::new();
    for _ in 0..4 {
        let mut stream = connect(&server).await;
        let get = head(
            &server,
            &format!("GET {url}"),
            "X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\n",
        );
        stream.write_all(get.as_bytes()).await.unwrap();
        downloads.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    for (client, expected) in [
        ("192.0.2.1", "503"),
        ("192.0.2.9, 192.0.2.1", "503"),
        ("192.0.2.2", "200"),
        ("192.0.2.1, 192.0.2.2", "200"),
    ] {
        let answer = ask(&server, &format!("X-Forwarded-For: {client}\r\n")).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected} ")),
            "{client}: {answer}"
        );
    }
}

#[tokio::test]
async fn an_idle_connection_answers_again() {
    let server = Server::start();
    let mut stream = connect(&server).await;
    let request = head(&server, "GET /healthz", "");
    stream.write_all(request.as_bytes()).await.unwrap();
    // Longer than the time limit for a request head.
    tokio::time::sleep(Duration::from_secs(17)).await;
    let last = head(&server, "GET /healthz", "Connection: close\r\n");
    stream.write_all(last.as_bytes()).await.unwrap();
    let answers = answer_of(&mut stream, SOON).await;
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 2, "{answers}");
}
