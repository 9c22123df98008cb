//! Paths: which are refused, and which are stored as they are.

use serde_json::json;

use crate::server::{Server, code};

#[tokio::test]
async fn names() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let long = "x".repeat(255);
    let refused = [
        "",
        "/",
        "a//b",
        "a/",
        "//a",
        ".",
        "..",
        "a/../b",
        "./a",
        "a/.",
        "nul\0",
        "a\nb",
        "a\u{7f}",
        "a\u{202e}gpj.exe",
        "a\u{2066}b",
        &format!("{long}x"),
        &format!("{}é", "x".repeat(254)),
        &vec!["y".repeat(250); 5].join("/"),
    ];
    for path in refused {
        let body = json!({ "path": path, "size_bytes": 1 });
        let (status, answer) = server.post("/api/v1/files", &key, body).await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (400, "VALIDATION_ERROR"),
            "{path:?}"
        );
    }
    assert_eq!(server.used_bytes(&key).await, 0);
    let taken = [
        ("with space.txt", "with space.txt"),
        ("#?%&+;=@:,.txt", "#?%&+;=@:,.txt"),
        ("100%25.txt", "100%25.txt"),
        ("/leading", "leading"),
        ("nfc-é", "nfc-é"),
        ("nfd-e\u{301}", "nfd-é"),
        ("🦖 dino.bin", "🦖 dino.bin"),
        ("\u{200f}שלום.txt", "\u{200f}שלום.txt"),
        ("\"quoted\\\".txt", "\"quoted\\\".txt"),
        ("...", "..."),
        ("-rf", "-rf"),
        (&long, &long),
    ];
    for (path, stored) in taken {
        let file = server.upload(&key, path, path.as_bytes()).await;
        assert_eq!(file["path"], stored);
        let (status, found) = server.download(file["url"].as_str().unwrap(), "").await;
        assert_eq!(
            (status.as_u16(), found.as_slice()),
            (200, path.as_bytes()),
            "{path:?}"
        );
        let mut query = reqwest::Url::parse(&server.url("/api/v1/files")).unwrap();
        query.query_pairs_mut().append_pair("filter~path", path);
        let (_, page) = server.get(query.as_str(), &key).await;
        assert_eq!(page["items"][0]["id"], file["id"], "{path:?}");
    }
}
