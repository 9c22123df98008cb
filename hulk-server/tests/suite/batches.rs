//! Many small files in one request: each succeeds or fails alone.

use serde_json::{Value, json};

use crate::{
    agree::assert_agreement,
    server::{Server, code, md5, sha256},
};

fn items(batch: &Value) -> &[Value] {
    batch["items"].as_array().unwrap()
}

#[tokio::test]
async fn a_batch_succeeds_and_fails_item_by_item() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "taken.txt", b"x").await;
    let items = json!([
        { "path": "one.txt", "size_bytes": 3 },
        { "path": "taken.txt", "size_bytes": 3, "if_exists": "fail" },
        { "path": "taken.txt/below", "size_bytes": 3 },
        { "path": "two.txt", "size_bytes": 3, "sha256": sha256(b"two") },
        { "path": "huge.bin", "size_bytes": 1_u64 << 41 },
    ]);
    let (status, batch) = server
        .post("/api/v1/files/batch", &key, json!({ "items": items }))
        .await;
    assert_eq!(status, 200, "{batch}");
    let codes: Vec<&str> = batch["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(code)
        .collect();
    assert_eq!(
        codes,
        [
            "no code",
            "FILE_EXISTS",
            "FILE_EXISTS",
            "no code",
            "QUOTA_EXCEEDED"
        ]
    );
    let (one, two) = (&batch["items"][0], &batch["items"][3]);
    server.send_bytes(&key, one, b"one").await;
    server.send_bytes(&key, two, b"owt").await;
    let reported = |item: &Value| json!({ "id": item["file"]["id"], "status": "uploaded", "version": item["file"]["version"] });
    let mut wrong = reported(two);
    wrong["md5"] = md5(b"two").into();
    let reports =
        json!({ "items": [reported(one), wrong, { "id": "000000000000", "status": "uploaded" }] });
    let (status, done) = server
        .put("/api/v1/files/batch/status", &key, reports)
        .await;
    assert_eq!(status, 200, "{done}");
    let codes: Vec<&str> = done["items"].as_array().unwrap().iter().map(code).collect();
    assert_eq!(codes, ["no code", "DIGEST_MISMATCH", "NOT_FOUND"]);
    assert_eq!(done["items"][0]["status"], "validated");
    assert_eq!(server.used_bytes(&key).await, 4);
    let none = server
        .post("/api/v1/files/batch", &key, json!({ "items": [] }))
        .await;
    assert_eq!(none.0, 400);
}

#[tokio::test]
async fn what_an_item_made_before_it_failed_is_made_again_by_the_next() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let wanted = json!([
        { "path": "new/deep/huge.bin", "size_bytes": 1_u64 << 41 },
        { "path": "new/deep/one.txt", "size_bytes": 3 },
        { "path": "new/deep/two.txt", "size_bytes": 3 },
        { "path": "new/deep/two.txt/below", "size_bytes": 3 },
        { "path": "new/deep/three.txt", "size_bytes": 3 },
    ]);
    let request = json!({ "items": wanted });
    let (_, batch) = server.post("/api/v1/files/batch", &key, request).await;
    let codes: Vec<&str> = items(&batch).iter().map(code).collect();
    let refused = [
        "QUOTA_EXCEEDED",
        "no code",
        "no code",
        "FILE_EXISTS",
        "no code",
    ];
    assert_eq!(codes, refused);
    for (index, bytes) in [(1, b"one"), (2, b"two"), (4, b"333")] {
        let planned = &items(&batch)[index];
        server.send_bytes(&key, planned, bytes).await;
        let file = server.report(&key, planned).await.1;
        assert_eq!(file["path"], wanted[index]["path"]);
        assert_eq!(file["path"], planned["file"]["path"]);
        assert_eq!(
            file["directory_id"],
            items(&batch)[1]["file"]["directory_id"]
        );
    }
    assert_agreement(&server).await;
}

#[tokio::test]
async fn what_is_stored_is_linked_and_the_rest_is_sent() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let defaults = json!({ "path": "week", "default_expiration_policy": "7d" });
    server.post("/api/v1/directories", &key, defaults).await;
    server.upload(&key, "a.txt", b"aaa").await;
    server.upload(&key, "taken.txt", b"x").await;
    let item = |path: &str, bytes: &[u8]| json!({ "path": path, "size_bytes": bytes.len(), "sha256": sha256(bytes) });
    let mut refused = item("taken.txt", b"aaa");
    refused["if_exists"] = "fail".into();
    let wanted = json!([
        item("week/one.txt", b"aaa"),
        item("week/two.txt", b"new"),
        refused,
        item("a.txt", b"aaa"),
        item("week/one.txt", b"aaa"),
    ]);
    let request = json!({ "items": wanted });
    let (_, batch) = server.post("/api/v1/files/batch", &key, request).await;
    let kinds: Vec<&Value> = items(&batch)
        .iter()
        .map(|item| &item["upload"]["kind"])
        .collect();
    let expected = json!(["none", "single", null, "none", "none"]);
    assert_eq!(json!(kinds), expected);
    assert_eq!(code(&items(&batch)[2]), "FILE_EXISTS");
    let linked = &items(&batch)[0]["file"];
    assert_eq!(
        (
            &linked["status"],
            &linked["path"],
            &linked["expiration_policy"]
        ),
        (&json!("validated"), &json!("week/one.txt"), &json!("7d"))
    );
    assert_eq!(items(&batch)[4]["file"]["id"], linked["id"]);
    let link = linked["url"].as_str().unwrap();
    assert_eq!(server.download(link, "").await.1, b"aaa");
    let rest = &items(&batch)[1];
    server.send_bytes(&key, rest, b"new").await;
    assert_eq!(server.report(&key, rest).await.1["status"], "validated");
    assert_eq!(server.used_bytes(&key).await, 3 + 1 + 3 + 3);
    assert_agreement(&server).await;
}
