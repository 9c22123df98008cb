//! The form of a link that clients get, by the Accept headers that they really send.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    server::Server,
    shares::{share, token},
};

/// A client, its Accept header if it sends one, and the form it gets at `/d/`, `/s/` and `/b/`.
const CLIENTS: [(&str, Option<&str>, [&str; 3]); 10] = [
    ("Go", None, ["file", "file", "json"]),
    (
        "curl, wget, requests",
        Some("*/*"),
        ["file", "file", "json"],
    ),
    (
        "axios",
        Some("application/json, text/plain, */*"),
        ["file", "file", "json"],
    ),
    (
        "httr",
        Some("application/json, text/xml, application/xml, */*"),
        ["file", "file", "json"],
    ),
    ("hulk", Some("application/json"), ["json", "json", "json"]),
    (
        "a script that prefers JSON",
        Some("application/json;q=0.9, */*;q=0.1"),
        ["json", "json", "json"],
    ),
    (
        "Firefox",
        Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ["file", "page", "page"],
    ),
    (
        "Chrome",
        Some(
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,\
             image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
        ),
        ["file", "page", "page"],
    ),
    (
        "Java",
        Some("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"),
        ["file", "page", "page"],
    ),
    (
        "a browser that shows JSON too",
        Some("application/json;q=0.5, text/html"),
        ["file", "page", "page"],
    ),
];

#[tokio::test]
async fn clients_get_the_form_that_they_prefer() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let public = json!({ "path": "box", "default_permissions": "public" });
    server.post("/api/v1/directories", &key, public).await;
    let file = server.upload(&key, "box/a.txt", b"hello").await;
    let link = share(&server, &key, json!({ "path": "box/a.txt" })).await;
    let links = [
        format!("/d/{}", file["id"].as_str().unwrap()),
        format!("/s/{}", token(&link)),
        format!("/b/{}", file["directory_id"].as_str().unwrap()),
    ];
    for (client, accept, expected) in CLIENTS {
        for (link, expected) in links.iter().zip(expected) {
            let found = form(&server, link, accept).await;
            assert_eq!(found, expected, "{client}: {link}");
        }
    }
}

/// Requests a link and returns its form. Written by hand: an HTTP library would add an Accept header.
async fn form(server: &Server, path: &str, accept: Option<&str>) -> &'static str {
    let address = server.process.url.trim_start_matches("http://");
    let accept = accept.map_or_else(String::new, |accept| format!("Accept: {accept}\r\n"));
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{accept}\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    let is_of = |kind: &str| answer.contains(&format!("\r\ncontent-type: {kind}"));
    if answer.starts_with("http/1.1 302 ") {
        "file"
    } else if answer.starts_with("http/1.1 200 ") && is_of("application/json") {
        "json"
    } else if answer.starts_with("http/1.1 200 ") && is_of("text/html") {
        "page"
    } else {
        panic!("{path} {accept}: {answer}")
    }
}
