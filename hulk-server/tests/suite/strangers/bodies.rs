//! Request bodies that the server must not read or hold in memory.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{MOST_BYTES, connect, head, resident};
use crate::server::{Server, code};

/// Methods and paths of all routes.
async fn routes(server: &Server) -> Vec<String> {
    let document = server.get("/api/v1/openapi.json", "").await.1;
    let mut routes: Vec<String> = [
        "POST /login",
        "POST /logout",
        "POST /s/0123456789abcdefghijkl",
        "GET /",
        "PUT /static/0/app.js",
        "POST /hulkastorus-ugc",
        "POST /hulkastorus-ugc/",
        "PUT /hulkastorus-ugc/dev/infinite/a/b/1",
        "POST /hulkastorus-ugc/dev/a?uploads",
        "POST /hulkastorus-ugc?delete",
        "PATCH /nothing",
    ]
    .map(str::to_owned)
    .to_vec();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{token}", "0123456789abcdefghijkl")
            .replace("{number}", "1")
            .split('/')
            .map(|part| {
                if part.starts_with('{') {
                    "0123456789ab"
                } else {
                    part
                }
            })
            .collect::<Vec<_>>()
            .join("/");
        let methods = methods.as_object().unwrap().keys();
        routes.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    routes
}

/// Sends zeros until the server responds or closes the connection; returns the status, or 0.
async fn send_endlessly(server: &Server, route: &str, headers: &str) -> u16 {
    let mut stream = connect(server).await;
    let head = head(server, route, headers);
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let zeros = vec![b'0'; 1 << 20];
    let sending = async {
        for _ in 0..80 {
            if writer.write_all(&zeros).await.is_err() {
                break;
            }
        }
        // Leaves time to read a response that was sent before.
        tokio::time::sleep(Duration::from_secs(5)).await;
    };
    let mut first = [0; 12];
    tokio::select! {
        read = reader.read_exact(&mut first) => match read {
            Ok(_) => std::str::from_utf8(&first[9..]).unwrap().parse().unwrap(),
            Err(_) => 0,
        },
        () = sending => 0,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huge_bodies_without_a_key_are_not_held_in_memory() {
    let server = Server::start();
    server.user("ada@example.com");
    let length = "Content-Length: 2147483648\r\n";
    let form = "Content-Length: 2147483648\r\nContent-Type: multipart/form-data; boundary=x\r\n\
                Sec-Fetch-Site: same-origin\r\n";
    let url_encoded = "Content-Length: 2147483648\r\nSec-Fetch-Site: same-origin\r\n\
                       Content-Type: application/x-www-form-urlencoded\r\n";
    let key = "Content-Length: 2147483648\r\nAuthorization: Bearer hulk_x\r\n";
    let routes = routes(&server).await;
    let requests = routes.iter().flat_map(|route| {
        [length, form, url_encoded, key].map(|headers| (route.as_str(), headers))
    });
    let answers = stream::iter(requests)
        .map(|(route, headers)| {
            let server = &server;
            async move { (route, send_endlessly(server, route, headers).await) }
        })
        .buffer_unordered(24)
        .collect::<Vec<_>>()
        .await;
    for (route, status) in answers {
        assert!(status < 500, "{route}: {status}");
    }
    let bytes = resident(&server);
    assert!(bytes < MOST_BYTES, "{} MiB", bytes >> 20);
    assert_eq!(server.get("/healthz", "").await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_that_is_larger_in_memory_than_on_the_wire_is_not() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "inbox/a.txt", b"a").await;
    let share = serde_json::json!({ "path": "inbox", "permissions": { "can_upload": true } });
    let share = server.post("/api/v1/shares", &key, share).await.1;
    let token = share["token"].as_str().unwrap();
    let values = "0,".repeat(400_000);
    let bodies = [
        format!(r#"{{"path":"a","size_bytes":1,"metadata":{{"a":[{values}0]}}}}"#),
        format!(
            r#"{{"path":"a","size_bytes":1,"tags":[{}""]}}"#,
            "\"\",".repeat(250_000)
        ),
        format!(
            r#"{{"path":"a","size_bytes":1,"metadata":{}1{}}}"#,
            "[".repeat(400_000),
            "]".repeat(400_000)
        ),
        format!(r#"{{"items":[{}{{}}]}}"#, "{},".repeat(300_000)),
        format!(
            r#"{{"items":[{{"id":"0123456789ab","status":"uploaded","x":[{}0]}}]}}"#,
            "0,".repeat(4_000_000)
        ),
    ];
    for _ in 0..4 {
        let sent = stream::iter(bodies.iter().cycle().take(64)).map(|body| {
            let server = &server;
            let (method, route) = match body {
                body if body.contains("status") => (reqwest::Method::PUT, "files/batch/status"),
                body if body.contains("items") => (reqwest::Method::POST, "files/batch"),
                _ => (reqwest::Method::POST, "files"),
            };
            let url = server.url(&format!("/api/v1/shares/public/{token}/{route}"));
            let request = server.http.request(method, url).body(body.clone());
            async move {
                request
                    .send()
                    .await
                    .map_or(0, |answer| answer.status().as_u16())
            }
        });
        let answers: Vec<u16> = sent.buffer_unordered(32).collect().await;
        let known = |status: &u16| [400, 413, 503].contains(status);
        assert!(answers.iter().all(known), "{answers:?}");
    }
    let bytes = resident(&server);
    assert!(bytes < MOST_BYTES, "{} MiB", bytes >> 20);
}

#[tokio::test]
async fn a_body_is_read_after_the_rights_were_looked_at_and_to_its_limit() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let large = "x".repeat(2 << 20);
    let send = async |method: &str, path: &str, key: &str, body: String| {
        let request = server
            .http
            .request(method.parse().unwrap(), server.url(path));
        let answer = request.bearer_auth(key).body(body).send().await.unwrap();
        crate::server::answer(answer).await
    };
    let (status, error) = send("POST", "/api/v1/files", "", large.clone()).await;
    assert_eq!((status.as_u16(), code(&error)), (401, "UNAUTHORIZED"));
    for (method, path) in [
        ("POST", "/api/v1/files"),
        ("POST", "/api/v1/moves"),
        ("PUT", "/api/v1/files/0123456789ab"),
    ] {
        let (status, error) = send(method, path, &key, large.clone()).await;
        assert_eq!(
            (status.as_u16(), code(&error)),
            (413, "PAYLOAD_TOO_LARGE"),
            "{path}"
        );
    }
    // For a link that does not exist, no body is read.
    let path = "/api/v1/shares/public/0123456789abcdefghijkl/files";
    assert_eq!(send("POST", path, "", large.clone()).await.0, 404);
    // A batch has room for 1,000 items with labels of the maximum size.
    let labels = "d".repeat(3900);
    let items: Vec<Value> = (0..1000)
        .map(|number| serde_json::json!({ "path": format!("{number}"), "size_bytes": 1, "description": labels }))
        .collect();
    let batch = serde_json::json!({ "items": items }).to_string();
    assert!(batch.len() > 3 << 20);
    let (status, answered) = send("POST", "/api/v1/files/batch", &key, batch).await;
    assert_eq!(status, 200, "{answered}");
    let batch = format!(
        r#"{{"items":[{}]}}"#,
        vec!["{\"path\":\"a\",\"size_bytes\":1}"; 1001].join(",")
    );
    let (status, error) = send("POST", "/api/v1/files/batch", &key, batch).await;
    assert_eq!((status.as_u16(), code(&error)), (400, "VALIDATION_ERROR"));
    let form = server
        .http
        .post(server.url("/login"))
        .header("sec-fetch-site", "same-origin");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let form = form
        .body(format!("key={}", "x".repeat(20_000)))
        .send()
        .await
        .unwrap();
    assert_eq!(form.status(), 413);
}
