//! Limits on costs that the quota of bytes does not cover.

use serde_json::json;

use crate::{
    server::{Server, code},
    shares::{public, share},
};

#[tokio::test]
async fn labels_have_a_size_together() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let many = serde_json::Map::from_iter((0..300).map(|n| (format!("{n}"), json!(1))));
    for labels in [
        json!({ "description": "x".repeat(4097) }),
        json!({ "description": "x".repeat(2000), "metadata": { "a": "x".repeat(2100) } }),
        json!({ "tags": vec!["t".repeat(200); 21] }),
        json!({ "tags": vec!["t"; 65] }),
        json!({ "metadata": many }),
        json!({ "description": "x".repeat(2000), "tags": vec!["t".repeat(100); 20], "metadata": { "a": "x".repeat(200) } }),
    ] {
        let mut body = json!({ "path": "a.txt", "size_bytes": 0 });
        body.as_object_mut()
            .unwrap()
            .extend(labels.as_object().unwrap().clone());
        let (status, error) = server.post("/api/v1/files", &key, body).await;
        assert_eq!(
            (status.as_u16(), code(&error)),
            (400, "VALIDATION_ERROR"),
            "{labels}"
        );
        let file = server.upload(&key, "b.txt", b"b").await;
        let path = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
        assert_eq!(server.put(&path, &key, labels).await.0, 400);
    }
    let all = json!({ "path": "c.txt", "size_bytes": 0, "description": "x".repeat(2000),
        "tags": vec!["t".repeat(100); 10], "metadata": { "a": "x".repeat(1000) } });
    assert_eq!(server.post("/api/v1/files", &key, all).await.0, 201);
}

#[tokio::test]
async fn a_user_has_so_many_files_and_directories() {
    let server = Server::start_with(&["--max-objects", "5"]);
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a/b/one.txt", b"").await;
    server.upload(&key, "a/two.txt", b"").await;
    for path in ["c/three.txt", "c/d/three.txt"] {
        let body = json!({ "path": path, "size_bytes": 0 });
        let (status, error) = server.post("/api/v1/files", &key, body).await;
        assert_eq!(
            (status.as_u16(), code(&error)),
            (507, "QUOTA_EXCEEDED"),
            "{path}"
        );
    }
    // All or nothing: the directory for the refused file was not created.
    let body = json!({ "path": "c" });
    assert_eq!(server.post("/api/v1/directories", &key, body).await.0, 201);
    for (path, body) in [
        ("/api/v1/directories", json!({ "path": "d" })),
        (
            "/api/v1/files",
            json!({ "path": "three.txt", "size_bytes": 0 }),
        ),
    ] {
        let (status, error) = server.post(path, &key, body).await;
        assert_eq!(
            (status.as_u16(), code(&error)),
            (507, "QUOTA_EXCEEDED"),
            "{path}"
        );
    }
    let move_away = json!({ "path": "e/f/one.txt" });
    let path = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
    assert_eq!(server.put(&path, &key, move_away).await.0, 507);
    // A new version is not another file; a file in the trash counts until the trash is emptied.
    server.upload(&key, "a/two.txt", b"2").await;
    server.delete(&path, &key).await;
    let third = json!({ "path": "three.txt", "size_bytes": 0 });
    assert_eq!(
        server.post("/api/v1/files", &key, third.clone()).await.0,
        507
    );
    server.delete("/api/v1/trash", &key).await;
    assert_eq!(server.post("/api/v1/files", &key, third).await.0, 201);
}

#[tokio::test]
async fn a_search_has_so_many_words() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.txt", b"a").await;
    let words = |count: usize| vec!["a"; count].join("+");
    let filters = |count: usize| vec!["filter~name=a"; count].join("&");
    for (query, expected) in [
        (format!("/api/v1/files/search?q={}", words(32)), 200),
        (format!("/api/v1/files/search?q={}", words(33)), 400),
        (format!("/api/v1/files/search?q={}", words(1000)), 400),
        (
            format!("/api/v1/files/search?q={}", "x".repeat(20_000)),
            400,
        ),
        (format!("/api/v1/files?{}", filters(32)), 200),
        (format!("/api/v1/files?{}", filters(1000)), 400),
        (
            format!("/api/v1/files?filter~name={}", "x".repeat(20_000)),
            400,
        ),
        (format!("/api/v1/files?cursor={}", "x".repeat(20_000)), 400),
    ] {
        let (status, error) = server.get(&query, &key).await;
        assert_eq!(
            status.as_u16(),
            expected,
            "{} {error}",
            &query[..query.len().min(60)]
        );
    }
}

#[tokio::test]
async fn a_link_makes_so_many_links_and_takes_them_along() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.bin", b"a").await;
    let body =
        json!({ "path": "a.bin", "permissions": { "can_download": true, "can_share": true } });
    let link = share(&server, &key, body).await;
    let path = format!("{}/shares", public(&link));
    for _ in 0..100 {
        assert_eq!(server.post(&path, "", json!({})).await.0, 201);
    }
    let (status, error) = server.post(&path, "", json!({})).await;
    assert_eq!((status.as_u16(), code(&error)), (507, "QUOTA_EXCEEDED"));
    let id = link["id"].as_str().unwrap();
    server.delete(&format!("/api/v1/shares/{id}"), &key).await;
    let left = server.get("/api/v1/shares", &key).await.1;
    assert_eq!(left["total"], 0, "{left}");
}

#[tokio::test]
async fn unfinished_uploads_of_one_path_do_not_each_have_all_labels() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let mut planned = 0;
    for number in 0..16 {
        let body = json!({
            "path": "a.bin", "size_bytes": 0, "sha256": format!("{number:064x}"),
            "description": "x".repeat(4000),
        });
        planned += i32::from(server.post("/api/v1/files", &key, body).await.0 == 201);
    }
    assert!((1..=4).contains(&planned), "{planned}");
}
