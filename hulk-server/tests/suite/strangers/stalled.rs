//! Clients that stall in the middle of a request or response.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
};

use super::{MOST_BYTES, allow_many_files, answer_of, connect, head, is_closed, resident, target};
use crate::server::{Server, noise};

const MANY: usize = 512;
/// Less time than the server allows a stalled client.
const SOON: Duration = Duration::from_secs(20);

/// Downloads that are requested and not read.
async fn stalled_readers(server: &Server, url: &str) -> Vec<TcpStream> {
    let mut readers = Vec::new();
    for _ in 0..MANY {
        let mut reader = connect(server).await;
        let get = head(server, &format!("GET {}", target(url)), "");
        reader.write_all(get.as_bytes()).await.unwrap();
        readers.push(reader);
    }
    readers
}

/// Uploads that are started and not finished.
async fn stalled_writers(server: &Server, key: &str) -> Vec<TcpStream> {
    let size = 1 << 20;
    let items: Vec<Value> = (0..MANY)
        .map(|number| json!({ "path": format!("stalled/{number}"), "size_bytes": size }))
        .collect();
    let body = json!({ "items": items });
    let planned = server.post("/api/v1/files/batch", key, body).await.1;
    let mut writers = Vec::new();
    for item in planned["items"].as_array().unwrap() {
        let upload = &item["upload"];
        let mut headers = String::new();
        for (name, value) in upload["headers"].as_object().unwrap() {
            headers.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap()));
        }
        let put = format!("PUT {}", target(upload["url"].as_str().unwrap()));
        let mut writer = connect(server).await;
        writer
            .write_all(head(server, &put, &headers).as_bytes())
            .await
            .unwrap();
        writer.write_all(&noise(1, 100_000)).await.unwrap();
        writers.push(writer);
    }
    writers
}

/// Number of connections that the server has open.
async fn connections(server: &Server) -> usize {
    let metrics = server
        .http
        .get(server.url("/metrics"))
        .send()
        .await
        .unwrap();
    let metrics = metrics.text().await.unwrap();
    let line = metrics
        .lines()
        .find(|line| line.starts_with("hulk_connections "));
    let count = line.and_then(|line| line.split_once(' ')?.1.parse().ok());
    count.unwrap_or_else(|| panic!("{metrics}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_transfers_that_stall_hold_nobody_up_and_are_ended() {
    allow_many_files();
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let large = server.upload(&key, "large.bin", &noise(1, 64 << 20)).await;
    let large = large["url"].as_str().unwrap().to_owned();
    let small = server.upload(&key, "small.bin", &noise(2, 100_000)).await;
    let small = small["url"].as_str().unwrap().to_owned();
    let redirect = server.send(reqwest::Method::GET, &large, "", None).await;
    let url = redirect.headers()["location"].to_str().unwrap().to_owned();

    let mut readers = stalled_readers(&server, &url).await;
    let mut writers = stalled_writers(&server, &key).await;
    let bytes = resident(&server);
    assert!(bytes < MOST_BYTES, "{} MiB", bytes >> 20);
    // Connections with an unfinished request head, or with no bytes at all.
    let mut silent = Vec::new();
    for number in 0..1000 {
        let mut stream = connect(&server).await;
        if number % 2 == 0 {
            stream
                .write_all(b"GET /healthz HTTP/1.1\r\nHost: a")
                .await
                .unwrap();
        }
        silent.push(stream);
    }
    let mut slow = connect(&server).await;
    let head_of_body = head(
        &server,
        "POST /login",
        "Content-Length: 1000\r\nSec-Fetch-Site: same-origin\r\n",
    );
    slow.write_all(head_of_body.as_bytes()).await.unwrap();

    let got = tokio::time::timeout(SOON, server.download(&small, ""));
    assert_eq!(got.await.unwrap().1, noise(2, 100_000));
    let another = noise(3, 300_000);
    let put = tokio::time::timeout(SOON, server.upload(&key, "another.bin", &another));
    put.await.unwrap();
    let ready = tokio::time::timeout(SOON, server.get("/readyz", ""));
    assert_eq!(ready.await.unwrap().0, 200);

    for stream in &mut silent {
        assert!(is_closed(stream).await, "an unfinished head");
    }
    let answer = answer_of(&mut slow, Duration::from_secs(60)).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    for writer in &mut writers {
        assert!(is_closed(writer).await, "an unfinished body");
    }
    // Reading from a connection ends its stall, so the server's own count is checked first.
    let mut open = usize::MAX;
    for _ in 0..60 {
        open = connections(&server).await;
        if open < 20 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(open < 20, "{open} connections are open");
    for reader in &mut readers {
        assert!(is_closed(reader).await, "a response that is not read");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_answers_that_nobody_takes_fit() {
    allow_many_files();
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let labels = "x".repeat(3900);
    let items: Vec<Value> = (0..1000)
        .map(|number| json!({ "path": format!("pub/{number}"), "size_bytes": 0, "description": labels }))
        .collect();
    let planned = server
        .post("/api/v1/files/batch", &key, json!({ "items": items }))
        .await;
    assert_eq!(planned.0, 200);
    let link = server
        .post("/api/v1/shares", &key, json!({ "path": "pub" }))
        .await
        .1;
    let mut stalled = Vec::new();
    for path in [
        format!("/api/v1/shares/public/{}", link["token"].as_str().unwrap()),
        "/api/v1/openapi.json".to_owned(),
    ] {
        for _ in 0..200 {
            // A small window, so that the system does not buffer the whole response.
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4096).unwrap();
            let address = super::address(&server).parse().unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            let get = head(&server, &format!("GET {path}"), "");
            stream.write_all(get.as_bytes()).await.unwrap();
            stalled.push(stream);
        }
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    let bytes = resident(&server);
    assert!(bytes < MOST_BYTES, "{} MiB", bytes >> 20);
    assert_eq!(server.get("/healthz", "").await.0, 200);
}

#[tokio::test]
async fn a_slow_client_is_served_and_one_below_the_rate_is_not() {
    let server = Server::start_with(&["--min-rate", "10KiB"]);
    let key = server.user("ada@example.com").key;
    let send = async |path: &str, bytes: usize, pause: Duration| {
        let planned = server.plan(&key, path, 1 << 20).await;
        let mut headers = String::new();
        for (name, value) in planned["upload"]["headers"].as_object().unwrap() {
            headers.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap()));
        }
        let put = format!("PUT {}", target(planned["upload"]["url"].as_str().unwrap()));
        let mut stream = connect(&server).await;
        stream
            .write_all(head(&server, &put, &headers).as_bytes())
            .await
            .unwrap();
        let body = noise(1, 1 << 20);
        for part in body.chunks(bytes) {
            if stream.write_all(part).await.is_err() {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        answer_of(&mut stream, Duration::from_secs(1)).await
    };
    let second = Duration::from_secs(1);
    let (fast, slow) = tokio::join!(
        send("fast", 30_000, second),
        send("slow", 2_000, second / 4)
    );
    assert!(fast.starts_with("HTTP/1.1 200 "), "{fast}");
    assert!(!slow.starts_with("HTTP/1.1 200 "), "{slow}");
    assert_eq!(server.get("/healthz", "").await.0, 200);
}
