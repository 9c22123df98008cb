//! Invalid requests get a clear error and change nothing.

mod names;

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Server, answer, code, has_embedded_store};

async fn post_raw(server: &Server, key: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = server
        .http
        .post(server.url("/api/v1/files"))
        .bearer_auth(key)
        .body(body);
    let (status, body) = answer(request.send().await.unwrap()).await;
    (status.as_u16(), body)
}

#[tokio::test]
async fn bodies() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let deep = format!(
        "{{\"path\":\"a\",\"size_bytes\":1,\"metadata\":{}1{}}}",
        "{\"a\":".repeat(500),
        "}".repeat(500)
    );
    let cases: Vec<(&str, String, u16, &str)> = vec![
        ("nothing", String::new(), 400, "BAD_REQUEST"),
        ("no JSON", "path=a".into(), 400, "BAD_REQUEST"),
        ("cut off", "{\"path\":\"a\"".into(), 400, "BAD_REQUEST"),
        (
            "two values",
            "{\"path\":\"a\",\"size_bytes\":1}{}".into(),
            400,
            "BAD_REQUEST",
        ),
        (
            "not UTF-8",
            "{\"path\":\"\u{fffd}".into(),
            400,
            "BAD_REQUEST",
        ),
        ("too deep", deep, 400, "BAD_REQUEST"),
        ("an array", "[]".into(), 400, "VALIDATION_ERROR"),
        (
            "no size",
            json!({"path": "a"}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "a negative size",
            json!({"path": "a", "size_bytes": -1}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "a fraction",
            json!({"path": "a", "size_bytes": 1.5}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "a string for a size",
            json!({"path": "a", "size_bytes": "1"}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "an unknown field",
            json!({"path": "a", "size_bytes": 1, "sise": 2}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "a short digest",
            json!({"path": "a", "size_bytes": 1, "sha256": "abc"}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "a digest of letters",
            json!({"path": "a", "size_bytes": 1, "sha256": "z".repeat(64)}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "too many parts",
            json!({"path": "a", "size_bytes": 1, "part_md5s": ["0".repeat(32), "0".repeat(32)]})
                .to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "an unknown policy",
            json!({"path": "a", "size_bytes": 1, "expiration_policy": "8d"}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "a header in the type",
            json!({"path": "a", "size_bytes": 1, "mime_type": "a/b\r\nX: y"}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "no type",
            json!({"path": "a", "size_bytes": 1, "mime_type": "text"}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "an empty tag",
            json!({"path": "a", "size_bytes": 1, "tags": [""]}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "metadata that is no object",
            json!({"path": "a", "size_bytes": 1, "metadata": 1}).to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "much metadata",
            json!({"path": "a", "size_bytes": 1, "metadata": {"a": "x".repeat(20_000)}})
                .to_string(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "a size over 5 TiB",
            json!({"path": "a", "size_bytes": (5_u64 << 40) + 1}).to_string(),
            413,
            "PAYLOAD_TOO_LARGE",
        ),
        (
            "the largest number",
            json!({"path": "a", "size_bytes": u64::MAX}).to_string(),
            413,
            "PAYLOAD_TOO_LARGE",
        ),
        (
            "a huge body",
            format!("{{\"path\":\"{}\"}}", "a".repeat(2 << 20)),
            413,
            "PAYLOAD_TOO_LARGE",
        ),
    ];
    for (what, body, status, expected) in cases {
        let (found, answer) = post_raw(&server, &key, body).await;
        assert_eq!(
            (found, code(&answer)),
            (status, expected),
            "{what}: {answer}"
        );
        assert!(
            answer["error"]["message"]
                .as_str()
                .is_some_and(|text| text.len() > 5),
            "{what}"
        );
    }
    let (_, answer) = post_raw(&server, &key, vec![0xff, 0xfe]).await;
    assert_eq!(code(&answer), "BAD_REQUEST");
    let (_, answer) = post_raw(
        &server,
        &key,
        json!({"path": "a", "size_bytes": "x"}).to_string(),
    )
    .await;
    assert_eq!(answer["error"]["details"][0]["field"], "size_bytes");
    assert_eq!(
        server
            .get("/api/v1/files?filter~status=reserved", &key)
            .await
            .1["total"],
        0
    );
    assert_eq!(server.used_bytes(&key).await, 0);
}

#[tokio::test]
async fn keys() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let good = ada.key.clone();
    let (body, checksum) = good.rsplit_once('_').unwrap();
    let mut mangled = good.clone().into_bytes();
    mangled[20] = if mangled[20] == b'x' { b'y' } else { b'x' };
    let foreign = hulk_proto::ApiKeySecret::random().reveal();
    let revoked = {
        let (_, made) = server
            .post(
                "/api/v1/api-keys",
                &good,
                json!({"label": "r", "permissions": "all"}),
            )
            .await;
        let path = format!("/api/v1/api-keys/{}", made["id"].as_str().unwrap());
        assert_eq!(server.delete(&path, &good).await.0, 204);
        made["key"].as_str().unwrap().to_owned()
    };
    let expiring = {
        let soon = hulk_proto::Timestamp::now().saturating_add(std::time::Duration::from_secs(10));
        let body = json!({"label": "e", "permissions": "all", "expires_at": soon});
        let (status, made) = server.post("/api/v1/api-keys", &good, body).await;
        assert_eq!(status, 201, "{made}");
        made["key"].as_str().unwrap().to_owned()
    };
    assert_eq!(server.get("/api/v1/me", &expiring).await.0, 200);
    let cases = [
        ("", "UNAUTHORIZED"),
        ("x", "AUTH_INVALID_CREDENTIALS"),
        (&good[..good.len() - 1], "AUTH_INVALID_CREDENTIALS"),
        (&format!("{body}_000000"), "AUTH_INVALID_CREDENTIALS"),
        (&format!("{body}{checksum}"), "AUTH_INVALID_CREDENTIALS"),
        (
            std::str::from_utf8(&mangled).unwrap(),
            "AUTH_INVALID_CREDENTIALS",
        ),
        (&foreign, "AUTH_INVALID_CREDENTIALS"),
        (&revoked, "AUTH_INVALID_CREDENTIALS"),
    ];
    for (key, expected) in cases {
        let (status, answer) = server.get("/api/v1/me", key).await;
        assert_eq!((status.as_u16(), code(&answer)), (401, expected));
        let secret = key.split('_').nth(2).unwrap_or("no secret");
        assert!(
            !answer.to_string().contains(secret),
            "an error text repeats the key"
        );
    }
    tokio::time::sleep(std::time::Duration::from_millis(10_100)).await;
    let (status, answer) = server.get("/api/v1/me", &expiring).await;
    assert_eq!(
        (status.as_u16(), code(&answer)),
        (401, "AUTH_TOKEN_EXPIRED")
    );
    let past = json!({"label": "p", "permissions": "all", "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(server.post("/api/v1/api-keys", &good, past).await.0, 400);
}

#[tokio::test]
async fn addresses_and_methods() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for (method, path, status) in [
        (Method::GET, "/api/v1/nothing", 404),
        (Method::GET, "/nothing", 404),
        (Method::GET, "/s/short", 404),
        (Method::GET, "/b/short?token=x", 404),
        (Method::GET, "/d/000000000000?version=x", 404),
        (Method::GET, "/d/000000000000?token=x", 404),
        (Method::GET, "/static/0/app.js", 404),
        (Method::GET, "/static/0/../../Cargo.toml", 404),
        (Method::GET, "/app/browse/a/../b", 404),
        (Method::GET, "/qr.svg?link=https://elsewhere.example/", 404),
        (Method::GET, "/api/v1/shares/public/short", 404),
        (Method::GET, "/api/v1/users/short/usage", 404),
        (
            Method::POST,
            "/api/v1/files/000000000000/versions/x/restore",
            404,
        ),
        (Method::DELETE, "/api/v1/files/000000000000?purge=x", 400),
        (Method::PATCH, "/api/v1/files", 405),
        (Method::GET, "/api/v1/files/short", 404),
        (
            Method::GET,
            "/api/v1/files/%00%00%00%00%00%00%00%00%00%00%00%00",
            404,
        ),
        (Method::GET, "/api/v1/files/%ff%fe", 404),
        (Method::GET, "/d/", 404),
        (Method::GET, "/d/short", 404),
        (Method::GET, "/d/~nobody/x", 404),
        (Method::GET, "/d/%ff", 400),
        (Method::PUT, "/put/%ff", 400),
        (Method::PUT, "/put/a/../../b", 400),
        (Method::POST, "/hulkastorus-ugc/x", 405),
        (Method::GET, "/hulkastorus-ugc/x", 403),
        (Method::GET, "/hulkastorus-ugc", 403),
    ] {
        if path.starts_with("/hulkastorus") && !has_embedded_store() {
            continue;
        }
        // A URL library would normalize the path before sending it.
        let answer = raw(&server, method.as_str(), path, &key).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{method} {path}: {answer}"
        );
    }
}

async fn raw(server: &Server, method: &str, path: &str, key: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = server.process.url.trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn list_queries() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=-1",
        "offset=x",
        "offset=99999999999999999999",
        "cursor=garbage",
        "cursor=AAAA&offset=1",
        "order_by=secret",
        "order_by=name+sideways",
        "filter~nothing=1",
        "filter~status=done",
        "filter~path=..",
        "what=1",
    ] {
        let (status, answer) = server.get(&format!("/api/v1/files?{query}"), &key).await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (400, "VALIDATION_ERROR"),
            "{query}"
        );
    }
}
