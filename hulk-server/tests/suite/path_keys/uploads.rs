//! Uploads: bytes that are stored outside, and files that are moved out before their bytes arrive.

use serde_json::{Value, json};

use super::{directory, id, move_to, private, start};
use crate::{
    agree::assert_agreement,
    server::{ROOT_KEY, Server, code, md5, noise, sha256},
};

/// Plans an upload of which the digest is known; returns how the bytes are to be sent.
async fn kind(server: &Server, key: &str, path: &str, bytes: &[u8]) -> Value {
    let body = json!({ "path": path, "size_bytes": bytes.len(), "sha256": sha256(bytes) });
    let (status, planned) = server.post("/api/v1/files", key, body.clone()).await;
    assert_eq!(status, 201, "{planned}");
    let batch = json!({ "items": [body] });
    let (_, batch) = server.post("/api/v1/files/batch", key, batch).await;
    let kind = planned["upload"]["kind"].clone();
    assert_eq!(batch["items"][0]["upload"]["kind"], kind, "{batch}");
    kind
}

#[tokio::test]
async fn a_digest_brings_only_bytes_that_are_within() {
    let (server, ada, bound) = start().await;
    server.upload(&ada.key, "other/out.txt", b"outside").await;
    server.upload(&ada.key, "data/sub/in.txt", b"inside").await;
    let thrown = server.upload(&ada.key, "data/thrown.txt", b"thrown").await;
    let path = format!("/api/v1/files/{}", id(&thrown));
    assert_eq!(server.delete(&path, &ada.key).await.0, 204);
    for (path, bytes, expected) in [
        ("data/copy1", &b"outside"[..], "single"),
        ("data/copy2", b"thrown", "single"),
        ("data/copy3", b"inside", "none"),
    ] {
        assert_eq!(kind(&server, &bound, path, bytes).await, expected, "{path}");
    }
    assert_eq!(kind(&server, &ada.key, "mine", b"outside").await, "none");
    // The same bytes on both sides: it does not matter which of them is found first.
    server.upload(&ada.key, "other/in.txt", b"inside").await;
    assert_eq!(kind(&server, &bound, "data/copy4", b"inside").await, "none");
    assert_agreement(&server).await;
}

#[tokio::test]
async fn the_beginning_of_a_file_does_not_tell_whether_it_is_stored_outside() {
    let (server, ada, bound) = start().await;
    let bytes = noise(1, 9 << 20);
    let part_md5s: Vec<String> = bytes.chunks(8 << 20).map(md5).collect();
    let body =
        |path: &str| json!({ "path": path, "size_bytes": bytes.len(), "part_md5s": part_md5s });
    let (_, planned) = server
        .post("/api/v1/files", &ada.key, body("other/big.bin"))
        .await;
    server.send_bytes(&ada.key, &planned, &bytes).await;
    let report = json!({ "status": "uploaded", "version": 1, "sha256": sha256(&bytes) });
    let path = format!("/api/v1/files/{}/status", id(&planned["file"]));
    let (status, file) = server.put(&path, &ada.key, report).await;
    assert_eq!(status, 200, "{file}");
    for (key, path, expected) in [
        (&ada.key, "mine.bin", true),
        (&bound, "data/big.bin", false),
    ] {
        let (_, planned) = server.post("/api/v1/files", key, body(path)).await;
        assert_eq!(planned["upload"]["may_be_stored"], expected, "{planned}");
    }
}

#[tokio::test]
async fn an_upload_fails_if_its_file_was_moved_out_meanwhile() {
    let (server, ada, bound) = start().await;
    for completes in ["key", "owner"] {
        let path = format!("data/{completes}.txt");
        let file = private(&server, &ada.key, &path, b"old").await;
        let planned = server.plan(&bound, &path, 6).await;
        let out = format!("other/{completes}.txt");
        move_to(&server, &ada.key, &file, &out).await;
        server.send_bytes(&bound, &planned, b"forged").await;
        let key = if completes == "key" { &bound } else { &ada.key };
        let (status, answer) = server.report(key, &planned).await;
        assert_eq!(status, 404, "{completes}: {answer}");
        let path = format!("/api/v1/files/{}", id(&file));
        let (_, now) = server.get(&path, &ada.key).await;
        assert_eq!(
            (&now["version"], &now["size_bytes"]),
            (&json!(1), &json!(3))
        );
        let link = file["url"].as_str().unwrap();
        assert_eq!(server.download(link, &ada.key).await.1, b"old");
    }
    assert_agreement(&server).await;
}

#[tokio::test]
async fn an_upload_that_nobody_reports_fails_too() {
    let (server, ada, bound) = start().await;
    let file = private(&server, &ada.key, "data/a.txt", b"old").await;
    let put = server.http.put(server.url("/put/data/a.txt"));
    let put = put.bearer_auth(&bound).body("forged").send().await.unwrap();
    assert_eq!(put.status(), 307);
    let location = put.headers()["location"].to_str().unwrap().to_owned();
    move_to(&server, &ada.key, &file, "other/a.txt").await;
    let sent = server
        .http
        .put(location)
        .body("forged")
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 200);
    let path = format!("/api/v1/files/{}", id(&file));
    for _ in 0..2 {
        let (status, now) = server.get(&path, &ada.key).await;
        assert_eq!(status, 200, "{now}");
        assert_eq!(now["version"], 1, "{now}");
    }
    let link = file["url"].as_str().unwrap();
    assert_eq!(server.download(link, &ada.key).await.1, b"old");
}

#[tokio::test]
async fn versions_are_in_reach_with_their_file_alone() {
    let (server, ada, bound) = start().await;
    server.upload(&ada.key, "data/a.txt", b"1").await;
    let file = server.upload(&ada.key, "data/a.txt", b"22").await;
    let restore = format!("/api/v1/files/{}/versions/1/restore", id(&file));
    let list = format!("/api/v1/files/{}/versions", id(&file));
    assert_eq!(server.get(&list, &bound).await.1["total"], 2);
    move_to(&server, &ada.key, &file, "other/a.txt").await;
    assert_eq!(server.get(&list, &bound).await.0, 404);
    assert_eq!(server.post(&restore, &bound, json!({})).await.0, 404);
    move_to(&server, &ada.key, &file, "data/back.txt").await;
    let (status, restored) = server.post(&restore, &bound, json!({})).await;
    assert_eq!((status.as_u16(), &restored["version"]), (200, &json!(3)));
    let data = directory(&server, &ada.key, "data").await;
    assert_eq!(restored["directory_id"], data["id"]);
}

#[tokio::test]
async fn a_full_quota_does_not_tell_how_much_is_stored_elsewhere() {
    let (server, ada, bound) = start().await;
    server
        .upload(&ada.key, "other/a.txt", &noise(1, 54321))
        .await;
    let path = format!("/api/v1/admin/users/{}", ada.user_id);
    let quota = json!({ "quota_bytes": 60_000 });
    assert_eq!(server.put(&path, ROOT_KEY, quota).await.0, 200);
    let body = json!({ "path": "data/a.bin", "size_bytes": 50_000 });
    let (status, answer) = server.post("/api/v1/files", &bound, body).await;
    assert_eq!((status.as_u16(), code(&answer)), (507, "QUOTA_EXCEEDED"));
    assert!(!answer.to_string().contains("54321"), "{answer}");
}
